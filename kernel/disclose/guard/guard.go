// Package guard is what everything that leaves must pass, whichever half of the
// door it takes: classes of fields, masks, seals, and the counts and public names
// that answers carry. Only kernel/disclose and its rooms use it.
package guard

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/flight"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// Text is a label in two languages.
type Text = luoshu.Text

// Base is the rooms behind the door and what both halves keep of them. It is safe
// for concurrent use.
type Base struct {
	DB  *store.DB
	Cat *catalog.Catalog
	Led *ledger.Ledger
	Eng *indicator.Engine
	Acc *access.Access

	tally tallies
	refs  references

	last   flight.Shared[string] // the last seal whose figures are complete
	sealMu sync.Mutex
	seals  map[string]ledger.Seal
}

// New returns the base over an opened city.
func New(db *store.DB, cat *catalog.Catalog, led *ledger.Ledger, eng *indicator.Engine, acc *access.Access) *Base {
	b := &Base{DB: db, Cat: cat, Led: led, Eng: eng, Acc: acc, seals: map[string]ledger.Seal{}}
	b.tally.init()
	return b
}

// Class says how a field may leave for a role.
func Class(role *catalog.Role, f *catalog.Field) (visible, masked bool) {
	switch {
	case f.Class() >= catalog.Closed:
		return false, false
	case f.Few && !role.Small && f.Class() <= role.Sees:
		return true, true
	case f.Class() <= role.Sees:
		return true, false
	case f.Class() <= role.Masks:
		return true, true
	}
	return false, false
}

// MayEntity reports whether the role reaches the entity at all. Private registers
// are reached through their cases only.
func MayEntity(role *catalog.Role, e *catalog.Entity) bool {
	if role == nil || e == nil || e.Private {
		return false
	}
	if len(role.Entities) == 0 {
		return true
	}
	return slices.Contains(role.Entities, e.Name)
}

// Seal finds a seal; seals never change, so they are kept. "" is the last one
// whose figures are complete; where there is none, NotFound.
func (d *Base) Seal(ctx context.Context, id string) (ledger.Seal, error) {
	if id == "" {
		last, err := d.last.Ask(ctx, d.Eng.Latest)
		if err != nil {
			return ledger.Seal{}, fmt.Errorf("find the last seal: %w", err)
		}
		if last == "" {
			return ledger.Seal{}, luoshu.Errorf(luoshu.NotFound, "尚未封存数据", "nothing has been sealed yet")
		}
		id = last
	}
	d.sealMu.Lock()
	s, ok := d.seals[id]
	d.sealMu.Unlock()
	if ok {
		return s, nil
	}
	s, err := d.Led.SealByID(ctx, id)
	if err != nil {
		return s, fmt.Errorf("find seal: %w", err)
	}
	d.sealMu.Lock()
	if len(d.seals) > 10000 {
		d.seals = map[string]ledger.Seal{}
	}
	d.seals[id] = s
	d.sealMu.Unlock()
	return s, nil
}

// SealOrNone resolves a seal id; "" is the last seal, and "" comes back if there
// is none yet.
func (d *Base) SealOrNone(ctx context.Context, id string) (string, error) {
	if id == "" {
		last, err := d.last.Ask(ctx, d.Eng.Latest)
		if err != nil || last == "" {
			return "", Fault("find the last seal", err)
		}
		id = last
	}
	s, err := d.Seal(ctx, id)
	return s.ID, err
}

// Org is one organisation within somebody's reach.
type Org struct {
	Code   string `json:"code"`
	Title  Text   `json:"title"`
	Level  string `json:"level"`
	Parent string `json:"parent"`
	Closed string `json:"closed,omitempty"`
}

// OrgOf describes an organisation.
func OrgOf(n *access.Node) Org {
	return Org{Code: n.Code, Title: n.Title, Level: n.Level, Parent: n.Parent, Closed: luoshu.FormatDate(n.Closed)}
}

// Option is one code of a list.
type Option struct {
	Code  string `json:"code"`
	Title Text   `json:"title"`
}

// maxOptions is the longest code list sent along with a column or dimension.
const maxOptions = 200

// Options is a code list that is short enough to be sent along, nil for any other.
func (d *Base) Options(list string) []Option {
	l := d.Cat.List(list)
	if list == "" || l == nil || len(l.Codes) > maxOptions {
		return nil
	}
	out := make([]Option, 0, len(l.Codes))
	for _, c := range l.Codes {
		out = append(out, Option{Code: c.Code, Title: c.Title})
	}
	return out
}

// SourceLine says where an export comes from and when it was made.
func (d *Base) SourceLine() string {
	c := d.Cat.City.Title
	return c.ZH + " " + c.EN + ", " + d.Acc.Now().Format("2006-01-02 15:04")
}

// Fault wraps an error with what was being done; nil stays nil.
func Fault(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Marks is n placeholders for an IN list; none match nothing.
func Marks(n int) string {
	if n <= 0 {
		return "NULL"
	}
	return strings.Repeat("?,", n-1) + "?"
}

// SortedKeys returns the keys of a map in order.
func SortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

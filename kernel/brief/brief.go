// Package brief puts together what the house says of a plan for one organisation:
// the board of its targets, and the briefing that is read out to those who decide.
// Figures come through disclose, cases from flow, duties from duty; nothing here
// reads a register.
package brief

import (
	"context"
	"errors"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	"luoshu/kernel/duty"
	"luoshu/kernel/flow"
)

// Text is a label in two languages.
type Text = luoshu.Text

// HalfYear is the kind of briefing that there is: the half-year up to today.
const HalfYear = "half-year"

// Formats of a briefing.
const (
	DOCX = "docx"
	PDF  = "pdf"
)

// Config is what a Desk works with. Flow and Duties may be nil: then nothing is said
// of cases and duties.
type Config struct {
	Catalog *catalog.Catalog
	Door    *disclose.Door
	Flow    *flow.Flow
	Duties  *duty.Keeper
	Access  *access.Access
	Font    string // TrueType file for PDF, "" for the usual places
	Tasks   string // type of case by which organisations take targets on
	Follow  string // type of case whose single cases are listed: what was decided before
	Layouts Layouts
	Now     func() time.Time
}

// Desk makes boards and briefings. It is safe for concurrent use.
type Desk struct{ Config }

// New returns a desk.
func New(c Config) *Desk { return &Desk{c} }

// Query asks for a briefing.
type Query struct {
	Kind string // HalfYear or Layout
	Run  string // of a layout
	Org  string // "" is the actor's own
	Seal string // "" is the last one
	Lang string // "en", or anything else for Chinese
}

// day is the house's day as yyyymmdd.
func (d *Desk) day() int64 {
	y, m, n := d.Now().Date()
	return int64(y)*10000 + int64(m)*100 + int64(n)
}

// half is the half-year in which a day lies: its first day, its name.
func half(day int64) (from int64, name Text) {
	y := day / 10000
	n := Text{ZH: luoshu.IntValue(y).String() + "年上半年", EN: "first half of " + luoshu.IntValue(y).String()}
	from = y*10000 + 101
	if day/100%100 > 6 {
		n = Text{ZH: luoshu.IntValue(y).String() + "年下半年", EN: "second half of " + luoshu.IntValue(y).String()}
		from = y*10000 + 701
	}
	return from, n
}

// org is the organisation that a question is about, within the actor's reach.
func (d *Desk) org(ctx context.Context, actor luoshu.Actor, code string) (*access.Scope, disclose.OrgInfo, error) {
	var out disclose.OrgInfo
	s, err := d.Access.Scope(ctx, actor)
	if err != nil {
		return nil, out, err
	}
	if s, err = s.Under(code); err != nil {
		return nil, out, err
	}
	n := s.Tree().Get(s.Root)
	if n == nil {
		return nil, out, luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
	}
	return s, disclose.OrgInfo{Code: n.Code, Title: n.Title, Level: n.Level}, nil
}

// is reports whether an error is of one of some kinds.
func is(err error, kinds ...luoshu.ErrKind) bool {
	var e *luoshu.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, k := range kinds {
		if e.Kind == k {
			return true
		}
	}
	return false
}

package correct

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
)

// The boxes of a list.
const (
	Inbox     = "inbox"     // waits for the actor's organisation
	Conflicts = "conflicts" // files against what was corrected by hand
	Mine      = "mine"      // asked for by the actor
	All       = "all"       // whatever concerns records in the actor's reach
)

// Query picks requests. Empty parts pick all.
type Query struct {
	Box     string
	Entity  string
	State   string // "" is what waits, in the first two boxes, and any in the others
	Source  string
	Field   string
	Overdue bool
	Offset  int
	Limit   int
}

// List returns requests that the actor may know of, the most urgent first in what
// waits and the newest first elsewhere, and how many there are.
func (c *Correct) List(ctx context.Context, actor luoshu.Actor, q Query) ([]*Request, int64, error) {
	where, args, err := c.where(ctx, actor, q)
	if err != nil {
		return nil, 0, err
	}
	var total int64
	if err := c.db.QueryRow(ctx, `SELECT count(*) FROM correction WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count corrections: %w", err)
	}
	order := " ORDER BY id DESC"
	if q.Box == Inbox || q.Box == Conflicts {
		order = " ORDER BY due, id"
	}
	out, err := c.requests(ctx, c.db, where+order+" LIMIT ? OFFSET ?", append(args, q.Limit, q.Offset)...)
	return out, total, err
}

// Count says how much waits in a box.
func (c *Correct) Count(ctx context.Context, actor luoshu.Actor, box string) (int64, error) {
	_, n, err := c.List(ctx, actor, Query{Box: box})
	return n, err
}

func (c *Correct) where(ctx context.Context, actor luoshu.Actor, q Query) (string, []any, error) {
	parts, args := []string{"1=1"}, []any{}
	add := func(s string, more ...any) {
		parts, args = append(parts, s), append(args, more...)
	}
	scope, err := c.acc.Scope(ctx, actor)
	if err != nil {
		return "", nil, fmt.Errorf("find the scope: %w", err)
	}
	waits := q.State
	switch q.Box {
	case Inbox, Conflicts:
		kind := KindRequest
		if q.Box == Conflicts {
			kind = KindConflict
		}
		add("kind = ?", kind)
		add("asked LIKE ?", "%,"+escape(actor.Org)+",%")
		if q.Box == Inbox {
			add("actor <> ?", actor.Name)
		}
		if waits == "" {
			waits = Open
		}
		if c.acc.Require(actor, "commit") != nil { // who may not answer has nothing waiting
			add("1=0")
		}
	case Mine:
		add("actor = ?", actor.Name)
	case All, "":
		if !scope.Whole {
			codes := scope.Codes()
			in := make([]any, len(codes))
			for i, x := range codes {
				in[i] = x
			}
			add("(holder IN ("+holes(len(codes))+") OR asked LIKE ? OR actor = ?)",
				append(in, "%,"+escape(actor.Org)+",%", actor.Name)...)
		}
	default:
		return "", nil, luoshu.Errorf(luoshu.Invalid, "没有这个栏目", "there is no such box")
	}
	role := c.acc.Role(actor)
	if role == nil || (scope.Root == "" && !scope.Whole) {
		add("1=0")
	} else if len(role.Entities) > 0 {
		in := make([]any, len(role.Entities))
		for i, x := range role.Entities {
			in[i] = x
		}
		add("entity IN ("+holes(len(in))+")", in...)
	}
	if waits != "" {
		if !slices.Contains(States(), waits) {
			return "", nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "state", Msg: luoshu.Text{ZH: "没有这种状态", EN: "there is no such state"}}
		}
		add("state = ?", waits)
	}
	if q.Entity != "" {
		add("entity = ?", q.Entity)
	}
	if q.Source != "" {
		add("source = ?", q.Source)
	}
	if q.Field != "" {
		add("EXISTS (SELECT 1 FROM correction_field f WHERE f.correction = correction.id AND f.field = ?)", q.Field)
	}
	if q.Overdue {
		add("state = 'open' AND due < ?", c.Today())
	}
	return strings.Join(parts, " AND "), args, nil
}

// escape keeps a code from being a pattern; codes with such characters match
// nothing, as no organisation has one.
func escape(code string) string {
	if code == "" || strings.ContainsAny(code, "%_,") {
		return "\x01"
	}
	return code
}

// Request returns one request that the actor may know of; any other is NotFound.
func (c *Correct) Request(ctx context.Context, actor luoshu.Actor, id int64) (*Request, error) {
	all, err := c.requests(ctx, c.db, `id = ?`, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, noRequest()
	}
	r := all[0]
	scope, err := c.acc.Scope(ctx, actor)
	if err != nil {
		return nil, fmt.Errorf("find the scope: %w", err)
	}
	if !c.reaches(actor, r.Entity) || !knows(scope, actor, r) {
		return nil, noRequest()
	}
	return r, nil
}

func knows(scope *access.Scope, actor luoshu.Actor, r *Request) bool {
	return scope.Whole || scope.Root != "" && (scope.Has(r.Holder) || slices.Contains(r.Asked, actor.Org) || r.By.Name == actor.Name)
}

// OfRecord returns the requests on a record that still wait, oldest first. That
// the actor may know of the record is for the caller to see.
func (c *Correct) OfRecord(ctx context.Context, entity string, rec int64) ([]*Request, error) {
	return c.requests(ctx, c.db, `entity = ? AND rec = ? AND state IN ('open', 'returned', 'carrying') ORDER BY id`, entity, rec)
}

// Hand is a field of a record that was corrected by hand, by whom and when.
type Hand struct {
	Field, Actor, Org, At string
	Seq                   int64
}

// ByHand returns what was corrected by hand on a record and still stands against
// files, newest last.
func (c *Correct) ByHand(ctx context.Context, entity string, rec int64) ([]Hand, error) {
	rows, err := c.db.Query(ctx, `SELECT h.field, h.actor, h.org, h.at, m.seq FROM correction_hand h JOIN commit_log m ON m.id = h.mark
		WHERE h.entity = ? AND h.rec = ? AND NOT EXISTS (SELECT 1 FROM commit_log u WHERE u.undo_of = m.seq AND u.undo_of <> 0) ORDER BY m.seq`, entity, rec)
	if err != nil {
		return nil, fmt.Errorf("read what was corrected by hand: %w", err)
	}
	defer rows.Close()
	var out []Hand
	for rows.Next() {
		var h Hand
		if err := rows.Scan(&h.Field, &h.Actor, &h.Org, &h.At, &h.Seq); err != nil {
			return nil, fmt.Errorf("read what was corrected by hand: %w", err)
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

// Current reads the present values of records that requests are about, by record;
// records that are gone are missing.
func (c *Correct) Current(ctx context.Context, entity string, rec int64) ([]luoshu.Value, error) {
	v, err := c.rd.Get(ctx, entity, rec)
	if err != nil || v == nil {
		return nil, err
	}
	return v.Values, nil
}

package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/store"
)

// CountQuery asks how many cases there are. Unit is an organisation with those under
// it, "" for the actor's whole reach; From and To bound what is counted as closed or
// reopened.
type CountQuery struct {
	Unit     string
	From, To int64
}

// Count is how many cases of one type stand how.
type Count struct {
	Type     *charter.CaseType
	Open     int64 // that go on
	Late     int64 // of those: past their due date
	Closed   int64 // within the bounds
	Reopened int64 // that came back within the bounds
}

// Counts counts the cases that the actor may see by type, in the order of the packs.
// Types without any are left out.
func (f *Flow) Counts(ctx context.Context, actor luoshu.Actor, q CountQuery) ([]Count, error) {
	if err := f.Access.Require(actor, "case"); err != nil {
		return nil, err
	}
	cond, args, err := f.visible(ctx, actor, q.Unit)
	if err != nil {
		return nil, err
	}
	by := map[string]*Count{}
	err = f.rows(ctx, `SELECT c.type, count(CASE WHEN c.closed = 0 THEN 1 END), count(CASE WHEN c.closed = 0 AND `+late+` THEN 1 END),
		count(CASE WHEN c.closed >= ? AND c.closed <= ? AND c.closed > 0 THEN 1 END) FROM flow_case c WHERE `+cond+` GROUP BY c.type`,
		slices.Concat(f.lately(), []any{q.From, q.To}, args), func(scan func(...any) error) error {
			id, n := "", &Count{}
			defer func() { by[id] = n }()
			return scan(&id, &n.Open, &n.Late, &n.Closed)
		})
	if err != nil {
		return nil, err
	}
	err = f.rows(ctx, `SELECT c.type, count(DISTINCT c.id) FROM flow_case c JOIN flow_step r ON r.case_id = c.id
		WHERE r.action = 'reopen' AND r.day >= ? AND r.day <= ? AND c.level > 0 AND `+cond+` GROUP BY c.type`,
		append([]any{q.From, q.To}, args...), func(scan func(...any) error) error {
			var id string
			var n int64
			err := scan(&id, &n)
			if x := by[id]; x != nil { // its type has cases, so it was counted above
				x.Reopened = n
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	out := []Count{}
	for _, t := range f.Charter.Cases {
		if n := by[t.ID]; n != nil && n.Open+n.Closed+n.Reopened > 0 {
			n.Type = t
			out = append(out, *n)
		}
	}
	return out, nil
}

// Aimed is how many cases of one type are about one target of a plan.
type Aimed struct {
	Target string
	Type   *charter.CaseType
	Open   int64
	Late   int64
	Closed int64
	Units  []string // organisations that they concern, by code
}

// aims is the field in which the cases of a type name a target of a plan, nil if
// they name none: a code whose list has the targets.
func (f *Flow) aims(t *charter.CaseType) *catalog.Field {
	if t.Entity == nil || len(t.Entity.Key) != 1 {
		return nil
	}
	for _, x := range t.Entity.Fields {
		list := f.Catalog.List(x.Codes)
		if x.Type != catalog.TypeCode || x.Rest != catalog.InClear || list == nil {
			continue
		}
		for _, p := range f.Catalog.Plans {
			if len(p.Targets) > 0 && list.Code(p.Targets[0].ID) != nil {
				return x
			}
		}
	}
	return nil
}

// Aims counts the cases that the actor may see by the target they name, in the order
// of the packs and then of the targets' ids. A field that the actor's role does not
// see in clear counts nothing.
func (f *Flow) Aims(ctx context.Context, actor luoshu.Actor, unit string) ([]Aimed, error) {
	if err := f.Access.Require(actor, "case"); err != nil {
		return nil, err
	}
	cond, args, err := f.visible(ctx, actor, unit)
	if err != nil {
		return nil, err
	}
	role := f.Access.Role(actor)
	out := []Aimed{}
	for _, t := range f.Charter.Cases {
		x := f.aims(t)
		if x == nil || x.Class() > role.Sees {
			continue
		}
		name, key := store.Col(x.Name), store.Col(t.Entity.Key[0])
		err := f.rows(ctx, `SELECT r.`+name+`, c.unit, count(CASE WHEN c.closed = 0 THEN 1 END), count(CASE WHEN c.closed = 0 AND `+late+` THEN 1 END),
			count(CASE WHEN c.closed > 0 THEN 1 END) FROM flow_case c JOIN `+store.Table(t.Entity.Name)+` r ON r._to IS NULL AND r.`+key+` = c.no
			WHERE c.type = ? AND r.`+name+` IS NOT NULL AND `+cond+` GROUP BY r.`+name+`, c.unit ORDER BY 1, 2`,
			slices.Concat(f.lately(), []any{t.ID}, args), func(scan func(...any) error) error {
				a, unit := Aimed{Type: t}, ""
				if err := scan(&a.Target, &unit, &a.Open, &a.Late, &a.Closed); err != nil {
					return err
				}
				if n := len(out); n > 0 && out[n-1].Type == t && out[n-1].Target == a.Target {
					x := &out[n-1]
					x.Open, x.Late, x.Closed, x.Units = x.Open+a.Open, x.Late+a.Late, x.Closed+a.Closed, append(x.Units, unit)
					return nil
				}
				a.Units = []string{unit}
				out = append(out, a)
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// naming is the condition that a case names a target, over those types that can.
func (f *Flow) naming(target string) (string, []any) {
	cond, args := `(1=0`, []any{}
	for _, t := range f.Charter.Cases {
		if x := f.aims(t); x != nil {
			cond += ` OR c.type = ? AND c.no IN (SELECT r.` + store.Col(t.Entity.Key[0]) + ` FROM ` + store.Table(t.Entity.Name) + ` r WHERE r._to IS NULL AND r.` + store.Col(x.Name) + ` = ?)`
			args = append(args, t.ID, target)
		}
	}
	return cond + `)`, args
}

// rows reads what a query answers, row by row.
func (f *Flow) rows(ctx context.Context, query string, args []any, each func(scan func(...any) error) error) error {
	rows, err := f.DB.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read cases: %w", err)
	}
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

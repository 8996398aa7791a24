package flow

import (
	"context"
	"slices"

	"luoshu/kernel/access"
	"luoshu/kernel/access/reach"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/store"

	"luoshu"
)

// task is one organisation and role that may act.
type task struct {
	place  int
	org    string
	role   string
	unheld bool // nobody holds this role there
	alone  bool // nor any of the others that may act for the place
}

// organisation resolves a place of a case, "" if there is none.
func (f *Flow) organisation(t *reach.Tree, c *Case, p *charter.Place, values []luoshu.Value) string {
	switch p.At {
	case charter.PlaceUnit:
		return c.Unit
	case charter.PlaceOpener:
		return c.Opener
	case charter.PlaceField:
		return values[p.Field.Index].S
	}
	path := t.Path(c.Unit)
	at := -1
	for i, n := range path {
		if n.Level == p.At {
			at = i
		}
	}
	if at < 0 { // no such level above the unit: the nearest one that is
		at = max(0, len(path)-2)
		for i, n := range path {
			if higher(n.Level, p.At) {
				at = i
			}
		}
	}
	if p.Rises {
		at -= int(c.Level)
	}
	if len(path) == 0 {
		return ""
	}
	return path[max(0, at)].Code
}

func higher(a, b string) bool {
	levels := catalog.Levels()
	return slices.Index(levels, a) > slices.Index(levels, b)
}

// above is the organisation right over one, "" for the topmost.
func above(t *reach.Tree, org string) string {
	path := t.Path(org)
	if len(path) < 2 {
		return ""
	}
	return path[len(path)-2].Code
}

// tasks are who may act in a case's state, as far up as it was raised. Where
// nobody holds a role, the organisations above get the task as well, up to the
// first at which somebody does.
func (f *Flow) tasks(ctx context.Context, c *Case, values []luoshu.Value) ([]task, error) {
	tree, err := f.Access.Tree(ctx)
	if err != nil {
		return nil, err
	}
	var out []task
	for i, p := range c.at().Places() {
		org := f.organisation(tree, c, p, values)
		if org == "" {
			org = f.Catalog.City.Root
		}
		list, err := f.reachable(ctx, tree, c, org, p.Roles, i)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

func (f *Flow) reachable(ctx context.Context, tree *reach.Tree, c *Case, org string, roles []string, place int) ([]task, error) {
	var out []task
	raised := c.Raised
	for first := true; org != ""; org, first = above(tree, org), false {
		here := roles
		if !first && !c.Type.Private {
			here = f.roles() // whoever may act in cases there stands in
		}
		held, any := map[string]bool{}, false
		for _, r := range here {
			ok, err := f.Access.Held(ctx, org, r)
			if err != nil {
				return nil, err
			}
			held[r] = ok
			any = any || ok
		}
		for _, r := range here {
			if first || held[r] {
				out = append(out, task{place: place, org: org, role: r, unheld: !held[r], alone: first && !any})
			}
		}
		if any {
			if raised <= 0 {
				break
			}
			raised--
		}
	}
	return out, nil
}

// roles are those that may act in cases and are no administrators.
func (f *Flow) roles() []string {
	var out []string
	for _, r := range f.Catalog.Roles {
		if r.May("case") && !access.IsAdministrator(r) {
			out = append(out, r.ID)
		}
	}
	return out
}

const noClock = 99991231

// putTasks replaces who may act in a case.
func putTasks(ctx context.Context, tx *store.Tx, c *Case, list []task) error {
	if _, err := tx.Exec(ctx, `DELETE FROM flow_task WHERE case_id = ?`, c.ID); err != nil {
		return err
	}
	for _, t := range list {
		unheld := 0
		if t.unheld {
			unheld = 1
		}
		_, err := tx.Exec(ctx, `INSERT INTO flow_task (case_id, place, org, role, due, unheld, taken) VALUES (?, ?, ?, ?, ?, ?, '') ON CONFLICT (case_id, place, org, role) DO NOTHING`,
			c.ID, t.place, t.org, t.role, dueOf(c), unheld)
		if err != nil {
			return err
		}
	}
	return nil
}

func dueOf(c *Case) int64 {
	if c.Due == 0 {
		return noClock
	}
	return c.Due
}

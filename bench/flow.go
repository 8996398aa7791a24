package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/city"
	"luoshu/kernel/flow"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/packs"
)

// How many cases the inbox is measured with.
const (
	casesOpen   = 100_000
	casesClosed = 1_000_000
	caseSteps   = 200
)

// benchFlow measures an inbox page over many cases, and a step of a case beside a
// bare commit of a record of the same register's shape.
func benchFlow(e *env) error {
	dir, _, err := e.cityAt(e.scale)
	if err != nil {
		return err
	}
	c, err := city.Open(e.ctx, dir, packs.FS, time.Now)
	if err != nil {
		return err
	}
	defer c.Close()
	units, err := someUnits(e.ctx, c)
	if err != nil {
		return err
	}
	if err := e.benchSteps(c, units); err != nil {
		return err
	}
	if err := manyCases(e.ctx, c, units); err != nil {
		return err
	}
	county := parentOf(e.ctx, c, units[0])
	var took []time.Duration
	for i := range 200 {
		who := luoshu.Actor{Name: "bench", Role: "clerk", Org: units[i%len(units)]}
		if i%2 == 1 {
			who = luoshu.Actor{Name: "bench", Role: "county", Org: county}
		}
		began := time.Now()
		if _, err := c.Flow.Inbox(e.ctx, who, flow.InboxQuery{Limit: 50}); err != nil {
			return err
		}
		if _, err := c.Flow.Tallies(e.ctx, who); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	e.add("flow", fmt.Sprintf("inbox page with %d open and %d closed cases: p95", casesOpen, casesClosed), ms(took[len(took)*95/100]), "ms", "< 100")
	e.add("flow", "the slowest of 200", ms(took[len(took)-1]), "ms", "")
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// benchSteps times steps of cases, and commits of one changed record, by turns.
func (e *env) benchSteps(c *city.City, units []string) error {
	clauses := c.Catalog.List("inspection_clause").Codes
	ent := c.Catalog.Entity("class")
	if ent == nil {
		return fmt.Errorf("the city has no classes")
	}
	var step, bare time.Duration
	for i := range caseSteps {
		unit := units[i%len(units)]
		inspector := luoshu.Actor{Name: "bench", Role: "inspector", Org: parentOf(e.ctx, c, unit)}
		began := time.Now()
		_, err := c.Flow.Open(e.ctx, inspector, flow.Opening{
			ID: fmt.Sprintf("bench-open-%06d-%d", i, time.Now().UnixNano()), Type: "finding", Handed: flow.Handed{Cells: map[string]string{
				"school_code": unit, "found_by": "visit", "found_on": time.Now().Format("2006-01-02"), "clause": clauses[len(clauses)-1-i/len(units)].Code, "problem": "bench", "severity": "2",
			}},
		})
		if err != nil {
			return err
		}
		step += time.Since(began)
		values := benchClass(ent, unit, i)
		began = time.Now()
		_, err = c.Ledger.Commit(e.ctx, ledger.Batch{
			Actor: access.Operator, Entity: ent.Name, Reason: "bench", Total: 1,
			Rows: func(yield func(ledger.Row) error) error { return yield(ledger.Row{N: 2, Values: values}) },
			Each: func(d ledger.Diff) error {
				if d.Verdict == ledger.Refused {
					return fmt.Errorf("bench row refused: %s", d.Faults[0].EN)
				}
				return nil
			},
		}, nil)
		if err != nil {
			return err
		}
		bare += time.Since(began)
	}
	e.add("flow", "a step of a case", ms(step/caseSteps), "ms", "")
	e.add("flow", "a bare commit of one record", ms(bare/caseSteps), "ms", "")
	e.add("flow", "a step ÷ a bare commit", float64(step)/float64(bare), "×", "≤ 3")
	return nil
}

func benchClass(ent *catalog.Entity, unit string, i int) []luoshu.Value {
	v := make([]luoshu.Value, len(ent.Fields))
	set := func(name string, x luoshu.Value) {
		if f := ent.Field(name); f != nil {
			v[f.Index] = x
		}
	}
	set("class_code", luoshu.TextValue(fmt.Sprintf("%s-B-%05d", unit, i)))
	set("school_code", luoshu.TextValue(unit))
	set("school_year", luoshu.IntValue(2025))
	set("stage", luoshu.TextValue("PRI"))
	set("grade", luoshu.TextValue("PRI1"))
	set("name", luoshu.TextValue(fmt.Sprintf("%d班", i)))
	set("capacity", luoshu.IntValue(45))
	return v
}

// manyCases writes open cases with a task each, and closed ones, straight into the
// kernel's tables: the measured reads find what steps would have left there.
func manyCases(ctx context.Context, c *city.City, units []string) error {
	t := c.Charter.Case("finding")
	return c.DB.Tx(ctx, func(tx *store.Tx) error {
		var last int64
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM flow_case`).Scan(&last); err != nil {
			return err
		}
		state := t.Opens.To
		for i := range casesOpen + casesClosed {
			id, unit, closed, due := last+1+int64(i), units[i%len(units)], int64(0), int64(20260101+i%28)
			if i >= casesOpen {
				closed = 20250601
			}
			_, err := tx.Exec(ctx, `INSERT INTO flow_case (id, no, type, digest, entity, rec, unit, opener, account, act, state, step, level, opened, entered, due, closed, parent, same, counts, raised, reminded)
				VALUES (?, ?, ?, ?, ?, 0, ?, ?, 'bench', ?, ?, 1, 0, 20250301, 20250301, ?, ?, 0, '', '', 0, 0)`,
				id, fmt.Sprintf("BENCH-%08d", i), t.ID, t.Digest, t.Entity.Name, unit, unit, fmt.Sprintf("bench-case-%08d", i), state, due, closed)
			if err != nil {
				return err
			}
			if closed != 0 {
				continue
			}
			for _, r := range [][2]string{{unit, "clerk"}, {parentOf(ctx, c, unit), "county"}} {
				_, err := tx.Exec(ctx, `INSERT INTO flow_task (case_id, place, org, role, due, unheld, taken) VALUES (?, 0, ?, ?, ?, 0, '')`, id, r[0], r[1], due)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// someUnits are the organisations of the lowest level.
func someUnits(ctx context.Context, c *city.City) ([]string, error) {
	t, err := c.Access.Tree(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, code := range t.Under(c.Catalog.City.Root) {
		if n := t.Get(code); n.Level == "school" && n.Closed == 0 {
			out = append(out, code)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the city has no schools")
	}
	return out, nil
}

var parents = map[string]string{}

func parentOf(ctx context.Context, c *city.City, code string) string {
	if p, ok := parents[code]; ok {
		return p
	}
	t, err := c.Access.Tree(ctx)
	if err != nil {
		return ""
	}
	path := t.Path(code)
	p := path[max(0, len(path)-2)].Code
	parents[code] = p
	return p
}

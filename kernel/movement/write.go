package movement

import (
	"context"
	"fmt"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
)

// Batch is rows of one entity; only, if given, are the fields that they bring
// beside the key.
func (m *Mover) Batch(actor luoshu.Actor, e *catalog.Entity, reason string, rows [][]luoshu.Value, only ...*catalog.Field) ledger.Batch {
	b := ledger.Batch{
		Actor: actor, Entity: e.Name, Reason: reason, Total: int64(len(rows)),
		Rows: func(yield func(ledger.Row) error) error {
			for _, r := range rows {
				if err := yield(ledger.Row{Values: r}); err != nil {
					return err
				}
			}
			return nil
		},
		Each: func(d ledger.Diff) error {
			if d.Verdict != ledger.Refused {
				return m.Step("row of " + e.Name)
			}
			err := luoshu.Errorf(luoshu.Conflict, "有记录未能写入，全部未写", "a record could not be written, so nothing was")
			if len(d.Faults) > 0 {
				err.Msg = luoshu.Text{ZH: d.Faults[0].ZH, EN: d.Faults[0].EN}
			}
			return err
		},
	}
	if len(only) > 0 {
		b.Columns = make([]bool, len(e.Fields))
		for _, f := range append(e.KeyFields(), only...) {
			b.Columns[f.Index] = true
		}
	}
	return b
}

// write carries a plan out: every batch of it in one transaction.
func (m *Mover) write(ctx context.Context, actor luoshu.Actor, p *plan, reason, id string) error {
	f := &m.ch.Fact
	var all []ledger.Batch
	if p.close != nil {
		all = append(all, m.Batch(actor, f.Entity, reason, [][]luoshu.Value{p.close}, f.To, f.Out))
	}
	if p.open != nil {
		all = append(all, m.Batch(actor, f.Entity, reason, [][]luoshu.Value{p.open}))
	}
	if p.person != nil {
		all = append(all, m.Batch(actor, m.ch.Person.Entity, reason, [][]luoshu.Value{p.person}, m.ch.Person.Status, m.ch.Person.Holder))
	}
	for i := range all {
		all[i].ID = fmt.Sprintf("%s:%d", id, i)
	}
	if err := m.Step("before commit"); err != nil {
		return err
	}
	if _, err := m.led.CommitAll(ctx, all, nil); err != nil {
		return err
	}
	return m.Step("after commit")
}

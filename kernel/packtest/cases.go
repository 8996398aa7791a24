package packtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/load"
	"luoshu/kernel/movement"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/workday"
)

// player plays the story of cases that a test tells. Nobody has an account: every
// role is played for its organisation.
type player struct {
	*bench
	fl  *flow.Flow
	rec *records.Reader
	no  map[string]string // a test's name of a case: its number
}

// cases plays the steps in order, each on its day.
func (b *bench) cases(ctx context.Context, db *store.DB) error {
	if len(b.t.Cases) == 0 {
		return nil
	}
	clock := func() time.Time { return b.now }
	ch, faults := charter.Load(b.cat)
	if len(faults) > 0 {
		b.fail(b.t.Cases[0].Line, "%s", faults[0])
		return nil
	}
	days, _ := workday.Load(b.cat)
	acc, err := access.Open(ctx, db, b.cat, clock)
	if err != nil {
		return err
	}
	p := &player{bench: b, rec: records.New(db, b.cat), no: map[string]string{}}
	move := movement.New(db, b.cat, ch.Movement, b.led, p.rec, acc, clock)
	p.fl, err = flow.New(flow.Config{
		DB: db, Catalog: b.cat, Charter: ch, Ledger: b.led, Records: p.rec, Access: acc, Calendar: days,
		Files: load.New(b.dir, b.cat, b.led, db, clock), Now: clock,
		Orgs: lifecycle.New(db, b.cat, b.led, p.rec, acc, move),
	})
	if err != nil {
		return err
	}
	for i, c := range b.t.Cases {
		if c.On != 0 {
			b.now = time.Date(int(c.On/10000), time.Month(c.On/100%100), int(c.On%100), 9, 0, 0, 0, time.UTC)
		}
		if err := p.play(ctx, i, c); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) play(ctx context.Context, i int, c catalog.TestCase) error {
	if c.Act == "wait" {
		if err := p.fl.Sweep(ctx); err != nil {
			return err
		}
		p.compareCase(ctx, c, p.no[c.Name])
		return nil
	}
	if c.Find != "" {
		list, err := p.fl.List(ctx, access.Operator, flow.Query{Type: c.Find, Unit: c.Unit, Limit: 1})
		if err == nil && len(list) == 0 {
			p.fail(c.Line, "no case %s about %s", c.Find, c.Unit)
		}
		if err != nil || len(list) == 0 {
			return err
		}
		p.no[c.Name] = list[0].No
		p.compareCase(ctx, c, list[0].No)
		return nil
	}
	by := luoshu.Actor{Name: c.Role + "@" + c.Org, Role: c.Role, Org: c.Org}
	if c.By != "" {
		by.Name = c.By
	}
	h, err := p.handed(ctx, by, i, c)
	if err != nil {
		return err
	}
	var got *flow.Case
	id := fmt.Sprintf("packtest-%06d", i)
	if c.Open != "" {
		got, err = p.fl.Open(ctx, by, flow.Opening{ID: id, Type: c.Open, Handed: h})
	} else {
		a := flow.Act{ID: id, No: p.no[c.Name], Action: c.Act, Handed: h}
		for _, m := range c.Missing {
			a.Missing = append(a.Missing, flow.Missing{Field: m["field"], Paper: m["paper"], Note: m["note"]})
		}
		if _, a.Step, err = p.fl.Standing(ctx, a.No); err != nil {
			p.fail(c.Line, "there is no case %q", c.Name)
			return nil
		}
		got, err = p.fl.Act(ctx, by, a)
	}
	var said *luoshu.Error
	switch {
	case err != nil && !errors.As(err, &said):
		return err
	case err != nil && c.Refused == "":
		p.fail(c.Line, "refused: %s", said.Msg)
	case err == nil && c.Refused != "":
		p.fail(c.Line, "was not refused; the case is in %s", got.State)
	case err != nil:
		if !strings.Contains(said.Msg.ZH, c.Refused) && !strings.Contains(said.Msg.EN, c.Refused) && said.Field != c.Refused {
			p.fail(c.Line, "refused with %q, not with %q", said.Msg, c.Refused)
		} else {
			p.res.Passed++
		}
	default:
		p.no[c.Name] = got.No
		p.compareCase(ctx, c, got.No)
	}
	return nil
}

// handed is what a step hands in; {name} stands for a case's number, {name.field}
// for what its register holds.
func (p *player) handed(ctx context.Context, by luoshu.Actor, i int, c catalog.TestCase) (flow.Handed, error) {
	h := flow.Handed{Cells: map[string]string{}, Note: c.Note}
	for k, v := range c.Cells {
		if in, ok := strings.CutPrefix(v, "{"); ok && strings.HasSuffix(in, "}") {
			name, field, _ := strings.Cut(strings.TrimSuffix(in, "}"), ".")
			v = p.no[name]
			if field != "" {
				v = p.value(ctx, v, field)
			}
		}
		h.Cells[k] = v
	}
	for n := range c.Papers {
		paper, err := p.fl.TakePaper(ctx, by, "paper.png", bytes.NewReader(fmt.Appendf([]byte("\x89PNG\r\n\x1a\n"), "%d.%d", i, n)))
		if err != nil {
			return h, err
		}
		h.Papers = append(h.Papers, paper.ID)
	}
	return h, nil
}

// value is a field of a case's register as it would be written on a sheet.
func (p *player) value(ctx context.Context, no, field string) string {
	for _, t := range p.fl.Charter.Cases {
		v, err := p.rec.ByKey(ctx, t.Entity.Name, no)
		if err != nil || v == nil {
			continue
		}
		if f := t.Entity.Field(field); f != nil {
			x := v.Values[f.Index]
			if f.Type == catalog.TypeDate && x.K != luoshu.Null {
				return luoshu.FormatDate(x.I)
			}
			return x.String()
		}
	}
	return ""
}

func (p *player) compareCase(ctx context.Context, c catalog.TestCase, no string) {
	bad := false
	if state, _, err := p.fl.Standing(ctx, no); err != nil || c.State != "" && state != c.State {
		p.fail(c.Line, "the case is in %q, not in %q", state, c.State)
		bad = true
	}
	for _, field := range slices.Sorted(maps.Keys(c.Set)) {
		if got := p.value(ctx, no, field); got != c.Set[field] {
			p.fail(c.Line, "%s is %q, not %q", field, got, c.Set[field])
			bad = true
		}
	}
	if !bad {
		p.res.Passed++
	}
}

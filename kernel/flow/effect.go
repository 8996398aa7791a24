package flow

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/access/guest"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

const (
	maxDepth = 4    // cases that open cases
	maxParts = 5000 // cases that one step opens
)

// effects brings about what a step or a state declares.
func (w *work) effects(ch *change, list []*charter.Effect) error {
	for _, e := range list {
		var err error
		switch e.Kind {
		case charter.EffectOpen:
			err = w.open(ch, e)
		case charter.EffectEach:
			err = w.each(ch, e)
		case charter.EffectPublish:
			err = w.publish(ch, e)
		case charter.EffectUnpublish:
			ch.also = append(ch.also, w.unpublish)
		case charter.EffectPermit:
			err = w.permit(ch, e)
		case charter.EffectRevoke:
			ch.also = append(ch.also, func(tx *store.Tx, c *Case) error {
				_, err := tx.Exec(w.ctx, `UPDATE permit SET revoked = ? WHERE case_id = ? AND revoked = 0`, w.day, c.ID)
				return err
			})
		case charter.EffectWrite:
			err = w.record(ch, e)
		case charter.EffectTell:
			w.tell(ch, e)
		case charter.EffectGrant:
			err = w.grant(ch, e)
		case charter.EffectEnd:
			w.ungrant(ch)
		case charter.EffectAct:
			err = w.reorganise(ch, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// set computes what an effect puts into another record.
func (w *work) set(ch *change, e *charter.Effect, to []luoshu.Value, index func(string) int) error {
	for name, x := range e.Set {
		v, err := w.eval(ch, x)
		if err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
		to[index(name)] = v
	}
	return nil
}

// part opens a case of another type from this one. The parent's number is known to
// the database only when it is written, so it is linked afterwards.
func (w *work) part(ch *change, e *charter.Effect, unit string) error {
	t := w.f.Charter.Case(e.Type)
	if t == nil || t.Opens == nil {
		return luoshu.Errorf(luoshu.Unavailable, "没有案卷类型 %s", "there is no case type %s", e.Type)
	}
	if w.depth++; w.depth > maxDepth {
		return luoshu.Errorf(luoshu.Unavailable, "案卷套案卷超过 %d 层", "cases open cases more than %d deep", maxDepth)
	}
	defer func() { w.depth-- }()
	values := blank(t.Entity)
	if err := w.set(ch, e, values, func(name string) int { return t.Entity.Field(name).Index }); err != nil {
		return err
	}
	if unit != "" {
		values[t.Entity.Field(t.Entity.Org).Index] = luoshu.TextValue(unit)
	}
	back, err := w.recurs(t, values, func(field string) bool { return e.Set[field] != nil })
	if err != nil {
		return err
	}
	if back != nil {
		return w.settle(back, back.was)
	}
	part, err := w.add(t, values, ch.c.ID, "")
	if err != nil {
		return err
	}
	if ch.fresh {
		part.also = append(part.also, func(tx *store.Tx, c *Case) error {
			c.Parent = ch.c.ID
			_, err := tx.Exec(w.ctx, `UPDATE flow_case SET parent = ? WHERE id = ?`, c.Parent, c.ID)
			return err
		})
	}
	return w.start(part, t.Opens.Effects)
}

// start brings a new case into its first state.
func (w *work) start(ch *change, effects []*charter.Effect) error {
	if err := w.enter(ch, ch.c.Type.Opens.To); err != nil {
		return err
	}
	if err := w.effects(ch, effects); err != nil {
		return err
	}
	return w.settle(ch, "")
}

// settle ends a step: its number, who may act now.
func (w *work) settle(ch *change, was string) error {
	ch.next(was)
	list, err := w.f.tasks(w.ctx, ch.c, ch.values)
	if err != nil {
		return err
	}
	ch.also = append(ch.also, func(tx *store.Tx, c *Case) error { return w.seat(tx, ch, list) })
	return nil
}

func (w *work) open(ch *change, e *charter.Effect) error { return w.part(ch, e, "") }

func (w *work) each(ch *change, e *charter.Effect) error {
	var units []string
	among, err := w.among(e.Units)
	if err != nil {
		return err
	}
	for _, code := range w.tree.Under(ch.c.Unit) {
		n := w.tree.Get(code)
		if n != nil && (among == nil || among[code]) && n.Level == e.Level && (n.Closed == 0 || n.Closed > w.day) {
			units = append(units, code)
		}
	}
	if len(units) == 0 {
		return luoshu.Errorf(luoshu.Invalid, "范围内没有可下发的单位", "there is no organisation within the scope to send this to")
	}
	if len(units) > maxParts {
		return luoshu.Errorf(luoshu.Invalid, "一次最多下发 %d 个单位", "at most %d organisations at once", maxParts)
	}
	if t := w.f.Charter.Case(e.Type); t != nil {
		if err := w.within(ch, t, units); err != nil {
			return err
		}
	}
	for _, u := range units {
		if err := w.part(ch, e, u); err != nil {
			return err
		}
	}
	return nil
}

// among are the organisations whose records meet a condition, nil for no condition.
func (w *work) among(u *charter.RoundUnits) (map[string]bool, error) {
	if u == nil {
		return nil, nil
	}
	e := w.f.Catalog.Entity(u.Entity)
	out := map[string]bool{}
	err := w.f.Records.Each(w.ctx, records.Query{Entity: u.Entity, Where: "f._to IS NULL"}, func(v *records.Version) error {
		if u.Where != nil {
			x, err := u.Where.Eval(func(name string) luoshu.Value { return v.Values[e.Field(name).Index] }, nil)
			if err != nil || x.I != 1 {
				return err
			}
		}
		out[v.Values[e.KeyFields()[0].Index].S] = true
		return nil
	})
	return out, err
}

// shown is a field of a publication.
type shown struct {
	Title luoshu.Text `json:"title"`
	Value any         `json:"value"`
}

// publish puts fields into the published copy; what stood there of the case ends.
func (w *work) publish(ch *change, e *charter.Effect) error {
	ch.also = append(ch.also, w.unpublish, func(tx *store.Tx, c *Case) error {
		var body []shown
		for _, f := range e.Fields {
			if v := ch.values[f.Index]; v.K != luoshu.Null {
				body = append(body, shown{Title: f.Title, Value: w.f.words(w.tree, f, v)})
			}
		}
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		label := c.No
		if f := c.Type.Entity.Field(c.Type.Entity.Label); f != nil && slices.Contains(e.Fields, f) {
			label = ch.values[f.Index].String()
		}
		_, err = tx.Exec(w.ctx, `INSERT INTO publication (case_id, type, no, label, org, body, digest, from_day, to_day) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
			c.ID, c.Type.ID, c.No, label, c.Unit, string(b), hex.EncodeToString(chain.Sum(b)), w.day)
		return err
	})
	return nil
}

func (w *work) unpublish(tx *store.Tx, c *Case) error {
	_, err := tx.Exec(w.ctx, `UPDATE publication SET to_day = ? WHERE case_id = ? AND to_day = 0`, w.day, c.ID)
	return err
}

// permit issues a consent code into the case's own record.
func (w *work) permit(ch *change, e *charter.Effect) error {
	from, to := ch.values[e.From.Index].I, ch.values[e.To.Index].I
	if from == 0 || to < from {
		return luoshu.Errorf(luoshu.Invalid, "同意书的起止日期不对", "the dates of the consent are wrong")
	}
	scope, over := ch.c.Unit, int64(0)
	if e.Scope != nil && ch.values[e.Scope.Index].S != "" {
		scope = ch.values[e.Scope.Index].S
	}
	if !w.tree.Within(w.actor.Org, scope) {
		return luoshu.Errorf(luoshu.Denied, "只能对本单位管理的范围出具同意码", "a consent code is issued only for organisations under one's own")
	}
	if e.Over != nil {
		over = ch.values[e.Over.Index].I
	}
	secret := code()
	ch.values[e.Code.Index] = luoshu.TextValue(secret)
	ch.also = append(ch.also, func(tx *store.Tx, c *Case) error {
		_, err := tx.Exec(w.ctx, `INSERT INTO permit (code, case_id, title, issuer, org, from_day, to_day, over_cap, revoked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
			secret, c.ID, w.label(ch), w.actor.Org, scope, from, to, over)
		return err
	})
	return nil
}

// reorganise has an act on organisations committed together with this step.
func (w *work) reorganise(ch *change, e *charter.Effect) error {
	if w.f.Orgs == nil || w.org != nil {
		return luoshu.Errorf(luoshu.Unavailable, "一步只能办理一项机构变更", "a step carries out one act on organisations")
	}
	text := func(part string) string {
		if f := e.Parts[part]; f != nil {
			return ch.values[f.Index].S
		}
		return ""
	}
	w.org = &lifecycle.ActRequest{
		Act: e.Act, Org: text("org"), Date: ch.values[e.Parts["date"].Index].I,
		Name: text("name"), Address: text("address"), Parent: text("parent"), Successor: text("successor"), Paper: text("paper"),
	}
	return nil
}

// grant gives somebody a role that reads, for the days and the organisation that the
// case names: no further than whoever acts reaches themselves.
func (w *work) grant(ch *change, e *charter.Effect) error {
	s := guest.Stay{Account: ch.values[e.Who.Index].S, Role: e.Role, Org: ch.c.Unit, From: ch.values[e.From.Index].I, To: ch.values[e.To.Index].I}
	if e.Scope != nil && ch.values[e.Scope.Index].S != "" {
		s.Org = ch.values[e.Scope.Index].S
	}
	if !w.tree.Within(w.actor.Org, s.Org) {
		return luoshu.Errorf(luoshu.Denied, "只能开放本单位管理的范围", "only organisations under one's own are opened to others")
	}
	ch.also = append(ch.also, func(tx *store.Tx, c *Case) error {
		s.Case, s.Reason = c.No, c.Type.Title.ZH+" "+c.No
		id, err := guest.Give(w.ctx, tx, w.f.Catalog, w.actor.Name, w.now, s)
		if err != nil {
			return err
		}
		w.after = append(w.after, access.Event{Kind: "grant", Actor: w.actor.Name, Account: s.Account, Object: id, Detail: s.Role + " " + s.Org + " " + c.No})
		return nil
	})
	return nil
}

// ungrant ends what the case has given.
func (w *work) ungrant(ch *change) {
	ch.also = append(ch.also, func(tx *store.Tx, c *Case) error {
		accounts, err := guest.End(w.ctx, tx, w.actor.Name, w.now, c.No)
		for _, a := range accounts {
			w.after = append(w.after, access.Event{Kind: "grant-end", Actor: w.actor.Name, Account: a, Object: c.No})
		}
		return err
	})
}

// record commits a record of another entity with this step.
func (w *work) record(ch *change, e *charter.Effect) error {
	row := blank(e.Entity)
	columns := make([]bool, len(e.Entity.Fields))
	for name := range e.Set {
		columns[e.Entity.Field(name).Index] = true
	}
	if err := w.set(ch, e, row, func(name string) int { return e.Entity.Field(name).Index }); err != nil {
		return err
	}
	if e.Next != nil {
		if err := w.next(ch, e, row); err != nil {
			return err
		}
		columns[e.Next.Field.Index] = true
	}
	w.writes = append(w.writes, ledger.Batch{
		Actor: w.actor, Entity: e.Entity.Name, Reason: "case " + ch.c.No, Columns: columns, Total: 1,
		Rows: func(yield func(ledger.Row) error) error { return yield(ledger.Row{Values: row}) },
		Each: func(d ledger.Diff) error {
			if d.Verdict == ledger.Refused {
				return refused(d.Faults)
			}
			if e.New && d.Verdict != ledger.New {
				return there(e.Entity, row)
			}
			return nil
		},
	})
	return nil
}

// next counts: the key field of the row gets the number after the greatest that any
// record with the same other key fields has or had, or is getting by this very step.
func (w *work) next(ch *change, e *charter.Effect, row []luoshu.Value) error {
	q := `SELECT coalesce(max(` + store.Col(e.Next.Field.Name) + `), ?) FROM ` + store.Table(e.Entity.Name) + ` WHERE 1=1`
	args, key := []any{e.Next.First - 1}, []byte(e.Entity.Name)
	for _, f := range e.Entity.KeyFields() {
		if f == e.Next.Field {
			continue
		}
		v := row[f.Index].Any()
		if s, ok := v.(string); ok {
			v = w.f.DB.Stored(e.Entity.Name, f.Name, s)
		}
		q, args, key = q+` AND `+store.Col(f.Name)+` = ?`, append(args, v), chain.AppendText(key, fmt.Sprint(v))
	}
	var n int64
	if err := w.f.DB.QueryRow(w.ctx, q, args...).Scan(&n); err != nil {
		return fmt.Errorf("number a record of %s: %w", e.Entity.Name, err)
	}
	n = max(n, e.Next.First-1, w.given[string(key)]) + 1
	w.given[string(key)], row[e.Next.Field.Index] = n, luoshu.IntValue(n)
	if e.Next.Into != nil {
		ch.values[e.Next.Into.Index] = luoshu.IntValue(n)
	}
	return nil
}

// there refuses to write over a record.
func there(e *catalog.Entity, row []luoshu.Value) error {
	var names, keys []string
	for _, f := range e.KeyFields() {
		names, keys = append(names, f.Title.ZH), append(keys, row[f.Index].String())
	}
	err := luoshu.Errorf(luoshu.Conflict, "“%[1]s”中已有 %[2]s（%[3]s），不能覆盖；请核对后重新办理",
		"“%[1]s” has the record %[2]s already, which is not written over; check it and act again", e.Title, strings.Join(keys, " / "), strings.Join(names, " / "))
	err.Field = e.Key[len(e.Key)-1]
	return err
}

func (w *work) tell(ch *change, e *charter.Effect) {
	org := w.f.organisation(w.tree, ch.c, e.Tell, ch.values)
	ch.also = append(ch.also, func(tx *store.Tx, c *Case) error {
		for _, r := range e.Tell.Roles {
			if err := w.notice(tx, c, "told", fmt.Sprintf("told %s %s %s %s", c.No, fmt.Sprint(c.Step), org, r+e.Text.EN), org, r, e.Text); err != nil {
				return err
			}
		}
		return nil
	})
}

// label is what a case is called for people: its number and its register's label.
func (w *work) label(ch *change) string {
	f := ch.c.Type.Entity.Field(ch.c.Type.Entity.Label)
	if f == nil || f.Class() > 1 || f == ch.c.Type.Entity.KeyFields()[0] {
		return ch.c.Type.Title.ZH
	}
	return fmt.Sprint(w.f.words(w.tree, f, ch.values[f.Index]))
}

package movement

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/charter"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// What becomes of a person at the end of a year.
const (
	Promoted  = "promoted"
	Repeats   = "repeats"
	Graduates = "graduates"
	Leaves    = "leaves"  // an exception set by the holder: no fact in the next year
	Already   = "already" // has a fact in the next year, or has graduated
	Blocked   = "blocked"
)

// Why a person is kept out of the run.
const (
	BlockHeld     = "held"     // away, to come back (suspended)
	BlockStatus   = "status"   // the status does not fit an open stay
	BlockGroup    = "group"    // no group
	BlockCase     = "case"     // a case is under way
	BlockVerified = "verified" // not attested in time
	BlockGrade    = "grade"    // the ladder does not have the grade
	BlockClosed   = "closed"   // the organisation closes before the next year
	BlockTwice    = "twice"    // a second open stay somewhere
)

// Outcome is what a run would do, or has done, with one person.
type Outcome struct {
	Rec       int64
	Act       string
	Why       string // of Blocked
	From, To  string // grades
	Group     string // of the next year
	Exception bool   // set by the holder
	key       string
	fact      *records.Version
}

// NewGroup is a group that a run makes from one of the ending year; Key is its
// code, From the code it follows.
type NewGroup struct {
	Key, Name, Grade, From string
	Persons                int
	row                    []luoshu.Value
}

// Unit is one organisation's end of year, planned.
type Unit struct {
	Org      string
	Outcomes []*Outcome
	Groups   []*NewGroup
}

// unitReader reads what the plan of one organisation needs.
type unitReader struct {
	m           *Mover
	ctx         context.Context
	year        int64
	first, last int64 // days of the year that ends
	next        int64 // first day of the next
	org         string

	facts   map[string]*records.Version // open facts of the ending year by person
	twice   map[string]bool
	already map[string]bool // persons with a fact in the next year
	status  map[string]string
	rec     map[string]int64
	checked map[string]int64 // when the person was attested last
	cases   map[int64]bool
	except  map[int64]exception
	groups  map[string]*records.Version
}

// Unit plans the end of a year for one organisation. Nothing is written.
func (m *Mover) unit(ctx context.Context, year int64, org string) (*Unit, error) {
	u := &unitReader{m: m, ctx: ctx, year: year, org: org}
	var err error
	if u.first, u.last, err = m.Bounds(year); err != nil {
		return nil, err
	}
	if u.next, _, err = m.Bounds(year + 1); err != nil {
		return nil, err
	}
	for _, read := range []func() error{u.readFacts, u.readNext, u.readPersons, u.readCases, u.readExceptions, u.readGroups} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return u.plan()
}

// mine is the subquery of the persons with a fact of the year at the organisation.
func (u *unitReader) mine() (string, []any) {
	f := &u.m.ch.Fact
	return "SELECT y." + store.Col(f.Person.Name) + " FROM " + store.Table(f.Entity.Name) + " y WHERE y._to IS NULL AND y." +
		store.Col(f.Org.Name) + " = ? AND y." + store.Col(f.Year.Name) + " = ?", []any{u.org, u.year}
}

func (u *unitReader) readFacts() error {
	f := &u.m.ch.Fact
	u.facts, u.twice = map[string]*records.Version{}, map[string]bool{}
	return u.m.rec.Each(u.ctx, records.Query{
		Entity: f.Entity.Name, Where: "f." + store.Col(f.Org.Name) + " = ? AND f." + store.Col(f.Year.Name) + " = ?",
		Args: []any{u.org, u.year}, Order: "f." + store.Col(f.From.Name) + ", f._rid",
	}, func(v *records.Version) error {
		key := v.Values[f.Person.Index].S
		if to := v.Values[f.To.Index]; to.K != luoshu.Null {
			if old := u.facts[key]; old == nil {
				u.facts[key] = v // closed, unless an open one follows
			}
			return nil
		}
		if old := u.facts[key]; old != nil && old.Values[f.To.Index].K == luoshu.Null {
			u.twice[key] = true
		}
		u.facts[key] = v
		return nil
	})
}

// readNext finds who has a fact in the next year, wherever, and whose open stay
// of this year is not the only one.
func (u *unitReader) readNext() error {
	f := &u.m.ch.Fact
	mine, args := u.mine()
	u.already = map[string]bool{}
	return u.m.rec.Each(u.ctx, records.Query{
		Entity: f.Entity.Name, Fields: []string{f.Person.Name, f.Year.Name, f.Org.Name, f.To.Name},
		Where: "f." + store.Col(f.Person.Name) + " IN (" + mine + ") AND f." + store.Col(f.Year.Name) + " IN (?, ?)",
		Args:  append(args, u.year, u.year+1),
	}, func(v *records.Version) error {
		key := v.Values[f.Person.Index].S
		switch {
		case v.Values[f.Year.Index].I == u.year+1:
			u.already[key] = true
		case v.Values[f.To.Index].K == luoshu.Null && v.Values[f.Org.Index].S != u.org:
			u.twice[key] = true
		}
		return nil
	})
}

func (u *unitReader) readPersons() error {
	p := &u.m.ch.Person
	mine, args := u.mine()
	u.status, u.rec, u.checked = map[string]string{}, map[string]int64{}, map[string]int64{}
	key := p.Entity.KeyFields()[0]
	return u.m.rec.Each(u.ctx, records.Query{
		Entity: p.Entity.Name, Fields: []string{key.Name, p.Status.Name},
		Where: "f." + store.Col(key.Name) + " IN (" + mine + ")", Args: args,
	}, func(v *records.Version) error {
		k := v.Values[key.Index].S
		u.status[k], u.rec[k], u.checked[k] = v.Values[p.Status.Index].S, v.Rec, v.Verified
		return nil
	})
}

func (u *unitReader) readCases() error {
	u.cases = map[int64]bool{}
	rows, err := u.m.db.Query(u.ctx, `SELECT rec FROM movement_case WHERE giver = ? AND state IN ('requested', 'agreed')`, u.org)
	if err != nil {
		return fmt.Errorf("read open cases: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var rec int64
		if err := rows.Scan(&rec); err != nil {
			return fmt.Errorf("read open cases: %w", err)
		}
		u.cases[rec] = true
	}
	return rows.Err()
}

func (u *unitReader) readGroups() error {
	u.groups = map[string]*records.Version{}
	g := u.m.ch.Group
	if g == nil {
		return nil
	}
	return u.m.rec.Each(u.ctx, records.Query{
		Entity: g.Entity.Name, Where: "f." + store.Col(g.Org.Name) + " = ? AND f." + store.Col(g.Year.Name) + " IN (?, ?)",
		Args: []any{u.org, u.year, u.year + 1},
	}, func(v *records.Version) error {
		u.groups[v.Values[g.Key.Index].S] = v
		return nil
	})
}

// plan decides about every person, then about the groups they go to.
func (u *unitReader) plan() (*Unit, error) {
	out := &Unit{Org: u.org}
	t, err := u.m.acc.Tree(u.ctx)
	if err != nil {
		return nil, err
	}
	n := t.Get(u.org)
	closes := n == nil || n.Closed != 0 && n.Closed <= u.next
	keys := make([]string, 0, len(u.facts))
	for k := range u.facts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if o := u.decide(k, closes); o != nil {
			out.Outcomes = append(out.Outcomes, o)
		}
	}
	u.roll(out)
	return out, nil
}

// decide says what becomes of one person; nil for one who is no concern of the
// run: left during the year.
func (u *unitReader) decide(key string, closes bool) *Outcome {
	ch, v := u.m.ch, u.facts[key]
	f := &ch.Fact
	o := &Outcome{Rec: u.rec[key], From: v.Values[f.Grade.Index].S, key: key, fact: v}
	block := func(why string) *Outcome {
		o.Act, o.Why = Blocked, why
		return o
	}
	status := u.status[key]
	next, last := ch.Next(o.From)
	if v.Values[f.To.Index].K != luoshu.Null {
		if slices.Contains(ch.Person.Held, status) && u.m.holds(v.Values[f.Out.Index].S) && !u.already[key] {
			return block(BlockHeld)
		}
		if g := ch.Run.Graduate; last && status == g.Status && v.Values[f.Out.Index].S == g.Out && v.Values[f.To.Index].I == u.last {
			o.Act = Already
			return o
		}
		return nil
	}
	switch {
	case u.already[key], last && status == ch.Run.Graduate.Status:
		o.Act = Already
		return o
	case last && slices.Contains(ch.Person.Present, status):
	case next == "" && !last:
		return block(BlockGrade)
	case slices.Contains(ch.Person.Held, status):
		return block(BlockHeld)
	case !slices.Contains(ch.Person.Present, status):
		return block(BlockStatus)
	}
	x, set := u.except[o.Rec]
	o.Exception = set
	switch {
	case u.twice[key]:
		return block(BlockTwice)
	case u.cases[o.Rec]:
		return block(BlockCase)
	case set && x.act == ExceptLeave:
		o.Act = Leaves
		return o
	case slices.Contains(ch.Run.Blocks, "verified") && u.stale(key):
		return block(BlockVerified)
	case last && !(set && x.act == ExceptRepeat):
		o.Act = Graduates
		return o
	case closes:
		return block(BlockClosed)
	}
	o.Act, o.To = Promoted, next
	if set && x.act == ExceptRepeat {
		o.Act, o.To = Repeats, o.From
	}
	if set {
		o.Group = x.group
	}
	if f.Group != nil && slices.Contains(ch.Run.Blocks, "group") && o.Group == "" && v.Values[f.Group.Index].S == "" {
		return block(BlockGroup)
	}
	return o
}

// holds reports whether a leaving code is that of a change after which the person
// will come back.
func (m *Mover) holds(out string) bool {
	return slices.ContainsFunc(m.ch.Changes, func(c *charter.Change) bool {
		return c.Closes && c.Out == out && slices.Contains(m.ch.Person.Held, c.Status)
	})
}

// stale reports whether a person was attested too long before the year's end.
func (u *unitReader) stale(key string) bool {
	months := u.m.ch.Person.Entity.Months
	return months > 0 && u.checked[key] < dayOf(timeOf(u.last).AddDate(0, -months, 0))
}

// roll gives everybody who goes on a group of the next year, made from the one
// they were in where there is none yet.
func (u *unitReader) roll(out *Unit) {
	g := u.m.ch.Group
	if g == nil {
		return
	}
	made := map[string]*NewGroup{}
	for _, o := range out.Outcomes {
		old := u.groups[o.fact.Values[u.m.ch.Fact.Group.Index].S]
		if o.Act != Promoted && o.Act != Repeats {
			continue
		}
		if o.Group != "" { // placed by the holder: a group that is there or will be
			continue
		}
		if old == nil {
			continue
		}
		nn, ok := groupNumber(g.Code, old.Values[g.Key.Index].S, u.org, u.year, old.Values[g.Grade.Index].S)
		if !ok {
			nn = u.freeNumber(old, o.To, made)
		}
		code := Fill(g.Code, u.org, u.year+1, o.To, nn)
		if v := u.groups[code]; v != nil && v.Values[g.Year.Index].I == u.year+1 {
			o.Group = code
			continue
		}
		if o.Act == Repeats && made[code] == nil {
			continue // no group of that number goes on into the grade: placed later
		}
		n := made[code]
		if n == nil {
			n = u.newGroup(code, nn, o.To, old)
			made[code] = n
			out.Groups = append(out.Groups, n)
		}
		o.Group = code
	}
	u.settleRepeats(out, made)
	for _, o := range out.Outcomes {
		if o.Exception && o.Group != "" && made[o.Group] == nil && !u.fits(o) {
			o.Act, o.Why = Blocked, BlockGroup
		}
		n := made[o.Group]
		if o.Exception && n != nil && n.Grade != o.To {
			o.Act, o.Why = Blocked, BlockGroup
		} else if n != nil && o.Act != Blocked {
			n.Persons++
		}
	}
}

// fits reports whether a group that exists is one of the next year and grade.
func (u *unitReader) fits(o *Outcome) bool {
	g, v := u.m.ch.Group, u.groups[o.Group]
	return v != nil && v.Values[g.Year.Index].I == u.year+1 && v.Values[g.Grade.Index].S == o.To
}

// settleRepeats places those who repeat once all groups of the year are known.
func (u *unitReader) settleRepeats(out *Unit, made map[string]*NewGroup) {
	g := u.m.ch.Group
	for _, o := range out.Outcomes {
		if o.Act != Repeats || o.Group != "" {
			continue
		}
		old := u.groups[o.fact.Values[u.m.ch.Fact.Group.Index].S]
		if old == nil {
			continue
		}
		if nn, ok := groupNumber(g.Code, old.Values[g.Key.Index].S, u.org, u.year, o.From); ok {
			if n := made[Fill(g.Code, u.org, u.year+1, o.To, nn)]; n != nil {
				o.Group = n.Key
			}
		}
	}
}

func (u *unitReader) newGroup(code string, nn int, grade string, old *records.Version) *NewGroup {
	g := u.m.ch.Group
	row := make([]luoshu.Value, len(g.Entity.Fields))
	for _, f := range g.Carry {
		row[f.Index] = old.Values[f.Index]
	}
	name := Fill(g.Name, u.org, u.year+1, u.m.CodeTitle(g.Grade, grade).ZH, nn)
	row[g.Key.Index], row[g.Org.Index] = luoshu.TextValue(code), luoshu.TextValue(u.org)
	row[g.Year.Index] = luoshu.IntValue(u.year + 1)
	row[g.Stage.Index], row[g.Grade.Index] = luoshu.TextValue(u.m.ch.Stage(grade)), luoshu.TextValue(grade)
	row[g.Label.Index] = luoshu.TextValue(name)
	return &NewGroup{Key: code, Name: name, Grade: grade, From: old.Values[g.Key.Index].S, row: row}
}

// freeNumber numbers the group of one whose code does not follow the pattern: by
// its place among the groups of its grade.
func (u *unitReader) freeNumber(old *records.Version, grade string, made map[string]*NewGroup) int {
	g := u.m.ch.Group
	key := old.Values[g.Key.Index].S
	for _, n := range made {
		if n.From == key && n.Grade == grade {
			if nn, ok := groupNumber(g.Code, n.Key, u.org, u.year+1, grade); ok {
				return nn
			}
		}
	}
	for nn := 1; ; nn++ {
		code := Fill(g.Code, u.org, u.year+1, grade, nn)
		before := Fill(g.Code, u.org, u.year, old.Values[g.Grade.Index].S, nn)
		if made[code] == nil && u.groups[code] == nil && u.groups[before] == nil {
			return nn
		}
	}
}

// Fill writes a pattern of movement.yaml out.
func Fill(pattern, org string, year int64, grade string, n int) string {
	return strings.NewReplacer("{org}", org, "{year}", strconv.FormatInt(year, 10), "{grade}", grade,
		"{nn}", fmt.Sprintf("%02d", n), "{n}", strconv.Itoa(n)).Replace(pattern)
}

// groupNumber reads the number out of a code that follows the pattern.
func groupNumber(pattern, code, org string, year int64, grade string) (int, bool) {
	p := strings.NewReplacer("{org}", org, "{year}", strconv.FormatInt(year, 10), "{grade}", grade, "{nn}", "{}", "{n}", "{}").Replace(pattern)
	before, after, _ := strings.Cut(p, "{}")
	s, ok := strings.CutPrefix(code, before)
	if !ok {
		return 0, false
	}
	if s, ok = strings.CutSuffix(s, after); !ok {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && Fill(pattern, org, year, grade, n) == code
}

// runChange is the type of change that makes an outcome.
func (m *Mover) runChange(act string) *charter.Change {
	switch act {
	case Promoted:
		return m.ch.Run.Promote
	case Repeats:
		return m.ch.Run.Repeat
	case Graduates:
		return m.ch.Run.Graduate
	}
	return nil
}

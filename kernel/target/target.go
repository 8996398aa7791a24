// Package target says which version of a plan's target holds on a day, and what was
// planned for each year. It is the only one to read what packs say of the registers
// that hold versions and milestones of targets (targets.yaml).
package target

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/records"
)

// States of a version on a day.
const (
	Holds     = "holds"
	Past      = "past"      // another has taken its place
	Future    = "future"    // decided, not yet in force
	Unsourced = "unsourced" // names no decision, and so holds nothing
)

// Version is what a decision made of a target. What it leaves empty stays as it was.
type Version struct {
	No       int64
	Org      string   // who decided; it holds there and below
	Value    *float64 // in the target's unit
	Wording  string
	Deadline int64 // yyyymmdd, 0 if left as it was
	From     int64 // yyyymmdd
	Reason   string
	Decision string // number of the document
	Case     string // number of the case that wrote it
	State    string // on the day asked
}

// Standing is how a target stands for an organisation on a day.
type Standing struct {
	Versions []Version // by day and number; without the plan's own
	Holding  *Version  // the last that holds, nil while the plan's own does
	Value    *float64  // nil while the plan's own holds
	Deadline int64     // 0 while the plan's own holds
}

// Milestone is what an organisation planned for a year, in the target's unit.
type Milestone struct {
	Year  int
	Value float64
}

// Keeper reads the registers. It is safe for concurrent use; the last reading is kept.
type Keeper struct {
	book *Book
	rec  *records.Reader

	mu   sync.Mutex
	last *Sheet
}

// New returns a keeper of what a book names.
func New(book *Book, rec *records.Reader) *Keeper { return &Keeper{book: book, rec: rec} }

// Sheet is every version and milestone as of one commit. It never changes.
type Sheet struct {
	seq        int64
	versions   map[string][]Version
	milestones map[[2]string][]Milestone // by organisation and target
}

// Read returns what the registers hold as of a commit.
func (k *Keeper) Read(ctx context.Context, seq int64) (*Sheet, error) {
	k.mu.Lock()
	s := k.last
	k.mu.Unlock()
	if s != nil && s.seq == seq && seq > 0 {
		return s, nil
	}
	s = &Sheet{seq: seq, versions: map[string][]Version{}, milestones: map[[2]string][]Milestone{}}
	for _, r := range k.book.registers {
		if err := k.rec.Each(ctx, r.query(seq), func(v *records.Version) error { r.take(s, v.Values); return nil }); err != nil {
			return nil, err
		}
	}
	for _, l := range s.versions {
		slices.SortStableFunc(l, func(a, b Version) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.No, b.No)) })
	}
	for _, l := range s.milestones {
		slices.SortStableFunc(l, func(a, b Milestone) int { return cmp.Compare(a.Year, b.Year) })
	}
	k.mu.Lock()
	k.last = s
	k.mu.Unlock()
	return s, nil
}

// Standing is how a target stands on a day (yyyymmdd) for an organisation whose path
// from the root is given, itself last: decided by one of these, on that day or before.
func (s *Sheet) Standing(id string, path []string, day int64) Standing {
	var out Standing
	for _, v := range s.versions[id] {
		if !slices.Contains(path, v.Org) {
			continue
		}
		switch {
		case v.Decision == "":
			v.State = Unsourced
		case v.From > day:
			v.State = Future
		default:
			v.State = Holds
		}
		out.Versions = append(out.Versions, v)
	}
	at := -1
	for i, v := range out.Versions {
		if v.State != Holds {
			continue
		}
		if at >= 0 {
			out.Versions[at].State = Past
		}
		at = i
		if v.Value != nil {
			out.Value = v.Value
		}
		if v.Deadline > 0 {
			out.Deadline = v.Deadline
		}
	}
	if at >= 0 {
		out.Holding = &out.Versions[at]
	}
	return out
}

// Milestones are what an organisation planned for a target, by year.
func (s *Sheet) Milestones(id, org string) []Milestone { return s.milestones[[2]string{org, id}] }

// register is one entity that holds versions or milestones.
type register struct {
	entity   *catalog.Entity
	versions bool
	fields   map[string]*catalog.Field // by what the field is to the register
}

func (r *register) query(seq int64) records.Query {
	names := []string{r.entity.Org}
	for _, f := range r.fields {
		names = append(names, f.Name)
	}
	return records.Query{Entity: r.entity.Name, Seq: seq, Fields: names}
}

func (r *register) value(vals []luoshu.Value, part string) luoshu.Value {
	if f := r.fields[part]; f != nil {
		return vals[f.Index]
	}
	return luoshu.Value{}
}

// number is a field's value as a number, its scale considered; nil for null.
func (r *register) number(vals []luoshu.Value, part string) *float64 {
	v := r.value(vals, part)
	if v.K != luoshu.IsInt {
		return nil
	}
	x := float64(v.I) / math.Pow10(r.fields[part].Scale)
	return &x
}

func (r *register) take(s *Sheet, vals []luoshu.Value) {
	org, id := vals[r.entity.Field(r.entity.Org).Index].S, r.value(vals, "target").S
	if !r.versions {
		if planned := r.number(vals, "planned"); planned != nil {
			at := [2]string{org, id}
			s.milestones[at] = append(s.milestones[at], Milestone{Year: int(r.value(vals, "year").I), Value: *planned})
		}
		return
	}
	s.versions[id] = append(s.versions[id], Version{
		No: r.value(vals, "number").I, Org: org, Value: r.number(vals, "value"), Wording: r.value(vals, "wording").S,
		Deadline: r.value(vals, "deadline").I, From: r.value(vals, "from").I, Reason: r.value(vals, "reason").S,
		Decision: r.value(vals, "decision").S, Case: r.value(vals, "case").S,
	})
}

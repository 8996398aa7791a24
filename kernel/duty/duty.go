// Package duty knows what organisations owe at set times: the duties that packs
// take from a plan (duties.yaml). It is the only one to say for a day which of
// them are due, done, late or met, which is computed and never stored, and the
// only one to keep the marks that something was done.
package duty

import (
	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/rule"
)

// Text is a label in two languages.
type Text = luoshu.Text

// The kinds of duty.
const (
	Recurring = "recurring" // again in every period
	Deadline  = "deadline"  // once, by a day
	Event     = "event"     // whenever something happens
	Standing  = "standing"  // always; attested in every period
)

// The periods with names; any other is a parameter, in months.
const (
	HalfYear = "half-year"
	Year     = "year"
	CityYear = "city-year" // as the city counts its years
	Term     = "term"
	Month    = "month"
	Day      = "day"
)

// Book is all duties of a catalog, in the order of packs and lines. It never
// changes.
type Book struct {
	Duties []*Duty

	cat  *catalog.Catalog
	byID map[string]*Duty
}

// Duty is one thing owed.
type Duty struct {
	ID         string
	Pack       string
	Title      Text
	Quote      string // exact words of the plan
	Section    string
	Line       string // of the stored text of the plan
	Mechanism  string // what of the product carries it
	Kind       string
	Period     string // name or parameter; "" where the kind has none
	Attest     string // the period marks are made for, where Period is shorter
	Times      int    // how often within a period
	Due        int64  // of a deadline: yyyymmdd, or
	DueParam   string // the parameter that holds it
	Open       bool   // the plan leaves the period, the day or the time to answer open
	WithinDays string // of an event: parameter, working days to answer it; "" on its day
	Levels     []string
	Units      *Units // which organisations of its entity; nil for all
	Roles      []string
	Remind     []int // working days before the end, largest first
	Who        Text  // the responsible in the plan's words, or ours
	Given      bool  // the plan's sentence names the responsible
	Evidence   Text
	Figure     *Figure
	Case       string // closed cases of this type count as done
	Note       Text
	Of         *File
}

// File is what holds for all duties of one file.
type File struct {
	Plan   *catalog.Plan
	From   int64    // day from which they are owed
	Anchor int64    // day from which periods of months are counted
	Terms  []string // parameters, mmdd: days on which terms begin
	Remind []int    // of duties that say nothing of their own
	Soon   string   // parameter: days before the end of a period in which it is near
	units  map[string]*Units
}

// Units narrows organisations of an entity to those whose record meets Where.
type Units struct {
	Entity string
	Where  *rule.Expr
}

// Figure is a figure of the house that answers a duty. With neither bound it is
// shown and decides nothing.
type Figure struct {
	Indicator string
	Where     map[string]string
	AtLeast   *float64
	AtMost    *float64
}

// Meets reports whether a value is within the bounds; ok is false without any.
func (f *Figure) Meets(v float64) (meets, ok bool) {
	if f.AtLeast == nil && f.AtMost == nil {
		return false, false
	}
	return (f.AtLeast == nil || v >= *f.AtLeast) && (f.AtMost == nil || v <= *f.AtMost), true
}

// Duty returns a duty by id, nil if there is none.
func (b *Book) Duty(id string) *Duty { return b.byID[id] }

// marked is the period that marks are made for.
func (d *Duty) marked() string {
	if d.Attest != "" {
		return d.Attest
	}
	return d.Period
}

// number is a parameter's whole value on a day, with where it comes from.
func (b *Book) number(id string, on int64) (int64, catalog.Source, bool) {
	p := b.cat.Parameter(id)
	if p == nil {
		return 0, catalog.Source{}, false
	}
	v, ok := p.Value(on, nil, "")
	if !ok || v.Scale != 0 {
		return 0, catalog.Source{}, false
	}
	return v.Num, v.Source, true
}

// Open is a number that the plan leaves open, or states, and that a parameter holds.
type Open struct {
	Param string
	Title Text
	Value int64
	Unit  Text
	catalog.Source
}

// Stated reports whether the plan or a law states the number: it is not our own.
func (o *Open) Stated() bool { return o.Certainty != "D" }

// Opens are the numbers behind a duty's period, deadline or time to answer.
func (b *Book) Opens(d *Duty, on int64) []*Open {
	var out []*Open
	for _, id := range []string{d.Period, d.DueParam, d.WithinDays} {
		n, src, ok := b.number(id, on)
		if !ok {
			continue
		}
		p := b.cat.Parameter(id)
		out = append(out, &Open{Param: id, Title: p.Title, Value: n, Unit: p.Unit, Source: src})
	}
	return out
}

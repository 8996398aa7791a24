package forecast

import (
	"math"

	"luoshu"
)

// Stage is a run of grades that places are counted for.
type Stage struct {
	ID        string
	Grades    []string
	ClassSize int   // children a classroom has places for
	PerPlace  int64 // cost of one new place, fen; 0 if it is not known
}

// Places says how many places an area has for a stage from a year on.
type Places struct {
	Area   string
	Stage  string
	Year   int
	Places float64
}

// PeakYear is one year of a plan. Short is what the places lack; Classrooms and Cost
// are what would close it in that year.
type PeakYear struct {
	Year       int     `json:"year"`
	Children   float64 `json:"children"`
	Places     float64 `json:"places"`
	Short      float64 `json:"short"`
	Spare      float64 `json:"spare"`
	Classrooms int     `json:"classrooms"`
}

// Peak is what an area needs for a stage: when most children come and how many, what is
// lacking then, from and until when, and what closes it. Ends is the first year without
// a shortage after the last one with it; 0 when it lasts beyond the forecast. After is
// how many of the new places stand empty in the last year: what is built for a peak is
// to be of use for something else afterwards.
type Peak struct {
	Area       string     `json:"area"`
	Stage      string     `json:"stage"`
	Scenario   string     `json:"scenario"`
	Known      bool       `json:"places_known"` // places were given
	PeakYear   int        `json:"peak_year"`
	PeakSize   float64    `json:"peak_size"`
	Within     bool       `json:"peak_within"` // the peak lies before the last year: children grow fewer after it
	Worst      float64    `json:"short"`       // most places lacking in one year
	WorstYear  int        `json:"short_year"`
	From       int        `json:"short_from"`
	Ends       int        `json:"short_ends"`
	Classrooms int        `json:"classrooms"`
	Cost       int64      `json:"cost_fen"`
	After      float64    `json:"empty_after"`
	Years      []PeakYear `json:"years"`
}

// Peaks is the plan for the peaks of every area and stage in a scenario (an index into
// Outcome.Scenarios). The base year counts as a year.
func Peaks(o *Outcome, scenario int, stages []Stage, places []Places) ([]Peak, error) {
	if scenario < 0 || scenario >= len(o.Scenarios) {
		return nil, luoshu.Errorf(luoshu.Invalid, "没有第 %d 个情景。", "there is no scenario %d.", scenario)
	}
	grade := index(o.Grades)
	var out []Peak
	for _, s := range stages {
		if s.ClassSize <= 0 || s.PerPlace < 0 {
			return nil, luoshu.Errorf(luoshu.Invalid, "学段“%s”的班额应大于 0，每个学位的造价不能为负。", "stage %q: the class size must be above 0, and the cost of a place not negative.", s.ID)
		}
		for _, g := range s.Grades {
			if _, ok := grade[g]; !ok {
				return nil, luoshu.Errorf(luoshu.Invalid, "学段“%s”的年级“%s”不在推算的年级里。", "stage %q has grade %q, which is not one of the forecast.", s.ID, g)
			}
		}
		for _, a := range o.Areas {
			out = append(out, peak(o, scenario, s, a, grade, places))
		}
	}
	return out, nil
}

func peak(o *Outcome, scenario int, s Stage, a Outlook, grade map[string]int, places []Places) Peak {
	p := Peak{Area: a.ID, Stage: s.ID, Scenario: o.Scenarios[scenario].ID, Known: false}
	sum := func(by []float64) (n float64) {
		for _, g := range s.Grades {
			n += by[grade[g]]
		}
		return n
	}
	year := func(y int, n float64) {
		x := PeakYear{Year: y, Children: n}
		newest := math.MinInt
		for _, q := range places {
			if q.Area == a.ID && q.Stage == s.ID && q.Year <= y && q.Year > newest {
				x.Places, newest, p.Known = q.Places, q.Year, true
			}
		}
		if newest > math.MinInt {
			x.Short, x.Spare = math.Max(0, n-x.Places), math.Max(0, x.Places-n)
			x.Classrooms = rooms(x.Short, s.ClassSize)
		}
		if len(p.Years) == 0 || n > p.PeakSize {
			p.PeakYear, p.PeakSize = y, n
		}
		if x.Short > p.Worst {
			p.Worst, p.WorstYear = x.Short, y
		}
		if x.Short > 0 {
			p.Ends = 0
			if p.From == 0 {
				p.From = y
			}
		} else if p.From > 0 && p.Ends == 0 {
			p.Ends = y
		}
		p.Years = append(p.Years, x)
	}
	year(o.Base, sum(a.Now))
	for _, y := range a.Years {
		year(y.Year, sum(y.By[scenario]))
	}
	last := p.Years[len(p.Years)-1]
	p.Within = p.PeakYear < last.Year
	p.Classrooms = rooms(p.Worst, s.ClassSize)
	built := float64(p.Classrooms * s.ClassSize)
	p.Cost = int64(built) * s.PerPlace
	p.After = math.Min(built, math.Max(0, built-last.Short))
	return p
}

// rooms are the classrooms that hold so many children; a hair above a full one is
// rounding.
func rooms(n float64, size int) int {
	return int(math.Ceil(n/float64(size) - 1e-9))
}

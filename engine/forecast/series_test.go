package forecast_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"luoshu"
	"luoshu/engine/forecast"
)

// town is a small town: units × 8 years × 3 grades, growing.
func town(units int) forecast.Series {
	s := forecast.Series{Grades: []string{"1", "2", "3"}, Areas: map[string]string{}}
	for u := range units {
		id := fmt.Sprintf("u%d", u)
		s.Areas[id] = fmt.Sprintf("a%d", u%2)
		for y := range 8 {
			for g, name := range s.Grades {
				n := 40 + 7*u + 3*(y-g) + (u*5+y*11+g*3)%7
				s.Counts = append(s.Counts, forecast.Count{Unit: id, Year: 2015 + y, Grade: name, Children: float64(n), Row: len(s.Counts) + 2})
			}
		}
	}
	return s
}

func run(t *testing.T, s forecast.Series, o forecast.Options) *forecast.Outcome {
	t.Helper()
	if o.Horizons == 0 {
		o.Horizons = 4
	}
	out, err := forecast.Run(context.Background(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sum(v []float64) (n float64) {
	for _, x := range v {
		n += x
	}
	return n
}

// The same series in another order gives the same bytes; nothing is negative or no
// number; intervals hold the forecast, and the wider one the narrower.
func TestSameBytesAndSound(t *testing.T) {
	s := town(6)
	a, err := json.Marshal(run(t, s, forecast.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(s.Counts)
	out := run(t, s, forecast.Options{})
	if b, _ := json.Marshal(out); string(a) != string(b) {
		t.Error("the order of counts changes the outcome")
	}
	for _, o := range append(append(out.Units, out.Areas...), out.All) {
		for _, y := range o.Years {
			for _, by := range y.By {
				for _, v := range by {
					if !(v >= 0) || math.IsInf(v, 0) {
						t.Fatalf("%s %d: %v", o.ID, y.Year, v)
					}
				}
			}
			if b := y.Total; b == nil || !(b.Low95 <= b.Low80 && b.Low80 <= b.Value && b.Value <= b.High80 && b.High80 <= b.High95) {
				t.Errorf("%s %d: %+v", o.ID, y.Year, b)
			}
			if !(sum(y.By[0]) <= sum(y.By[1])+1e-9 && sum(y.By[1]) <= sum(y.By[2])+1e-9) {
				t.Errorf("%s %d: low, middle and high are out of order: %v", o.ID, y.Year, y.By)
			}
		}
	}
}

// A town that never changes stays as it is, with intervals of no width.
func TestStandstill(t *testing.T) {
	s := town(2)
	for i := range s.Counts {
		s.Counts[i].Children = 30
	}
	for _, u := range run(t, s, forecast.Options{}).Units {
		for _, y := range u.Years {
			if math.Abs(y.Total.Value-90) > 1e-6 || y.Total.High95-y.Total.Low95 > 1e-6 {
				t.Errorf("%s %d: %+v", u.ID, y.Year, y.Total)
			}
		}
	}
}

// Children of a closed unit are all somewhere; new housing adds its yield; a later
// cut-off day makes one cohort larger, and that one only.
func TestChanges(t *testing.T) {
	s := town(6)
	base := run(t, s, forecast.Options{})
	closed := run(t, s, forecast.Options{Changes: forecast.Changes{Closures: []forecast.Closure{{Year: 2024, Unit: "u0", To: []forecast.Share{{To: "u1", Share: 0.25}, {To: "new", Share: 0.75}}}}}})
	all := func(o *forecast.Outcome, k int) (n float64) {
		for _, u := range o.Units {
			n += sum(u.Years[k].By[1])
		}
		return n
	}
	for k := range 4 {
		if math.Abs(all(base, k)-all(closed, k)) > 1e-6 || math.Abs(sum(base.All.Years[k].By[1])-sum(closed.All.Years[k].By[1])) > 1e-6 {
			t.Errorf("year %d: children were lost in a closure", k)
		}
	}
	u := closed.Units[slices.IndexFunc(closed.Units, func(o forecast.Outlook) bool { return o.ID == "u0" })]
	if sum(u.Years[0].By[1]) == 0 || sum(u.Years[1].By[1]) != 0 {
		t.Errorf("u0 closes in 2024: %v %v", u.Years[0].By[1], u.Years[1].By[1])
	}
	housed := run(t, s, forecast.Options{Changes: forecast.Changes{Housing: []forecast.Housing{{Year: 2024, Area: "a1", Unit: "u1", Homes: 1000, Occupied: []float64{0.5, 1}, Yield: map[string]float64{"1": 0.04, "3": 0.02}}}}})
	for k, want := range []float64{0, 30, 60, 60} {
		if got := sum(housed.Areas[1].Years[k].By[1]) - sum(base.Areas[1].Years[k].By[1]); math.Abs(got-want) > 1e-6 {
			t.Errorf("year %d: housing adds %v, want %v", k, got, want)
		}
	}
	shifted := run(t, s, forecast.Options{Changes: forecast.Changes{EntryAge: []forecast.EntryAge{{Year: 2024, Months: 3}}}})
	for k := range 4 {
		for g := range 3 {
			want := 1.0
			if k-1 == g { // the cohort that enters in 2024
				want = 1.25
			}
			if got := shifted.Areas[0].Years[k].By[1][g] / base.Areas[0].Years[k].By[1][g]; math.Abs(got-want) > 1e-9 {
				t.Errorf("year %d grade %d: factor %v, want %v", k, g, got, want)
			}
		}
	}
}

// A unit that split is counted under its parts from the first year, and as a whole
// nothing changes for the area.
func TestRecode(t *testing.T) {
	s := town(2)
	s.Areas = nil
	var after []forecast.Count
	for _, c := range s.Counts {
		if c.Unit == "u0" && c.Year >= 2020 {
			for id, share := range map[string]float64{"east": 0.4, "west": 0.6} {
				d := c
				d.Unit, d.Children = id, c.Children*share
				after = append(after, d)
			}
			continue
		}
		after = append(after, c)
	}
	split := s
	split.Counts = after
	if n := run(t, split, forecast.Options{}).Notes; !slices.ContainsFunc(n, func(n forecast.Note) bool { return n.Rule == "recode" }) {
		t.Errorf("the split was not seen: %+v", n)
	}
	split.Recodes = []forecast.Recode{{Year: 2020, From: "u0", To: []forecast.Share{{To: "east", Share: 0.4}, {To: "west", Share: 0.6}}}}
	a, b := run(t, s, forecast.Options{}), run(t, split, forecast.Options{})
	if slices.ContainsFunc(b.Notes, func(n forecast.Note) bool { return n.Rule == "recode" || n.Rule == "units" }) {
		t.Errorf("a stated split is still wondered at: %+v", b.Notes)
	}
	if len(b.Units) != 3 || math.Abs(sum(a.All.Now)-sum(b.All.Now)) > 1e-9 {
		t.Errorf("%d units, %v and %v children", len(b.Units), sum(a.All.Now), sum(b.All.Now))
	}
}

// What cannot be used is refused, with what, where and the remedy in both languages.
func TestRefused(t *testing.T) {
	one := func(change func(*forecast.Series)) error {
		s := town(2)
		change(&s)
		_, err := forecast.Backtest(context.Background(), s, 3, nil)
		return err
	}
	for name, x := range map[string]struct {
		change func(*forecast.Series)
		want   string
	}{
		"negative":   {func(s *forecast.Series) { s.Counts[3].Children = -1 }, "row 5"},
		"impossible": {func(s *forecast.Series) { s.Counts[3].Children = 1e7 }, "more than 100000"},
		"nan":        {func(s *forecast.Series) { s.Counts[3].Children = math.NaN() }, "not a number"},
		"twice":      {func(s *forecast.Series) { s.Counts = append(s.Counts, s.Counts[0]) }, "row 2"},
		"grade":      {func(s *forecast.Series) { s.Counts[0].Grade = "9" }, `grade "9"`},
		"empty":      {func(s *forecast.Series) { s.Counts = nil }, "no counts"},
		"grades":     {func(s *forecast.Series) { s.Grades = nil }, "no grades"},
		"one year":   {func(s *forecast.Series) { s.Counts = s.Counts[:3] }, "no two years"},
		"two years":  {func(s *forecast.Series) { s.Counts = s.Counts[:6] }, "three years in a row"},
		"all breaks": {func(s *forecast.Series) { s.Breaks = []int{2016, 2017, 2018, 2019, 2020, 2021, 2022} }, "no two years"},
		"recode": {func(s *forecast.Series) {
			s.Recodes = []forecast.Recode{{Year: 2020, From: "u0", To: []forecast.Share{{To: "x", Share: 0.5}}}}
		}, "sum to 1"},
		"births": {func(s *forecast.Series) { s.Births = []forecast.Birth{{Year: 2010, Children: -2}} }, "births -2 of 2010"},
	} {
		err := one(x.change)
		var e *luoshu.Error
		if !errors.As(err, &e) || !strings.Contains(e.Msg.EN, x.want) || e.Msg.ZH == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Units of all kinds of odd: one alone, one that opened last year, one of nobody.
func TestOddUnits(t *testing.T) {
	s := town(1)
	run(t, s, forecast.Options{})
	for g, name := range s.Grades {
		s.Counts = append(s.Counts, forecast.Count{Unit: "young", Year: 2022, Grade: name, Children: float64(20 * (1 - min(g, 1)))})
		for y := 2015; y <= 2022; y++ {
			s.Counts = append(s.Counts, forecast.Count{Unit: "empty", Year: y, Grade: name})
		}
	}
	out := run(t, s, forecast.Options{})
	for _, u := range out.Units {
		switch n := sum(u.Years[3].By[1]); {
		case u.ID == "empty" && n != 0:
			t.Errorf("nobody becomes %v", n)
		case u.ID == "young" && (n < 10 || n > 120):
			t.Errorf("20 in the first grade become %v", n)
		}
	}
}

// A gap is not chained across, and a suspected break is named.
func TestGapAndBreak(t *testing.T) {
	s := town(4)
	var kept []forecast.Count
	for _, c := range s.Counts {
		if c.Year == 2018 {
			continue
		}
		if c.Year >= 2021 {
			c.Children *= 1.5
		}
		kept = append(kept, c)
	}
	s.Counts = kept
	out, err := forecast.Backtest(context.Background(), s, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string][]int{}
	for _, n := range out.Notes {
		rules[n.Rule] = n.Years
	}
	if !slices.Equal(rules["gap"], []int{2018}) || !slices.Equal(rules["break"], []int{2021}) {
		t.Errorf("%v", rules)
	}
	s.Breaks = []int{2021}
	told, err := forecast.Backtest(context.Background(), s, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	if told.Checks[0].WAPE >= out.Checks[0].WAPE {
		t.Errorf("the break said, errors are %v, unsaid %v", told.Checks[0].WAPE, out.Checks[0].WAPE)
	}
}

func TestPeaks(t *testing.T) {
	o := &forecast.Outcome{
		Base: 2024, Grades: []string{"a", "b"}, Scenarios: []forecast.Scenario{{ID: "middle"}},
		Areas: []forecast.Outlook{{ID: "x", Now: []float64{100, 100}}},
	}
	for i, n := range []float64{110, 130, 125, 90} {
		o.Areas[0].Years = append(o.Areas[0].Years, forecast.Ahead{Year: 2025 + i, By: [][]float64{{n, n}}})
	}
	p, err := forecast.Peaks(o, 0, []forecast.Stage{{ID: "pre", Grades: []string{"a", "b"}, ClassSize: 30, PerPlace: 5_000_000}},
		[]forecast.Places{{Area: "x", Stage: "pre", Year: 2020, Places: 210}, {Area: "x", Stage: "pre", Year: 2027, Places: 240}})
	if err != nil {
		t.Fatal(err)
	}
	// 2025: 220 of 210, 2026: 260 of 210 (50 short, two classrooms), 2027: 250 of 240, 2028: 180 of 240.
	x := p[0]
	if x.PeakYear != 2026 || x.PeakSize != 260 || !x.Within || x.Worst != 50 || x.WorstYear != 2026 || x.From != 2025 || x.Ends != 2028 ||
		x.Classrooms != 2 || x.Cost != 300_000_000 || x.After != 60 || !x.Known {
		t.Errorf("%+v", x)
	}
}

package run

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"luoshu"
	"luoshu/engine/forecast"
)

// recent is how many years a share is taken over.
const recent = 3

// splits checks the shares that are asked for.
func (f *forecasting) splits() error {
	for _, s := range f.q.Split {
		if !slices.Contains(f.stages, s.Stage) {
			return param("split", luoshu.Errorf(luoshu.Invalid, "升学比例（split）：本次没有推算学段 %s，请选上它或去掉这一条", "shares of leavers (split): stage %s is not forecast in this run; ask for it or delete the share", s.Stage))
		}
		sum := 0.0
		for stage, from := range f.spec.Ladder.Feeds {
			if from == f.spec.Ladder.Feeds[s.Stage] {
				share, asked := f.split(stage, s.Year)
				if !asked { // as recorded
					share, _ = f.draws(stage, from)
				}
				sum += share
			}
		}
		if sum > 1+1e-9 {
			return param("split", luoshu.Errorf(luoshu.Invalid, "升学比例（split）：%d 年各学段的比例（没有写明的按记录）合计 %v%%，超过 100%%，请改小", "shares of leavers (split): those of %d, as recorded where none is given, come to %v %%, which is more than 100 %%; lower them", s.Year, math.Round(sum*1000)/10))
		}
	}
	return nil
}

// split is the share asked for of a stage in a year; false where none is.
func (f *forecasting) split(stage string, year int) (float64, bool) {
	from, share := 0, 0.0
	for _, s := range f.q.Split {
		if s.Stage == stage && s.Year <= year && s.Year >= from {
			from, share = s.Year, s.Share
		}
	}
	return share, from > 0
}

// draws is the share of those who left a stage that entered another in the last years
// that were counted, over all areas, and in how many years that was.
func (f *forecasting) draws(stage, from string) (share float64, years int) {
	first, last := f.ladder.grades[stage], f.ladder.grades[from]
	if len(first) == 0 || len(last) == 0 {
		return 0, 0
	}
	entered, left := map[int]float64{}, map[int]float64{}
	for _, c := range f.counts {
		switch c.grade {
		case first[0]:
			entered[c.year] += float64(c.n)
		case last[len(last)-1]:
			left[c.year+1] += float64(c.n)
		}
	}
	in, out := 0.0, 0.0
	for y := f.lastYear(); years < recent && y > f.lastYear()-recent; y-- {
		if entered[y] > 0 && left[y] > 0 && !slices.Contains(f.q.Exclude, y) {
			in, out, years = in+entered[y], out+left[y], years+1
		}
	}
	if out == 0 {
		return 0, 0
	}
	return in / out, years
}

// assume turns what is forecast of a stage to the shares that are asked for, year of
// entry by year of entry, and says which share of the leavers it comes to.
func (f *forecasting) assume(out *forecast.Outcome, stage, from string) {
	share, years := f.draws(stage, from)
	zh, en := f.named(stage), f.named(from)
	if years == 0 {
		f.note("split", fmt.Sprintf("%s接收%s毕业生的比例没有记录可循。", zh.ZH, en.ZH), fmt.Sprintf("No record says which share of %s enters %s.", en.EN, zh.EN))
		return
	}
	note := luoshu.Text{
		ZH: fmt.Sprintf("%s：近%d年%s毕业生中%.1f%%升入，此后按推算的毕业生续算", zh.ZH, years, en.ZH, share*100),
		EN: fmt.Sprintf("%s: %.1f %% of those who left %s in the last %d years entered; what follows goes by the leavers that are forecast", zh.EN, share*100, en.EN, years),
	}
	for _, s := range f.q.Split {
		if s.Stage == stage {
			note.ZH += fmt.Sprintf("；%d学年起假定%.1f%%，推算的入学人数按两个比例之比增减", s.Year, s.Share*100)
			note.EN += fmt.Sprintf("; from %d on %.1f %% are assumed: those forecast to enter are changed in the ratio of the two", s.Year, s.Share*100)
		}
	}
	f.note("split", note.ZH+"。", note.EN+".")
	factor := func(year, grade int) float64 {
		if v, ok := f.split(stage, year-grade); ok && year-grade > out.Base {
			return v / share
		}
		return 1
	}
	for _, looks := range [][]forecast.Outlook{out.Areas, out.Units, {out.All}} {
		for i := range looks {
			for h := range looks[i].Years {
				turn(&looks[i].Years[h], out.Middle, factor)
			}
		}
	}
}

// turn multiplies the grades of a year, and its interval by what they come to.
func turn(y *forecast.Ahead, middle int, factor func(year, grade int) float64) {
	before, after := 0.0, 0.0
	for k, by := range y.By {
		for g := range by {
			v := by[g] * factor(y.Year, g)
			if k == middle {
				before, after = before+by[g], after+v
			}
			by[g] = v
		}
	}
	if y.Total != nil && before > 0 {
		y.Total = pointer(times(*y.Total, after/before))
	}
}

// beside turns what is forecast of the areas of a stage outside the chain to a share of
// the children of the same age: as packs say. The share is that of the
// last years of the area or, where it has nobody of that age, of all.
func (f *forecasting) beside(out, along *forecast.Outcome, stage string, of []string) {
	now, age := map[string]float64{}, map[string]float64{}
	first := f.lastYear() - recent
	for _, c := range f.counts {
		if c.year <= first || slices.Contains(f.q.Exclude, c.year) {
			continue
		}
		for _, a := range []string{c.area, Total} {
			switch g := f.ladder.group[c.grade]; {
			case g == stage:
				now[a] += float64(c.n)
			case slices.Contains(of, g):
				age[a] += float64(c.n)
			}
		}
	}
	type key struct {
		area, scenario string
		year           int
	}
	ahead := map[key]float64{}
	for _, o := range along.Areas {
		for _, y := range o.Years {
			for k, by := range y.By {
				for g, n := range by {
					if slices.Contains(of, f.ladder.group[along.Grades[g]]) {
						ahead[key{o.ID, along.Scenarios[k].ID, y.Year}] += n
						ahead[key{Total, along.Scenarios[k].ID, y.Year}] += n
					}
				}
			}
		}
	}
	for i := range out.Areas {
		a := out.Areas[i].ID
		if age[a] == 0 {
			age[a] = age[Total]
			a = Total
		}
		own := out.Areas[i].ID
		if age[own] == 0 || now[own] == 0 {
			continue
		}
		share := now[own] / age[own]
		for h := range out.Areas[i].Years {
			y := &out.Areas[i].Years[h]
			for k, by := range y.By {
				want, ok := ahead[key{a, out.Scenarios[k].ID, y.Year}]
				sum := 0.0
				for _, v := range by {
					sum += v
				}
				if !ok || sum == 0 {
					continue
				}
				scale := share * want / sum
				for g := range by {
					by[g] *= scale
				}
				if k == out.Middle && y.Total != nil {
					y.Total = pointer(times(*y.Total, scale))
				}
			}
		}
	}
	var zh, en []string
	for _, g := range of {
		zh, en = append(zh, f.named(g).ZH), append(en, f.named(g).EN)
	}
	n := f.named(stage)
	f.note("beside", fmt.Sprintf("%s：按近%d年在%s的占比（全市%.2f%%）推算。", n.ZH, recent, strings.Join(zh, "、"), 100*now[Total]/max(1, age[Total])),
		fmt.Sprintf("%s: by the share of the last %d years in %s (%.2f %% in all).", n.EN, recent, strings.Join(en, ", "), 100*now[Total]/max(1, age[Total])))
}

// named is the title of a stage.
func (f *forecasting) named(stage string) luoshu.Text {
	if list := f.r.cat.List(f.spec.Ladder.Group); list != nil {
		if c := list.Code(stage); c != nil {
			return c.Title
		}
	}
	return luoshu.Text{ZH: stage, EN: stage}
}

func (f *forecasting) note(rule, zh, en string) {
	f.notes = append(f.notes, forecast.Note{Rule: rule, Text: luoshu.Text{ZH: zh, EN: en}})
}

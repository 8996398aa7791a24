package demo

import (
	"math"

	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// writeCity writes what the city bureau and the statistics office hold.
func writeCity(f *office, list []*source.County, lives []*life, o Options) error {
	if err := writeDivisions(f); err != nil {
		return err
	}
	if err := writeOrganisations(f, list); err != nil {
		return err
	}
	if err := writePopulation(f, list, o.Scale); err != nil {
		return err
	}
	if err := writeReference(f, list, lives, o); err != nil {
		return err
	}
	if err := f.closeAll(); err != nil || o.Boundaries == nil {
		return err
	}
	if err := writeGround(f, list, lives, o); err != nil {
		return err
	}
	return f.closeAll()
}

// writeOrganisations writes the city bureau, the counties' offices and the zone.
func writeOrganisations(f *office, list []*source.County) error {
	t, err := f.table("organisation", firstYear, "")
	if err != nil {
		return err
	}
	org := func(code, name, en, parent, land string) {
		level := "county"
		if parent == "" {
			level = "city"
		}
		for _, s := range []string{code, name, en, parent, level, land} {
			t.Str(s)
		}
		t.End()
	}
	org("410300", "洛阳市教育局", "Luoyang Education Bureau", "", "410300")
	for _, c := range list {
		org(c.Code, c.Office, c.NameEn+" Education and Sports Bureau", "410300", c.Code)
	}
	org("4103X1", "伊滨区教育体育局", "Yibin Zone Education and Sports Bureau", "410300", "410311")
	return nil
}

func writeDivisions(f *office) error {
	t, err := f.table("division", firstYear, "")
	if err != nil {
		return err
	}
	rows, err := source.Divisions()
	if err != nil {
		return err
	}
	for _, d := range rows {
		for _, s := range d {
			t.Str(s)
		}
		t.End()
	}
	return nil
}

const census = "第七次人口普查分年龄推算（合成）"

func writePopulation(f *office, list []*source.County, scale float64) error {
	for y := range years {
		year := firstYear + y
		t, err := f.yearTable("population", year)
		if err != nil {
			return err
		}
		for _, c := range list {
			for age := range 19 {
				t.Str(c.Code)
				t.Int(year)
				t.Int(age)
				t.Int(int(math.Round(c.People(year, age) * scale)))
				t.Str(census)
				t.End()
			}
		}
	}
	return nil
}

// yearTable closes the sheet of the year before, so that each year has its own.
func (f *office) yearTable(entity string, year int) (*sheet.Table, error) {
	if year > firstYear {
		if err := f.closeAll(); err != nil {
			return nil, err
		}
	}
	return f.table(entity, year, "")
}

// writeReference writes the counts other offices hold. The entry cohorts of
// 2012–2016 follow from those who reached the ninth grade and the share that did.
func writeReference(f *office, list []*source.County, lives []*life, o Options) error {
	if err := f.closeAll(); err != nil {
		return err
	}
	for _, year := range []int{firstYear, lastYear} {
		t, err := f.yearTable("reference_count", year)
		if err != nil {
			return err
		}
		row := func(measure, code string, year int, n float64, note string) {
			t.Str(measure)
			t.Str(code)
			t.Int(year)
			t.Int(int(math.Round(n)))
			t.Str(note + "（合成）")
			t.End()
		}
		var carry [years]float64 // small counts are rounded so that the city's sum holds
		for i, c := range list {
			r := lives[i].res
			wobble := 0.008 * (source.Share(o.Seed, uint64(c.Index)) - 0.5)
			for y := range years {
				now := firstYear + y
				if (now == lastYear) != (year == lastYear) {
					continue
				}
				row("primary-entrants", c.Code, now-8, float64(r.juniorThird[y])/(source.Retention(y)+wobble), "教育事业统计历年小学招生")
				if now < lastYear && now > firstYear {
					row("primary-entrants", c.Code, now-4, float64(r.byGrade2020[pri1+firstYear-(now-4)])*1.002, "教育事业统计历年小学招生")
				}
				row("primary-entrants", c.Code, now, float64(r.firstGrade[y]), "教育事业统计历年小学招生")
				exact := float64(r.disabled[y])/(source.DisabledIn(y)+wobble/4) + carry[y]
				carry[y] = exact - math.Round(exact)
				row("disabled-children", c.Code, now, exact, "残联登记适龄残疾儿童少年")
				if y > 0 {
					row("junior-graduates", c.Code, now, float64(r.leavers[y]), "教育事业统计初中毕业生")
				} else {
					row("junior-graduates", c.Code, now, float64(r.juniorThird[y])*0.975, "教育事业统计初中毕业生")
				}
				row("births", c.Code, now, c.People(now, 0)*o.Scale, "卫生健康部门出生人口")
			}
		}
	}
	return nil
}

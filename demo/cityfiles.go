package demo

import "math"

// writeCity writes what the city bureau and the statistics office hold.
func writeCity(f *office, list []*county, lives []*life, o Options) error {
	if err := writeDivisions(f); err != nil {
		return err
	}
	t, err := f.table("organisation", firstYear, "")
	if err != nil {
		return err
	}
	org := func(code, name, en, parent, level string) {
		for _, s := range []string{code, name, en, parent, level, code} {
			t.str(s)
		}
		t.end()
	}
	org("410300", "洛阳市教育局", "Luoyang Education Bureau", "", "city")
	for _, c := range list {
		org(c.code, c.office, c.nameEn+" Education and Sports Bureau", "410300", "county")
	}
	if err := writePopulation(f, list, o.Scale); err != nil {
		return err
	}
	if err := writeReference(f, list, lives, o); err != nil {
		return err
	}
	return f.closeAll()
}

// divisions of the city now and before March 2021.
var divisions = [][7]string{
	{"410000", "河南省", "Henan Province", "", "province", "", ""},
	{"410300", "洛阳市", "Luoyang City", "410000", "prefecture", "", ""},
	{"410302", "老城区", "Laocheng District", "410300", "district", "", ""},
	{"410303", "西工区", "Xigong District", "410300", "district", "", ""},
	{"410304", "瀍河回族区", "Chanhe Hui District", "410300", "district", "", ""},
	{"410305", "涧西区", "Jianxi District", "410300", "district", "", ""},
	{"410306", "吉利区", "Jili District", "410300", "district", "", "2021-03-18"},
	{"410307", "偃师区", "Yanshi District", "410300", "district", "2021-03-18", ""},
	{"410308", "孟津区", "Mengjin District", "410300", "district", "2021-03-18", ""},
	{"410311", "洛龙区", "Luolong District", "410300", "district", "", ""},
	{"410322", "孟津县", "Mengjin County", "410300", "county", "", "2021-03-18"},
	{"410323", "新安县", "Xin'an County", "410300", "county", "", ""},
	{"410324", "栾川县", "Luanchuan County", "410300", "county", "", ""},
	{"410325", "嵩县", "Song County", "410300", "county", "", ""},
	{"410326", "汝阳县", "Ruyang County", "410300", "county", "", ""},
	{"410327", "宜阳县", "Yiyang County", "410300", "county", "", ""},
	{"410328", "洛宁县", "Luoning County", "410300", "county", "", ""},
	{"410329", "伊川县", "Yichuan County", "410300", "county", "", ""},
	{"410371", "高新区", "Luoyang High-tech Zone", "410300", "zone", "", ""},
	{"410381", "偃师市", "Yanshi City", "410300", "county-city", "", "2021-03-18"},
	{"4103X1", "城乡一体化示范区（伊滨区）", "Yibin Demonstration Zone", "410300", "zone", "", ""},
}

func writeDivisions(f *office) error {
	t, err := f.table("division", firstYear, "")
	if err != nil {
		return err
	}
	for _, d := range divisions {
		for _, s := range d {
			t.str(s)
		}
		t.end()
	}
	return nil
}

const census = "第七次人口普查分年龄推算（合成）"

func writePopulation(f *office, list []*county, scale float64) error {
	for y := range years {
		year := firstYear + y
		t, err := f.yearTable("population", year)
		if err != nil {
			return err
		}
		for _, c := range list {
			for age := range 19 {
				t.str(c.code)
				t.int(year)
				t.int(age)
				t.int(int(math.Round(c.people(year, age) * scale)))
				t.str(census)
				t.end()
			}
		}
	}
	return nil
}

// yearTable closes the sheet of the year before, so that each year has its own.
func (f *office) yearTable(entity string, year int) (*table, error) {
	if year > firstYear {
		if err := f.closeAll(); err != nil {
			return nil, err
		}
	}
	return f.table(entity, year, "")
}

// writeReference writes the counts other offices hold. The entry cohorts of
// 2012–2016 follow from those who reached the ninth grade and the share that did.
func writeReference(f *office, list []*county, lives []*life, o Options) error {
	if err := f.closeAll(); err != nil {
		return err
	}
	for _, year := range []int{firstYear, lastYear} {
		t, err := f.yearTable("reference_count", year)
		if err != nil {
			return err
		}
		row := func(measure, code string, year int, n float64, note string) {
			t.str(measure)
			t.str(code)
			t.int(year)
			t.int(int(math.Round(n)))
			t.str(note + "（合成）")
			t.end()
		}
		for i, c := range list {
			r := lives[i].res
			wobble := 0.008 * (share(o.Seed, uint64(c.index)) - 0.5)
			for y := range years {
				now := firstYear + y
				if (now == lastYear) != (year == lastYear) {
					continue
				}
				row("primary-entrants", c.code, now-8, float64(r.juniorThird[y])/(retention[y]+wobble), "教育事业统计历年小学招生")
				if now < lastYear && now > firstYear {
					row("primary-entrants", c.code, now-4, float64(r.byGrade2020[pri1+firstYear-(now-4)])*1.002, "教育事业统计历年小学招生")
				}
				row("primary-entrants", c.code, now, float64(r.firstGrade[y]), "教育事业统计历年小学招生")
				row("disabled-children", c.code, now, float64(r.disabled[y])/(disabledIn[y]+wobble), "残联登记适龄残疾儿童少年")
				if y > 0 {
					row("junior-graduates", c.code, now, float64(r.leavers[y]), "教育事业统计初中毕业生")
				} else {
					row("junior-graduates", c.code, now, float64(r.juniorThird[y])*0.975, "教育事业统计初中毕业生")
				}
				row("births", c.code, now, c.people(now, 0)*o.Scale, "卫生健康部门出生人口")
			}
		}
	}
	return nil
}

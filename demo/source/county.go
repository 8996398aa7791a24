package source

import (
	"embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

//go:embed data/*.csv
var dataFS embed.FS

// CensusYear is the year of the census; figures of later years are carried forward.
const CensusYear = 2020

// Kinds of land a county is.
const (
	Central = iota // old city districts
	Suburban
	Rural
	Mountain
)

// County is one of the fifteen units for which the census has figures: the
// fourteen districts and counties and the high-tech zone (410371). The Yibin zone
// (4103X1) has an education office but no census row and no land of its own in
// the code list, so its schools are managed by it and stand on Luolong's land.
type County struct {
	Code, Name, NameEn, Office string
	Land                       int
	Pull, SenPull              float64 // pupils per resident child; per local junior leaver
	PublicPre                  float64 // share of children in public kindergartens
	Migrant, LeftBehind, Hui   float64
	Places                     []IDPlace // 0.. own codes; the last ones are other places
	Own                        int       // how many of places are own

	Pop      [19]float64 // residents by age, census 2020
	Births   float64     // share of the city's births
	Urban    float64
	Towns    []Town
	Index    int
	CityRuns bool // the city bureau runs schools here itself
}

type Town struct {
	Code, Name string
	Villages   []string
}

// YibinTowns are the towns of Luolong whose schools the Yibin zone manages: the land
// is Luolong's, the office is another.
const YibinTowns = "李村街道 寇店镇 诸葛镇 庞村镇 佃庄镇"

// Counties returns the fifteen bodies with their figures from the embedded data.
func Counties() ([]*County, error) {
	list := []*County{
		{Code: "410302", Name: "老城区", NameEn: "Laocheng District", Land: Central, Pull: 1.02, SenPull: 0.8, PublicPre: 0.60, Migrant: 0.12, LeftBehind: 0.01, Hui: 0.03, CityRuns: true},
		{Code: "410303", Name: "西工区", NameEn: "Xigong District", Land: Central, Pull: 1.06, SenPull: 1.5, PublicPre: 0.62, Migrant: 0.17, LeftBehind: 0.01, Hui: 0.02, CityRuns: true},
		{Code: "410304", Name: "瀍河回族区", NameEn: "Chanhe Hui District", Land: Central, Pull: 1.22, SenPull: 1.0, PublicPre: 0.45, Migrant: 0.20, LeftBehind: 0.01, Hui: 0.17},
		{Code: "410305", Name: "涧西区", NameEn: "Jianxi District", Land: Central, Pull: 1.06, SenPull: 1.4, PublicPre: 0.66, Migrant: 0.16, LeftBehind: 0.01, Hui: 0.015, CityRuns: true},
		{Code: "410307", Name: "偃师区", NameEn: "Yanshi District", Land: Suburban, Pull: 0.98, SenPull: 1.0, PublicPre: 0.56, Migrant: 0.02, LeftBehind: 0.04, Hui: 0.004},
		{Code: "410308", Name: "孟津区", NameEn: "Mengjin District", Land: Suburban, Pull: 0.97, SenPull: 0.95, PublicPre: 0.58, Migrant: 0.02, LeftBehind: 0.05, Hui: 0.005},
		{Code: "410311", Name: "洛龙区", NameEn: "Luolong District", Land: Central, Pull: 1.05, SenPull: 1.3, PublicPre: 0.56, Migrant: 0.14, LeftBehind: 0.01, Hui: 0.008, CityRuns: true},
		{Code: "410323", Name: "新安县", NameEn: "Xin'an County", Land: Suburban, Pull: 1.0, SenPull: 1.05, PublicPre: 0.58, Migrant: 0.03, LeftBehind: 0.05, Hui: 0.003},
		{Code: "410324", Name: "栾川县", NameEn: "Luanchuan County", Land: Mountain, Pull: 1.0, SenPull: 1.0, PublicPre: 0.60, Migrant: 0.02, LeftBehind: 0.08, Hui: 0.002},
		{Code: "410325", Name: "嵩县", NameEn: "Song County", Land: Mountain, Pull: 0.97, SenPull: 0.9, PublicPre: 0.50, Migrant: 0.01, LeftBehind: 0.13, Hui: 0.004},
		{Code: "410326", Name: "汝阳县", NameEn: "Ruyang County", Land: Rural, Pull: 0.97, SenPull: 0.85, PublicPre: 0.48, Migrant: 0.01, LeftBehind: 0.13, Hui: 0.003},
		{Code: "410327", Name: "宜阳县", NameEn: "Yiyang County", Land: Rural, Pull: 0.97, SenPull: 0.9, PublicPre: 0.50, Migrant: 0.01, LeftBehind: 0.12, Hui: 0.003},
		{Code: "410328", Name: "洛宁县", NameEn: "Luoning County", Land: Mountain, Pull: 0.955, SenPull: 0.95, PublicPre: 0.23, Migrant: 0.01, LeftBehind: 0.13, Hui: 0.012},
		{Code: "410329", Name: "伊川县", NameEn: "Yichuan County", Land: Rural, Pull: 0.98, SenPull: 0.9, PublicPre: 0.46, Migrant: 0.01, LeftBehind: 0.11, Hui: 0.004},
		{Code: "410371", Name: "高新区", NameEn: "Luoyang High-tech Zone", Land: Suburban, Pull: 1.05, SenPull: 0.8, PublicPre: 0.60, Migrant: 0.10, LeftBehind: 0.01, Hui: 0.006},
	}
	for i, c := range list {
		c.Index = i
		c.Office = c.Name + "教育体育局"
		c.setPlaces()
	}
	if err := readCensus(list); err != nil {
		return nil, err
	}
	return list, readTowns(list)
}

// setPlaces says which division codes the ID numbers of a county's people begin
// with. Abolished codes stay in the numbers of those born before March 2021.
func (c *County) setPlaces() {
	switch c.Code {
	case "410307":
		c.Places = []IDPlace{{"410307", 0, 600}, {"410381", 0, 600}}
	case "410308":
		c.Places = []IDPlace{{"410308", 0, 600}, {"410322", 0, 600}, {"410306", 0, 600}}
	case "410371":
		c.Places = []IDPlace{{"410305", 600, 700}, {"410311", 600, 700}}
	default:
		c.Places = []IDPlace{{c.Code, 0, 600}}
	}
	c.Own = len(c.Places)
	for _, code := range []string{"410325", "410326", "410327", "410328", "410329", "410323", "410381", "410322"} {
		if code != c.Code {
			c.Places = append(c.Places, IDPlace{code, 700 + 20*c.Index, 720 + 20*c.Index})
		}
	}
	for _, code := range []string{"411224", "411281", "410423", "410482", "410185", "411303", "411323", "140829", "341221", "610526", "420381", "650102"} {
		c.Places = append(c.Places, IDPlace{code, 60 * c.Index, 60*c.Index + 60})
	}
}

// OwnPlace is the index into places of a local person's ID number.
func (c *County) OwnPlace(birth int32, key uint64) uint8 {
	switch c.Code {
	case "410307":
		if birth < 20210318 {
			return 1
		}
	case "410308":
		if birth < 20210318 {
			if key%7 == 0 {
				return 2
			}
			return 1
		}
	case "410371":
		return uint8(key % 2)
	}
	return 0
}

// weights within an age band: half even, half as the province's births of those years.
var bandShape = map[string][]float64{
	"1-4":   {126.5, 129.8, 136.3, 137.6},
	"5-9":   {133.9, 134, 132, 130.5, 129.5},
	"10-14": {1, 1, 1, 1, 1},
}

func readCensus(list []*County) error {
	rows, err := readCSV("data/census.csv")
	if err != nil {
		return err
	}
	births := 0.0
	for _, r := range rows {
		v := make([]float64, len(r))
		for i := 1; i < len(r); i++ {
			if v[i], err = strconv.ParseFloat(r[i], 64); err != nil {
				return fmt.Errorf("census: %w", err)
			}
		}
		for _, c := range list {
			if c.Code != r[0] {
				continue
			}
			c.Pop[0] = v[1]
			spread(c.Pop[1:5], v[2], bandShape["1-4"])
			spread(c.Pop[5:10], v[3], bandShape["5-9"])
			spread(c.Pop[10:15], v[4], bandShape["10-14"])
			// Ages 15–19 hold the students of the universities, so 15–18 follow
			// from 10–14 instead: one in nine has left by then.
			for a := 15; a < 19; a++ {
				c.Pop[a] = v[4] / 5 * stays(a)
			}
			c.Urban = v[7] / v[6]
			births += v[1]
		}
	}
	for _, c := range list {
		c.Births = c.Pop[0] / births
	}
	return nil
}

func spread(out []float64, total float64, shape []float64) {
	sum := 0.0
	for _, s := range shape {
		sum += s
	}
	for i := range out {
		out[i] = total * shape[i] / sum
	}
}

// stays is the share of a cohort that still lives here at an age above 14.
func stays(age int) float64 {
	switch {
	case age < 15:
		return 1
	case age < 18:
		return 0.89
	}
	return 0.85
}

// births in the city by year, as its bulletins give them.
var cityBirths = map[int]float64{2021: 57000, 2022: 52000, 2023: 51000, 2024: 57000}

// People is the county's residents of an age on 1 September of a year.
func (c *County) People(year, age int) float64 {
	was := age - (year - CensusYear)
	if was < 0 {
		return cityBirths[CensusYear-was] * c.Births
	}
	return c.Pop[was] / stays(was) * stays(age)
}

func readTowns(list []*County) error {
	rows, err := readCSV("data/towns.csv")
	if err != nil {
		return err
	}
	for _, r := range rows {
		for _, c := range list {
			if strings.HasPrefix(r[0], c.Code) && !strings.HasSuffix(r[1], "林场") {
				t := Town{Code: r[0], Name: r[1], Villages: strings.Fields(r[2])}
				if len(t.Villages) == 0 {
					t.Villages = []string{strings.TrimSuffix(t.Name, "街道")}
				}
				c.Towns = append(c.Towns, t)
			}
		}
	}
	for _, c := range list {
		if len(c.Towns) == 0 {
			return fmt.Errorf("towns: county %s has none", c.Code)
		}
	}
	return nil
}

// readCSV returns the rows of an embedded file without its heading.
func readCSV(name string) ([][]string, error) {
	f, err := dataFS.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return rows[1:], nil
}

// Divisions returns the divisions of the city now and before March 2021: code,
// name, English name, parent, kind, valid from, valid to.
func Divisions() ([][]string, error) { return readCSV("data/divisions.csv") }

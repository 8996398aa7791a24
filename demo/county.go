package demo

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

const (
	firstYear = 2020
	lastYear  = 2024
	years     = lastYear - firstYear + 1
	sealYear  = 2023 // the year after which the history is sealed a first time
)

// Grades in order; the grade codes are stage + number.
const (
	pre1  = 0
	pri1  = 3
	jun1  = 9
	sen1  = 12
	voc1  = 15
	spe1  = 18
	nGrad = 27
)

// Stages in order.
const (
	stPre = iota
	stPri
	stJun
	stSen
	stVoc
	stSpe
	nStages
)

var stageCode = [nStages]string{"PRE", "PRI", "JUN", "SEN", "VOC", "SPE"}
var stageFirst = [nStages + 1]int{pre1, pri1, jun1, sen1, voc1, spe1, nGrad}
var gradeName = [nGrad]string{"小班", "中班", "大班", "一年级", "二年级", "三年级", "四年级", "五年级", "六年级",
	"七年级", "八年级", "九年级", "高一", "高二", "高三", "中职一年级", "中职二年级", "中职三年级",
	"特教一年级", "特教二年级", "特教三年级", "特教四年级", "特教五年级", "特教六年级", "特教七年级", "特教八年级", "特教九年级"}

// stageOf returns the stage of a grade.
func stageOf(g int) int {
	for s := nStages - 1; s > 0; s-- {
		if g >= stageFirst[s] {
			return s
		}
	}
	return stPre
}

func gradeCode(g int) string {
	s := stageOf(g)
	return stageCode[s] + itoa(g-stageFirst[s]+1)
}

// gradeAge is the age on 1 September of a child who is where most are.
func gradeAge(g int) int {
	switch stageOf(g) {
	case stPre:
		return 3 + g
	case stVoc:
		return 15 + g - voc1
	case stSpe:
		return 6 + g - spe1
	}
	return 6 + g - pri1
}

// kinds of land a county is.
const (
	central = iota // old city districts
	suburban
	rural
	mountain
)

// county is one of the fifteen managing bodies that also stand in the census as
// a division: the fourteen districts and counties and the high-tech zone. The
// Yibin zone has an office of its own but neither a census row nor a code, so its
// schools stand under Luolong, whose census row holds its children.
type county struct {
	code, name, nameEn, office string
	land                       int
	pull, senPull              float64 // pupils per resident child; per local junior leaver
	publicPre                  float64 // share of children in public kindergartens
	migrant, leftBehind, hui   float64
	st                         style
	unattested                 bool
	places                     []idPlace // 0.. own codes; the last ones are other places
	own                        int       // how many of places are own

	pop      [19]float64 // residents by age, census 2020
	births   float64     // share of the city's births
	urban    float64
	towns    []town
	index    int
	cityRuns bool // the city bureau runs schools here itself
}

type town struct {
	code, name string
	villages   []string
}

// counties returns the fifteen bodies with their figures from the embedded data.
func counties() ([]*county, error) {
	utf, bom := style{date: '-'}, style{date: '-', bom: true}
	list := []*county{
		{code: "410302", name: "老城区", nameEn: "Laocheng District", land: central, pull: 1.02, senPull: 0.8, publicPre: 0.60, migrant: 0.12, leftBehind: 0.01, hui: 0.03, st: utf, cityRuns: true},
		{code: "410303", name: "西工区", nameEn: "Xigong District", land: central, pull: 1.06, senPull: 1.5, publicPre: 0.62, migrant: 0.17, leftBehind: 0.01, hui: 0.02, st: utf, unattested: true, cityRuns: true},
		{code: "410304", name: "瀍河回族区", nameEn: "Chanhe Hui District", land: central, pull: 1.22, senPull: 1.0, publicPre: 0.45, migrant: 0.20, leftBehind: 0.01, hui: 0.17, st: utf},
		{code: "410305", name: "涧西区", nameEn: "Jianxi District", land: central, pull: 1.06, senPull: 1.4, publicPre: 0.66, migrant: 0.16, leftBehind: 0.01, hui: 0.015, st: utf, cityRuns: true},
		{code: "410307", name: "偃师区", nameEn: "Yanshi District", land: suburban, pull: 0.98, senPull: 1.0, publicPre: 0.56, migrant: 0.02, leftBehind: 0.04, hui: 0.004, st: utf},
		{code: "410308", name: "孟津区", nameEn: "Mengjin District", land: suburban, pull: 0.97, senPull: 0.95, publicPre: 0.58, migrant: 0.02, leftBehind: 0.05, hui: 0.005, st: utf},
		{code: "410311", name: "洛龙区", nameEn: "Luolong District", land: central, pull: 1.05, senPull: 1.3, publicPre: 0.56, migrant: 0.14, leftBehind: 0.01, hui: 0.008, st: utf, cityRuns: true},
		{code: "410323", name: "新安县", nameEn: "Xin'an County", land: suburban, pull: 1.0, senPull: 1.05, publicPre: 0.58, migrant: 0.03, leftBehind: 0.05, hui: 0.003, st: bom},
		{code: "410324", name: "栾川县", nameEn: "Luanchuan County", land: mountain, pull: 1.0, senPull: 1.0, publicPre: 0.60, migrant: 0.02, leftBehind: 0.08, hui: 0.002, st: style{date: '-', xlsx: true}},
		{code: "410325", name: "嵩县", nameEn: "Song County", land: mountain, pull: 0.97, senPull: 0.9, publicPre: 0.50, migrant: 0.01, leftBehind: 0.13, hui: 0.004, st: style{gbk: true, date: '/'}},
		{code: "410326", name: "汝阳县", nameEn: "Ruyang County", land: rural, pull: 0.97, senPull: 0.85, publicPre: 0.48, migrant: 0.01, leftBehind: 0.13, hui: 0.003, st: style{gbk: true, date: '/'}, unattested: true},
		{code: "410327", name: "宜阳县", nameEn: "Yiyang County", land: rural, pull: 0.97, senPull: 0.9, publicPre: 0.50, migrant: 0.01, leftBehind: 0.12, hui: 0.003, st: bom},
		{code: "410328", name: "洛宁县", nameEn: "Luoning County", land: mountain, pull: 0.955, senPull: 0.95, publicPre: 0.23, migrant: 0.01, leftBehind: 0.13, hui: 0.012, st: utf},
		{code: "410329", name: "伊川县", nameEn: "Yichuan County", land: rural, pull: 0.98, senPull: 0.9, publicPre: 0.46, migrant: 0.01, leftBehind: 0.11, hui: 0.004, st: style{gbk: true}},
		{code: "410371", name: "高新区", nameEn: "Luoyang High-tech Zone", land: suburban, pull: 1.05, senPull: 0.8, publicPre: 0.60, migrant: 0.10, leftBehind: 0.01, hui: 0.006, st: style{date: '-', english: true}},
	}
	for i, c := range list {
		c.index = i
		c.office = c.name + "教育体育局"
		c.setPlaces()
	}
	if err := readCensus(list); err != nil {
		return nil, err
	}
	return list, readTowns(list)
}

// setPlaces says which division codes the ID numbers of a county's people begin
// with. Abolished codes stay in the numbers of those born before March 2021.
func (c *county) setPlaces() {
	switch c.code {
	case "410307":
		c.places = []idPlace{{"410307", 0, 600}, {"410381", 0, 600}}
	case "410308":
		c.places = []idPlace{{"410308", 0, 600}, {"410322", 0, 600}, {"410306", 0, 600}}
	case "410371":
		c.places = []idPlace{{"410305", 600, 700}, {"410311", 600, 700}}
	default:
		c.places = []idPlace{{c.code, 0, 600}}
	}
	c.own = len(c.places)
	for _, code := range []string{"410325", "410326", "410327", "410328", "410329", "410323", "410381", "410322"} {
		if code != c.code {
			c.places = append(c.places, idPlace{code, 700 + 20*c.index, 720 + 20*c.index})
		}
	}
	for _, code := range []string{"411224", "411281", "410423", "410482", "410185", "411303", "411323", "140829", "341221", "610526", "420381", "650102"} {
		c.places = append(c.places, idPlace{code, 60 * c.index, 60*c.index + 60})
	}
}

// ownPlace is the index into places of a local person's ID number.
func (c *county) ownPlace(birth int32, key uint64) uint8 {
	switch c.code {
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

func readCensus(list []*county) error {
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
			if c.code != r[0] {
				continue
			}
			c.pop[0] = v[1]
			spread(c.pop[1:5], v[2], bandShape["1-4"])
			spread(c.pop[5:10], v[3], bandShape["5-9"])
			spread(c.pop[10:15], v[4], bandShape["10-14"])
			// Ages 15–19 hold the students of the universities, so 15–18 follow
			// from 10–14 instead: one in nine has left by then.
			for a := 15; a < 19; a++ {
				c.pop[a] = v[4] / 5 * stays(a)
			}
			c.urban = v[7] / v[6]
			births += v[1]
		}
	}
	for _, c := range list {
		c.births = c.pop[0] / births
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

// people is the county's residents of an age on 1 September of a year.
func (c *county) people(year, age int) float64 {
	was := age - (year - firstYear)
	if was < 0 {
		return cityBirths[firstYear-was] * c.births
	}
	return c.pop[was] / stays(was) * stays(age)
}

func readTowns(list []*county) error {
	rows, err := readCSV("data/towns.csv")
	if err != nil {
		return err
	}
	for _, r := range rows {
		for _, c := range list {
			if strings.HasPrefix(r[0], c.code) && !strings.HasSuffix(r[1], "林场") {
				t := town{code: r[0], name: r[1], villages: strings.Fields(r[2])}
				if len(t.villages) == 0 {
					t.villages = []string{strings.TrimSuffix(t.name, "街道")}
				}
				c.towns = append(c.towns, t)
			}
		}
	}
	for _, c := range list {
		if len(c.towns) == 0 {
			return fmt.Errorf("towns: county %s has none", c.code)
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

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"luoshu/demo/source"
	"luoshu/engine/linkage"
)

// linkageData is a folder with febrl2.csv and RLdata500.csv, which are not in this
// repository (the latter is under the GPL); "" leaves them out.
var (
	linkageData string
	linkageRows int
)

// benchLinkage scores the engine on public data with known truth, then on a
// generated population as large as a city's with planted duplicates and twins.
func benchLinkage(e *env) error {
	sets := []struct {
		path, goal string
		read       func(io.Reader) (*linkage.Table, []string, error)
		config     linkage.Config
	}{
		{"engine/linkage/testdata/febrl1.csv", "≥ 0.97", linkage.ReadFEBRL, linkage.FEBRL()},
		{filepath.Join(linkageData, "febrl2.csv"), "≥ 0.95", linkage.ReadFEBRL, linkage.FEBRL()},
		{filepath.Join(linkageData, "RLdata500.csv"), "≥ 0.95", linkage.ReadRLdata, linkage.RLdata()},
	}
	if linkageData == "" {
		sets = sets[:1]
	}
	for _, s := range sets {
		f, err := os.Open(s.path)
		if err != nil {
			return err
		}
		t, truth, err := s.read(f)
		f.Close()
		if err != nil {
			return err
		}
		began := time.Now()
		res, err := linkage.Run(e.ctx, t, s.config, nil, nil, nil)
		if err != nil {
			return err
		}
		e.addScore(filepath.Base(s.path), s.goal, linkage.ScorePairs(res.Pairs, truth))
		e.add("linkage", filepath.Base(s.path)+": seconds", time.Since(began).Seconds(), "s", "")
	}
	return e.linkCity()
}

func (e *env) addScore(what, goal string, s linkage.Score) {
	e.add("linkage", what+": precision", s.Precision, "", "")
	e.add("linkage", what+": recall", s.Recall, "", "")
	e.add("linkage", what+": F1", s.F1, "", goal)
}

// cityLinkage is how persons of a city are told apart, as packs/registry does it.
func cityLinkage() linkage.Config {
	return linkage.Config{
		Fields: []linkage.Field{
			{Name: "name", Kind: linkage.Name},
			{Name: "id", Kind: linkage.Identifier},
			{Name: "birth", Kind: linkage.Date, Within: "id"},
			{Name: "sex", Kind: linkage.Category, Within: "id"},
			{Name: "relatives", Kind: linkage.Names},
			{Name: "phone", Kind: linkage.Phone},
			{Name: "place", Kind: linkage.Category},
		},
		Passes: []linkage.Pass{
			{Name: "id", Keys: []linkage.Key{{Field: "id"}}},
			{Name: "id front", Keys: []linkage.Key{{Field: "id", Part: linkage.Front}, {Field: "name", Part: linkage.Surname}}},
			{Name: "id back", Keys: []linkage.Key{{Field: "id", Part: linkage.Back}}},
			{Name: "name and birth", Keys: []linkage.Key{{Field: "name", Part: linkage.Sound}, {Field: "birth"}}},
			{Name: "name and digits of birth", Keys: []linkage.Key{{Field: "name", Part: linkage.Sound}, {Field: "birth", Part: linkage.Digits}}},
			{Name: "initials, birth, relatives", Keys: []linkage.Key{{Field: "birth"}, {Field: "relatives", Part: linkage.Sound}}},
			{Name: "name and relatives", Keys: []linkage.Key{{Field: "name", Part: linkage.Sound}, {Field: "relatives", Part: linkage.Sound}}},
			{Name: "birth, place, surname", Keys: []linkage.Key{{Field: "birth"}, {Field: "place"}, {Field: "name", Part: linkage.Surname}}},
			{Name: "name and phone", Keys: []linkage.Key{{Field: "name", Part: linkage.Surname}, {Field: "phone"}}},
		},
		Cautions: []linkage.Caution{
			{ID: "two-numbers", When: map[string][]string{"id": {"different"}, "name": {"near", "one_character", "surname", "different"}}, Verdict: linkage.NonMatch},
			{ID: "twins", When: map[string][]string{"name": {"one_character", "surname"}, "birth": {"exact"}, "relatives": {"exact", "alike"}}, Verdict: linkage.Possible},
			{ID: "another-number", When: map[string][]string{"id": {"different"}}, Verdict: linkage.Possible},
		},
		Match: 0.95, Possible: 0.5, Seed: 1,
	}
}

// linkCity measures a population of linkageRows persons.
func (e *env) linkCity() error {
	c := cityLinkage()
	began := time.Now()
	t := linkage.NewTable(c.Fields)
	truth, kinds, err := populate(t, linkageRows)
	if err != nil {
		return err
	}
	e.add("linkage", fmt.Sprintf("%d persons: fill the table", t.Len()), time.Since(began).Seconds(), "s", "")
	began = time.Now()
	res, err := linkage.Run(e.ctx, t, c, nil, nil, nil)
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return err
	}
	what := strconv.Itoa(t.Len()) + " persons"
	e.add("linkage", what+": learn and link, "+strconv.Itoa(runtime.GOMAXPROCS(0))+" cores", took, "s", "< 600")
	e.add("linkage", what+": pairs compared", float64(res.Compared)/1e6, "million", "")
	e.add("linkage", what+": pairs a second, learning included", float64(res.Compared)/took, "pairs/s", "")
	e.add("linkage", what+": most memory", float64(ru.Maxrss)/1024, "MiB", "< 2048")
	e.addScore(what, "", linkage.ScorePairs(res.Pairs, truth))
	asked, right, flagged, seen := 0, 0, 0, map[string]int{}
	for _, p := range res.Pairs {
		same := truth[p.A] == truth[p.B]
		if p.Verdict == linkage.Possible {
			asked++
		}
		if same {
			right++
			seen[kinds[p.B]]++
		}
	}
	for _, k := range res.Clusters {
		if k.Flagged {
			flagged++
		}
	}
	e.add("linkage", what+": pairs a person is asked about", float64(asked), "pairs", "")
	e.add("linkage", what+": planted pairs found or asked about", float64(right)/float64(linkage.ScorePairs(nil, truth).True), "", "")
	e.add("linkage", what+": clusters flagged", float64(flagged), "", "")
	planted := map[string]int{}
	for _, k := range kinds {
		if k != "" {
			planted[k]++
		}
	}
	for _, k := range plantings {
		e.add("linkage", "recall of "+k, float64(seen[k])/float64(max(planted[k], 1)), "", "")
	}
	for _, w := range res.Warnings {
		fmt.Printf("   warning %s %s %d\n", w.Kind, w.Where, w.N)
	}
	return nil
}

// plantings are the ways in which a person is entered a second time.
var plantings = []string{"homophone", "id-digit", "no-id", "date-swapped", "moved", "id-digit-and-homophone", "no-id-and-moved"}

// populate fills a table with a city's persons: sixteen cohorts, one in a hundred a
// twin, one in a hundred entered a second time with something wrong or missing.
func populate(t *linkage.Table, rows int) (truth, kinds []string, err error) {
	r, names := source.Seeded(20250101, "linkage"), source.NewNamer()
	var last []string
	for i := 0; t.Len() < rows; i++ {
		year := 2006 + r.N(16)
		birth := int(source.AddDays(int32(year*10000+101), r.N(365)))
		sex := 1 + r.N(2)
		p := names.Draw(r, year, uint8(sex), 1)
		parent := source.PersonName{Sur: p.Sur, A: uint16(r.N(29)) + 1, B: uint16(r.N(29)) + 1}
		v := []string{
			string(names.Text(nil, p, year, uint8(sex))),
			string(source.AppendID(nil, strconv.Itoa(410302+r.N(16)), birth, 2*r.N(499)+sex%2)),
			strconv.Itoa(birth), strconv.Itoa(sex),
			string(names.Text(nil, parent, year-28, 1)), "", strconv.Itoa(r.N(1600)),
		}
		if r.Chance(0.3) {
			v[5] = source.Mobile(uint64(i))
		}
		if last != nil && last[1] != "" && r.Chance(0.01) { // a twin of the one before
			id := source.AppendID(nil, last[1][:6], atoi(last[2]), 2*r.N(499)+sex%2)
			v[0] = last[0][:3] + v[0][3:]
			v[1], v[2], v[4], v[5], v[6] = string(id), last[2], last[4], last[5], last[6]
		}
		if r.Chance(0.05) {
			v[1] = ""
		}
		last = v
		label := strconv.Itoa(i)
		if _, err := t.Add(v); err != nil {
			return nil, nil, err
		}
		truth, kinds = append(truth, label), append(kinds, "")
		if r.Chance(0.01) && t.Len() < rows {
			k := plantings[r.N(len(plantings))]
			if _, err := t.Add(spoil(r, v, k)); err != nil {
				return nil, nil, err
			}
			truth, kinds = append(truth, label), append(kinds, k)
		}
	}
	return truth, kinds, nil
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

var homophones = strings.NewReplacer("宇", "雨", "轩", "萱", "豪", "毫", "涵", "晗", "梓", "子", "欣", "心", "怡", "宜", "浩", "皓", "文", "雯", "杰", "洁", "明", "铭", "佳", "嘉")

// spoil returns a record of the same person with something changed.
func spoil(r *source.RNG, v []string, kind string) []string {
	out := append([]string(nil), v...)
	if strings.Contains(kind, "homophone") {
		if out[0] = homophones.Replace(v[0]); out[0] == v[0] {
			out[0] = v[0] + "儿" // one character too many
		}
	}
	if strings.Contains(kind, "id-digit") && v[1] != "" {
		seq := atoi(v[1][14:17])
		seq += (seq/10%10+1+r.N(9))%10*10 - seq/10%10*10 // another digit of the tens; the check is computed anew
		out[1] = string(source.AppendID(nil, v[1][:6], atoi(v[2]), seq))
	}
	if strings.Contains(kind, "no-id") {
		out[1] = ""
	}
	if kind == "date-swapped" {
		out[1] = ""
		if d := v[2]; atoi(d[6:]) <= 12 {
			out[2] = d[:4] + d[6:] + d[4:6]
		} else {
			out[2] = d[:7] + strconv.Itoa((atoi(d[7:])+1)%9+1)
		}
	}
	if strings.Contains(kind, "moved") {
		out[6] = strconv.Itoa(r.N(1600))
		out[5] = ""
	}
	return out
}

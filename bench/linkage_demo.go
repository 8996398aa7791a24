package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"luoshu/demo/dirt"
	"luoshu/kernel/city"
	"luoshu/kernel/records"
	"luoshu/packs"
)

// linkDemo scores `luoshu duplicates` on the demo city against the pupils that were
// planted twice. The pairs that a caution holds below a match count as asked.
func (e *env) linkDemo() error {
	dir, _, err := e.cityAt(e.scale)
	if err != nil {
		return err
	}
	planted, err := truthOf(filepath.Join(dir, "inbox", dirt.TruthFile))
	if err != nil {
		return err
	}
	u, err := e.command(0, e.bin, "duplicates", "--data", dir, "--entity", "student", "--limit", "1000000", "-o", "json")
	if err != nil {
		return err
	}
	var out struct {
		Pairs []struct {
			A, B    int64
			Verdict string
		}
	}
	if err := json.Unmarshal(u.out, &out); err != nil {
		return err
	}
	numbers, err := e.numbers(dir, "student", "student_no")
	if err != nil {
		return err
	}
	both := 0 // planted pairs of which both records were taken in
	has := map[string]bool{}
	for _, n := range numbers {
		has[n] = true
	}
	for p := range planted {
		if has[p[0]] && has[p[1]] {
			both++
		}
	}
	found, right, asked, askedRight := 0, 0, 0, 0
	for _, p := range out.Pairs {
		a, b := numbers[p.A], numbers[p.B]
		_, ok := planted[[2]string{min(a, b), max(a, b)}]
		asked++
		if ok {
			askedRight++
		}
		if p.Verdict == "match" {
			found++
			if ok {
				right++
			}
		}
	}
	what := fmt.Sprintf("demo city at %g, %d pupils entered twice", e.scale, both)
	e.add("linkage", what+": luoshu duplicates", u.seconds, "s", "")
	e.add("linkage", what+": memory", u.rssMiB, "MiB", "< 2048")
	e.add("linkage", what+": precision of matches", float64(right)/float64(max(found, 1)), "", "")
	e.add("linkage", what+": recall of matches", float64(right)/float64(max(both, 1)), "", "")
	e.add("linkage", what+": precision of all pairs a person sees", float64(askedRight)/float64(max(asked, 1)), "", "")
	e.add("linkage", what+": recall of all pairs a person sees", float64(askedRight)/float64(max(both, 1)), "", "")
	return nil
}

// truthOf reads the planted pairs, lower number first.
func truthOf(path string) (map[[2]string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	out := map[[2]string]string{}
	for _, r := range rows[1:] {
		out[[2]string{min(r[0], r[1]), max(r[0], r[1])}] = r[2]
	}
	return out, nil
}

// numbers returns a field of every current record by record number.
func (e *env) numbers(dir, entity, field string) (map[int64]string, error) {
	c, err := city.Open(e.ctx, dir, packs.FS, time.Now)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	at := c.Catalog.Entity(entity).Field(field).Index
	out := map[int64]string{}
	err = c.Records.Each(e.ctx, records.Query{Entity: entity, Fields: []string{field}}, func(v *records.Version) error {
		out[v.Rec] = v.Values[at].S
		return nil
	})
	return out, err
}

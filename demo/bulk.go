package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// WriteStudentsCSV writes students.csv with n students, every row valid, and the
// division, organisation and school sheets they refer to, for measuring loads. The
// manifest lists them in load order; the students come last.
func WriteStudentsCSV(ctx context.Context, dir string, n int, seed uint64) (Manifest, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Manifest{}, fmt.Errorf("bulk folder: %w", err)
	}
	list, err := source.Counties()
	if err != nil {
		return Manifest{}, err
	}
	heads, err := sheet.Headings()
	if err != nil {
		return Manifest{}, err
	}
	o := Options{Scale: float64(n) / 1_400_000, Seed: seed}
	var nums []numbers
	var plan []source.Targets
	for have := 0; have < n; o.Scale *= 1.05 {
		var sen, voc, spe []float64
		nums, sen, voc, spe = countSchools(list, o.Scale)
		plan = source.MakeTargets(list, o.Scale, sen, voc, spe)
		have = 0
		for _, t := range plan {
			for _, k := range t[0] {
				have += k
			}
		}
	}
	city := &office{dir: dir, heads: heads, open: map[string]*sheet.Table{}}
	if err := writeDivisions(city); err != nil {
		return Manifest{}, err
	}
	if err := writeOrganisations(city, list); err != nil {
		return Manifest{}, err
	}
	schools, err := city.table("school", firstYear, "")
	if err != nil {
		return Manifest{}, err
	}
	students, err := sheet.Create(filepath.Join(dir, "students.csv"), sheet.Style{Date: '-'}, "", heads["student"])
	if err != nil {
		return Manifest{}, err
	}
	for i, c := range list {
		if err := ctx.Err(); err != nil {
			return Manifest{}, err
		}
		l := newLife(c, o, plan[i], nums[i], dir, heads)
		l.bulk(schools, students, n)
	}
	if err := students.Done(); err != nil {
		return Manifest{}, err
	}
	if err := city.closeAll(); err != nil {
		return Manifest{}, err
	}
	m := Manifest{Synthetic: notice, Seed: seed, Scale: o.Scale}
	for _, h := range city.made {
		m.Files = append(m.Files, File{Path: h.path, Entity: h.entity, Unit: h.unit, Year: h.year, Rows: h.rows})
	}
	m.Files = append(m.Files, File{Path: "students.csv", Entity: "student", Unit: "410300", Year: firstYear, Rows: students.Rows})
	return m, Finish(dir, m, notice)
}

// bulk writes one county's schools and first-year pupils until n rows stand.
func (l *life) bulk(schools, students *sheet.Table, n int) {
	l.year = firstYear
	l.promote()
	for pass := range 2 {
		for i := range l.schools {
			if s := &l.schools[i]; s.open == 0 && (s.campus >= 0) == (pass == 1) {
				l.schoolRow(schools, s)
			}
		}
	}
	for g := range nGrad {
		l.place(g)
		for _, i := range l.grades[g] {
			if students.Rows == int64(n) {
				return
			}
			l.people[i].broken = false
			l.studentRow(students, &l.people[i])
		}
	}
}

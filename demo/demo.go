// Package demo is the only maker of synthetic cities: it writes the sheets that
// the offices of an invented Luoyang hand in, so that the ordinary intake can load
// them. Every person and school in them is made up; only figures by county, place
// names and dates of public record are real. The same seed and scale give the
// same bytes.
package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"luoshu"
	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// Options says how large a city to write. Scale 1 is the whole city (about 1.42
// million pupils in 2020), 0.05 a twentieth of it; pupils and schools both scale,
// and every county keeps a school of each main stage.
type Options struct {
	Scale    float64
	Seed     uint64
	Attested int64 // date on which most offices confirmed their sheets, yyyymmdd; 0 means 20240920
	// Boundaries of the counties, GeoJSON with the property adcode; without them no
	// premises, blocks or estates are written.
	Boundaries []byte
}

// File is one sheet to load. Attested is 0 when the office has not confirmed it.
// SealAfter, if not empty, asks for a seal with that note once the file is loaded.
type File struct {
	Path      string `json:"path"` // within the folder
	Entity    string `json:"entity"`
	Unit      string `json:"unit"` // code of the body that hands it in
	Year      int    `json:"year"`
	Rows      int64  `json:"rows"`
	Attested  int64  `json:"attested"`
	SealAfter string `json:"seal_after,omitempty"`
}

// Manifest lists the sheets in the order in which they must be loaded, and what
// was spoilt on purpose, by kind.
type Manifest struct {
	Synthetic string           `json:"synthetic,omitempty"`
	Scale     float64          `json:"scale,omitempty"`
	Seed      uint64           `json:"seed,omitempty"`
	Files     []File           `json:"files"`
	Planted   map[string]int64 `json:"planted,omitempty"`
	// Enrolled and Teachers are the pupils and full-time teachers on 1 September by
	// year and stage, before any row is spoilt.
	Enrolled map[int]map[string]int `json:"enrolled,omitempty"`
	Teachers map[int]map[string]int `json:"teachers,omitempty"`
}

const notice = "合成数据：本文件夹中的人员、学校、证件号码、电话均为程序生成，与任何真实的人和学校无关。"

// loadOrder is the order of entities within a hand-in: what is referred to first.
var loadOrder = []string{"division", "organisation", "school", "school_event", "staff", "posting", "class", "student", "guardian", "enrolment", "condition", "population", "reference_count", "premises", "block", "block_count", "way", "block_next", "estate", "balance_evidence"}

// Write writes a city into dir, which must exist or be creatable, and manifest.json
// and a README beside the sheets. Files of an earlier run are overwritten; a
// cancelled run leaves sheets without a manifest.
func Write(ctx context.Context, dir string, o Options, p luoshu.Progress) (Manifest, error) {
	if o.Scale <= 0 || o.Scale > 10 {
		return Manifest{}, luoshu.Errorf(luoshu.Invalid, "规模须在0与10之间", "the scale must lie between 0 and 10")
	}
	if o.Attested == 0 {
		o.Attested = 20240920
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Manifest{}, fmt.Errorf("demo folder: %w", err)
	}
	if err := os.Remove(filepath.Join(dir, "manifest.json")); err != nil && !os.IsNotExist(err) {
		return Manifest{}, fmt.Errorf("demo folder: %w", err)
	}
	list, err := source.Counties()
	if err != nil {
		return Manifest{}, err
	}
	heads, err := sheet.Headings()
	if err != nil {
		return Manifest{}, err
	}
	nums, sen, voc, spe := countSchools(list, o.Scale)
	plan := source.MakeTargets(list, o.Scale, sen, voc, spe)
	lives := make([]*life, len(list))
	for i, c := range list {
		lives[i] = newLife(c, o, plan[i], nums[i], dir, heads)
	}
	if err := runAll(ctx, lives, p); err != nil {
		return Manifest{}, err
	}
	city := &office{dir: dir, heads: heads, attested: o.Attested, open: map[string]*sheet.Table{}}
	if err := writeCity(city, list, lives, o); err != nil {
		return Manifest{}, err
	}
	m := manifest(o, city, lives)
	return m, Finish(dir, m, notice)
}

func newLife(c *source.County, o Options, t source.Targets, n numbers, dir string, heads map[string][]sheet.Heading) *life {
	l := &life{
		c: c, o: o, r: source.Seeded(o.Seed, "life "+c.Code), names: source.NewNamer(), plan: t,
		ids: source.NewIDMaker(c.Places), res: &result{planted: map[string]int64{}},
	}
	l.staff.code, l.staff.ids = c.Code, source.NewIDMaker(c.Places)
	l.schools = buildSchools(c, n, t, o.Scale, o.Seed)
	l.out = &office{dir: dir, c: c, heads: heads, attested: o.Attested, open: map[string]*sheet.Table{}}
	return l
}

// runAll lets two counties live at a time, the largest first.
func runAll(ctx context.Context, lives []*life, p luoshu.Progress) error {
	order := append([]*life(nil), lives...)
	sort.SliceStable(order, func(a, b int) bool { return order[a].plan[0][pri1] > order[b].plan[0][pri1] })
	jobs := make(chan *life, len(order))
	for _, l := range order {
		jobs <- l
	}
	close(jobs)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error)
	for range 2 {
		go func() {
			for l := range jobs {
				done <- l.run(ctx)
			}
		}()
	}
	var first error
	for k := range order {
		if err := <-done; err != nil && first == nil {
			first = err
			cancel()
		}
		p.Tell("demo", int64(k+1), int64(len(order)))
	}
	return first
}

// run lives through all years of one county and frees its memory at the end.
func (l *life) run(ctx context.Context) error {
	defer func() {
		l.people, l.order, l.bucket, l.back, l.staff, l.ids = nil, nil, nil, nil, staffRoom{}, source.IDMaker{}
		l.grades = [nGrad][]int32{}
	}()
	for l.year = firstYear; l.year <= lastYear; l.year++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if l.year == lastYear {
			l.mend()
		}
		l.promote()
		for g := range nGrad {
			l.place(g)
		}
		l.seat()
		l.count()
		l.staffYear()
		steps := []func() error{l.writeYear, l.writeConditions}
		if l.year == sealYear || l.year == lastYear {
			steps = append(steps, l.writeSchools, l.writeStaff, l.writeStudents)
		}
		steps = append(steps, l.out.closeAll)
		for _, step := range steps {
			if err := step(); err != nil {
				return fmt.Errorf("county %s, %d: %w", l.c.Code, l.year, err)
			}
		}
	}
	return nil
}

// manifest puts the sheets into load order: first what is handed in up to the
// first seal, then the last year.
func manifest(o Options, city *office, lives []*life) Manifest {
	m := Manifest{
		Synthetic: notice, Scale: o.Scale, Seed: o.Seed, Planted: map[string]int64{},
		Enrolled: map[int]map[string]int{}, Teachers: map[int]map[string]int{},
	}
	all := append([]handIn(nil), city.made...)
	for y := range years {
		m.Enrolled[firstYear+y], m.Teachers[firstYear+y] = map[string]int{}, map[string]int{}
	}
	for _, l := range lives {
		all = append(all, l.out.made...)
		for k, n := range l.res.planted {
			m.Planted[k] += n
		}
		for y := range years {
			for st, code := range stageCode {
				m.Enrolled[firstYear+y][code] += l.res.enrolled[y][st]
				m.Teachers[firstYear+y][code] += l.res.teachers[y][st]
			}
		}
	}
	rank := map[string]int{}
	for i, e := range loadOrder {
		rank[e] = i
	}
	sort.SliceStable(all, func(a, b int) bool {
		x, y := all[a], all[b]
		switch {
		case (x.year > sealYear) != (y.year > sealYear):
			return x.year < y.year
		case x.entity != y.entity:
			return rank[x.entity] < rank[y.entity]
		}
		return x.year < y.year
	})
	for i, s := range all {
		if s.rows == 0 {
			continue
		}
		if i > 0 && s.year > sealYear && all[i-1].year <= sealYear {
			m.Files[len(m.Files)-1].SealAfter = itoa(sealYear) + "学年核定"
		}
		m.Files = append(m.Files, File{Path: s.path, Entity: s.entity, Unit: s.unit, Year: s.year, Rows: s.rows, Attested: s.attested})
	}
	m.Files[len(m.Files)-1].SealAfter = itoa(lastYear) + "学年核定"
	return m
}

// Finish writes the manifest and the README.
func Finish(dir string, m Manifest, text string) error {
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "README.txt"), []byte(text+"\n"), 0o644); err != nil {
		return fmt.Errorf("readme: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	return nil
}

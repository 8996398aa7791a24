// Package eauclaire writes the sheets of a real district, another country's city.
package eauclaire

import (
	"context"
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"luoshu"
	"luoshu/demo"
	"luoshu/demo/sheet"
)

// Write writes the real series of the Eau Claire district as sheets: the
// registers, and the class sections of each autumn in a file of their own, as they
// were counted. src is the folder of the pack's data (district.csv, campus.csv,
// section.csv, birth.csv). Nothing in it is synthetic. A seal is asked for after
// each of the last two autumns.
func Write(ctx context.Context, dir string, src fs.FS, p luoshu.Progress) (demo.Manifest, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return demo.Manifest{}, fmt.Errorf("second city folder: %w", err)
	}
	var m demo.Manifest
	for _, entity := range []string{"district", "campus", "birth"} {
		rows, err := readAll(src, entity+".csv")
		if err != nil {
			return demo.Manifest{}, err
		}
		if err := add(&m, dir, entity, entity+".csv", rows[0], rows[1:]); err != nil {
			return demo.Manifest{}, err
		}
	}
	rows, err := readAll(src, "section.csv")
	if err != nil {
		return demo.Manifest{}, err
	}
	col := map[string]int{}
	for i, h := range rows[0] {
		col[h] = i
	}
	byYear := map[int][][]string{}
	first, last := 9999, 0
	for _, r := range rows[1:] {
		var y int
		if _, err := fmt.Sscan(r[col["fall_year"]], &y); err != nil {
			return demo.Manifest{}, fmt.Errorf("section.csv: %w", err)
		}
		byYear[y] = append(byYear[y], r)
		first, last = min(first, y), max(last, y)
	}
	for y := first; y <= last; y++ {
		if err := ctx.Err(); err != nil {
			return demo.Manifest{}, err
		}
		if len(byYear[y]) == 0 {
			continue
		}
		if err := add(&m, dir, "section", "section_"+strconv.Itoa(y)+".csv", rows[0], byYear[y]); err != nil {
			return demo.Manifest{}, err
		}
		f := &m.Files[len(m.Files)-1]
		f.Year = y
		var d, mo, yr int64
		if _, err := fmt.Sscanf(byYear[y][0][col["count_date"]], "%d-%d-%d", &yr, &mo, &d); err == nil {
			f.Attested = yr*10000 + mo*100 + d
		}
		if y >= last-1 {
			f.SealAfter = fmt.Sprintf("Autumn %d", y)
		}
		p.Tell("demo", int64(y-first+1), int64(last-first+1))
	}
	return m, demo.Finish(dir, m, "Real counts of class sections, obtained by open-records requests; no person records.")
}

func readAll(src fs.FS, name string) ([][]string, error) {
	f, err := src.Open(name)
	if err != nil {
		return nil, fmt.Errorf("second city: %w", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("second city: %s: %w", name, err)
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("second city: %s has no rows", name)
	}
	return rows, nil
}

// add writes one sheet and lists it.
func add(m *demo.Manifest, dir, entity, name string, head []string, rows [][]string) error {
	cols := make([]sheet.Heading, len(head))
	for i, h := range head {
		cols[i] = sheet.Heading{Field: h, ZH: h, EN: h}
	}
	t, err := sheet.Create(filepath.Join(dir, name), sheet.Style{Date: '-', English: true}, "", cols)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, r := range rows {
		for _, c := range r {
			t.Str(c)
		}
		t.End()
	}
	m.Files = append(m.Files, demo.File{Path: name, Entity: entity, Rows: int64(len(rows))})
	return t.Done()
}

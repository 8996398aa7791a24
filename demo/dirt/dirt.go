// Package dirt plants in the demo city's sheets what offices do by mistake and no
// rule of a row can see: the same pupil entered twice under two numbers. It works on
// the sheets as they were written and keeps the truth in a file beside them.
package dirt

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"luoshu"
	"luoshu/demo"
)

// TruthFile lists the planted pairs: original, duplicate, kinds of mistake.
const TruthFile = "planted-duplicates.csv"

// Columns of the sheets of pupils and of their guardians.
const (
	number   = "学籍号"
	name     = "姓名"
	birth    = "出生日期"
	idNumber = "身份证件号"
	phone    = "联系电话"
	address  = "现住址"
	school   = "学籍所在学校"
)

// alike are characters that are taken for each other when a name is heard or typed.
var alike = []string{
	"婷亭", "辰晨", "宇雨", "梓子", "浩皓", "轩萱", "佳嘉", "怡仪", "琪淇", "瑶遥", "伟玮", "静婧", "鑫欣", "涵晗", "悦月", "睿瑞",
	"杰洁", "琳林", "丽莉", "明铭", "俊骏", "阳洋", "志智", "文雯", "思诗", "航杭", "峰锋", "慧惠", "凯楷", "博搏", "飞菲", "龙隆", "燕艳", "鹏朋", "磊蕾", "霞侠",
}

// Plant adds sheets with duplicates of a share of the pupils entered last, and of
// their guardians, to the end of the manifest, and writes the truth beside them.
// The same seed plants the same pairs.
func Plant(ctx context.Context, dir string, m *demo.Manifest, seed uint64, share float64) error {
	last := 0
	for _, f := range m.Files {
		if f.Entity == "student" {
			last = max(last, f.Year)
		}
	}
	var truth [][]string
	var files []demo.File
	for _, f := range m.Files {
		if f.Entity != "student" || f.Year != last || !strings.HasSuffix(f.Path, ".csv") {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		more, pairs, err := sheet(dir, m, f, rand.New(rand.NewPCG(seed, uint64(len(files))+77)), share)
		if err != nil {
			return fmt.Errorf("plant duplicates in %s: %w", f.Path, err)
		}
		files, truth = append(files, more...), append(truth, pairs...)
	}
	if len(truth) == 0 {
		return nil
	}
	m.Files = append(m.Files, files...)
	if m.Planted == nil {
		m.Planted = map[string]int64{}
	}
	m.Planted["student-entered-twice"] = int64(len(truth))
	if err := write(filepath.Join(dir, TruthFile), append([][]string{{"original", "duplicate", "mistakes"}}, truth...)); err != nil {
		return err
	}
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "manifest.json"), append(b, '\n'), 0o644)
}

// table is a sheet with its columns by heading.
type table struct {
	head []string
	at   map[string]int
	rows [][]string
}

func read(path string) (*table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	t := &table{at: map[string]int{}}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case t.head == nil && slices.ContainsFunc(rec, func(s string) bool { return strings.TrimPrefix(s, "\ufeff") == number }):
			t.head = rec
			for i, h := range rec {
				t.at[strings.TrimPrefix(h, "\ufeff")] = i
			}
		case t.head != nil && len(rec) == len(t.head):
			t.rows = append(t.rows, rec)
		}
	}
}

func write(path string, rows [][]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	return errors.Join(w.WriteAll(rows), f.Close())
}

// sheet plants in one sheet of pupils.
func sheet(dir string, m *demo.Manifest, f demo.File, r *rand.Rand, share float64) ([]demo.File, [][]string, error) {
	t, err := read(filepath.Join(dir, f.Path))
	if err != nil {
		return nil, nil, err
	}
	if t.at[school] == 0 || len(t.rows) == 0 {
		return nil, nil, nil
	}
	want := max(1, int(share*float64(len(t.rows))+0.5))
	twins := map[string]string{}
	out, truth := [][]string{t.head}, [][]string{}
	for range 20 * want {
		if len(truth) == want {
			break
		}
		row := t.rows[r.IntN(len(t.rows))]
		if id := row[t.at[idNumber]]; twins[row[t.at[number]]] != "" || len(id) != 18 || !sound(id) || len(row[t.at[birth]]) != 10 || !strings.HasPrefix(row[t.at[number]], "G") {
			continue
		}
		twin, mistakes := t.twin(row, r)
		twins[row[t.at[number]]] = twin[t.at[number]]
		out = append(out, twin)
		truth = append(truth, []string{row[t.at[number]], twin[t.at[number]], strings.Join(mistakes, "+")})
	}
	if len(truth) == 0 {
		return nil, nil, nil
	}
	path := strings.Replace(f.Path, "student_", "student_again_", 1)
	if err := write(filepath.Join(dir, path), out); err != nil {
		return nil, nil, err
	}
	files := []demo.File{{Path: path, Entity: "student", Unit: f.Unit, Year: f.Year, Rows: int64(len(truth))}}
	g, err := guardians(dir, m, f, twins)
	return append(files, g...), truth, err
}

// twin is the pupil as a second school enters them: a temporary number, most often
// another school, and the mistakes of a busy desk.
func (t *table) twin(row []string, r *rand.Rand) ([]string, []string) {
	out := slices.Clone(row)
	var mistakes []string
	id := row[t.at[idNumber]]
	out[t.at[number]] = "L" + id[:14] + fmt.Sprintf("%04d", r.IntN(10000))
	if other := t.rows[r.IntN(len(t.rows))][t.at[school]]; r.IntN(10) < 8 && len(other) == 10 && other != row[t.at[school]] {
		out[t.at[school]] = other
		mistakes = append(mistakes, "school")
	}
	switch r.IntN(3) {
	case 0:
		out[t.at[idNumber]] = ""
		mistakes = append(mistakes, "no-id")
	case 1:
		out[t.at[idNumber]] = mistyped(id, r)
		mistakes = append(mistakes, "id-digit")
	}
	if n := misheard(row[t.at[name]], r); n != "" && r.IntN(10) < 4 {
		out[t.at[name]] = n
		mistakes = append(mistakes, "name")
	}
	if i, ok := t.at[phone]; ok && r.IntN(10) < 3 {
		out[i] = ""
		mistakes = append(mistakes, "phone")
	}
	if i, ok := t.at[address]; ok && r.IntN(10) < 3 {
		out[i] = ""
		mistakes = append(mistakes, "address")
	}
	return out, mistakes
}

// mistyped changes one digit of the sequence by two, so that the sex stays, or of
// the place, and puts the check character right, as a desk that copies from a screen
// would not notice.
func mistyped(id string, r *rand.Rand) string {
	b := []byte(id)
	i := []int{5, 14, 15, 16}[r.IntN(4)]
	step := byte(1)
	if i == 16 {
		step = 2
	}
	b[i] = '0' + (b[i]-'0'+step)%10
	b[17] = check(b)
	return string(b)
}

// check is the check character of GB 11643 (ISO 7064 MOD 11-2).
func check(b []byte) byte {
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(b[i]-'0') * w
	}
	return "10X98765432"[sum%11]
}

func sound(id string) bool {
	for i := range 17 {
		if id[i] < '0' || id[i] > '9' {
			return false
		}
	}
	return check([]byte(id)) == id[17]
}

// misheard puts another character of the same sound in the place of one, "" if the
// name has none that is often taken for another.
func misheard(s string, r *rand.Rand) string {
	c := []rune(s)
	for _, i := range r.Perm(len(c)) {
		if i == 0 {
			continue // surnames are read from the card
		}
		for _, pair := range alike {
			p := []rune(pair)
			switch c[i] {
			case p[0]:
				c[i] = p[1]
				return string(c)
			case p[1]:
				c[i] = p[0]
				return string(c)
			}
		}
	}
	return ""
}

// guardians repeats the guardians of those entered twice under the new numbers.
func guardians(dir string, m *demo.Manifest, f demo.File, twins map[string]string) ([]demo.File, error) {
	for _, g := range m.Files {
		if g.Entity != "guardian" || g.Year != f.Year || g.Unit != f.Unit || !strings.HasSuffix(g.Path, ".csv") {
			continue
		}
		t, err := read(filepath.Join(dir, g.Path))
		if err != nil {
			return nil, err
		}
		out := [][]string{t.head}
		for _, row := range t.rows {
			if twin := twins[row[t.at[number]]]; twin != "" {
				row = slices.Clone(row)
				row[t.at[number]] = twin
				out = append(out, row)
			}
		}
		if len(out) == 1 {
			continue
		}
		path := strings.Replace(g.Path, "guardian_", "guardian_again_", 1)
		if err := write(filepath.Join(dir, path), out); err != nil {
			return nil, err
		}
		return []demo.File{{Path: path, Entity: "guardian", Unit: g.Unit, Year: g.Year, Rows: int64(len(out) - 1)}}, nil
	}
	return nil, nil
}

// Truth reads the planted pairs: original and duplicate numbers.
func Truth(dir string) ([][2]string, error) {
	f, err := os.Open(filepath.Join(dir, TruthFile))
	if err != nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有 %s", "there is no %s", TruthFile)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var out [][2]string
	for _, r := range rows[min(1, len(rows)):] {
		out = append(out, [2]string{r[0], r[1]})
	}
	return out, nil
}

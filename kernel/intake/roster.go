package intake

import (
	"errors"
	"io"
	"path"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/sheet"
)

// OneRoster returns the entities that a OneRoster 1.2 package can hold records
// of, in the order in which they are to be read with Open; nil if f is no such
// package. What is wrong with the package as a whole is in the faults.
func OneRoster(f File, cat *catalog.Catalog) ([]string, []luoshu.Fault) {
	head := make([]byte, min(f.Size, 4))
	if _, err := io.ReadFull(f.Reader(), head); err != nil || string(head) != "PK\x03\x04" {
		return nil, nil
	}
	a, err := sheet.OpenArchive(f)
	var out []string
	if err == nil {
		dir := rosterDir(a)
		if dir == nil || a.Find("[Content_Types].xml") != nil {
			return nil, nil
		}
		err = rosterVersion(a, *dir)
		for _, r := range cat.Rosters {
			if err == nil && a.Find(path.Join(*dir, r.File+".csv")) != nil {
				out = append(out, r.Entity)
			}
		}
	}
	if flt, ok := sheet.AsFault(err); ok {
		flt.File = f.Name
		return []string{}, []luoshu.Fault{flt}
	}
	return out, nil
}

// rosterDir returns the folder of a package in which its files lie, nil if the
// archive is no package.
func rosterDir(a *sheet.Archive) *string {
	for _, e := range a.Files {
		name := strings.TrimPrefix(strings.ReplaceAll(e.Name, `\`, "/"), "/")
		if strings.EqualFold(path.Base(name), "manifest.csv") && strings.Count(name, "/") <= 2 {
			d := path.Dir(name)
			return &d
		}
	}
	return nil
}

// rosterVersion reads the manifest.
func rosterVersion(a *sheet.Archive, dir string) error {
	t, err := openTable(a, dir, "manifest")
	if err != nil {
		return err
	}
	defer t.close()
	for {
		row, err := t.row()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		key, value := t.get(row, "propertyName"), t.get(row, "value")
		if strings.EqualFold(key, "oneroster.version") && value != "1.2" {
			return sheet.Blocked("oneroster-version", "这是 OneRoster %s 包，只读 1.2。请导出 1.2 版。",
				"this is a OneRoster %s package; only 1.2 is read. Export version 1.2.", clip(value, 10))
		}
	}
}

// table streams one file of a package.
type table struct {
	r     io.ReadCloser
	src   *sheet.CSV
	x     *sheet.Splitter
	n     int
	where map[string]int // column → position
	names []string
}

func openTable(a *sheet.Archive, dir, file string) (*table, error) {
	r, err := a.Open(path.Join(dir, file+".csv"))
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, sheet.Blocked("oneroster-file", "包里没有 %s.csv。请导出完整的包。", "the package has no %s.csv. Export the whole package.", file)
	}
	t := &table{r: r, src: sheet.NewCSV(r), where: map[string]int{}}
	row, err := t.row()
	if err != nil && err != io.EOF {
		r.Close()
		return nil, err
	}
	for i, c := range row.Cells {
		name := strings.TrimPrefix(sheet.Tidy(c.S), "\ufeff")
		t.where[strings.ToLower(name)] = i
		t.names = append(t.names, name)
	}
	return t, nil
}

func (t *table) close() { t.r.Close() }

// row returns the next row; its cells are valid until the next call.
func (t *table) row() (sheet.Rec, error) {
	for {
		if t.x != nil {
			if r, ok := t.x.Row(); ok {
				t.n++
				r.N = t.n
				return r, nil
			}
		}
		b, err := t.src.Next()
		if err != nil {
			return sheet.Rec{}, err
		}
		t.x = b.Split()
	}
}

func (t *table) get(r sheet.Rec, column string) string {
	i, ok := t.where[strings.ToLower(column)]
	if !ok {
		return ""
	}
	return sheet.Tidy(r.At(i).S)
}

func (t *table) passes(r sheet.Rec, where []catalog.RosterWhere) bool {
	for _, w := range where {
		v, ok := t.get(r, w.Column), false
		for _, x := range w.Values {
			ok = ok || strings.EqualFold(x, v)
		}
		if !ok {
			return false
		}
	}
	return true
}

// joined is a file held in memory: by key, the columns that are asked for.
type joined struct {
	spec    catalog.RosterJoin
	columns []string
	rows    map[string][]string
	has     map[string]bool
}

func (j *joined) want(column string) int {
	for i, c := range j.columns {
		if c == column {
			return i
		}
	}
	j.columns = append(j.columns, column)
	return len(j.columns) - 1
}

func (j *joined) load(a *sheet.Archive, dir string) error {
	t, err := openTable(a, dir, j.spec.File)
	if err != nil {
		return err
	}
	defer t.close()
	j.rows, j.has = map[string][]string{}, map[string]bool{}
	for _, c := range j.columns {
		_, j.has[c] = t.where[strings.ToLower(c)]
	}
	for {
		r, err := t.row()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		key := t.get(r, j.spec.Key)
		if _, twice := j.rows[key]; twice || key == "" || !t.passes(r, j.spec.Where) {
			continue
		}
		if len(j.rows) >= MaxJoin {
			return sheet.Blocked("file-size", "%s.csv 超过 %d 行。请分批导出。", "%s.csv has more than %d rows. Export it in parts.", j.spec.File, MaxJoin)
		}
		vals := make([]string, len(j.columns))
		for i, c := range j.columns {
			vals[i] = strings.Clone(t.get(r, c))
		}
		j.rows[strings.Clone(key)] = vals
	}
}

// rosterSource turns a package's file into rows headed by field names.
type rosterSource struct {
	t     *table
	spec  *catalog.Roster
	joins []*joined
	plan  *plan
	cols  []rosterColumn
}

// rosterColumn is one field's column: parts are joined, then coded.
type rosterColumn struct {
	field int
	fixed string
	parts []rosterPart
	codes map[string]string
}

type rosterPart struct {
	join   int // index, -1 for the file itself
	column string
	at     int // position in the join's columns
}

// openRoster prepares the reading of the plan's entity from a package.
func (r *Reader) openRoster(a *sheet.Archive) error {
	dir := *rosterDir(a)
	if err := rosterVersion(a, dir); err != nil {
		return err
	}
	spec := r.plan.cat.RosterFor(r.plan.entity.Name)
	if spec == nil {
		return sheet.Blocked("oneroster-entity", "OneRoster 包里没有“%s”。请用这张表自己的模板。",
			"a OneRoster package has no records of “%s”. Use the template of this register.", r.plan.entity.Title.ZH)
	}
	s := &rosterSource{spec: spec, plan: r.plan}
	byAlias := map[string]int{}
	for i, j := range spec.Join {
		s.joins = append(s.joins, &joined{spec: j})
		byAlias[j.Alias] = i
	}
	part := func(c string) rosterPart {
		alias, column, ok := strings.Cut(c, ".")
		i, known := byAlias[alias]
		if !ok || !known {
			return rosterPart{join: -1, column: c}
		}
		return rosterPart{join: i, column: column, at: s.joins[i].want(column)}
	}
	on := make([]rosterPart, len(spec.Join))
	for i, j := range spec.Join {
		on[i] = part(j.On)
	}
	for _, m := range spec.Map {
		f := r.plan.entity.Field(m.Field)
		c := rosterColumn{field: f.Index, fixed: m.Fixed, codes: spec.Codes[m.Field]}
		for _, col := range m.Columns {
			c.parts = append(c.parts, part(col))
		}
		s.cols = append(s.cols, c)
	}
	for _, j := range s.joins {
		if err := j.load(a, dir); err != nil {
			return err
		}
	}
	t, err := openTable(a, dir, spec.File)
	if err != nil {
		return err
	}
	s.t = t
	s.on(on)
	r.src = s
	r.sum.Sheet, r.sum.Encoding = spec.File+".csv", sheet.UTF8.String()
	r.plan.place(s.header(), &r.sum)
	return nil
}

// on keeps where each join looks up its key.
func (s *rosterSource) on(parts []rosterPart) {
	for i, p := range parts {
		s.cols = append(s.cols, rosterColumn{field: -1 - i, parts: []rosterPart{p}})
	}
}

// header returns the fields as headings, without those whose columns the package
// does not have at all.
func (s *rosterSource) header() header {
	h := header{row: 1}
	kept := s.cols[:0]
	for _, c := range s.cols {
		have := c.fixed != "" || c.field < 0
		for _, p := range c.parts {
			if p.join >= 0 {
				have = have || s.joins[p.join].has[p.column]
			} else {
				_, ok := s.t.where[strings.ToLower(p.column)]
				have = have || ok
			}
		}
		if !have {
			continue
		}
		kept = append(kept, c)
		if c.field >= 0 {
			h.names = append(h.names, s.plan.entity.Fields[c.field].Name)
			h.fields = append(h.fields, c.field)
		}
	}
	s.cols = kept
	return h
}

// Close closes the file of the package.
func (s *rosterSource) Close() { s.t.close() }

// Next returns a block of rows.
func (s *rosterSource) Next() (*sheet.Block, error) {
	b := &sheet.Block{}
	for len(b.Recs) < 512 {
		r, err := s.t.row()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if cells, ok := s.convert(r); ok {
			b.Recs = append(b.Recs, sheet.Rec{N: r.N, Cells: cells, Flaw: r.Flaw})
		}
	}
	if len(b.Recs) == 0 {
		return nil, io.EOF
	}
	return b, nil
}

// convert joins and codes one row; ok is false if it is not of the entity.
func (s *rosterSource) convert(r sheet.Rec) ([]sheet.Cell, bool) {
	if !s.t.passes(r, s.spec.Where) {
		return nil, false
	}
	found := make([][]string, len(s.joins))
	value := func(p rosterPart) string {
		switch {
		case p.join < 0:
			return s.t.get(r, p.column)
		case found[p.join] != nil:
			return found[p.join][p.at]
		}
		return ""
	}
	for _, c := range s.cols {
		if c.field >= 0 {
			continue
		}
		j := s.joins[-1-c.field]
		key, _, _ := strings.Cut(value(c.parts[0]), ",") // of a list, the first
		if found[-1-c.field] = j.rows[key]; found[-1-c.field] == nil && j.spec.Required {
			return nil, false
		}
	}
	out := make([]sheet.Cell, 0, len(s.cols))
	for _, c := range s.cols {
		if c.field < 0 {
			continue
		}
		v := c.fixed
		for _, p := range c.parts {
			v += value(p)
		}
		if code, ok := c.codes[v]; ok {
			v = code
		}
		if s.plan.columns[c.field].f.Type == catalog.TypeYear {
			v = s.yearOf(v)
		}
		out = append(out, sheet.Cell{S: v})
	}
	return out, true
}

// yearOf turns a date into the year it lies in.
func (s *rosterSource) yearOf(v string) string {
	d, why := sheet.ParseDate(sheet.TidyKey(v), sheet.Text)
	if why != sheet.DateOK || len(v) < 8 {
		return v
	}
	start := int64(s.plan.cat.City.YearStart)
	if start < 1 || start > 12 {
		start = 9
	}
	y := d / 10000
	if d/100%100 < start {
		y--
	}
	return sprintf("%d", y)
}

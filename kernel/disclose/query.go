package disclose

import (
	"context"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/fold"
	"luoshu/kernel/ledger"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
)

// RecordQuery asks for records of one entity.
type RecordQuery struct {
	Entity string
	Q      string            // name, folded or traditional, pinyin, initials, start of the code
	Org    string            // an organisation within the actor's scope
	Filter map[string]string // field: value, a|b for either, from..to for a range
	Sort   string            // a field, -field for descending
	Offset int
	Limit  int
	Seal   string // "" is the present
	AsOf   AsOf   // a day instead
}

// Bounds of one page.
const (
	pageDefault = 50
	pageMost    = 500
	offsetMost  = 1_000_000
	maxFilters  = 20
	maxChoices  = 50
)

// selection is a query turned into SQL over the alias f.
type selection struct {
	g     *grant
	seq   int64
	seal  ledger.Seal
	where []string
	args  []any
	order string
	plain bool // nothing but scope and moment

	searched bool // a search may have stopped at searchMost
	exact    bool // it was by a whole number that is shown masked
}

func (s *selection) and(cond string, args ...any) {
	s.where = append(s.where, cond)
	s.args = append(s.args, args...)
}

func (s *selection) tail() string {
	return " FROM " + store.Table(s.g.ent.Name) + " f WHERE " + strings.Join(s.where, " AND ")
}

// choose turns a query into a selection, refusing everything that the actor may
// not ask by.
func (d *Door) choose(ctx context.Context, g *grant, q RecordQuery) (*selection, error) {
	s := &selection{g: g, plain: q.Q == "" && len(q.Filter) == 0}
	var err error
	if s.seq, s.seal, err = d.moment(ctx, q.Seal); err != nil {
		return nil, err
	}
	if err := d.asOf(ctx, s, q); err != nil {
		return nil, err
	}
	cond, args := at("f", s.seq)
	s.and(cond, args...)
	scope, err := g.scope.Under(q.Org)
	if err != nil {
		return nil, err
	}
	cond, args = scope.Reads(d.cat, g.ent, "f")
	s.and(cond, args...)
	if len(q.Filter) > maxFilters {
		return nil, luoshu.Errorf(luoshu.Invalid, "筛选条件太多", "too many filters")
	}
	for _, name := range guard.SortedKeys(q.Filter) {
		if c := g.col(name); c != nil && c.held() && c.Ref != "" && strings.HasPrefix(q.Filter[name], "#") {
			if err := d.byNumber(s, c, q.Filter[name]); err != nil {
				return nil, err
			}
			continue
		}
		c, err := g.clear(name)
		if err != nil {
			return nil, err
		}
		if err := s.filter(d.db, c.Field, q.Filter[name]); err != nil {
			return nil, err
		}
	}
	if strings.TrimSpace(q.Q) != "" {
		if err := d.search(ctx, s, scope, q.Q); err != nil {
			return nil, err
		}
	}
	return s, s.sort(q.Sort)
}

// byNumber picks the rows that refer to one record, named by its number: "#12". So
// a list can be asked for by a reference whose value is not shown.
func (d *Door) byNumber(s *selection, c *col, want string) error {
	rec, err := strconv.ParseInt(want[1:], 10, 64)
	e := d.cat.Entity(c.Ref)
	if err != nil || e == nil || !guard.MayEntity(s.g.role, e) {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: c.Name, Msg: Text{ZH: "筛选值不合规", EN: "the filter's value is not valid"}}
	}
	cond, args := s.g.scope.Where(d.cat, e, "n_")
	s.and("f."+store.Col(c.Name)+" IN (SELECT n_."+store.Col(e.Key[0])+" FROM "+store.Table(e.Name)+
		" n_ WHERE n_._to IS NULL AND ((n_._rid = ? AND n_._rec = n_._rid) OR (n_._rec = ? AND n_._rec <> n_._rid)) AND "+cond+")", append([]any{rec, rec}, args...)...)
	return nil
}

// sort orders by a clear field. Without a wish, by the key if it is clear, else
// in the order in which the records came.
func (s *selection) sort(by string) error {
	name, desc := strings.CutPrefix(by, "-")
	if name == "" {
		var cols []string
		for _, k := range s.g.ent.Key {
			if c := s.g.col(k); c == nil || c.masked || c.Rest != catalog.InClear {
				s.order = "f._rid"
				return nil
			}
			cols = append(cols, "f."+store.Col(k))
		}
		s.order = strings.Join(cols, ", ")
		return nil
	}
	c, err := s.g.clear(name)
	if err != nil {
		return err
	}
	if c.Rest != catalog.InClear {
		return notBy(name)
	}
	col := "f." + store.Col(name)
	// Nulls come last whichever way the order runs, on every database.
	s.order = "(" + col + " IS NULL), " + col
	if desc {
		s.order += " DESC"
	}
	s.order += ", f._rid"
	return nil
}

// notBy refuses to order or filter by a field whose values the database does not
// have in clear.
func notBy(name string) error {
	return &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: Text{ZH: "此字段加密存放，不能按它排序或筛选", EN: "this field is kept encrypted and cannot be sorted or filtered by"}}
}

// filter adds a condition. Of a sealed field only equality can be asked, and only
// where the catalog says that it is found.
func (s *selection) filter(db *store.DB, f *catalog.Field, want string) error {
	if f.Rest == catalog.Hidden {
		return notBy(f.Name)
	}
	col := "f." + store.Col(f.Name)
	bad := &luoshu.Error{Kind: luoshu.Invalid, Field: f.Name, Msg: Text{ZH: "筛选值不合规", EN: "the filter's value is not valid"}}
	if want == "" {
		s.and(col + " IS NULL")
		return nil
	}
	if from, to, ok := strings.Cut(want, ".."); ok && !f.Type.IsText() {
		if from != "" {
			v, ok := parseStored(f, from)
			if !ok {
				return bad
			}
			s.and(col+" >= ?", v)
		}
		if to != "" {
			v, ok := parseStored(f, to)
			if !ok {
				return bad
			}
			s.and(col+" <= ?", v)
		}
		return nil
	}
	choices := strings.Split(want, "|")
	if len(choices) > maxChoices {
		return bad
	}
	args := make([]any, 0, len(choices))
	for _, c := range choices {
		v, ok := parseStored(f, c)
		if !ok {
			return bad
		}
		if text, ok := v.(string); ok {
			v = db.Stored(s.g.ent.Name, f.Name, text)
		}
		args = append(args, v)
	}
	s.and(col+" IN ("+guard.Marks(len(args))+")", args...)
	return nil
}

// parseStored reads a value as a person or the page writes it into its stored form.
func parseStored(f *catalog.Field, s string) (any, bool) {
	s = strings.TrimSpace(s)
	switch f.Type {
	case catalog.TypeBool:
		switch strings.ToLower(s) {
		case "1", "true", "yes", "是":
			return int64(1), true
		case "0", "false", "no", "否":
			return int64(0), true
		}
		return nil, false
	case catalog.TypeDate:
		v, err := strconv.ParseInt(strings.ReplaceAll(s, "-", ""), 10, 64)
		return v, err == nil
	case catalog.TypeDecimal:
		whole, part, _ := strings.Cut(s, ".")
		if len(part) > f.Scale {
			return nil, false
		}
		v, err := strconv.ParseInt(whole+part+strings.Repeat("0", f.Scale-len(part)), 10, 64)
		return v, err == nil
	case catalog.TypeInt, catalog.TypeYear:
		v, err := strconv.ParseInt(s, 10, 64)
		return v, err == nil
	}
	return s, s != ""
}

// substringMost is the most records of an entity among which a name is also
// looked for in its middle; among more, only from its start, by the index.
const substringMost = 20_000

// searchMost is how many records one way of reading a search finds at most: what
// half the city is called is no search.
const searchMost = 2_000

// search finds records by their folded name, its pinyin or initials, or the start
// of their code. Names and codes the actor does not see in clear are not searched.
func (d *Door) search(ctx context.Context, s *selection, scope *access.Scope, q string) error {
	e, q := s.g.ent, strings.TrimSpace(q)
	if len(q) > 200 {
		return luoshu.Errorf(luoshu.Invalid, "查找内容太长", "the search text is too long")
	}
	f := &finder{s: s, table: store.Table(e.Name)}
	f.scope, f.scopeArgs = scope.Reads(d.cat, e, "x")
	f.middle = d.base.Few(ctx, e, substringMost)
	named := len(e.Search) > 0
	for _, name := range e.Search {
		if c := s.g.col(name); c == nil || c.masked {
			named = false
		}
	}
	if named {
		if word := fold.Fold(q); word != "" {
			f.name("_s", word)
		}
		if word := latin(q); word != "" {
			f.name("_p", word)
			f.name("_i", word)
		}
	}
	if k := e.KeyFields()[0]; k.Type.IsText() {
		c := s.g.col(k.Name)
		find := f.start
		if k.Rest == catalog.Token { // found whole or not at all
			find = func(col, word string) { f.add("x."+col+" = ?", d.db.Stored(e.Name, k.Name, word)) }
		}
		switch {
		case c == nil:
		case c.held():
			f.add("x."+store.Col(k.Name)+" = ?", d.db.Stored(e.Name, k.Name, rule.Canonical(k.Check, q)))
			s.exact = true
		case !c.masked:
			find(store.Col(k.Name), q)
			if up := strings.ToUpper(q); up != q {
				find(store.Col(k.Name), up)
			}
		}
	}
	if len(f.subs) == 0 {
		return luoshu.Errorf(luoshu.Invalid, "此类数据不能按名称或代码查找", "these records cannot be searched by name or code")
	}
	s.and("f._rid IN ("+strings.Join(f.subs, " UNION ")+")", f.args...)
	s.searched = true
	return nil
}

// finder collects the subqueries of one search, each over its own index.
type finder struct {
	s      *selection
	table  string
	middle bool
	subs   []string
	args   []any

	scope     string
	scopeArgs []any
}

func (f *finder) add(cond string, args ...any) {
	moment, more := at("x", f.s.seq)
	f.subs = append(f.subs, "SELECT s"+strconv.Itoa(len(f.subs))+"_._rid FROM (SELECT x._rid FROM "+f.table+" x WHERE "+cond+
		" AND "+moment+" AND "+f.scope+" LIMIT "+strconv.Itoa(searchMost)+") s"+strconv.Itoa(len(f.subs))+"_")
	f.args = append(append(append(f.args, args...), more...), f.scopeArgs...)
}

func (f *finder) start(col, word string) {
	f.add("x."+col+" >= ? AND x."+col+" < ?", word, after(word))
}

func (f *finder) name(col, word string) {
	if f.middle {
		f.add("x."+col+` LIKE ? ESCAPE '!'`, "%"+likeEscape.Replace(word)+"%")
		return
	}
	f.start(col, word)
}

var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// latin is a query as pinyin is stored: lower-case letters and digits without
// spaces; "" if it has anything else.
func latin(q string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(q) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == ' ' || r == '\'':
		default:
			return ""
		}
	}
	return b.String()
}

// after is the least string above every string that begins with word.
func after(word string) string { return word + "\U0010FFFF" }

func clampPage(offset, limit int) (int, int, error) {
	if limit <= 0 {
		limit = pageDefault
	}
	if limit > pageMost {
		limit = pageMost
	}
	if offset < 0 || offset > offsetMost {
		return 0, 0, luoshu.Errorf(luoshu.Invalid, "页码超出范围，请先筛选", "that page is out of range; filter first")
	}
	return offset, limit, nil
}

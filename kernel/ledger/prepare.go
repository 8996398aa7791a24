package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/ledger/keys"
	"luoshu/kernel/ledger/search"
	"luoshu/kernel/store"
)

// plan is what a commit needs to know about its entity, worked out once.
type plan struct {
	e       *catalog.Entity
	form    *store.Form // nil: rows lie in clear
	hasher  *chain.RowHasher
	seeds   keys.Seeds
	key     []int // positions of the natural key
	refs    []refField
	search  []int
	tokens  []int        // fields whose columns hold tokens
	indexed map[int]bool // text fields that stand in an index
	present []bool       // nil: every field is in the source
	partial bool
}

// refField is a reference that must point at a known record.
type refField struct {
	field  int
	target *catalog.Entity
	self   bool
}

func (l *Ledger) plan(b *Batch, kept *keys.Kept) (*plan, error) {
	e := l.cat.Entity(b.Entity)
	if e == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有名为 %s 的数据类型", "there is no entity %s", b.Entity)
	}
	p := &plan{e: e, form: l.db.Form(e.Name), hasher: chain.NewRowHasher(e.Name, fieldNames(e)), seeds: kept.Seeds}
	if b.Remove {
		b.Columns = make([]bool, len(e.Fields))
		for _, f := range e.KeyFields() {
			b.Columns[f.Index] = true
		}
	}
	if b.Columns != nil {
		if len(b.Columns) != len(e.Fields) {
			return nil, fmt.Errorf("commit %s: %d columns for %d fields", e.Name, len(b.Columns), len(e.Fields))
		}
		for _, ok := range b.Columns {
			p.partial = p.partial || !ok
		}
		p.present = b.Columns
	}
	for _, f := range e.KeyFields() {
		if !p.has(f.Index) {
			return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: f.Name, Msg: luoshu.Text{
				ZH: "缺少“" + f.Title.ZH + "”一列，无法识别记录；请补上这一列",
				EN: "the column “" + f.Title.EN + "” is missing, so records cannot be told apart; add it",
			}}
		}
		p.key = append(p.key, f.Index)
	}
	for _, f := range e.Fields {
		if f.Type != catalog.TypeRef || f.Loose || !p.has(f.Index) {
			continue
		}
		target := l.cat.Entity(f.Ref)
		if target == nil || len(target.Key) != 1 {
			return nil, fmt.Errorf("commit %s: field %s refers to %q, which has no one-field key", e.Name, f.Name, f.Ref)
		}
		p.refs = append(p.refs, refField{f.Index, target, target == e})
	}
	p.indexed = map[int]bool{}
	org, _, _ := strings.Cut(e.Org, ".")
	for _, f := range e.Fields {
		if f.Type == catalog.TypeRef || slices.Contains(e.Key, f.Name) || f.Name == org {
			p.indexed[f.Index] = true
		}
	}
	for _, f := range e.Fields {
		if p.form.Rest(f.Name) == catalog.Token {
			p.tokens = append(p.tokens, f.Index)
		}
	}
	for _, s := range e.Search {
		p.search = append(p.search, e.Field(s).Index)
	}
	return p, nil
}

func (p *plan) has(i int) bool { return p.present == nil || p.present[i] }

// columns are the columns of a stored version in the order write fills them.
func (p *plan) columns() []string {
	cols := append(store.SystemColumns(), fieldNames(p.e)...)
	cols = append(cols, store.SearchColumns(p.e)...)
	if p.form != nil {
		cols = append(cols, store.Envelope)
	}
	return cols
}

// stored is a key or reference of a row as its column holds it.
func (p *plan) stored(it *item, field int) luoshu.Value {
	for i, f := range p.tokens {
		if f == field {
			return luoshu.TextValue(it.tokens[i])
		}
	}
	return it.vals[field]
}

// item is one row on its way into the table.
type item struct {
	n       int
	verdict Verdict
	waits   bool // held back until a record it refers to is there
	vals    []luoshu.Value
	before  []luoshu.Value
	k       keys.Key
	h       [16]byte
	rid     int64 // of the current version, 0 if there is none
	rec     int64
	oldH    [16]byte
	// verified is the date of the current version, 0 for none.
	verified int64
	oldHead  uint64 // first bytes of the current version's hash
	s, p, i  string
	tokens   []string // by position in plan.tokens
	x        []byte   // the envelope
	faults   []luoshu.Fault
	held     []Held
}

// chunkRows is how many rows travel together.
const chunkRows = 1024

// chunk is a run of rows. The producer fills it, a worker prepares it, the
// writer uses it and hands it back.
type chunk struct {
	items []item
	cells []luoshu.Value
	ready chan struct{}
	err   error
}

func newChunk(fields int) *chunk {
	return &chunk{items: make([]item, 0, chunkRows), cells: make([]luoshu.Value, 0, chunkRows*fields)}
}

func (c *chunk) add(n int, vals []luoshu.Value) {
	at := len(c.cells)
	c.cells = append(c.cells, vals...)
	c.items = append(c.items, item{n: n, vals: c.cells[at:len(c.cells):len(c.cells)]})
}

// errStopped tells the producer of rows that the commit has already failed.
var errStopped = errors.New("commit stopped")

// pipeline reads rows, prepares them on all processors and hands the chunks to
// use in order. It returns the error of whichever side failed first.
func (p *plan) pipeline(ctx context.Context, rows func(func(Row) error) error, use func(*chunk) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := max(2, runtime.GOMAXPROCS(0))
	work := make(chan *chunk, workers)
	order := make(chan *chunk, 2*workers)
	free := make(chan *chunk, 4*workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(errStopped)
	wg.Go(func() {
		defer close(order)
		defer close(work)
		p.produce(ctx, cancel, rows, work, order, free)
	})
	for range workers {
		wg.Go(func() {
			w := p.preparer()
			for c := range work {
				c.err = w.chunk(c)
				close(c.ready)
			}
		})
	}
	var failed error
	for c := range order {
		if failed == nil {
			<-c.ready
			if failed = c.err; failed == nil {
				failed = use(c)
			}
			if failed != nil {
				cancel(errStopped)
			}
		}
		select {
		case free <- c:
		default:
		}
	}
	if failed != nil {
		return failed
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return nil
}

// produce runs the batch's Rows and cuts what it yields into chunks. A panic in
// the caller's rows becomes an error, so that it cannot end the process from a
// goroutine nobody watches.
func (p *plan) produce(ctx context.Context, fail context.CancelCauseFunc, rows func(func(Row) error) error,
	work, order, free chan *chunk,
) {
	defer func() {
		if r := recover(); r != nil {
			fail(fmt.Errorf("reading rows: panic: %v", r))
		}
	}()
	width := len(p.e.Fields)
	var c *chunk
	send := func() error {
		c.ready, c.err = make(chan struct{}), nil
		select {
		case order <- c:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		work <- c
		c = nil
		return nil
	}
	err := rows(func(r Row) error {
		if len(r.Values) != width {
			return fmt.Errorf("row %d has %d values, %s has %d fields", r.N, len(r.Values), p.e.Name, width)
		}
		if c == nil {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			select {
			case c = <-free:
				clear(c.items)
				c.items, c.cells = c.items[:0], c.cells[:0]
			default:
				c = newChunk(width)
			}
		}
		c.add(r.N, r.Values)
		if len(c.items) == chunkRows {
			return send()
		}
		return nil
	})
	if err == nil && c != nil {
		err = send()
	}
	if err != nil {
		fail(err)
	}
}

// preparer does everything to a row that needs no database.
type preparer struct {
	*plan
	hasher *chain.RowHasher
	cells  *store.Cells
	buf    []byte
}

// preparer returns one for the use of one goroutine.
func (p *plan) preparer() *preparer {
	return &preparer{plan: p, hasher: p.hasher.Keyed(p.form.RowHash()), cells: p.form.Cells(fieldNames(p.e))}
}

func (w *preparer) chunk(c *chunk) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("prepare rows: panic: %v", r)
		}
	}()
	for i := range c.items {
		it := &c.items[i]
		if err := w.check(it); err != nil {
			return err
		}
		if err := w.again(it); err != nil {
			return err
		}
	}
	return nil
}

// again computes what lookup needs, also anew for a row whose key or references
// were put right.
func (w *preparer) again(it *item) error {
	w.tokenize(it)
	w.buf = w.buf[:0]
	for _, k := range w.key {
		w.buf = keys.Append(w.buf, w.stored(it, k))
	}
	it.k = w.seeds.Key(w.buf)
	if !w.partial {
		return w.finish(it)
	}
	return nil
}

// tokenize makes the tokens of a row.
func (w *preparer) tokenize(it *item) {
	if len(w.tokens) == 0 {
		return
	}
	it.tokens = make([]string, len(w.tokens))
	for i, f := range w.tokens {
		it.tokens[i] = w.cells.Stored(f, it.vals[f]).S
	}
}

// finish computes what depends on the whole row.
func (w *preparer) finish(it *item) (err error) {
	it.h, w.buf = w.hasher.Sum(it.vals, w.buf)
	it.s, it.p, it.i = search.Fold(w.search, it.vals)
	it.x, err = w.cells.Seal(it.vals, it.h[:], nil)
	return err
}

// complete is finish for a row whose values have changed since.
func (w *preparer) complete(it *item) error {
	w.tokenize(it)
	return w.finish(it)
}

// check refuses what no table may hold. Kinds that do not fit their field are a
// fault of the program, not of the row.
func (w *preparer) check(it *item) error {
	for i, f := range w.e.Fields {
		v := &it.vals[i]
		if !w.has(i) {
			*v = luoshu.Value{}
			continue
		}
		switch v.K {
		case luoshu.Null:
			if f.Required {
				it.faults = append(it.faults, fault(it.n, f, "required",
					"“"+f.Title.ZH+"”不能为空；请填写", "“"+f.Title.EN+"” must not be empty; fill it in"))
			}
		case luoshu.IsText:
			if !f.Type.IsText() {
				return fmt.Errorf("row %d: field %s of %s holds text", it.n, f.Name, w.e.Name)
			}
			if len(v.S) > search.MaxIndexed && w.indexed[i] {
				it.faults = append(it.faults, fault(it.n, f, "length",
					"“"+f.Title.ZH+"”过长；请核对", "“"+f.Title.EN+"” is too long; check it"))
			}
			if strings.IndexByte(v.S, 0) >= 0 || !utf8.ValidString(v.S) {
				it.faults = append(it.faults, fault(it.n, f, "text",
					"“"+f.Title.ZH+"”含有无法保存的字符；请重新输入", "“"+f.Title.EN+"” holds characters that cannot be stored; type it again"))
			}
		case luoshu.IsInt:
			if f.Type.IsText() {
				return fmt.Errorf("row %d: field %s of %s holds a number", it.n, f.Name, w.e.Name)
			}
		}
	}
	for _, k := range w.key {
		if f := w.e.Fields[k]; it.vals[k].K == luoshu.Null && !f.Required {
			it.faults = append(it.faults, fault(it.n, f, "key",
				"“"+f.Title.ZH+"”用于识别记录，不能为空；请填写", "“"+f.Title.EN+"” tells records apart and must not be empty; fill it in"))
		}
	}
	return nil
}

func fault(row int, f *catalog.Field, rule, zh, en string) luoshu.Fault {
	return luoshu.Fault{Row: row, Field: f.Name, Rule: rule, ZH: zh, EN: en}
}

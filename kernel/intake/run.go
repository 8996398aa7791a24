package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"luoshu"
	"luoshu/kernel/sheet"
)

// block is a piece of a file on its way: a worker turns it into rows. Rows of a
// CSV's block are numbered from 1 until the blocks are put together again.
type block struct {
	*sheet.Block
	first bool // the headings are in it

	rows    []Row
	count   int // rows of the file in it, records or not
	skipped Skipped
	err     error
	done    chan struct{}
}

// run reads blocks in one goroutine, checks them in as many as there are
// processors, and emits rows in file order on the caller's.
func (r *Reader) run(ctx context.Context, src sheet.Source, emit func(Row) error) error {
	ctx, cancel := context.WithCancel(ctx)
	workers := max(1, runtime.GOMAXPROCS(0))
	todo := make(chan *block, workers)
	order := make(chan *block, 2*workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	var readErr error
	wg.Go(func() {
		defer close(order)
		defer close(todo)
		readErr = r.feed(ctx, src, todo, order)
	})
	for range workers {
		w := newWorker(r)
		wg.Go(func() {
			for b := range todo {
				w.block(b)
			}
		})
	}
	base := 0
	for b := range order {
		select {
		case <-b.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if b.err != nil {
			return b.err
		}
		r.sum.Skipped.add(b.skipped)
		for i := range b.rows {
			if err := r.emit(&b.rows[i], base, emit); err != nil {
				return err
			}
		}
		if b.CSV() != nil {
			base += b.count
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return readErr
}

func (r *Reader) emit(row *Row, base int, emit func(Row) error) error {
	row.N += base
	for k := range row.Faults {
		row.Faults[k].Row = row.N
		row.Faults[k].File, row.Faults[k].Sheet = r.file.Name, r.sum.Sheet
	}
	r.sum.Rows++
	return emit(*row)
}

// feed passes blocks to the workers and, in order, to the caller.
func (r *Reader) feed(ctx context.Context, src sheet.Source, todo, order chan<- *block) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("intake: read %s: %v", r.sum.Format, p)
		}
	}()
	for first := true; ; first = false {
		piece, err := src.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		b := &block{Block: piece, first: first, done: make(chan struct{})}
		select {
		case order <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case todo <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// worker checks rows; it holds what one goroutine may remember.
type worker struct {
	p       *plan
	head    header
	memos   []memo
	present []int // field indexes with a column
	faulty  []bool
}

func newWorker(r *Reader) *worker {
	p := r.plan
	w := &worker{p: p, memos: make([]memo, len(p.columns)), faulty: make([]bool, len(p.columns))}
	w.head = header{row: r.sum.HeaderRow, names: r.sum.Headings, fields: make([]int, len(r.sum.Headings))}
	for i := range w.head.fields {
		w.head.fields[i] = -1
	}
	for i, c := range p.columns {
		if c.place >= 0 {
			w.present = append(w.present, i)
			if c.place < len(w.head.fields) {
				w.head.fields[c.place] = i
			}
		}
	}
	return w
}

func (w *worker) block(b *block) {
	defer close(b.done)
	defer func() {
		if p := recover(); p != nil {
			b.err = fmt.Errorf("intake: check rows: %v", p)
		}
	}()
	if b.CSV() == nil {
		slab := make([]luoshu.Value, len(b.Recs)*len(w.p.columns))
		for _, rc := range b.Recs {
			if rc.N <= w.head.row {
				continue
			}
			slab = w.record(b, rc, rc.N <= w.head.row+sheet.PreviewRows, slab)
		}
		b.Recs = nil
		return
	}
	x := b.Split()
	var slab []luoshu.Value
	for {
		rc, ok := x.Row()
		if !ok {
			return
		}
		b.count++
		rc.N = b.count
		if b.first && rc.N <= w.head.row {
			continue
		}
		if len(slab) < len(w.p.columns) {
			slab = make([]luoshu.Value, 256*len(w.p.columns))
		}
		slab = w.record(b, rc, b.first && rc.N <= w.head.row+sheet.PreviewRows, slab)
	}
}

// record checks one row and appends it to the block; its values are taken from
// the front of slab.
func (w *worker) record(b *block, rc sheet.Rec, near bool, slab []luoshu.Value) []luoshu.Value {
	switch w.p.kindOf(rc, &w.head, near) {
	case rowBlank:
		b.skipped.Blank++
		return slab
	case rowHidden:
		b.skipped.Hidden++
		return slab
	case rowTotal:
		b.skipped.Total++
		return slab
	case rowNote:
		b.skipped.Note++
		return slab
	case rowRepeated:
		b.skipped.Repeated++
		return slab
	}
	n := len(w.p.columns)
	row := Row{N: rc.N, Values: slab[:n:n]}
	switch rc.Flaw {
	case sheet.BadEncoding:
		enc := sheet.UTF8
		if b.CSV() != nil {
			enc = b.CSV().Enc
		}
		row.Faults = append(row.Faults, encodingFault(rc.N, enc.String()))
	case sheet.BadQuote:
		row.Faults = append(row.Faults, quoteFault(rc.N))
	default:
		if extra := w.extra(rc); extra > 0 && b.CSV() != nil {
			row.Faults = append(row.Faults, widthFault(rc.N, extra, w.p.width))
		} else {
			w.read(rc, &row)
		}
	}
	b.rows = append(b.rows, row)
	return slab[n:]
}

// extra returns how many cells the row has if some of them stand right of the
// headings and are not empty, 0 otherwise. Only a CSV can be out of step so.
func (w *worker) extra(rc sheet.Rec) int {
	for i := len(rc.Cells) - 1; i >= w.p.width; i-- {
		if sheet.Tidy(rc.Cells[i].S) != "" {
			return i + 1
		}
	}
	return 0
}

// read reads and checks the cells of a row, then its rules.
func (w *worker) read(rc sheet.Rec, row *Row) {
	clear(w.faulty)
	for _, i := range w.present {
		c := w.p.columns[i]
		x := rc.At(c.place)
		var v luoshu.Value
		var bad *problem
		if c.memoised() {
			m := &w.memos[i]
			if !m.set || m.s != x.S || m.kind != x.Kind {
				m.v, m.p = c.read(x)
				m.s, m.kind, m.set = x.S, x.Kind, true
			}
			v, bad = m.v, m.p
		} else {
			v, bad = c.read(x)
		}
		row.Values[i] = v
		if bad != nil {
			w.faulty[i] = !bad.warn
			row.Faults = append(row.Faults, bad.fault(c.f, rc.N, c.place+1, x.Display()))
		}
		if c.codes != nil && c.codes.dated && v.K == luoshu.IsText {
			w.validity(c, i, rc, row)
		}
	}
	for _, r := range w.p.rules {
		w.rule(r, rc, row)
	}
}

// validity warns of a code that was not in force in the row's year.
func (w *worker) validity(c *column, i int, rc sheet.Rec, row *Row) {
	if w.p.year < 0 || row.Values[w.p.year].K != luoshu.IsInt {
		return
	}
	y := row.Values[w.p.year].I
	k := c.codes.codes[row.Values[i].S]
	if k != nil && (k.To != 0 && k.To < y*10000+101 || k.From > (y+1)*10000+1231) {
		row.Faults = append(row.Faults, pCodeValidity(k.Title.ZH).fault(c.f, rc.N, c.place+1, rc.At(c.place).Display()))
	}
}

// rule holds the row against one rule. A rule that reads a faulty cell says
// nothing: the cell's own fault stands.
func (w *worker) rule(r *rowRule, rc sheet.Rec, row *Row) {
	if r.off {
		return
	}
	for _, i := range r.reads {
		if w.faulty[i] {
			return
		}
	}
	var params func(string) (luoshu.Value, bool)
	if r.params {
		params = w.p.params(row.Values)
	}
	ok, err := r.run.True(row.Values, params)
	if ok && err == nil {
		return
	}
	f := luoshu.Fault{Row: rc.N, Rule: r.r.ID, ZH: joinText(r.r.Message.ZH, r.r.Remedy.ZH, "。"), EN: joinText(r.r.Message.EN, r.r.Remedy.EN, ". ")}
	if r.r.Grade == "warn" {
		f.Grade = "warn"
	}
	if err != nil {
		f.ZH += "（规则在这一行上算不出来）"
		f.EN += " (the rule cannot be evaluated on this row)"
	}
	if len(r.fields) > 0 {
		c := w.p.columns[r.fields[0]]
		f.Field, f.Col, f.Value = c.f.Name, c.place+1, rc.At(c.place).Display()
		if c.place < 0 {
			f.Col, f.Value = 0, ""
		}
	}
	row.Faults = append(row.Faults, f)
}

func joinText(a, b, sep string) string {
	if b == "" {
		return a
	}
	return a + sep + b
}

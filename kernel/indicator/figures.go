package indicator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/cube"
	"luoshu/kernel/indicator/notation"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// Figure is one value with what it was made of. Num and Den are exact, scaled by
// 10^NumScale and 10^DenScale. Of a coefficient of variation they are those of
// the ratio below it, of passes the units that pass and all units. Value is nil
// where the denominator is zero. N is the number of records (units, for cv and
// passes) under the denominator, Verified the share of those records that their
// holder has confirmed in time, -1 if there are none.
type Figure struct {
	Indicator string
	Year      int
	By        map[string]string
	Num, Den  int64
	NumScale  int
	DenScale  int
	Value     *float64
	N         int64
	Verified  float64
	Seal      string

	okRows, rows int64 // verified records, and all, under the base
}

// Query asks for stored figures. By lists cuts (nil: every stored cut; an empty
// cut is the total); Where keeps figures whose cut has the dimension with one of
// the values; empty Indicators or Years mean all.
type Query struct {
	Seal       string
	Indicators []string
	By         [][]string
	Where      map[string][]string
	Years      []int
}

// storeChunk is how many figures go into one transaction.
const storeChunk = 200_000

// makeFigures rolls the cubes up into every declared cut and stores the figures.
// The row of figure_run, written last, says that they are complete.
func (e *Engine) makeFigures(ctx context.Context, prog *program, seal ledger.Seal, p luoshu.Progress) error {
	var have string
	err := e.db.QueryRow(ctx, `SELECT catalog FROM figure_run WHERE seal = ?`, seal.ID).Scan(&have)
	if err == nil && have == e.cat.Version {
		return nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read figure_run: %w", err)
	}
	w := &work{prog: prog, views: map[string]*cube.View{}, lex: cube.NewLexicon()}
	if err := e.open(w, seal.ID, sortedKeys(prog.grain), nil); err != nil {
		return err
	}
	if err := e.db.Tx(ctx, func(tx *store.Tx) error {
		for _, q := range []string{`DELETE FROM figure_run WHERE seal = ?`, `DELETE FROM figure WHERE seal = ?`} {
			if _, err := tx.Exec(ctx, q, seal.ID); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("clear figures: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	figures := make(chan []Figure, 2)
	rolled := make(chan error, 1)
	go func() {
		defer close(figures)
		rolled <- e.timed("roll-up", nil, func() error { return w.all(ctx, p, figures) })
	}()
	stored := int64(0)
	err = e.timed("store", func() int64 { return stored }, func() error {
		var err error
		stored, err = e.storeFigures(ctx, seal.ID, figures)
		return err
	})
	if err != nil {
		cancel()
		for range figures {
		}
	}
	if rerr := <-rolled; rerr != nil {
		return fmt.Errorf("roll up: %w", rerr)
	}
	if err != nil {
		return fmt.Errorf("store figures: %w", err)
	}
	_, err = e.db.Exec(ctx, `INSERT INTO figure_run (seal, catalog, years, figures) VALUES (?, ?, ?, ?)`,
		seal.ID, e.cat.Version, w.allYears(), stored)
	return err
}

// allYears lists the years of all indicators, separated by commas.
func (w *work) allYears() string {
	seen := map[int]bool{}
	for _, pl := range w.prog.plans {
		for _, y := range w.years(pl) {
			seen[y] = true
		}
	}
	var out []string
	for _, y := range sortedKeys(seen) {
		out = append(out, strconv.Itoa(y))
	}
	return strings.Join(out, ",")
}

// all computes every indicator over its declared cuts, an indicator a message.
func (w *work) all(ctx context.Context, p luoshu.Progress, out chan<- []Figure) error {
	ids := sortedKeys(w.prog.plans)
	for i, id := range ids {
		p.Tell("figures", int64(i), int64(len(ids)))
		pl := w.prog.plans[id]
		cuts := [][]string{{}}
		for _, by := range pl.ind.By {
			cut := slices.Sorted(slices.Values(by))
			if !slices.ContainsFunc(cuts, func(c []string) bool { return slices.Equal(c, cut) }) {
				cuts = append(cuts, cut)
			}
		}
		var figs []Figure
		for _, cut := range cuts {
			fs, err := w.figures(pl, cut)
			if err != nil {
				return err
			}
			figs = append(figs, fs...)
		}
		select {
		case out <- figs:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// figures computes one indicator over one cut.
func (w *work) figures(pl *plan, cut []string) ([]Figure, error) {
	cells, err := w.cells(pl, cut)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(cells, func(a, b cell) int { return w.compare(cut, a.key, b.key) })
	out := make([]Figure, len(cells))
	numScale, denScale := pl.scales()
	for i, c := range cells {
		f := Figure{
			Indicator: pl.ind.ID, Year: int(c.key[0]), By: make(map[string]string, len(cut)),
			Num: c.num, Den: c.den, NumScale: numScale, DenScale: denScale, N: c.n, Verified: -1,
		}
		for j, id := range cut {
			f.By[id] = w.lex.Value(id, c.key[j+1])
		}
		if c.valued {
			f.Value = &cells[i].value
		}
		f.verify(c.ok, c.rows)
		f.okRows, f.rows = c.ok, c.rows
		out[i] = f
	}
	return out, nil
}

// scales are the decimals of a plan's numerators and denominators.
func (p *plan) scales() (num, den int) {
	src := p
	if len(p.items) > 0 {
		if p.ind.Kind != "cv" {
			return 0, 0
		}
		src = p.items[0]
	}
	if src.per != nil {
		den = src.per.scale
	}
	return src.of.scale, den
}

func (f *Figure) verify(ok, rows int64) {
	if rows > 0 {
		f.Verified = float64(ok) / float64(rows)
	}
}

var figureColumns = []string{"seal", "indicator", "year", "by_key", "num", "den", "num_scale", "den_scale", "value", "n", "verified_num", "verified_den"}

// storeFigures inserts what arrives, in the order of the table's key.
func (e *Engine) storeFigures(ctx context.Context, seal string, in <-chan []Figure) (int64, error) {
	total := int64(0)
	insert := func(figs []keyedFigure) error {
		return e.db.Tx(ctx, func(tx *store.Tx) error {
			return tx.BulkInsert(ctx, `"figure"`, figureColumns, func(b *store.Inserter) error {
				for _, f := range figs {
					b.Text(seal)
					b.Text(f.Indicator)
					b.Int(int64(f.Year))
					b.Text(f.key)
					b.Int(f.Num)
					b.Int(f.Den)
					b.Int(int64(f.NumScale))
					b.Int(int64(f.DenScale))
					b.Float(f.Value)
					b.Int(f.N)
					b.Int(f.okRows)
					b.Int(f.rows)
					if err := b.End(); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	var held []keyedFigure
	flush := func() error {
		total += int64(len(held))
		err := insert(held)
		held = held[:0]
		return err
	}
	for figs := range in {
		start := len(held)
		for _, f := range figs {
			held = append(held, keyedFigure{f, notation.ByKey(f.By)})
		}
		slices.SortFunc(held[start:], func(a, b keyedFigure) int {
			if a.Year != b.Year {
				return a.Year - b.Year
			}
			return strings.Compare(a.key, b.key)
		})
		if len(held) >= storeChunk {
			if err := flush(); err != nil {
				return total, err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return total, err
	}
	return total, flush()
}

type keyedFigure struct {
	Figure
	key string
}

// Figures returns stored figures, sorted by indicator, year and cut. A seal
// whose figures are not complete has none.
func (e *Engine) Figures(ctx context.Context, q Query) ([]Figure, error) {
	if done, err := e.complete(ctx, q.Seal); err != nil || !done {
		return nil, err
	}
	cuts := make([][]string, len(q.By))
	for i, by := range q.By {
		cuts[i] = slices.Sorted(slices.Values(by))
	}
	ids := q.Indicators
	if len(ids) == 0 {
		for _, i := range e.cat.Indicators {
			ids = append(ids, i.ID)
		}
	}
	var out []Figure
	for _, id := range slices.Sorted(slices.Values(ids)) {
		if q.By == nil {
			figs, err := e.read(ctx, q, id, "", nil)
			if err != nil {
				return nil, err
			}
			out = append(out, figs...)
			continue
		}
		for _, cut := range cuts {
			cond, args := cutCondition(cut, q.Where)
			figs, err := e.read(ctx, q, id, cond, args)
			if err != nil {
				return nil, err
			}
			for _, f := range figs {
				if len(f.By) == len(cut) && !slices.ContainsFunc(cut, func(d string) bool { _, ok := f.By[d]; return !ok }) {
					out = append(out, f)
				}
			}
		}
	}
	return out, nil
}

func (e *Engine) complete(ctx context.Context, seal string) (bool, error) {
	var n int64
	if err := e.db.QueryRow(ctx, `SELECT COUNT(*) FROM figure_run WHERE seal = ?`, seal).Scan(&n); err != nil {
		return false, fmt.Errorf("read figure_run: %w", err)
	}
	return n > 0, nil
}

// cutCondition narrows by_key to a cut: the exact keys where every value is
// given, else the range of keys with the leading values that are.
func cutCondition(cut []string, where map[string][]string) (string, []any) {
	keys := []string{""}
	for i, d := range cut {
		vals := where[d]
		if len(vals) == 0 || len(keys)*len(vals) > 500 {
			if len(keys) > 50 {
				return "", nil
			}
			var parts []string
			var args []any
			for _, k := range keys {
				if i > 0 {
					k += "&"
				}
				parts = append(parts, "(by_key >= ? AND by_key < ?)")
				args = append(args, k+d+"=", k+d+">") // '>' follows '='
			}
			return "(" + strings.Join(parts, " OR ") + ")", args
		}
		var next []string
		for _, k := range keys {
			if i > 0 {
				k += "&"
			}
			for _, v := range vals {
				next = append(next, k+d+"="+notation.Escape.Replace(v))
			}
		}
		keys = next
	}
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = k
	}
	return "by_key IN (" + marks(len(keys)) + ")", args
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// read reads figures of one indicator under a condition on by_key.
func (e *Engine) read(ctx context.Context, q Query, id, cond string, args []any) ([]Figure, error) {
	text := `SELECT year, by_key, num, den, num_scale, den_scale, value, n, verified_num, verified_den
		FROM figure WHERE seal = ? AND indicator = ?`
	all := []any{q.Seal, id}
	if len(q.Years) > 0 {
		text += ` AND year IN (` + marks(len(q.Years)) + `)`
		for _, y := range q.Years {
			all = append(all, int64(y))
		}
	}
	if cond != "" {
		text += ` AND ` + cond
	}
	rows, err := e.db.Query(ctx, text+` ORDER BY year, by_key`, append(all, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read figures: %w", err)
	}
	defer rows.Close()
	var out []Figure
	for rows.Next() {
		f := Figure{Indicator: id, Seal: q.Seal, Verified: -1}
		var key string
		var value sql.NullFloat64
		if err := rows.Scan(&f.Year, &key, &f.Num, &f.Den, &f.NumScale, &f.DenScale, &value, &f.N, &f.okRows, &f.rows); err != nil {
			return nil, fmt.Errorf("read figures: %w", err)
		}
		if f.By = notation.ParseKey(key); !f.matches(q.Where) {
			continue
		}
		if value.Valid {
			f.Value = &value.Float64
		}
		f.verify(f.okRows, f.rows)
		out = append(out, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read figures: %w", err)
	}
	return out, nil
}

func (f *Figure) matches(where map[string][]string) bool {
	for d, vals := range where {
		v, ok := f.By[d]
		if !ok || !slices.Contains(vals, v) {
			return false
		}
	}
	return true
}

// Latest returns the newest seal whose figures are complete, "" if there is none.
func (e *Engine) Latest(ctx context.Context) (string, error) {
	var id sql.NullString
	if err := e.db.QueryRow(ctx, `SELECT MAX(seal) FROM figure_run`).Scan(&id); err != nil {
		return "", fmt.Errorf("latest seal: %w", err)
	}
	return id.String, nil
}

// Years lists the years for which a seal has figures, ascending.
func (e *Engine) Years(ctx context.Context, seal string) ([]int, error) {
	var text string
	err := e.db.QueryRow(ctx, `SELECT years FROM figure_run WHERE seal = ?`, seal).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) || err == nil && text == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("years of %s: %w", seal, err)
	}
	var out []int
	for _, y := range strings.Split(text, ",") {
		out = append(out, int(parseInt(y)))
	}
	return out, nil
}

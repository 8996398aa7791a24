//go:build cgo && (amd64 || arm64) && !noduckdb

package indicator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/cube"
	"luoshu/kernel/indicator/duck"
	"luoshu/kernel/indicator/opened"
	"luoshu/kernel/parquet"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
)

const duckBuilt = true

// duckScanner scans a seal's Parquet files with DuckDB. Results come back as a Parquet
// file too, which is several times cheaper than a row at a time. A part of a grain that
// needs more memory than there is is scanned in halves, and at last the grain is read
// from the store, slower and with the same digits.
type duckScanner struct {
	seal  *duck.DB
	dir   string
	prog  *program
	years []int
	fresh func(*catalog.Entity) int64
}

func newDuck(e *Engine, dir string, prog *program, m *parquet.Manifest, seq int64, years []int, fresh func(*catalog.Entity) int64) (scanner, error) {
	uses := map[string]map[string]bool{}
	for _, s := range prog.scans {
		for entity, fields := range prog.uses(s) {
			if uses[entity] == nil {
				uses[entity] = map[string]bool{}
			}
			maps.Copy(uses[entity], fields)
		}
	}
	seal, err := duck.Open(context.Background(), e.db, e.cat, dir, m, opened.Of(e.db, uses), seq)
	if err != nil {
		return nil, err
	}
	return &duckScanner{seal: seal, dir: dir, prog: prog, years: years, fresh: fresh}, nil
}

func (d *duckScanner) close() error { return d.seal.Close() }

// partRows is how many facts one statement reads at first, and leastRows how few a
// part is halved to where memory is short; what was found to fit is kept to for the
// rest of the grain, since every part joins the registers of persons and schools
// anew. Facts lie in the order in which they came, so that a part finds most of its
// groups whole; those of two parts are added up. Of a register with manyRows and more
// a part reads only the rows it speaks of.
const (
	partRows  = 1 << 19
	leastRows = 1 << 12
	manyRows  = 1 << 16
)

func (d *duckScanner) scan(ctx context.Context, s *scan, b *cube.Builder) error {
	const part, keys = "fact_part", "fact_keys"
	facts, ok := d.seal.File(s.fact.Name)
	if !ok {
		return fmt.Errorf("the seal has no file of %s", s.fact.Name)
	}
	q, err := d.prog.text(s, &source{
		dialect: rule.DuckDB, table: store.Table, fresh: d.fresh, years: d.years, facts: part,
		live: func(_, _ string) string { return "" },
		// A register of persons has more rows than a part may have in memory: of such only
		// those are read that the part speaks of.
		named: func(other, field string) string {
			if f, _ := d.seal.File(other); f.Rows < manyRows || !facts.Holds(field) {
				return ""
			}
			return "SELECT " + store.Col(field) + " FROM " + keys
		},
		lean: func(entity string, used map[string]bool) string {
			if f, ok := d.seal.File(entity); ok && !f.Opens(used) {
				return f.Lean(duck.Whole)
			}
			return store.Table(entity)
		},
	}).query()
	if err != nil {
		return err
	}
	low, high, err := d.seal.Ends(ctx, facts)
	if err != nil {
		return err
	}
	whens := []string{anyYear}
	if s.grain.Cal != nil { // a fact stands in many years there
		whens = nil
		for _, y := range d.years {
			whens = append(whens, fmt.Sprintf("y = %d", y))
		}
	}
	step := (high-low)/max(1, (facts.Rows+partRows-1)/partRows) + 1
	for _, when := range whens {
		one := strings.Replace(q, "WHERE "+anyYear, "WHERE "+when, 1)
		for from := low; from <= high; {
			to := min(from+step-1, high)
			bound := func(rec string) string { return fmt.Sprintf(" WHERE %s BETWEEN %d AND %d", rec, from, to) }
			err := errors.Join(d.seal.View(ctx, part, facts.From(bound)), d.seal.View(ctx, keys, facts.Lean(bound)))
			if err == nil {
				err = d.between(ctx, s, b, one)
			}
			switch {
			case duck.ShortOfMemory(err) && to-from >= leastRows:
				step = (to-from)/2 + 1
			case err != nil:
				return err
			default:
				from = to + 1
			}
		}
	}
	return nil
}

// between scans a part of the facts.
func (d *duckScanner) between(ctx context.Context, s *scan, b *cube.Builder, q string) error {
	out := filepath.Join(d.dir, ".scan-"+s.grain.ID+".parquet")
	defer os.Remove(out)
	if err := d.seal.Copy(ctx, q, out); err != nil {
		return err
	}
	return parquet.ReadScan(ctx, out, b)
}

//go:build cgo && (amd64 || arm64) && !noduckdb

package indicator

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"luoshu/kernel/catalog"
	"luoshu/kernel/cube"
	"luoshu/kernel/indicator/notation"
	"luoshu/kernel/indicator/opened"
	"luoshu/kernel/parquet"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
)

const duckBuilt = true

// duck scans a seal's Parquet files with DuckDB. Results come back as a Parquet
// file too, which is several times cheaper than a row at a time.
type duck struct {
	db    *sql.DB
	conn  *sql.Conn
	dir   string
	prog  *program
	years []int
	fresh func(*catalog.Entity) int64
	files map[string]sealFile
}

// sealFile is one entity's file and what is opened beside it.
type sealFile struct {
	parquet.File
	sealed []string // fields that lie in envelopes and are opened beside it
	opened string   // their columns as a SELECT over alias o writes them, "" if there are none
}

// from is the file with its opened fields; where bounds the records of both alike, so
// that a part of the file is joined with that part of the opened fields alone.
func (f sealFile) from(dir string, bound func(rec string) string) string {
	file := "(SELECT * FROM read_parquet(" + notation.Literal(filepath.Join(dir, f.File.File)) + ")" + bound("_rec") + ")"
	if f.opened == "" {
		return file
	}
	return fmt.Sprintf("(SELECT p.*, %s FROM %s AS p LEFT JOIN (SELECT * FROM %s%s) AS o ON o._orec = p._rec)",
		f.opened, file, held+"."+opened.Table(f.Entity), bound("_orec"))
}

// duckMemory bounds what DuckDB may hold. It may not spill: this build of it can
// write temporary files in clear only. A part of a grain that needs more is scanned
// in halves, and at last the grain is read from the store, slower and with the same
// digits.
var duckMemory = "256MB"

// held is the database in memory that opened fields lie in, compressed: those of seven
// million enrolments would take half of what there is.
const (
	held      = "held"
	looseRows = 1 << 20
)

func newDuck(e *Engine, dir string, prog *program, m *parquet.Manifest, seq int64, years []int, fresh func(*catalog.Entity) int64) (scanner, error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	d := &duck{db: sql.OpenDB(connector), dir: dir, prog: prog, years: years, fresh: fresh, files: map[string]sealFile{}}
	ctx := context.Background()
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open DuckDB: %w", err), d.db.Close())
	}
	setup := []string{
		"SET memory_limit = '" + duckMemory + "'", "SET threads = 2", "SET preserve_insertion_order = false",
		"SET temp_directory = ''", "SET autoinstall_known_extensions = false", "SET autoload_known_extensions = false",
		"ATTACH ':memory:' AS " + held + " (COMPRESS)",
	}
	uses := map[string]map[string]bool{}
	for _, s := range prog.scans {
		for entity, fields := range prog.uses(s) {
			if uses[entity] == nil {
				uses[entity] = map[string]bool{}
			}
			maps.Copy(uses[entity], fields)
		}
	}
	sealed := opened.Of(e.db, uses)
	for _, q := range setup {
		if _, err := d.conn.ExecContext(ctx, q); err != nil {
			return nil, errors.Join(fmt.Errorf("set up DuckDB: %w", err), d.close())
		}
	}
	for _, f := range m.Files {
		file := sealFile{File: f}
		if file.sealed = sealed[f.Entity]; len(file.sealed) > 0 {
			if file.opened, err = d.open(ctx, e, e.cat.Entity(f.Entity), file.sealed, seq); err != nil {
				return nil, errors.Join(fmt.Errorf("open %s: %w", f.Entity, err), d.close())
			}
		}
		d.files[f.Entity] = file
		if err := d.view(ctx, store.Table(f.Entity), file.from(dir, whole)); err != nil {
			return nil, errors.Join(err, d.close())
		}
	}
	return d, nil
}

func (d *duck) view(ctx context.Context, name, from string) error {
	if _, err := d.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP VIEW "+name+" AS SELECT * FROM "+from); err != nil {
		return fmt.Errorf("set up DuckDB: %w", err)
	}
	return nil
}

// open fills the table of an entity's opened columns as of a ledger sequence and
// returns the columns as a SELECT over its alias o writes them. The table lies in
// memory and is never spilt.
func (d *duck) open(ctx context.Context, e *Engine, entity *catalog.Entity, fields []string, seq int64) (string, error) {
	table := opened.NewNarrow(entity, fields)
	if _, err := d.conn.ExecContext(ctx, "CREATE TABLE "+held+"."+opened.Table(entity.Name)+" ("+table.Columns()+")"); err != nil {
		return "", err
	}
	loose := 0 // rows that are not compressed yet
	press := func() error {
		loose = 0
		_, err := d.conn.ExecContext(ctx, "CHECKPOINT "+held)
		return err
	}
	add := func(rows []opened.Row) error {
		err := d.conn.Raw(func(c any) error {
			in, err := duckdb.NewAppender(c.(driver.Conn), held, "", strings.Trim(opened.Table(entity.Name), `"`))
			if err != nil {
				return err
			}
			for _, r := range rows {
				var vals []driver.Value
				if vals, err = table.Values(r); err == nil && vals != nil {
					err = in.AppendRow(vals...)
				}
				if err != nil {
					break
				}
			}
			return errors.Join(err, in.Close())
		})
		if loose += len(rows); err == nil && loose > looseRows {
			return press()
		}
		return err
	}
	err := e.db.ReadTx(ctx, func(tx *store.Tx) error {
		live, err := opened.LiveAsOf(ctx, tx, seq)
		if err != nil {
			return err
		}
		return opened.Each(ctx, tx, e.db.Form(entity.Name), fields, live(entity.Name, "f"), add)
	})
	if err == nil {
		err = press()
	}
	return table.Select(), err
}

func (d *duck) close() error {
	if d.db == nil {
		return nil
	}
	err := errors.Join(d.conn.Close(), d.db.Close())
	d.db = nil
	return err
}

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

// whole bounds nothing.
func whole(string) string { return "" }

// holds says whether the file has a column itself.
func (f sealFile) holds(field string) bool {
	return slices.ContainsFunc(f.Columns, func(c parquet.Column) bool { return c.Name == field })
}

func (d *duck) scan(ctx context.Context, s *scan, b *cube.Builder) error {
	const part, keys = "fact_part", "fact_keys"
	facts, ok := d.files[s.fact.Name]
	if !ok {
		return fmt.Errorf("the seal has no file of %s", s.fact.Name)
	}
	q, err := d.prog.text(s, &source{
		dialect: rule.DuckDB, table: store.Table, fresh: d.fresh, years: d.years, facts: part,
		live: func(_, _ string) string { return "" },
		// A register of persons has more rows than a part may have in memory: of such only
		// those are read that the part speaks of.
		named: func(other, field string) string {
			if d.files[other].Rows < manyRows || !facts.holds(field) {
				return ""
			}
			return "SELECT " + store.Col(field) + " FROM " + keys
		},
		lean: func(entity string, used map[string]bool) string {
			file := d.files[entity]
			if slices.ContainsFunc(file.sealed, func(f string) bool { return used[f] }) {
				return store.Table(entity)
			}
			return sealFile{File: file.File}.from(d.dir, whole)
		},
	}).query()
	if err != nil {
		return err
	}
	// Of the file alone: with the opened fields beside it they would be joined to be
	// counted, which takes more memory than any part.
	var low, high int64
	ends := "SELECT COALESCE(MIN(_rec), 0), COALESCE(MAX(_rec), -1) FROM " + sealFile{File: facts.File}.from(d.dir, whole)
	if err := d.conn.QueryRowContext(ctx, ends).Scan(&low, &high); err != nil {
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
			err := errors.Join(d.view(ctx, part, facts.from(d.dir, bound)), d.view(ctx, keys, sealFile{File: facts.File}.from(d.dir, bound)))
			if err == nil {
				err = d.between(ctx, s, b, one)
			}
			switch {
			case shortOfMemory(err) && to-from >= leastRows:
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
func (d *duck) between(ctx context.Context, s *scan, b *cube.Builder, q string) error {
	out := filepath.Join(d.dir, ".scan-"+s.grain.ID+".parquet")
	defer os.Remove(out)
	if _, err := d.conn.ExecContext(ctx, "COPY ("+q+") TO "+notation.Literal(out)+" (FORMAT parquet, COMPRESSION snappy)"); err != nil {
		return err
	}
	return parquet.ReadScan(ctx, out, b)
}

func shortOfMemory(err error) bool {
	var fault *duckdb.Error
	return errors.As(err, &fault) && fault.Type == duckdb.ErrorTypeOutOfMemory
}

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
}

// duckMemory bounds what DuckDB may hold. It may not spill: this build of it can
// write temporary files in clear only. A part of a grain that needs more is scanned
// in halves, and at last the grain is read from the store, slower and with the same
// digits.
var duckMemory = "256MB"

func newDuck(e *Engine, dir string, prog *program, m *parquet.Manifest, seq int64, years []int, fresh func(*catalog.Entity) int64) (scanner, error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	d := &duck{db: sql.OpenDB(connector), dir: dir, prog: prog, years: years, fresh: fresh}
	ctx := context.Background()
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open DuckDB: %w", err), d.db.Close())
	}
	setup := []string{
		"SET memory_limit = '" + duckMemory + "'", "SET threads = 2", "SET preserve_insertion_order = false",
		"SET temp_directory = ''", "SET autoinstall_known_extensions = false", "SET autoload_known_extensions = false",
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
		file := "read_parquet(" + notation.Literal(filepath.Join(dir, f.File)) + ")"
		if fields := sealed[f.Entity]; len(fields) > 0 {
			cols, err := d.open(ctx, e, e.cat.Entity(f.Entity), fields, seq)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("open %s: %w", f.Entity, err), d.close())
			}
			file = fmt.Sprintf("(SELECT p.*, %s FROM %s AS p LEFT JOIN %s AS o ON o._orec = p._rec)", cols, file, opened.Table(f.Entity))
		}
		if _, err := d.conn.ExecContext(ctx, fmt.Sprintf("CREATE TEMP VIEW %s AS SELECT * FROM %s", store.Table(f.Entity), file)); err != nil {
			return nil, errors.Join(fmt.Errorf("set up DuckDB: %w", err), d.close())
		}
	}
	return d, nil
}

// open fills the table of an entity's opened columns as of a ledger sequence and
// returns the columns as a SELECT over its alias o writes them. The table lies in
// memory and is never spilt.
func (d *duck) open(ctx context.Context, e *Engine, entity *catalog.Entity, fields []string, seq int64) (string, error) {
	table := opened.NewNarrow(entity, fields)
	if _, err := d.conn.ExecContext(ctx, "CREATE TABLE "+opened.Table(entity.Name)+" ("+table.Columns()+")"); err != nil {
		return "", err
	}
	err := e.db.ReadTx(ctx, func(tx *store.Tx) error {
		live, err := opened.LiveAsOf(ctx, tx, seq)
		if err != nil {
			return err
		}
		return d.conn.Raw(func(c any) error {
			in, err := duckdb.NewAppenderFromConn(c.(driver.Conn), "", strings.Trim(opened.Table(entity.Name), `"`))
			if err != nil {
				return err
			}
			err = opened.Each(ctx, tx, e.db.Form(entity.Name), fields, live(entity.Name, "f"), func(rows []opened.Row) error {
				for _, r := range rows {
					vals, err := table.Values(r)
					if err == nil && vals != nil {
						err = in.AppendRow(vals...)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
			return errors.Join(err, in.Close())
		})
	})
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
// groups whole; those of two parts are added up.
const (
	partRows  = 1 << 22
	leastRows = 1 << 12
)

func (d *duck) scan(ctx context.Context, s *scan, b *cube.Builder) error {
	const part = "'part' = 'part'"
	q, err := d.prog.text(s, &source{
		dialect: rule.DuckDB, table: store.Table, fresh: d.fresh, years: d.years,
		live: func(_, alias string) string {
			if alias == "f" {
				return part
			}
			return ""
		},
	}).query()
	if err != nil {
		return err
	}
	var n, low, high int64
	count := fmt.Sprintf("SELECT COUNT(*), COALESCE(MIN(_rec), 0), COALESCE(MAX(_rec), 0) FROM %s", store.Table(s.fact.Name))
	if err := d.conn.QueryRowContext(ctx, count).Scan(&n, &low, &high); err != nil {
		return err
	}
	whens := []string{anyYear}
	if s.grain.Cal != nil { // a fact stands in many years there
		whens = nil
		for _, y := range d.years {
			whens = append(whens, fmt.Sprintf("y = %d", y))
		}
	}
	step := (high-low)/max(1, (n+partRows-1)/partRows) + 1
	for _, when := range whens {
		one := strings.Replace(q, "WHERE "+anyYear, "WHERE "+when, 1)
		for from := low; from <= high; {
			to := min(from+step-1, high)
			err := d.between(ctx, s, b, strings.Replace(one, part, fmt.Sprintf("f._rec BETWEEN %d AND %d", from, to), 1))
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

//go:build cgo && (amd64 || arm64) && !noduckdb

package indicator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"luoshu/kernel/catalog"
	"luoshu/kernel/cube"
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

// duckMemory bounds what DuckDB may hold; past it, it spills to the data folder.
const duckMemory = "600MB"

func newDuck(data, dir string, prog *program, m *parquet.Manifest, years []int, fresh func(*catalog.Entity) int64) (scanner, error) {
	tmp := filepath.Join(data, "tmp")
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
		"SET temp_directory = " + literal(tmp), "SET autoinstall_known_extensions = false", "SET autoload_known_extensions = false",
	}
	for _, f := range m.Files {
		setup = append(setup, fmt.Sprintf("CREATE TEMP VIEW %s AS SELECT * FROM read_parquet(%s)",
			store.Table(f.Entity), literal(filepath.Join(dir, f.File))))
	}
	for _, q := range setup {
		if _, err := d.conn.ExecContext(ctx, q); err != nil {
			return nil, errors.Join(fmt.Errorf("set up DuckDB: %w", err), d.close())
		}
	}
	return d, nil
}

func (d *duck) close() error {
	if d.db == nil {
		return nil
	}
	err := errors.Join(d.conn.Close(), d.db.Close())
	d.db = nil
	return err
}

func (d *duck) scan(ctx context.Context, s *scan, b *cube.Builder) error {
	q, err := d.prog.text(s, &source{
		dialect: rule.DuckDB, table: store.Table, fresh: d.fresh, years: d.years,
		live: func(string, string) string { return "" },
	}).query()
	if err != nil {
		return err
	}
	out := filepath.Join(d.dir, ".scan-"+s.grain.ID+".parquet")
	defer os.Remove(out)
	if _, err := d.conn.ExecContext(ctx, "COPY ("+q+") TO "+literal(out)+" (FORMAT parquet, COMPRESSION snappy)"); err != nil {
		return err
	}
	return parquet.ReadScan(ctx, out, b)
}

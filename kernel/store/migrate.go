package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"luoshu"
)

//go:embed migrations
var migrationFiles embed.FS

// migration is one numbered step of the kernel's own tables. Steps go forward
// only and have the same numbers for every database. A number may be left out, for
// a room that is not there yet.
type migration struct {
	number int
	name   string
	sql    string
}

func migrationsFor(dialect string) ([]migration, error) {
	dir := path.Join("migrations", dialect)
	files, err := fs.ReadDir(migrationFiles, dir)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	var out []migration
	for _, f := range files {
		num, name, ok := strings.Cut(strings.TrimSuffix(f.Name(), ".sql"), "_")
		n, err := strconv.Atoi(num)
		if !ok || err != nil || n < 1 || len(out) > 0 && n <= out[len(out)-1].number {
			return nil, fmt.Errorf("migration %s/%s: want a number of its own", dialect, f.Name())
		}
		b, err := migrationFiles.ReadFile(path.Join(dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		out = append(out, migration{n, name, string(b)})
	}
	return out, nil
}

func (db *DB) migrate(ctx context.Context) error {
	steps, err := migrationsFor(db.dialect.name())
	if err != nil {
		return err
	}
	last := steps[len(steps)-1].number
	have, err := db.applied(ctx, db)
	if err != nil {
		return err
	}
	for n := range have {
		if n > last {
			return luoshu.Errorf(luoshu.Unavailable,
				"数据库由更新的版本（第 %d 步）建立，本程序只认识到第 %d 步；请换用新版本程序",
				"the database was made by a newer release (step %d, this program knows %d); use the newer program", n, last)
		}
	}
	if len(have) == len(steps) {
		return nil
	}
	return db.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS schema_version (number `+db.dialect.int()+` NOT NULL)`); err != nil {
			return fmt.Errorf("create schema_version: %w", err)
		}
		// Another process may have been faster.
		if have, err = db.applied(ctx, tx); err != nil {
			return err
		}
		for _, m := range steps {
			if have[m.number] {
				continue
			}
			for _, q := range splitStatements(m.sql) {
				if _, err := tx.conn.ExecContext(ctx, q); err != nil {
					return fmt.Errorf("migration %d %s: %w", m.number, m.name, err)
				}
			}
			if _, err := tx.Exec(ctx, `INSERT INTO schema_version (number) VALUES (?)`, int64(m.number)); err != nil {
				return fmt.Errorf("migration %d %s: %w", m.number, m.name, err)
			}
		}
		return nil
	})
}

// asker runs a query: the database or a transaction on it.
type asker interface {
	Query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

// applied is the steps that a database has been through, none for an empty one.
func (db *DB) applied(ctx context.Context, from asker) (map[int]bool, error) {
	if _, inside := from.(*Tx); !inside {
		if cols, err := db.Columns(ctx, "schema_version"); err != nil || len(cols) == 0 {
			return nil, err
		}
	}
	rows, err := from.Query(ctx, `SELECT number FROM schema_version`)
	if err != nil {
		return nil, fmt.Errorf("read schema_version: %w", err)
	}
	defer rows.Close()
	out := map[int]bool{}
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("read schema_version: %w", err)
		}
		out[n] = true
	}
	return out, rows.Err()
}

// splitStatements cuts a migration at semicolons that end a line. Comments go.
func splitStatements(s string) []string {
	var out []string
	var b strings.Builder
	for line := range strings.Lines(s) {
		if i := strings.Index(line, "--"); i >= 0 {
			line = line[:i] + "\n"
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		b.WriteString(line)
		if strings.HasSuffix(strings.TrimSpace(line), ";") {
			out = append(out, b.String())
			b.Reset()
		}
	}
	if strings.TrimSpace(b.String()) != "" {
		out = append(out, b.String())
	}
	return out
}

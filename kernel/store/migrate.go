package store

import (
	"context"
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
// only and have the same numbers for every database.
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
		if !ok || err != nil || n != len(out)+1 {
			return nil, fmt.Errorf("migration %s/%s: want number %04d", dialect, f.Name(), len(out)+1)
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
	have, err := db.version(ctx)
	if err != nil {
		return err
	}
	if have == len(steps) {
		return nil
	}
	if have > len(steps) {
		return luoshu.Errorf(luoshu.Unavailable,
			"数据库由更新的版本（第 %d 步）建立，本程序只认识到第 %d 步；请换用新版本程序",
			"the database was made by a newer release (step %d, this program knows %d); use the newer program", have, len(steps))
	}
	return db.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS schema_version (number `+db.dialect.int()+` NOT NULL)`); err != nil {
			return fmt.Errorf("create schema_version: %w", err)
		}
		// Another process may have been faster.
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(number), 0) FROM schema_version`).Scan(&have); err != nil {
			return fmt.Errorf("read schema_version: %w", err)
		}
		for _, m := range steps[min(have, len(steps)):] {
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

// version is the highest step applied, 0 for an empty database.
func (db *DB) version(ctx context.Context) (int, error) {
	cols, err := db.Columns(ctx, "schema_version")
	if err != nil || len(cols) == 0 {
		return 0, err
	}
	var n int
	if err := db.QueryRow(ctx, `SELECT coalesce(max(number), 0) FROM schema_version`).Scan(&n); err != nil {
		return 0, fmt.Errorf("read schema_version: %w", err)
	}
	return n, nil
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

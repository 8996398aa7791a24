package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"luoshu"
	"luoshu/kernel/rule"
)

// dialect is everything that differs between the databases. Statements outside
// this file keep to what both take.
type dialect interface {
	rule() rule.Dialect
	name() string
	rebind(q string) string
	begin() []string
	beginRead() []string
	compact() []string
	// scratch are what is run on a reader before and after a transaction that makes
	// temporary tables, and what begins it.
	scratch() (before, begin, after []string)
	// rewrite gives the space of values that were replaced back, so that nothing of
	// them is left in the files.
	rewrite(tables []string) []string
	// beginError explains why a transaction could not begin.
	beginError(err error) error
	text() string // column types
	int() string
	blob() string
	bigKey() string // type of _rid
	tableEnd() string
	// columns asks for the name and type of a table's columns, one '?' for its name.
	columns() string
	// tables asks for the names of all tables that begin with r_.
	tables() string
	// indexes asks for the names of a table's indexes that begin with x_, one '?'.
	indexes() string
	maxParams() int
}

type sqliteDialect struct{}

func (sqliteDialect) rule() rule.Dialect     { return rule.SQLite }
func (sqliteDialect) name() string           { return "sqlite" }
func (sqliteDialect) rebind(q string) string { return q }
func (sqliteDialect) begin() []string        { return []string{"BEGIN IMMEDIATE"} }
func (sqliteDialect) beginRead() []string    { return []string{"BEGIN"} }

// How long a statement waits for another process to finish writing.
const (
	busyMillis = "15000"
	busyPragma = "busy_timeout(" + busyMillis + ")"
)

// compact empties the log beside the database without waiting long for readers.
func (sqliteDialect) compact() []string {
	return []string{"PRAGMA busy_timeout = 200", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA busy_timeout = " + busyMillis}
}

// scratch keeps temporary tables in memory: a reader may not write otherwise.
func (sqliteDialect) scratch() (before, begin, after []string) {
	return []string{"PRAGMA temp_store = 2", "PRAGMA query_only = 0"}, []string{"BEGIN"},
		[]string{"PRAGMA query_only = 1", "PRAGMA temp_store = 1"}
}

func (sqliteDialect) rewrite([]string) []string {
	return []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"}
}

func (sqliteDialect) beginError(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		return &luoshu.Error{Kind: luoshu.Unavailable, Cause: err, Msg: luoshu.Text{
			ZH: "另一个程序正在写入数据；请等它完成后再试", EN: "another program is writing to the database; try again when it has finished",
		}}
	}
	return fmt.Errorf("begin: %w", err)
}

func (sqliteDialect) text() string     { return "TEXT" }
func (sqliteDialect) int() string      { return "INTEGER" }
func (sqliteDialect) blob() string     { return "BLOB" }
func (sqliteDialect) bigKey() string   { return "INTEGER PRIMARY KEY" }
func (sqliteDialect) tableEnd() string { return " STRICT" }
func (sqliteDialect) columns() string {
	return `SELECT name, type FROM pragma_table_info(?) ORDER BY cid`
}

func (sqliteDialect) tables() string {
	return `SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 2) = 'r_' ORDER BY name`
}

func (sqliteDialect) indexes() string {
	return `SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND substr(name, 1, 2) = 'x_' ORDER BY name`
}
func (sqliteDialect) maxParams() int { return 32000 }

type postgresDialect struct{}

func (postgresDialect) rule() rule.Dialect { return rule.Postgres }
func (postgresDialect) name() string       { return "postgres" }

// rebind writes ? as $1, $2 …, leaving quoted text, names and comments alone.
func (postgresDialect) rebind(q string) string {
	if !strings.Contains(q, "?") {
		return q
	}
	var b strings.Builder
	b.Grow(len(q) + 16)
	n := 0
	var quote byte
	for i := 0; i < len(q); i++ {
		c := q[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// begin also takes a lock that other processes' writers wait for: one writer
// at a time is what the ledger's numbering and chain rest on.
func (postgresDialect) begin() []string {
	return []string{"BEGIN", "SELECT pg_advisory_xact_lock(7163904520)"}
}

func (postgresDialect) beginRead() []string {
	return []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
}
func (postgresDialect) compact() []string { return nil }
func (postgresDialect) scratch() (before, begin, after []string) {
	return nil, []string{"BEGIN ISOLATION LEVEL REPEATABLE READ"}, nil
}

func (postgresDialect) rewrite(tables []string) []string {
	var out []string
	for _, t := range tables {
		out = append(out, "VACUUM FULL "+t)
	}
	return out
}

func (postgresDialect) beginError(err error) error {
	return fmt.Errorf("begin: %w", err)
}
func (postgresDialect) text() string     { return `TEXT COLLATE "C"` }
func (postgresDialect) int() string      { return "BIGINT" }
func (postgresDialect) blob() string     { return "BYTEA" }
func (postgresDialect) bigKey() string   { return "BIGINT PRIMARY KEY" }
func (postgresDialect) tableEnd() string { return "" }
func (postgresDialect) columns() string {
	return `SELECT column_name::text, data_type::text FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position`
}

func (postgresDialect) tables() string {
	return `SELECT table_name::text FROM information_schema.tables
		WHERE table_schema = current_schema() AND left(table_name, 2) = 'r_' ORDER BY 1`
}

func (postgresDialect) indexes() string {
	return `SELECT indexname::text FROM pg_indexes
		WHERE schemaname = current_schema() AND tablename = ? AND left(indexname, 2) = 'x_' ORDER BY 1`
}
func (postgresDialect) maxParams() int { return 32000 }

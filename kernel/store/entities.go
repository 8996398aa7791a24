package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
)

// Table is the quoted name of an entity's table.
func Table(entity string) string { return `"r_` + entity + `"` }

// Col is a quoted column name.
func Col(name string) string { return `"` + name + `"` }

// Cols is a list of quoted column names, separated by commas.
func Cols(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = Col(n)
	}
	return strings.Join(q, ", ")
}

// System columns of every business table, in the order of the table. Rows are
// read far more often by these than by any field, so they stand first.
var systemColumns = []string{"_rid", "_rec", "_from", "_to", "_h", "_row", "_verified"}

// searchColumns hold the folded name, its pinyin and its initials.
var searchColumns = []string{"_s", "_p", "_i"}

// SystemColumns returns _rid, _rec, _from, _to, _h, _row, _verified.
func SystemColumns() []string { return slices.Clone(systemColumns) }

// SearchColumns returns _s, _p, _i, or nothing if the entity is not searched by name.
func SearchColumns(e *catalog.Entity) []string {
	if len(e.Search) == 0 {
		return nil
	}
	return slices.Clone(searchColumns)
}

// Column is a column of a table as the database has it.
type Column struct {
	Name string
	Text bool // text; otherwise an integer, or bytes for _h
}

// Columns lists the columns of a table (plain name, "r_x"), none if there is no
// such table.
func (db *DB) Columns(ctx context.Context, table string) ([]Column, error) {
	var out []Column
	err := db.ReadTx(ctx, func(tx *Tx) error {
		var err error
		out, err = tx.columns(ctx, table)
		return err
	})
	return out, err
}

func (tx *Tx) columns(ctx context.Context, table string) ([]Column, error) {
	rows, err := tx.Query(ctx, tx.db.dialect.columns(), table)
	if err != nil {
		return nil, fmt.Errorf("list columns of %s: %w", table, err)
	}
	defer rows.Close()
	var out []Column
	for rows.Next() {
		var name, typ string
		if err := rows.Scan(&name, &typ); err != nil {
			return nil, fmt.Errorf("list columns of %s: %w", table, err)
		}
		out = append(out, Column{name, strings.EqualFold(typ, "text")})
	}
	return out, rows.Err()
}

// FieldColumns lists the columns of an entity's table that hold business
// values, fields that have left the catalog included, sorted by name.
func (tx *Tx) FieldColumns(ctx context.Context, entity string) ([]Column, error) {
	all, err := tx.columns(ctx, "r_"+entity)
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(all, func(c Column) bool { return strings.HasPrefix(c.Name, "_") })
	slices.SortFunc(out, func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// EntityTables lists the entities that have a table.
func (tx *Tx) EntityTables(ctx context.Context) ([]string, error) {
	names, err := tx.names(ctx, tx.db.dialect.tables())
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], "r_")
	}
	return names, err
}

func (tx *Tx) names(ctx context.Context, q string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("list names: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("list names: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// EnsureEntities makes the tables, columns and indexes that the catalog asks for
// and the database lacks. It never drops or changes a column: a field that has
// left the catalog is only no longer shown. A field whose storage changed between
// text and number is refused.
func (db *DB) EnsureEntities(ctx context.Context, cat *catalog.Catalog) error {
	missing := false
	err := db.ReadTx(ctx, func(tx *Tx) error {
		for _, e := range cat.Entities {
			todo, err := tx.schemaChanges(ctx, e)
			if err != nil {
				return err
			}
			missing = missing || len(todo) > 0
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !missing {
		return db.ensureForms(ctx, cat)
	}
	err = db.Tx(ctx, func(tx *Tx) error {
		for _, e := range cat.Entities {
			todo, err := tx.schemaChanges(ctx, e)
			if err != nil {
				return err
			}
			for _, q := range todo {
				if _, err := tx.conn.ExecContext(ctx, q); err != nil {
					return fmt.Errorf("table of %s: %w", e.Name, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return db.ensureForms(ctx, cat)
}

// schemaChanges lists the statements that bring an entity's table up to date.
func (tx *Tx) schemaChanges(ctx context.Context, e *catalog.Entity) ([]string, error) {
	have, err := tx.columns(ctx, "r_"+e.Name)
	if err != nil {
		return nil, err
	}
	var out []string
	if len(have) == 0 {
		out = append(out, createTable(tx.db.dialect, e))
	} else {
		known := map[string]Column{}
		for _, c := range have {
			known[c.Name] = c
		}
		for _, f := range e.Fields {
			c, ok := known[f.Name]
			if ok && c.Text != f.Type.IsText() {
				return nil, luoshu.Errorf(luoshu.Invalid,
					"%s 的字段 %s 已按另一种类型存储，不能改为 %s；请另取字段名",
					"field %[2]s of %[1]s is stored as another type and cannot become %[3]s; give the new field another name",
					e.Name, f.Name, f.Type)
			}
			if !ok {
				out = append(out, "ALTER TABLE "+Table(e.Name)+" ADD COLUMN "+fieldColumn(tx.db.dialect, f))
			}
		}
		for _, s := range SearchColumns(e) {
			if _, ok := known[s]; !ok {
				out = append(out, "ALTER TABLE "+Table(e.Name)+" ADD COLUMN "+Col(s)+" "+tx.db.dialect.text())
			}
		}
		if _, ok := known[Envelope]; !ok && e.Sealed() {
			out = append(out, "ALTER TABLE "+Table(e.Name)+" ADD COLUMN "+Envelope+" "+tx.db.dialect.blob())
		}
	}
	idx, err := tx.names(ctx, tx.db.dialect.indexes(), "r_"+e.Name)
	if err != nil {
		return nil, err
	}
	for _, x := range indexesOf(e) {
		if !slices.Contains(idx, x.name) {
			out = append(out, x.sql)
		}
	}
	return out, nil
}

func fieldColumn(d dialect, f *catalog.Field) string {
	if f.Type.IsText() {
		return Col(f.Name) + " " + d.text()
	}
	return Col(f.Name) + " " + d.int()
}

func createTable(d dialect, e *catalog.Entity) string {
	cols := []string{
		"_rid " + d.bigKey(),
		"_rec " + d.int() + " NOT NULL",
		"_from " + d.int() + " NOT NULL",
		"_to " + d.int(),
		"_h " + d.blob() + " NOT NULL",
		"_row " + d.int() + " NOT NULL",
		"_verified " + d.int(),
	}
	for _, f := range e.Fields {
		cols = append(cols, fieldColumn(d, f))
	}
	for _, s := range SearchColumns(e) {
		cols = append(cols, Col(s)+" "+d.text())
	}
	if e.Sealed() {
		cols = append(cols, Envelope+" "+d.blob())
	}
	return "CREATE TABLE " + Table(e.Name) + " (\n  " + strings.Join(cols, ",\n  ") + "\n)" + d.tableEnd()
}

// index is an index of a business table. A light one holds only versions after
// the first or closed ones, so that keeping it costs a large load nothing.
type index struct {
	name, sql string
	light     bool
}

// indexesOf lists the indexes of an entity's table: the natural key, unique over
// current rows; the organisation and every reference that may not dangle; name
// search; fields that are found by an exact value; versions after the first, by
// record; closed versions, by closing commit. Opened versions are found by the rid range of their commit.
func indexesOf(e *catalog.Entity) []index {
	var out []index
	add := func(unique, suffix, cols, where string) {
		q := "CREATE " + unique + "INDEX " + Col("x_"+e.Name+"_"+suffix) + " ON " + Table(e.Name) + " (" + cols + ")"
		if where != "" {
			q += " WHERE " + where
		}
		out = append(out, index{"x_" + e.Name + "_" + suffix, q, suffix == "_rec" || suffix == "_to"})
	}
	add("UNIQUE ", "_key", Cols(e.Key), "_to IS NULL")
	seen := map[string]bool{}
	if len(e.Key) == 1 {
		seen[e.Key[0]] = true
	}
	fields := []string{}
	if org, _, _ := strings.Cut(e.Org, "."); org != "" {
		fields = append(fields, org)
	}
	if e.Node != nil && e.Node.Parent != "" {
		fields = append(fields, e.Node.Parent)
	}
	for _, f := range e.Fields {
		if f.Type == catalog.TypeRef && !f.Loose {
			fields = append(fields, f.Name)
		}
	}
	for _, f := range fields {
		if !seen[f] {
			seen[f] = true
			add("", f, Col(f), "")
		}
	}
	for _, s := range SearchColumns(e) {
		add("", s, Col(s), "")
	}
	for _, f := range e.Fields {
		if f.Find && !seen[f.Name] {
			add("", f.Name, Col(f.Name), "_to IS NULL AND "+Col(f.Name)+" IS NOT NULL")
		}
	}
	add("", "_rec", "_rec", "_rec <> _rid")
	add("", "_to", "_to, _rid", "_to IS NOT NULL")
	return out
}

// DropIndexes drops the indexes of an entity's table that hold current rows, so
// that a large load need not keep them; CreateIndexes in the same transaction
// makes them again. Other connections never see the table without them.
func (tx *Tx) DropIndexes(ctx context.Context, e *catalog.Entity) error {
	have, err := tx.names(ctx, tx.db.dialect.indexes(), "r_"+e.Name)
	if err != nil {
		return err
	}
	for _, x := range indexesOf(e) {
		if x.light || !slices.Contains(have, x.name) {
			continue
		}
		if _, err := tx.Exec(ctx, "DROP INDEX "+Col(x.name)); err != nil {
			return fmt.Errorf("drop index %s: %w", x.name, err)
		}
	}
	return nil
}

// CreateIndexes makes the indexes of an entity's table that are missing. each is
// told before every index, if not nil.
func (tx *Tx) CreateIndexes(ctx context.Context, e *catalog.Entity, each func(done, total int)) error {
	have, err := tx.names(ctx, tx.db.dialect.indexes(), "r_"+e.Name)
	if err != nil {
		return err
	}
	todo := slices.DeleteFunc(indexesOf(e), func(x index) bool { return slices.Contains(have, x.name) })
	for i, x := range todo {
		if each != nil {
			each(i, len(todo))
		}
		if _, err := tx.Exec(ctx, x.sql); err != nil {
			return fmt.Errorf("create index %s: %w", x.name, err)
		}
	}
	return nil
}

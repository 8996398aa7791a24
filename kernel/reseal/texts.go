package reseal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// text is a column of sealed texts. place names the columns that say, with a name
// before them, where a text belongs: see vault.Place. The name is the table's, or
// "table.column" of those that former releases wrote in clear.
type text struct {
	table, column string
	place         []string
	only          string // which rows, "" all
	former        bool   // once in clear
}

// texts lists the sealed texts of the kernel's own tables.
var texts = []text{
	{table: "upload_row", column: "detail", place: []string{"upload", "n"}},
	{table: "correction_field", column: "body", place: []string{"correction", "n"}},
	{table: "alias", column: "clear", place: []string{"entity", "old_key", "new_key"}},
	{table: "factor", column: "secret", place: []string{"id"}, only: "kind <> 'recovery'"},
	{table: "correction", column: "reason", place: []string{"id"}, former: true},
	{table: "correction", column: "answer", place: []string{"id"}, former: true},
	{table: "correction_event", column: "words", place: []string{"correction", "n"}, former: true},
	{table: "flow_step", column: "note", place: []string{"case_id", "step"}, former: true},
	{table: "flow_step", column: "missing", place: []string{"case_id", "step"}, former: true},
}

func (t text) name() string {
	if t.former {
		return t.table + "." + t.column
	}
	return t.table
}

// where is the condition on rows that hold a text.
func (t text) where() string {
	w := t.column + ` <> ''`
	if t.only != "" {
		w += ` AND ` + t.only
	}
	return w
}

// at is the place of a row's text, as a name and as values; the row begins with the
// text, and the columns of the place follow.
func (t text) at(r *store.Row) (string, []any) {
	parts := make([]any, len(t.place))
	for i := range parts {
		parts[i] = r.Value(1 + i).Any()
	}
	return vault.Place(t.name(), parts...), parts
}

// walk goes through the texts of a column in the order of their places, so that each
// is read once, and writes what fresh makes of one, "" for what stays, in small
// transactions. done is told how many were written. What somebody else changes
// meanwhile stays theirs.
func (t text) walk(ctx context.Context, db *store.DB, tx func(func(*store.Tx) error) error, fresh func(place, old string) (string, error), done func(int)) error {
	place := strings.Join(t.place, ", ")
	set := `UPDATE ` + t.table + ` SET ` + t.column + ` = ? WHERE ` + strings.Join(t.place, " = ? AND ") + ` = ? AND ` + t.column + ` = ?`
	for last := []any(nil); ; {
		var todo [][]any // fresh, the place's columns, old
		q := `SELECT ` + t.column + `, ` + place + ` FROM ` + t.table + ` WHERE ` + t.where()
		if last != nil {
			q += ` AND (` + place + `) > (?` + strings.Repeat(", ?", len(last)-1) + `)`
		}
		var seen []any
		err := db.Scan(ctx, q+` ORDER BY `+place+` LIMIT `+strconv.Itoa(10*batch), last, func(x *store.Row) error {
			if len(todo) == batch {
				return nil
			}
			at, parts := t.at(x)
			old := x.Text(0)
			seen = parts
			got, err := fresh(at, old)
			if err == nil && got != "" {
				todo = append(todo, slices.Concat([]any{got}, parts, []any{old}))
			}
			return err
		})
		if err != nil || seen == nil {
			return err
		}
		last = seen
		if len(todo) == 0 {
			continue
		}
		err = tx(func(tx *store.Tx) error {
			for _, args := range todo {
				if _, err := tx.Exec(ctx, set, args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		done(len(todo))
	}
}

// formerTexts seals the texts that former releases wrote in clear, and leaves nothing
// of them in free pages. It does so once; where it was interrupted, a text that opens
// was sealed before.
func formerTexts(ctx context.Context, db *store.DB) error {
	var tables, todo []string
	for _, t := range texts {
		key, done := "sealed:"+t.name(), ""
		if !t.former {
			continue
		}
		err := db.QueryRow(ctx, `SELECT value FROM setting WHERE key = ?`, key).Scan(&done)
		if err == nil {
			continue
		}
		any := false
		if errors.Is(err, sql.ErrNoRows) {
			any, err = t.sealAll(ctx, db)
		}
		if err != nil {
			return fmt.Errorf("seal %s: %w", t.name(), err)
		}
		if any && !slices.Contains(tables, t.table) {
			tables = append(tables, t.table)
		}
		todo = append(todo, key)
	}
	if len(tables) > 0 {
		if err := db.Rewrite(ctx, tables); err != nil {
			return err
		}
	}
	for _, key := range todo {
		if _, err := db.Exec(ctx, `INSERT INTO setting (key, value) VALUES (?, '1') ON CONFLICT (key) DO NOTHING`, key); err != nil {
			return fmt.Errorf("note what is sealed: %w", err)
		}
	}
	return nil
}

// sealAll seals what lies in clear in one column; any says whether it has texts.
func (t text) sealAll(ctx context.Context, db *store.DB) (any bool, err error) {
	s := db.Vault().Sealer()
	seal := func(place, old string) (string, error) {
		any = true
		if _, err := s.OpenText(place, old); !errors.Is(err, vault.ErrAltered) {
			return "", err
		}
		return s.SealText(place, old)
	}
	err = t.walk(ctx, db, func(f func(*store.Tx) error) error { return db.Tx(ctx, f) }, seal, func(int) {})
	return any, err
}

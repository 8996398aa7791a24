package beside

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// Alias is a former key and the one that has taken its place.
type Alias struct{ Old, New string }

// Scanner is a database or a transaction that reads row by row.
type Scanner interface {
	Scan(ctx context.Context, q string, args []any, each func(*store.Row) error) error
}

// Book keeps the aliases of one database. Where a key is sealed, the columns have
// tokens and the keys themselves stand sealed beside them.
type Book struct{ DB *store.DB }

// place is what the sealed keys of an alias belong to.
func place(entity, oldToken, newToken string) string {
	return vault.Place("alias", entity, oldToken, newToken)
}

// wasClear begins the sealed keys of an alias that was written in clear: the
// digest of its commit took it so.
const wasClear = "!"

// open reads the columns old_key, new_key and clear of a row. digested are the keys
// as the digest takes them.
func (b Book) open(entity string, r *store.Row, i int) (a, digested Alias, err error) {
	a = Alias{r.Text(i), r.Text(i + 1)}
	clear := r.Text(i + 2)
	if clear == "" {
		return a, a, nil
	}
	text, err := b.DB.Vault().Sealer().OpenText(place(entity, a.Old, a.New), clear)
	if err != nil {
		return a, a, fmt.Errorf("open an alias of %s: %w", entity, err)
	}
	digested = a
	text, was := strings.CutPrefix(text, wasClear)
	a.Old, a.New, _ = strings.Cut(text, "\x00")
	if was {
		digested = a
	}
	return a, digested, nil
}

// Seal seals the aliases of an entity that were written before its key was.
func (b Book) Seal(ctx context.Context, tx *store.Tx, e *catalog.Entity) error {
	if len(e.Key) != 1 || b.DB.Form(e.Name).Rest(e.Key[0]) != catalog.Token {
		return nil
	}
	type row struct {
		Alias
		seq int64
	}
	var rows []row
	err := tx.Scan(ctx, `SELECT old_key, new_key, seq_from FROM alias WHERE entity = ? AND clear = ''`, []any{e.Name}, func(r *store.Row) error {
		rows = append(rows, row{Alias{r.Text(0), r.Text(1)}, r.Int(2)})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read aliases of %s: %w", e.Name, err)
	}
	s := b.DB.Vault().Sealer()
	for _, a := range rows {
		old, now := b.DB.Stored(e.Name, e.Key[0], a.Old), b.DB.Stored(e.Name, e.Key[0], a.New)
		clear, err := s.SealText(place(e.Name, old, now), wasClear+a.Old+"\x00"+a.New)
		if err != nil {
			return fmt.Errorf("seal aliases of %s: %w", e.Name, err)
		}
		if _, err := tx.Exec(ctx, `UPDATE alias SET old_key = ?, new_key = ?, clear = ? WHERE entity = ? AND old_key = ? AND seq_from = ?`,
			old, now, clear, e.Name, a.Old, a.seq); err != nil {
			return fmt.Errorf("seal aliases of %s: %w", e.Name, err)
		}
	}
	return nil
}

// Extras digests what a commit wrote beside versions: attestations and aliases;
// nil if there is none, so that older commits keep their digests.
func (b Book) Extras(ctx context.Context, q Scanner, seq int64) ([]byte, error) {
	var buf []byte
	err := q.Scan(ctx, `SELECT rid, rec, on_date, was FROM attestation WHERE seq = ? ORDER BY rid`, []any{seq}, func(r *store.Row) error {
		for i := range 4 {
			buf = chain.AppendInt(buf, r.Int(i))
		}
		if len(buf) > 64<<10 {
			buf = chain.Fold(buf)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read attestations: %w", err)
	}
	if len(buf) > 0 {
		buf = append([]byte("attested"), chain.Fold(buf)...)
	}
	for _, col := range []string{"seq_from", "seq_to"} {
		var all []Alias
		err := q.Scan(ctx, `SELECT entity, old_key, new_key, clear FROM alias WHERE `+col+` = ?`, []any{seq}, func(r *store.Row) error {
			_, a, err := b.open(r.Text(0), r, 1)
			all = append(all, a)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read aliases: %w", err)
		}
		slices.SortFunc(all, func(a, b Alias) int { return strings.Compare(a.Old, b.Old) })
		for _, a := range all {
			buf = chain.AppendText(chain.AppendText(append(buf, col...), a.Old), a.New)
		}
	}
	return buf, nil
}

// Of returns the keys that records of an entity used to have, each with the
// present one.
func (b Book) Of(ctx context.Context, q Scanner, entity string) (map[string]string, error) {
	var out map[string]string
	err := q.Scan(ctx, `SELECT old_key, new_key, clear FROM alias WHERE entity = ? AND seq_to = 0`, []any{entity}, func(r *store.Row) error {
		a, _, err := b.open(entity, r, 0)
		if err != nil {
			return err
		}
		if out == nil {
			out = map[string]string{}
		}
		out[a.Old] = a.New
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read aliases of %s: %w", entity, err)
	}
	for k, v := range out { // a record merged into one that was merged itself
		for range len(out) {
			next, ok := out[v]
			if !ok || next == k {
				break
			}
			v = next
		}
		out[k] = v
	}
	return out, nil
}

// Heir is the record that stands in the place of one that was removed when its
// key became an alias; 0 if there is none. A record that is there is its own.
// Keys are compared as they are stored, so that nothing needs to be opened.
func (b Book) Heir(ctx context.Context, q Scanner, e *catalog.Entity, rec int64) (int64, error) {
	if len(e.Key) != 1 {
		return 0, nil
	}
	table, col := store.Table(e.Name), store.Col(e.Key[0])
	one := func(text string, args []any, into func(*store.Row)) error {
		err := q.Scan(ctx, text, args, func(r *store.Row) error {
			into(r)
			return nil
		})
		if err != nil {
			return fmt.Errorf("find who took the place of a record of %s: %w", e.Name, err)
		}
		return nil
	}
	key, there := "", int64(0)
	err := one(`SELECT CAST(`+col+` AS TEXT), CASE WHEN _to IS NULL THEN 1 ELSE 0 END FROM `+table+` WHERE _rid = ? OR (_rec = ? AND _rec <> _rid) ORDER BY _rid DESC LIMIT 1`,
		[]any{rec, rec}, func(r *store.Row) { key, there = r.Text(0), r.Int(1) })
	if err != nil || key == "" || there == 1 || !e.KeyFields()[0].Type.IsText() {
		return rec * there, err
	}
	for seen := map[string]bool{}; !seen[key]; { // one may have been merged into another that was merged itself
		seen[key] = true
		if err := one(`SELECT new_key FROM alias WHERE entity = ? AND old_key = ? AND seq_to = 0`, []any{e.Name, key},
			func(r *store.Row) { key = r.Text(0) }); err != nil {
			return 0, err
		}
	}
	heir := int64(0)
	err = one(`SELECT _rec FROM `+table+` WHERE `+col+` = ? AND _to IS NULL`, []any{key}, func(r *store.Row) { heir = r.Int(0) })
	return heir, err
}

// Write begins and ends aliases with a commit.
func (b Book) Write(ctx context.Context, tx *store.Tx, e *catalog.Entity, seq int64, add []Alias, end []string) error {
	for _, old := range end {
		if _, err := tx.Exec(ctx, `UPDATE alias SET seq_to = ? WHERE entity = ? AND old_key = ? AND seq_to = 0`, seq, e.Name, b.DB.Stored(e.Name, e.Key[0], old)); err != nil {
			return fmt.Errorf("end alias: %w", err)
		}
	}
	for _, a := range add {
		if a.Old == "" || a.New == "" || a.Old == a.New {
			return fmt.Errorf("an alias of %s needs two different keys", e.Name)
		}
		old, now, clear := b.DB.Stored(e.Name, e.Key[0], a.Old), b.DB.Stored(e.Name, e.Key[0], a.New), ""
		if old != a.Old {
			var err error
			if clear, err = b.DB.Vault().Sealer().SealText(place(e.Name, old, now), a.Old+"\x00"+a.New); err != nil {
				return fmt.Errorf("write alias: %w", err)
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO alias (entity, old_key, new_key, seq_from, seq_to, clear) VALUES (?, ?, ?, ?, 0, ?)`, e.Name, old, now, seq, clear); err != nil {
			return fmt.Errorf("write alias: %w", err)
		}
	}
	return nil
}

// Undo takes the aliases of a commit back: those it began end, those it ended
// begin again.
func (b Book) Undo(ctx context.Context, tx *store.Tx, of, seq int64) error {
	if _, err := tx.Exec(ctx, `INSERT INTO alias (entity, old_key, new_key, seq_from, seq_to, clear)
		SELECT entity, old_key, new_key, CAST(? AS BIGINT), 0, clear FROM alias WHERE seq_to = ?`, seq, of); err != nil {
		return fmt.Errorf("take aliases back: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE alias SET seq_to = ? WHERE seq_from = ? AND seq_to = 0`, seq, of); err != nil {
		return fmt.Errorf("take aliases back: %w", err)
	}
	return nil
}

package reseal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// Report is what a rotation did.
type Report struct {
	Key     uint32   `json:"key"` // the one that everything is sealed with now
	Rows    int64    `json:"rows"`
	Texts   int64    `json:"texts"`
	Files   int64    `json:"files"`
	Retired []uint32 `json:"retired"` // numbers of the keys that are gone
}

// batch is how many rows are sealed anew in one transaction: others write between.
const batch = 2000

// NewKey makes a data key, which everything is sealed with from then on, unless
// there are several: then a rotation was interrupted, or a key manager made one, and
// Rotate is to finish with those first. Of several processes only one makes one.
func NewKey(ctx context.Context, db *store.DB, day time.Time) error {
	return db.Tx(ctx, func(tx *store.Tx) error {
		v := db.Vault()
		if err := v.Refresh(); err != nil {
			return err
		}
		if v.Managed() || len(v.Numbers()) > 1 {
			return nil
		}
		if _, err := v.Rotate(day); err != nil {
			return err
		}
		return tx.NoteKeys(ctx, v)
	})
}

// Rotate seals everything with the current key that is sealed with another one, in
// small transactions, while others read and write, and then retires the other keys.
// It may be interrupted and run again at any time. dir is the data folder. p is
// told "rows ENTITY", "texts TABLE" and "files".
func Rotate(ctx context.Context, db *store.DB, dir string, p luoshu.Progress) (Report, error) {
	r := &rotation{ctx: ctx, db: db, v: db.Vault(), dir: dir, tell: p}
	r.out.Key, r.out.Retired = r.v.Current(), []uint32{}
	// Whoever began to write with another key has ended when this transaction
	// begins; whoever begins after it takes the current one.
	if err := r.tx(func(tx *store.Tx) error { return tx.NoteKeys(ctx, r.v) }); err != nil {
		return r.out, err
	}
	for left := true; left; {
		var err error
		if left, err = r.pass(); err != nil {
			return r.out, err
		}
	}
	return r.out, r.retire()
}

type rotation struct {
	ctx  context.Context
	db   *store.DB
	v    *vault.Vault
	dir  string
	tell luoshu.Progress
	out  Report
}

// patience is how often a transaction is tried that could not begin.
const patience = 20

// tx runs a write transaction, and again when another program held the database for
// too long.
func (r *rotation) tx(f func(*store.Tx) error) error {
	for tries := 1; ; tries++ {
		err := r.db.Tx(r.ctx, f)
		var e *luoshu.Error
		if !errors.As(err, &e) || e.Kind != luoshu.Unavailable || r.ctx.Err() != nil || tries == patience {
			return err
		}
	}
}

// pass goes through everything once; left says that something was found.
func (r *rotation) pass() (left bool, err error) {
	before := r.out.Rows + r.out.Texts + r.out.Files
	for _, name := range r.db.Forms() {
		if err := r.rows(name); err != nil {
			return false, fmt.Errorf("seal %s anew: %w", name, err)
		}
	}
	for _, t := range texts {
		if err := r.texts(t); err != nil {
			return false, fmt.Errorf("seal %s anew: %w", t.table, err)
		}
	}
	if err := r.files(); err != nil {
		return false, fmt.Errorf("seal files anew: %w", err)
	}
	return r.out.Rows+r.out.Texts+r.out.Files > before, nil
}

// rows walks one table. Envelopes are not part of a row's hash, and nobody else
// changes them.
func (r *rotation) rows(entity string) error {
	type row struct {
		rid int64
		x   []byte
	}
	cells, table := r.db.Form(entity).Cells(nil), store.Table(entity)
	var top int64
	if err := r.db.QueryRow(r.ctx, `SELECT coalesce(max(_rid), 0) FROM `+table).Scan(&top); err != nil {
		return err
	}
	for last := int64(0); last < top; {
		var todo []row
		r.tell.Tell("rows "+entity, last, top)
		seen := last
		err := r.db.Scan(r.ctx, `SELECT _rid, _h, `+store.Envelope+` FROM `+table+` WHERE _rid > ? ORDER BY _rid LIMIT ?`,
			[]any{last, int64(10 * batch)}, func(x *store.Row) error {
				if len(todo) == batch {
					return nil
				}
				seen = x.Int(0)
				if env := x.Bytes(2); len(env) > 0 && vault.KeyOf(env) != r.out.Key {
					fresh, err := cells.Anew(env, x.Bytes(1))
					if err != nil {
						return fmt.Errorf("version %d: %w", seen, err)
					}
					todo = append(todo, row{seen, fresh})
				}
				return nil
			})
		if err != nil {
			return err
		}
		if seen == last {
			break
		}
		last = seen
		if len(todo) == 0 {
			continue
		}
		err = r.tx(func(tx *store.Tx) error {
			st, err := tx.Prepare(r.ctx, `UPDATE `+table+` SET `+store.Envelope+` = ? WHERE _rid = ?`)
			if err != nil {
				return err
			}
			defer st.Close()
			for _, x := range todo {
				if _, err := st.ExecContext(r.ctx, x.x, x.rid); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		r.out.Rows += int64(len(todo))
	}
	return nil
}

// texts brings the sealed texts of one column under the current key.
func (r *rotation) texts(t text) error {
	s := r.v.Sealer()
	anew := func(place, old string) (string, error) {
		if vault.TextKey(old) == r.out.Key {
			return "", nil
		}
		clear, err := s.OpenText(place, old)
		if err != nil {
			return "", err
		}
		return s.SealText(place, clear)
	}
	return t.walk(r.ctx, r.db, r.tx, anew, func(n int) {
		r.out.Texts += int64(n)
		r.tell.Tell("texts "+t.table, r.out.Texts, 0)
	})
}

// files gives the own key of every kept file and cube a new cover.
func (r *rotation) files() error {
	n := int64(0)
	return eachSealed(r.ctx, r.dir, func(path string) error {
		n++
		r.tell.Tell("files", n, 0)
		k, err := r.v.FileKey(path)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		if k == r.out.Key {
			return nil
		}
		r.out.Files++
		return r.v.RekeyFile(path)
	})
}

// eachSealed calls f for everything of a data folder that is a sealed file.
func eachSealed(ctx context.Context, dir string, f func(path string) error) error {
	if err := eachFile(ctx, dir, f); err != nil {
		return err
	}
	cubes, err := filepath.Glob(filepath.Join(dir, "seals", "*", "[^.]*.cube"))
	if err != nil {
		return err
	}
	for _, path := range cubes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(path); err != nil && !errors.Is(err, os.ErrNotExist) { // one may be replaced meanwhile
			return err
		}
	}
	return nil
}

// eachFile calls f for every kept file of a data folder.
func eachFile(ctx context.Context, dir string, f func(path string) error) error {
	err := filepath.WalkDir(filepath.Join(dir, "files"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return nil
		}
		return f(path)
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// retire drops the keys that nothing uses any more. While it looks at the files
// nobody can add one: that takes the write transaction which is held here.
func (r *rotation) retire() error {
	var old []uint32
	for _, k := range r.v.Numbers() {
		if k.Number != r.out.Key {
			old = append(old, k.Number)
		}
	}
	if len(old) == 0 || r.v.Current() != r.out.Key {
		return nil
	}
	err := r.tx(func(tx *store.Tx) error {
		if err := r.files(); err != nil {
			return err
		}
		for _, n := range old {
			if err := tx.RetireKey(r.ctx, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.out.Retired = old
	if r.v.Managed() {
		return nil // the key manager drops them
	}
	// Only then does the file lose them: one that lacks a key which the database
	// has would not open the city. Nobody else changes the file meanwhile.
	return r.tx(func(*store.Tx) error { return r.v.Retire(old) })
}

package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"luoshu"
	"luoshu/kernel/intake"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// path is where a kept file lies.
func (d *Desk) path(sha string) string {
	if len(sha) < 2 {
		return filepath.Join(d.dir, "files", "none")
	}
	return filepath.Join(d.dir, "files", sha[:2], sha)
}

// keep seals r under the SHA-256 of what it reads and notes it in the table of
// files. Nothing of it lies in clear at any time. When it returns, the bytes are on disk under their final name; a crash before leaves at
// most a file whose name begins with a dot, which nothing refers to.
func (d *Desk) keep(ctx context.Context, r io.Reader, name string) (ledger.Source, error) {
	root := filepath.Join(d.dir, "files")
	if err := os.MkdirAll(root, 0o750); err != nil {
		return ledger.Source{}, fmt.Errorf("keep file: %w", err)
	}
	tmp, err := os.CreateTemp(root, ".in-*")
	if err != nil {
		return ledger.Source{}, fmt.Errorf("keep file: %w", err)
	}
	defer os.Remove(tmp.Name())
	sum, size := sha256.New(), int64(0)
	out, err := d.seal(tmp)
	if err == nil {
		size, err = io.Copy(io.MultiWriter(out, sum), &limited{ctx: ctx, r: r, left: d.MaxFile, max: d.MaxFile})
	}
	if err == nil {
		err = errors.Join(out.Close(), tmp.Sync())
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		var known *luoshu.Error
		if errors.As(err, &known) {
			return ledger.Source{}, known
		}
		return ledger.Source{}, fmt.Errorf("keep file: %w", err)
	}
	src := ledger.Source{SHA256: hex.EncodeToString(sum.Sum(nil)), Name: filepath.Base(name), Size: size}
	to, moved := d.path(src.SHA256), false
	if _, err := os.Stat(to); err != nil {
		moved = true
		if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
			return ledger.Source{}, fmt.Errorf("keep file: %w", err)
		}
		if err := os.Rename(tmp.Name(), to); err != nil {
			return ledger.Source{}, fmt.Errorf("keep file: %w", err)
		}
		if err := syncDir(filepath.Dir(to)); err != nil {
			return ledger.Source{}, fmt.Errorf("keep file: %w", err)
		}
	}
	err = d.db.Tx(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO file (sha256, name, size, at) VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING`,
			src.SHA256, src.Name, src.Size, d.now().UTC().Format(time.RFC3339))
		if err != nil {
			return err
		}
		// The key may have been retired while the file was being copied.
		if known, err := tx.KnowsKey(ctx, out.Key()); known || err != nil {
			return err
		}
		if !moved {
			return nil
		}
		if err := d.db.Vault().Refresh(); err != nil {
			return err
		}
		return out.Rekey(to)
	})
	if err != nil {
		return ledger.Source{}, fmt.Errorf("keep file: %w", err)
	}
	return src, nil
}

// seal begins a sealed file with the newest key.
func (d *Desk) seal(w io.Writer) (*vault.FileWriter, error) {
	v := d.db.Vault()
	if v == nil {
		return nil, luoshu.Errorf(luoshu.Unavailable, "没有密钥，不能保存文件", "there are no keys, so no file can be kept")
	}
	if err := v.Refresh(); err != nil {
		return nil, err
	}
	return v.NewFileWriter(w)
}

// sweep removes what a crash left of files that were being copied.
func (d *Desk) sweep() error {
	left, err := filepath.Glob(filepath.Join(d.dir, "files", ".in-*"))
	more, _ := filepath.Glob(filepath.Join(d.dir, "files", "*", ".seal-*"))
	left = append(left, more...)
	for _, p := range left {
		err = errors.Join(err, os.Remove(p))
	}
	if err != nil {
		return fmt.Errorf("remove unfinished copies: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// limited reads until the context ends or more than max bytes came.
type limited struct {
	ctx  context.Context
	r    io.Reader
	left int64
	max  int64
}

// Read reads on.
func (l *limited) Read(b []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := l.r.Read(b)
	if l.left -= int64(n); l.left < 0 {
		return n, tooLarge(l.max)
	}
	return n, err
}

var shaForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// kept opens a kept file.
func (d *Desk) kept(ctx context.Context, sha string) (intake.File, io.Closer, error) {
	none := luoshu.Errorf(luoshu.NotFound, "没有这个文件", "there is no such file")
	if !shaForm.MatchString(sha) {
		return intake.File{}, nil, none
	}
	var name string
	if err := d.db.QueryRow(ctx, `SELECT name FROM file WHERE sha256 = ?`, sha).Scan(&name); err != nil {
		none.Cause = err
		return intake.File{}, nil, none
	}
	f, err := d.db.Vault().OpenFile(d.path(sha))
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			none.Cause = err
			return intake.File{}, nil, none
		}
		return intake.File{}, nil, fmt.Errorf("open kept file %s: %w", sha, err)
	}
	return intake.File{Name: name, R: f, Size: f.Size()}, f, nil
}

// FileRow is a row as it was handed in. Field names the entity's field of each
// column, "" for a column that is none, so that the reader can mask it.
type FileRow struct {
	Name    string
	Sheet   string
	Row     int
	Headers []string
	Fields  []string
	Cells   []string
}

// RowOf reads row n of a kept file again, as the sheet of the entity shows it.
func (d *Desk) RowOf(ctx context.Context, sha, entity string, n int) (FileRow, error) {
	f, c, err := d.kept(ctx, sha)
	if err != nil {
		return FileRow{}, err
	}
	defer c.Close()
	sum, cells, err := intake.RowAt(ctx, f, d.cat, entity, n)
	if err != nil {
		return FileRow{}, err
	}
	out := FileRow{Name: f.Name, Sheet: sum.Sheet, Row: n, Headers: sum.Headings, Cells: cells, Fields: make([]string, len(sum.Headings))}
	e := d.cat.Entity(entity)
	for i, col := range sum.Place {
		if col > 0 && col <= len(out.Fields) {
			out.Fields[col-1] = e.Fields[i].Name
		}
	}
	return out, nil
}

// Package parquet writes the records that figures are made of as columns, one
// file an entity in a seal's folder with a manifest beside them, and reads the
// columns that a scan of such files gives back.
package parquet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	pq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// Manifest says what a seal's folder holds. It is replaced as a whole after
// every file, so a stopped computation goes on where it was.
type Manifest struct {
	Seal    string `json:"seal"`
	Seq     int64  `json:"seq"`
	Hash    string `json:"hash"`
	Catalog string `json:"catalog"`
	Files   []File `json:"files"`
}

// File is one entity's file.
type File struct {
	Entity  string   `json:"entity"`
	File    string   `json:"file"`
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"bytes"`
	SHA256  string   `json:"sha256"`
	Columns []Column `json:"columns"`
}

// Column is a column of a File; Min and Max are those of its integers.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Min  *int64 `json:"min,omitempty"`
	Max  *int64 `json:"max,omitempty"`
	// Token says that the column has tokens in the place of values.
	Token bool `json:"token,omitempty"`
}

// ManifestName is the manifest's file in the folder of a seal.
const ManifestName = "manifest.json"

// ReadManifest returns the manifest of a seal's folder, an empty one if there is
// none or it is another seal's.
func ReadManifest(dir, seal string, seq int64, hash string) *Manifest {
	fresh := &Manifest{Seal: seal, Seq: seq, Hash: hash}
	b, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if err != nil {
		return fresh
	}
	var m Manifest
	if json.Unmarshal(b, &m) != nil || m.Seal != seal || m.Seq != seq || m.Hash != hash {
		return fresh
	}
	return &m
}

// Save replaces the manifest of a folder; a crash leaves the old one or the new.
func (m *Manifest) Save(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".manifest-*")
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(b, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, ManifestName)); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// File is the entry of an entity, nil if there is none.
func (m *Manifest) File(entity string) *File {
	for i := range m.Files {
		if m.Files[i].Entity == entity {
			return &m.Files[i]
		}
	}
	return nil
}

// Column is a column by name, nil if there is none.
func (f *File) Column(name string) *Column {
	for i := range f.Columns {
		if f.Columns[i].Name == name {
			return &f.Columns[i]
		}
	}
	return nil
}

// Has reports whether the file is there, whole, with all the columns.
func (m *Manifest) Has(dir, entity string, fields []*catalog.Field) bool {
	f := m.File(entity)
	if f == nil {
		return false
	}
	st, err := os.Stat(filepath.Join(dir, f.File))
	if err != nil || st.Size() != f.Bytes {
		return false
	}
	for _, x := range fields {
		if c := f.Column(x.Name); c == nil || c.Token != (x.Rest == catalog.Token) {
			return false
		}
	}
	return true
}

// Forget removes the files of a seal's folder that hold values in clear which the
// catalog has sealed since. They are written again when they are needed.
func Forget(dir string, cat *catalog.Catalog) error {
	b, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var m Manifest
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		return fmt.Errorf("read manifest: %w", err)
	}
	var keep []File
	for _, f := range m.Files {
		if !f.clear(cat.Entity(f.Entity)) {
			keep = append(keep, f)
			continue
		}
		if err := os.Remove(filepath.Join(dir, filepath.Base(f.File))); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", f.File, err)
		}
	}
	if len(keep) == len(m.Files) {
		return nil
	}
	m.Files = keep
	return m.Save(dir)
}

// clear reports whether the file has values of fields that the entity seals.
func (f *File) clear(e *catalog.Entity) bool {
	for _, c := range f.Columns {
		if e == nil {
			break
		}
		if x := e.Field(c.Name); x != nil && x.Rest != catalog.InClear && !c.Token {
			return true
		}
	}
	return false
}

// rowGroup is how many rows are held in memory and written as one group.
const rowGroup = 128 << 10

// writer turns the current rows of one entity into a Parquet file.
type writer struct {
	entity *catalog.Entity
	fields []*catalog.Field
	schema *arrow.Schema
	cols   []Column
	seen   []bool
	text   []bool
	rows   int64
}

func newWriter(e *catalog.Entity, fields []*catalog.Field) *writer {
	w := &writer{entity: e, fields: fields}
	add := func(name string, text, token bool) {
		c := Column{Name: name, Type: "int64", Token: token}
		t := arrow.DataType(arrow.PrimitiveTypes.Int64)
		if text {
			c.Type, t = "utf8", arrow.BinaryTypes.String
		}
		w.cols, w.text, w.seen = append(w.cols, c), append(w.text, text), append(w.seen, false)
		w.schema = arrow.NewSchema(append(w.schemaFields(), arrow.Field{Name: name, Type: t, Nullable: true}), nil)
	}
	add("_rec", false, false)
	add("_verified", false, false)
	for _, f := range fields {
		add(f.Name, f.Type.IsText(), f.Rest == catalog.Token)
	}
	return w
}

func (w *writer) schemaFields() []arrow.Field {
	if w.schema == nil {
		return nil
	}
	return w.schema.Fields()
}

// query selects the columns of the rows as of the seal in the order they came.
func (w *writer) query(rows Rows) string {
	names := make([]string, len(w.cols))
	for i, c := range w.cols {
		if names[i] = store.Col(c.Name); c.Name == "_verified" && rows.Verified != "" {
			names[i] = rows.Verified + " AS _verified"
		}
	}
	where := ""
	if rows.Live != "" {
		where = " WHERE " + rows.Live
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM " + store.Table(w.entity.Name) + " AS f" + where + " ORDER BY _rid"
}

// write streams the rows of a query into out. Reading and encoding run side by
// side with two groups of rows in memory.
func (w *writer) write(ctx context.Context, tx *store.Tx, rows Rows, out io.Writer, told func(rows int64)) error {
	props := pq.NewWriterProperties(
		pq.WithCompression(compress.Codecs.Zstd), pq.WithCompressionLevel(1),
		pq.WithMaxRowGroupLength(rowGroup), pq.WithVersion(pq.V2_LATEST), pq.WithCreatedBy("luoshu"))
	fw, err := pqarrow.NewFileWriter(w.schema, out, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	batches := make(chan arrow.RecordBatch)
	failed := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(failed)
		for b := range batches {
			err := fw.Write(b)
			b.Release()
			if err != nil {
				failed <- err
				cancel()
				for b := range batches {
					b.Release()
				}
				return
			}
		}
	}()
	err = w.read(ctx, tx, rows, batches, told)
	close(batches)
	if werr := <-failed; werr != nil {
		err = werr
	}
	return errors.Join(err, fw.Close())
}

func (w *writer) read(ctx context.Context, tx *store.Tx, rows Rows, batches chan<- arrow.RecordBatch, told func(int64)) error {
	rb := array.NewRecordBuilder(memory.NewGoAllocator(), w.schema)
	defer rb.Release()
	put := make([]func(*store.Row), len(w.cols))
	for i := range w.cols {
		if w.text[i] {
			b := rb.Field(i).(*array.StringBuilder)
			put[i] = func(r *store.Row) {
				if v := r.Bytes(i); v != nil {
					b.BinaryBuilder.Append(v)
				} else {
					b.AppendNull()
				}
			}
			continue
		}
		b := rb.Field(i).(*array.Int64Builder)
		put[i] = func(r *store.Row) {
			v := r.Int(i)
			if v == 0 && r.Null(i) {
				b.AppendNull()
				return
			}
			b.Append(v)
			w.widen(i, v)
		}
	}
	held := 0
	flush := func() error {
		told(w.rows)
		held = 0
		select {
		case batches <- rb.NewRecordBatch():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := tx.Scan(ctx, w.query(rows), nil, func(r *store.Row) error {
		for _, f := range put {
			f(r)
		}
		w.rows++
		if held++; held < rowGroup {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// widen widens the known range of a column.
func (w *writer) widen(i int, v int64) {
	c := &w.cols[i]
	if !w.seen[i] {
		lo, hi := v, v
		c.Min, c.Max, w.seen[i] = &lo, &hi, true
		return
	}
	*c.Min, *c.Max = min(*c.Min, v), max(*c.Max, v)
}

// Rows says which versions of an entity are written, in SQL over the alias f: the
// condition that holds for them, and the day on which each was last confirmed, ""
// for all of them and for the column as it stands.
type Rows struct{ Live, Verified string }

// Write writes rows of an entity beside the file's name, renames it and returns its entry. told
// hears how many rows have been read.
func Write(ctx context.Context, tx *store.Tx, dir string, ent *catalog.Entity, fields []*catalog.Field, rows Rows, told func(rows int64)) (File, error) {
	name := ent.Name + ".parquet"
	f, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return File{}, fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(f.Name())
	sum := sha256.New()
	out := &counter{w: io.MultiWriter(f, sum)}
	w := newWriter(ent, fields)
	err = w.write(ctx, tx, rows, out, told)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return File{}, fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
		return File{}, fmt.Errorf("write %s: %w", name, err)
	}
	return File{
		Entity: ent.Name, File: name, Rows: w.rows, Bytes: out.n,
		SHA256: hex.EncodeToString(sum.Sum(nil)), Columns: w.cols,
	}, nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

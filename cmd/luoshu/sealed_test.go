package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/city"
	"luoshu/kernel/load"
	"luoshu/kernel/records"
	"luoshu/packs"
)

// secrets are the sealed values of a city: identifiers to look up, texts to search for.
type secrets struct {
	ids   map[string]bool
	texts map[string]bool
}

// idForm is what identifiers and telephones look like in a file.
var idForm = regexp.MustCompile(`[GJL]?[0-9]{11,17}[0-9X]?`)

// collect reads the sealed values of a city through the house.
func collect(t *testing.T, ct *city.City) secrets {
	t.Helper()
	s := secrets{map[string]bool{}, map[string]bool{}}
	for _, e := range ct.Catalog.Entities {
		var fields []string
		for _, f := range e.Fields {
			if f.Rest != catalog.InClear && f.Type != catalog.TypeCode && f.Type.IsText() {
				fields = append(fields, f.Name)
			}
		}
		if len(fields) == 0 {
			continue
		}
		err := ct.Records.Each(context.Background(), records.Query{Entity: e.Name, Fields: fields}, func(v *records.Version) error {
			for _, x := range v.Values {
				switch {
				case len(x.S) < 11:
				case idForm.FindString(x.S) == x.S:
					s.ids[x.S] = true
				case len(s.texts) < 300:
					s.texts[x.S] = true
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(s.ids) < 200 || len(s.texts) < 100 {
		t.Fatalf("%d identifiers and %d texts: too few to look for", len(s.ids), len(s.texts))
	}
	return s
}

// in lists what of the secrets stands in a text.
func (s secrets) in(b []byte) (found []string) {
	for _, m := range idForm.FindAll(b, -1) {
		for n := 11; n <= len(m); n++ { // whatever stands around it
			for i := 0; i+n <= len(m); i++ {
				if s.ids[string(m[i:i+n])] {
					found = append(found, string(m[i:i+n]))
				}
			}
		}
	}
	for x := range s.texts {
		if bytes.Contains(b, []byte(x)) {
			found = append(found, x)
		}
	}
	return found
}

// columns returns the texts of a Parquet file, one a line.
func columns(t *testing.T, path string) []byte {
	t.Helper()
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.NewGoAllocator())
	if err != nil {
		t.Fatal(err)
	}
	table, err := r.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	var out bytes.Buffer
	for i := range int(table.NumCols()) {
		for _, chunk := range table.Column(i).Data().Chunks() {
			if a, ok := chunk.(*array.String); ok {
				for k := range a.Len() {
					out.WriteString(a.Value(k) + "\n")
				}
			}
		}
	}
	return out.Bytes()
}

// Nothing in the data folder of a loaded city shows what is sealed: not the
// database, not its log, no file handed in, no copy that figures are made from, no
// verdict on an upload.
func TestDataFolderShowsNothingSealed(t *testing.T) {
	ctx, dir := t.Context(), filepath.Join(t.TempDir(), "city")
	var log bytes.Buffer
	if code := run(ctx, []string{"demo", "--data", dir, "--scale", "0.002"}, io.Discard, &log); code != 0 {
		t.Fatal(code, log.String())
	}
	ct, err := city.Open(ctx, dir, packs.FS, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer ct.Close()
	s := collect(t, ct)
	upload(t, ct)
	seen, parquets, kept := 0, 0, 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d.Name() == "inbox" {
				return fs.SkipDir // what the offices hand in
			}
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		if strings.Contains(path, string(filepath.Separator)+"files"+string(filepath.Separator)) {
			kept++
		}
		if filepath.Ext(path) == ".parquet" {
			parquets++
			b = append(b, columns(t, path)...)
		}
		if found := s.in(b); len(found) > 0 {
			t.Errorf("%s holds %d sealed values", path, len(found))
		}
		return nil
	})
	if err != nil || parquets == 0 || kept == 0 || seen < 10 {
		t.Fatal(seen, parquets, kept, err)
	}
	// The search does find what is there: in the files as they were handed in.
	found := 0
	inbox, _ := filepath.Glob(filepath.Join(dir, "inbox", "*.csv"))
	for _, p := range inbox {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		found += len(s.in(b))
	}
	if found == 0 {
		t.Error("the search finds nothing anywhere")
	}
	if p, err := ct.Ledger.Check(ctx, nil); err != nil || len(p) > 0 {
		t.Error(p, err)
	}
}

// upload stages a sheet that changes the telephone of every record of an entity.
func upload(t *testing.T, ct *city.City) {
	t.Helper()
	ctx := t.Context()
	e := ct.Catalog.Entity("student")
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	var names []string
	for _, f := range e.Fields {
		names = append(names, f.Name)
	}
	if err := w.Write(names); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := ct.Records.Each(ctx, records.Query{Entity: e.Name, Limit: 200}, func(v *records.Version) error {
		n++
		var line []string
		for i, f := range e.Fields {
			text := v.Values[i].String()
			if f.Type == catalog.TypeDecimal && text != "" {
				text = luoshu.FormatDecimal(v.Values[i].I, f.Scale)
			}
			if f.Name == "phone" {
				text = fmt.Sprintf("139%08d", n)
			}
			line = append(line, text)
		}
		return w.Write(line)
	})
	w.Flush()
	if err != nil {
		t.Fatal(err)
	}
	if err := ct.Desk.Serve(ctx, ct.Access.Writer); err != nil {
		t.Fatal(err)
	}
	defer ct.Desk.Close()
	id, err := ct.Desk.Stage(ctx, load.Submission{Entity: e.Name, Name: "phones.csv", R: &b, Actor: operator()})
	if err != nil {
		t.Fatal(err)
	}
	ct.Desk.Wait()
	rows, total, err := ct.Desk.UploadRows(ctx, id, "changed", 0, 10)
	if err != nil || total < 100 || len(rows) == 0 || len(rows[0].Changes) == 0 || rows[0].Changes[0].Before.S == "" {
		u, _ := ct.Desk.Upload(ctx, id)
		t.Fatalf("%d rows %+v %v %+v", total, rows, err, u)
	}
}

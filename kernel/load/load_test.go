package load_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/load"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/packs"
)

type desk struct {
	*load.Desk
	t   *testing.T
	dir string
	db  *store.DB
	led *ledger.Ledger
	cat *catalog.Catalog
}

func clock() time.Time { return time.Date(2025, 9, 20, 8, 0, 0, 0, time.UTC) }

// open opens a data folder, a new one if dir is "".
func open(t *testing.T, dir string) *desk {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	cat, faults := catalog.LoadFS(packs.FS, "registry")
	for _, f := range faults {
		t.Fatal(f.String())
	}
	db, err := store.Open(context.Background(), store.Config{Driver: "sqlite", DSN: filepath.Join(dir, "luoshu.db"), Keys: storetest.KeysIn(t, dir)})
	if err != nil {
		t.Fatal(err)
	}
	led, err := ledger.Open(context.Background(), db, cat, clock)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{load.New(dir, cat, led, db, clock), t, dir, db, led, cat}
	t.Cleanup(func() {
		d.Close()
		_ = db.Close()
	})
	return d
}

func (d *desk) file(name, text string) string {
	d.t.Helper()
	p := filepath.Join(d.t.TempDir(), name)
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return p
}

func (d *desk) load(q load.Request) load.Report {
	d.t.Helper()
	q.Actor = luoshu.Actor{Name: "operator"}
	r, err := d.Load(context.Background(), q, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

const divisions = "区划代码,名称,上级代码,类别\n410300,洛阳市,,prefecture\n410311,洛龙区,410300,district\n"

func (d *desk) counts(r load.Report) [5]int64 {
	return [5]int64{r.Rows, r.New, r.Changed, r.Unchanged, r.Refused}
}

func TestLoadReportsEveryRow(t *testing.T) {
	d := open(t, "")
	p := d.file("d.csv", divisions+"410399,坏的,,没有这类\n410311,重复,,district\n")
	r := d.load(load.Request{Entity: "division", Path: p, DryRun: true})
	if got := d.counts(r); got != [5]int64{4, 2, 0, 0, 2} || r.Seq != 0 {
		t.Fatalf("dry run: %v %+v", got, r)
	}
	if _, err := os.Stat(filepath.Join(d.dir, "files")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a dry run keeps no file")
	}
	r = d.load(load.Request{Entity: "division", Path: p})
	if got := d.counts(r); got != [5]int64{4, 2, 0, 0, 2} || r.Seq != 1 || r.FaultCount != 2 {
		t.Fatalf("load: %v %+v", got, r)
	}
	if f := r.Faults; f[0].Row != 4 || f[0].Rule != "code" || f[1].Row != 5 || f[1].Rule != "duplicate" || f[1].Col != 1 || f[1].File != "d.csv" {
		t.Errorf("faults: %+v", f)
	}
	again := d.load(load.Request{Entity: "division", Path: p})
	if got := d.counts(again); got != [5]int64{4, 0, 0, 2, 2} || again.Seq != 0 {
		t.Errorf("again: %v", got)
	}
	row, err := d.RowOf(context.Background(), r.SHA256, "division", 3)
	if err != nil || strings.Join(row.Cells, "|") != "410311|洛龙区|410300|district" || row.Fields[1] != "name" || row.Name != "d.csv" {
		t.Errorf("row of the file: %+v %v", row, err)
	}
	if _, err := d.RowOf(context.Background(), r.SHA256, "division", 99); err == nil {
		t.Error("row 99 does not exist")
	}
	if _, err := d.RowOf(context.Background(), "../../etc/passwd", "division", 1); err == nil {
		t.Error("a path is no file name")
	}
	var out map[string]any
	b, _ := json.Marshal(r)
	if err := json.Unmarshal(b, &out); err != nil || out["rows"] != 4.0 || out["faults"].([]any)[0].(map[string]any)["message_zh"] == "" {
		t.Errorf("report: %s", b)
	}
}

func TestBlockedFileChangesNothing(t *testing.T) {
	d := open(t, "")
	for name, text := range map[string]string{"no-headings.csv": "a,b\n1,2\n", "empty.csv": "", "half.xlsx": "PK\x03\x04 broken"} {
		r := d.load(load.Request{Entity: "division", Path: d.file(name, text)})
		if !r.Blocked() || r.Rows != 0 || r.Seq != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if seq, _, err := d.led.Head(context.Background()); seq != 0 || err != nil {
		t.Errorf("head %d %v", seq, err)
	}
	// Damaged half-way: good rows before the damage are not committed.
	big := divisions + strings.Repeat("410311,洛龙区,410300,district\n", 1)
	var rows strings.Builder
	rows.WriteString(big)
	for range 40_000 {
		rows.WriteString("410322,孟津,410300,district\n")
	}
	rows.WriteString(strings.Repeat("x", 9<<20))
	r := d.load(load.Request{Entity: "division", Path: d.file("late.csv", rows.String())})
	if !r.Blocked() || r.Seq != 0 || r.New != 0 || r.FaultCount != 1 {
		t.Errorf("late: blocked %v, %+v", r.Blocked(), r.FaultCount)
	}
	if seq, _, _ := d.led.Head(context.Background()); seq != 0 {
		t.Errorf("head %d", seq)
	}
}

func TestUnknownEntityAndMissingFile(t *testing.T) {
	d := open(t, "")
	var e *luoshu.Error
	if _, err := d.Load(context.Background(), load.Request{Entity: "nothing", Path: d.file("x.csv", "a")}, nil); !errors.As(err, &e) || e.Kind != luoshu.NotFound {
		t.Errorf("unknown entity: %v", err)
	}
	if _, err := d.Load(context.Background(), load.Request{Entity: "division", Path: "/no/such/file"}, nil); !errors.As(err, &e) || e.Kind != luoshu.NotFound {
		t.Errorf("missing file: %v", err)
	}
	d.MaxFile = 10
	if _, err := d.Load(context.Background(), load.Request{Entity: "division", Path: d.file("x.csv", divisions)}, nil); !errors.As(err, &e) || e.Kind != luoshu.Invalid {
		t.Errorf("too large: %v", err)
	}
}

// all lets everybody write everything.
func all(context.Context, luoshu.Actor, string) (func([]luoshu.Value) bool, error) { return nil, nil }

// only lets actors write rows whose first value begins with their organisation.
func only(_ context.Context, a luoshu.Actor, _ string) (func([]luoshu.Value) bool, error) {
	return func(v []luoshu.Value) bool { return strings.HasPrefix(v[0].S, a.Org) }, nil
}

func (d *desk) stage(name, text string, a luoshu.Actor) string {
	d.t.Helper()
	id, err := d.Stage(context.Background(), load.Submission{Entity: "division", Name: name, R: strings.NewReader(text), Actor: a})
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) upload(id string) load.Upload {
	d.t.Helper()
	u, err := d.Upload(context.Background(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return u
}

func TestUploadFromStageToUndo(t *testing.T) {
	ctx := context.Background()
	d := open(t, "")
	if _, err := d.Stage(ctx, load.Submission{Entity: "division", R: strings.NewReader("x")}); err == nil {
		t.Error("nothing is staged before Serve")
	}
	if err := d.Serve(ctx, all); err != nil {
		t.Fatal(err)
	}
	d.load(load.Request{Entity: "division", Path: d.file("d.csv", divisions)})
	me := luoshu.Actor{Name: "me", Role: "planner", Org: "410300"}
	id := d.stage("new.csv", "区划代码,名称,上级代码,类别\n410300,洛阳市,,prefecture\n410311,洛龙新区,410300,district\n410322,孟津区,410300,district\n41,,,prefecture\n", me)
	d.Wait()
	u := d.upload(id)
	if u.State != load.Staged || u.Result != (ledger.Result{Rows: 4, New: 1, Changed: 1, Unchanged: 1, Refused: 1}) {
		t.Fatalf("staged: %+v", u)
	}
	if seq, _, _ := d.led.Head(ctx); seq != 1 {
		t.Errorf("staging wrote commit %d", seq)
	}
	rows, n, err := d.UploadRows(ctx, id, "changed", 0, 10)
	if err != nil || n != 1 || rows[0].Row != 3 || len(rows[0].Changes) != 1 || rows[0].Changes[0].Before.S != "洛龙区" || rows[0].Changes[0].After.S != "洛龙新区" || rows[0].Label != "洛龙新区" {
		t.Errorf("changed: %+v %v", rows, err)
	}
	rows, n, err = d.UploadRows(ctx, id, "refused", 0, 10)
	if err != nil || n != 1 || rows[0].Faults[0].Rule != "required" || rows[0].Faults[0].Col != 2 {
		t.Errorf("refused: %+v %v", rows, err)
	}
	var book bytes.Buffer
	if err := d.FaultsBook(ctx, &book, id); err != nil {
		t.Fatal(err)
	}
	if _, err := zip.NewReader(bytes.NewReader(book.Bytes()), int64(book.Len())); err != nil {
		t.Error(err)
	}
	if err := d.CommitUpload(ctx, me, id); err != nil {
		t.Fatal(err)
	}
	if err := d.CommitUpload(ctx, me, id); err == nil {
		t.Error("a second word is a conflict")
	}
	d.Wait()
	if u = d.upload(id); u.State != load.Committed || u.Result.Seq != 2 || u.Result.New != 1 {
		t.Fatalf("committed: %+v", u)
	}
	if err := d.CancelUpload(ctx, id); err == nil {
		t.Error("what is written cannot be cancelled")
	}
	if _, err := d.led.Undo(ctx, me, 2, "wrong file"); err != nil {
		t.Fatal(err)
	}
	if u = d.upload(id); u.State != load.Undone {
		t.Errorf("undone: %s", u.State)
	}
	list, n, err := d.Uploads(ctx, 0, 10, func(u load.Upload) bool { return u.Actor.Name == "me" })
	if err != nil || n != 1 || list[0].ID != id {
		t.Errorf("list: %+v %v", list, err)
	}
}

func TestUploadStaysInScopeAndCanBeCancelled(t *testing.T) {
	ctx := context.Background()
	d := open(t, "")
	if err := d.Serve(ctx, only); err != nil {
		t.Fatal(err)
	}
	id := d.stage("new.csv", "区划代码,名称,上级代码,类别\n410311,洛龙区,,district\n410322,孟津区,,district\n", luoshu.Actor{Name: "c", Org: "410311"})
	bad := d.stage("bad.csv", "x,y\n1,2\n", luoshu.Actor{Name: "c", Org: "410311"})
	d.Wait()
	if u := d.upload(id); u.Result.New != 1 || u.Result.Refused != 1 {
		t.Errorf("%+v", u)
	}
	rows, _, _ := d.UploadRows(ctx, id, "refused", 0, 10)
	if len(rows) != 1 || rows[0].Faults[0].Rule != "scope" {
		t.Errorf("%+v", rows)
	}
	if u := d.upload(bad); u.State != load.Failed || u.Error.ZH == "" {
		t.Errorf("bad: %+v", u)
	}
	if err := d.CancelUpload(ctx, id); err != nil {
		t.Fatal(err)
	}
	if err := d.CommitUpload(ctx, luoshu.Actor{}, id); err == nil || d.upload(id).State != load.Cancelled {
		t.Error("a cancelled upload cannot be committed")
	}
	if _, n, _ := d.UploadRows(ctx, id, "", 0, 10); n != 0 {
		t.Errorf("%d verdicts left", n)
	}
}

// TestUploadSurvivesRestart: a process that ends while an upload is read or
// written leaves it to the next one, which commits it once.
func TestUploadSurvivesRestart(t *testing.T) {
	ctx := context.Background()
	d := open(t, "")
	if err := d.Serve(ctx, all); err != nil {
		t.Fatal(err)
	}
	id := d.stage("d.csv", divisions, luoshu.Actor{Name: "me"})
	d.Wait()
	for _, state := range []string{"reading", "committing", "committing"} {
		d.Close()
		if _, err := d.db.Exec(ctx, `UPDATE upload SET state = ? WHERE id = ?`, state, id); err != nil {
			t.Fatal(err)
		}
		_ = d.db.Close()
		d = open(t, d.dir)
		if err := d.Serve(ctx, all); err != nil {
			t.Fatal(err)
		}
		d.Wait()
	}
	u := d.upload(id)
	if seq, _, _ := d.led.Head(ctx); u.State != load.Committed || u.Result.Seq != 1 || u.Result.Rows != 2 || u.Result.New != 2 || seq != 1 {
		t.Errorf("%+v at %d", u, seq)
	}
}

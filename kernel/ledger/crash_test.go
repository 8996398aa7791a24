package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

const (
	loaderEnv = "LUOSHU_TEST_LOADER"
	loadSize  = 30_000
)

// loaderRows yields load k: the rows of every load so far, with values of this
// one, so that a load opens and closes versions.
func loaderRows(k int) func(func(ledger.Row) error) error {
	return func(yield func(ledger.Row) error) error {
		for i := range loadSize {
			if err := yield(ledger.Row{N: i + 2, Values: []luoshu.Value{
				luoshu.TextValue(fmt.Sprintf("A%06d", i)), luoshu.TextValue(fmt.Sprint("load ", k)), {},
			}}); err != nil {
				return err
			}
		}
		return nil
	}
}

// loaderCatalog has areas with a sealed key; their names lie in clear.
func loaderCatalog(t testing.TB) *catalog.Catalog {
	area := strings.Replace(storetest.SealedEntities()["area"], "sensitivity: sensitive, ", "", 1)
	return storetest.Catalog(t, map[string]string{"area": area})
}

// loaderProcess is the process that gets killed: it commits load after load.
func loaderProcess(dir string) {
	testing.Init()
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(dir, "x.db"), Keys: storetest.KeysIn(&testing.B{}, dir)})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	l, err := ledger.Open(ctx, db, loaderCatalog(&testing.B{}), time.Now)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	seq, _, _ := l.Head(ctx)
	fmt.Println("ready")
	for k := int(seq) + 1; ; k++ {
		_, err := l.Commit(ctx, ledger.Batch{ID: fmt.Sprint("load", k), Entity: "area", Rows: loaderRows(k), Total: loadSize}, nil)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

// A process killed at any moment of a load leaves all of a commit or nothing.
func TestKilledLoads(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 6 {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), loaderEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 5)
		if _, err := out.Read(line); err != nil || string(line) != "ready" {
			t.Fatalf("the loader says %q %v", line, err)
		}
		timer := time.AfterFunc(time.Duration(50+rnd.IntN(1200))*time.Millisecond, func() { cmd.Process.Kill() })
		cmd.Wait()
		timer.Stop()
		afterKill(t, dir)
	}
}

func afterKill(t *testing.T, dir string) {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(dir, "x.db"), Keys: storetest.KeysIn(t, dir)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	l, err := ledger.Open(ctx, db, loaderCatalog(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	seq, _, err := l.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	problems, err := l.Check(ctx, nil)
	if err != nil || len(problems) > 0 {
		t.Fatalf("after the kill: %+v %v", problems, err)
	}
	var current, all, indexes int64
	if err := db.QueryRow(ctx, "SELECT count(*) FILTER (WHERE _to IS NULL AND name = ?), count(*) FROM "+store.Table("area"), fmt.Sprint("load ", seq)).
		Scan(&current, &all); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'r_area'").Scan(&indexes); err != nil {
		t.Fatal(err)
	}
	want := int64(loadSize)
	if seq == 0 {
		want = 0
	}
	if current != want || all != seq*loadSize || indexes < 4 {
		t.Fatalf("after %d commits: %d current, %d versions, %d indexes", seq, current, all, indexes)
	}
	t.Logf("killed after %d commits", seq)
}

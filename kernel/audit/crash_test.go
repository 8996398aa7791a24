package audit_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"luoshu/kernel/audit"
	"luoshu/kernel/store"
)

const writerEnv = "LUOSHU_AUDIT_WRITER"

// writerProcess says aloud the number of each act that the log has let through,
// until it is killed.
func writerProcess(path string) {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{DSN: path})
	if err != nil {
		panic(err)
	}
	log, err := audit.Open(ctx, db, time.Now)
	if err != nil {
		panic(err)
	}
	for i := 1; ; i++ {
		log.Note(ctx, audit.Event{Kind: audit.KindWrite})
		if err := log.Must(ctx, audit.Event{Kind: audit.KindReveal, Object: strconv.Itoa(i)}); err != nil {
			panic(err)
		}
		fmt.Println(i)
	}
}

// A process that is killed at any moment has on disk every sensitive act it let
// through, and the chain fits and goes on.
func TestKilledWriterKeepsWhatItLetThrough(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	said := 0
	for round := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		heard := 0
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if heard++; heard == 20+13*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // killed
		said += heard
		if heard < 20 {
			t.Fatalf("only %d acts were let through", heard)
		}
	}
	b := open(t, store.Config{DSN: path})
	var kept int
	b.must(b.db.QueryRow(b.ctx, "SELECT count(*) FROM audit WHERE kind = ?", audit.KindReveal).Scan(&kept))
	if kept < said {
		t.Errorf("%d acts were let through, %d are in the log", said, kept)
	}
	if p := b.problems(); p != "" {
		t.Error(strings.TrimSpace(p))
	}
	b.fill(3)
	if p := b.problems(); p != "" {
		t.Error(p)
	}
}

//go:build city

package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ground is a copy of the city that crashes happen in.
type ground struct {
	t    *testing.T
	dir  string
	open time.Duration // how long the program takes to open it
}

func program(t *testing.T) string {
	t.Helper()
	bin := os.Getenv("LUOSHU_TEST_BIN")
	if bin == "" {
		t.Fatal("LUOSHU_TEST_BIN names no program; run scripts/test-city")
	}
	return bin
}

// luoshu runs a command to its end; it must exit with one of the codes.
func (g *ground) luoshu(codes []int, args ...string) string {
	g.t.Helper()
	cmd := exec.Command(program(g.t), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	for _, c := range codes {
		if cmd.ProcessState.ExitCode() == c {
			return out.String()
		}
	}
	g.t.Fatalf("luoshu %s: %v\n%.2000s%.2000s", strings.Join(args, " "), err, out.String(), errs.String())
	return ""
}

// kill starts a command and ends it with SIGKILL after a while; it reports whether it
// was still at work then.
func (g *ground) kill(after time.Duration, args ...string) bool {
	g.t.Helper()
	cmd := exec.Command(program(g.t), args...)
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait()
	timer.Stop()
	s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && s.Signaled() && s.Signal() == syscall.SIGKILL
}

// clean fails unless the whole ledger, what is sealed and the audit log check.
func (g *ground) clean(when string) {
	g.t.Helper()
	cmd := exec.Command(program(g.t), "check", "--data", g.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		g.t.Fatalf("check %s: %v\n%.3000s", when, err, out)
	}
}

// sheet is a file of an entity in which every row differs from what the city has, by
// the last digit of a column.
func (g *ground) sheet(entity, column string) string {
	g.t.Helper()
	path := filepath.Join(g.t.TempDir(), entity+".csv")
	g.luoshu([]int{0}, "export", "--data", g.dir, "--entity", entity, "--file", path)
	b, err := os.ReadFile(path)
	if err != nil {
		g.t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff"))))
	r.FieldsPerRecord = -1 // the first line says what the file is
	rows, err := r.ReadAll()
	if err != nil {
		g.t.Fatal(err)
	}
	col, head := -1, -1
	for i, r := range rows[:min(len(rows), 5)] {
		for j, c := range r {
			if c == column {
				head, col = i, j
			}
		}
	}
	if col < 0 {
		g.t.Fatalf("%s has no column %s: %v", entity, column, rows[0])
	}
	for _, r := range rows[head+1:] {
		if c := r[col]; c != "" {
			r[col] = c[:len(c)-1] + string('0'+(c[len(c)-1]-'0'+1)%10)
		}
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(rows[head:]); err != nil {
		g.t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		g.t.Fatal(err)
	}
	return path
}

// A process killed at any moment of the large works of a city leaves it whole, and
// the work can be done again: a load, a seal, the year's end, the search for
// duplicates, a rotation of keys, an act in a case.
func TestCityCrashes(t *testing.T) {
	g := &ground{t: t, dir: filepath.Join(t.TempDir(), "city")}
	if err := os.CopyFS(g.dir, os.DirFS(cityFolder(t))); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(g.dir, "keys.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	g.luoshu([]int{0}, "seals", "--data", g.dir)
	g.open = time.Since(start)
	no, action, as := g.act()
	works := []struct {
		name  string
		codes []int // of success: a load that refuses a row ends with 1
		args  []string
	}{
		{"load", []int{0, 1}, []string{"load", "--entity", "staff", g.sheet("staff", "手机")}},
		{"seal", []int{0}, []string{"seal", "--note", "crash"}},
		{"promote", []int{0}, []string{"promote", "--year", "2024"}},
		{"duplicates", []int{0}, []string{"duplicates", "--limit", "0"}},
		{"keys", []int{0}, []string{"keys", "rotate"}},
		{"case", []int{0}, []string{"case", "act", "--id", "crash:00001", "--as", as, "--note", "异议：崩溃试验", no, action}},
	}
	for _, w := range works {
		t.Run(w.name, func(t *testing.T) {
			g := &ground{t, g.dir, g.open}
			args := append(w.args[:len(w.args):len(w.args)], "--data", g.dir)
			hit := 0
			for _, more := range []time.Duration{0, g.open / 8, g.open, 4 * g.open} {
				if g.kill(g.open+more-g.open/16, args...) {
					hit++
				}
			}
			if hit == 0 {
				t.Error("it was never cut off")
			}
			g.clean("after the kills")
			g.luoshu(w.codes, args...)
		})
	}
	g.clean("at the end")
	var keys struct{ Keys []struct{ Current bool } }
	if err := json.Unmarshal([]byte(g.luoshu([]int{0}, "keys", "show", "--data", g.dir, "-o", "json")), &keys); err != nil {
		t.Fatal(err)
	}
	if len(keys.Keys) != 1 {
		t.Errorf("%d keys after the rotation was finished", len(keys.Keys))
	}
	var shown struct{ Steps []struct{ Action string } }
	if err := json.Unmarshal([]byte(g.luoshu([]int{0}, "case", "show", no, "--data", g.dir, "-o", "json")), &shown); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range shown.Steps {
		if s.Action == action {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the act %s stands %d times in case %s", action, n, no)
	}
	var again struct{ New, Changed int64 }
	if err := json.Unmarshal([]byte(g.luoshu([]int{0, 1}, "load", "--data", g.dir, "--dry-run", "--entity", "staff", "-o", "json", works[0].args[3])), &again); err != nil {
		t.Fatal(err)
	}
	if again.New != 0 || again.Changed != 0 {
		t.Errorf("the file that was loaded would still bring %d new and %d changed rows", again.New, again.Changed)
	}
}

// act finds a case whose school is to answer, and what it may answer.
func (g *ground) act() (no, action, as string) {
	g.t.Helper()
	var list []struct{ No, Unit string }
	if err := json.Unmarshal([]byte(g.luoshu([]int{0}, "case", "list", "--data", g.dir, "--type", "finding", "--state", "told", "-o", "json")), &list); err != nil || len(list) == 0 {
		g.t.Fatal("no case waits for a school", err)
	}
	return list[0].No, "object", "principal@" + list[0].Unit
}

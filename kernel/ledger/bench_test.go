package ledger_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

var benchRows = flag.Int("rows", 100_000, "rows of BenchmarkCommit")

var benchSteps = flag.String("steps", "new,same,tenth,more,undo,check", "steps of BenchmarkCommit to run")

// wideCatalog has a reference entity and one of 42 columns: a key, a name, a
// reference, texts, codes, dates and flags, as a register of persons has them.
func wideCatalog(t testing.TB) *catalog.Catalog {
	y := storetest.Entities()
	delete(y, "item")
	var b strings.Builder
	b.WriteString("entity: wide\ntitle: {zh: 宽表, en: Wide}\ngroup: {zh: 试, en: Test}\nkey: [no]\nlabel: name\nsearch: [name]\norg: area\nfields:\n")
	field := func(name, rest string) {
		fmt.Fprintf(&b, "  - {name: %s, title: {zh: %s, en: %s}, %s, %s}\n", name, name, name, rest, example(rest))
	}
	field("no", "type: text, required: true, max: 19")
	field("name", "type: text, max: 50")
	field("area", "type: ref, ref: area")
	for i := range 15 {
		field(fmt.Sprintf("code%d", i), "type: text, max: 10")
	}
	for i := range 8 {
		field(fmt.Sprintf("text%d", i), "type: text, max: 60")
	}
	for i := range 4 {
		field(fmt.Sprintf("day%d", i), "type: date")
	}
	for i := range 10 {
		field(fmt.Sprintf("flag%d", i), "type: bool")
	}
	field("amount", "type: decimal, scale: 2")
	field("remark", "type: text, max: 200")
	y["wide"] = b.String()
	return storetest.Catalog(t, y)
}

func example(rest string) string {
	if strings.Contains(rest, "date") {
		return "example: 2024-09-01"
	}
	return "example: \"1\""
}

// wideRows yields n rows whose numbers begin at from; salt changes every tenth.
func wideRows(e *catalog.Entity, from, n, salt int) func(func(ledger.Row) error) error {
	given := []string{"建国", "秀英", "子涵", "欣怡", "浩然", "梓萱", "一诺", "雨桐"}
	family := []string{"王", "李", "张", "刘", "陈", "杨", "赵", "欧阳"}
	return func(yield func(ledger.Row) error) error {
		vals := make([]luoshu.Value, len(e.Fields))
		for i := from; i < from+n; i++ {
			for j, f := range e.Fields {
				var v luoshu.Value
				switch name := f.Name; {
				case name == "no":
					v = luoshu.TextValue(fmt.Sprintf("G41030%013d", i*7919%10_000_000_000))
				case name == "name":
					v = luoshu.TextValue(family[i%8] + given[i/8%8])
				case name == "area":
					v = luoshu.TextValue(fmt.Sprintf("A%04d", i/600%2000))
				case strings.HasPrefix(name, "code"):
					v = luoshu.TextValue([]string{"01", "02", "PRI1", "", "1"}[(i+j)%5])
				case strings.HasPrefix(name, "text"):
					if j%2 == 0 {
						v = luoshu.TextValue("河南省洛阳市涧西区" + string(rune('A'+i%26)))
					}
				case f.Type == catalog.TypeDate:
					v = luoshu.IntValue(int64(20100101 + i%28))
				case f.Type == catalog.TypeBool:
					v = luoshu.IntValue(int64((i + j) % 2))
				case name == "amount":
					v = luoshu.IntValue(int64(i % 100_000))
					if i%10 == 0 {
						v.I += int64(salt)
					}
				}
				vals[j] = v
			}
			if err := yield(ledger.Row{N: i - from + 2, Values: vals}); err != nil {
				return err
			}
		}
		return nil
	}
}

func areaRows(n int) func(func(ledger.Row) error) error {
	return func(yield func(ledger.Row) error) error {
		for i := range n {
			if err := yield(ledger.Row{N: i + 2, Values: []luoshu.Value{
				luoshu.TextValue(fmt.Sprintf("A%04d", i)), luoshu.TextValue("区"), {},
			}}); err != nil {
				return err
			}
		}
		return nil
	}
}

// peakMemory is the most memory this process has held, in MiB, 0 if unknown.
func peakMemory() int {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "VmHWM:") {
			var kb int
			fmt.Sscanf(strings.TrimPrefix(line, "VmHWM:"), "%d", &kb)
			return kb / 1024
		}
	}
	return 0
}

// heap is what Go has taken from the system, in MiB.
func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys >> 20
}

// cpuTime is the processor time this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCommit loads -rows rows of 42 columns: into an empty table, the same
// again, one in ten changed, as many new ones, then takes that back and checks
// everything. Run it with -benchtime 1x.
func BenchmarkCommit(b *testing.B) {
	for _, driver := range []string{"sqlite", "postgres"} {
		b.Run(driver, func(b *testing.B) {
			for range b.N {
				c := dbs.SQLite(b)
				if driver == "postgres" {
					c = dbs.Postgres(b)
				}
				benchCommit(b, c, *benchRows)
			}
		})
	}
}

func benchCommit(b *testing.B, c store.Config, n int) {
	ctx := context.Background()
	cat := wideCatalog(b)
	db, err := store.Open(ctx, c)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	l, err := ledger.Open(ctx, db, cat, func() time.Time { return time.Date(2024, 9, 1, 0, 0, 0, 0, time.UTC) })
	if err != nil {
		b.Fatal(err)
	}
	commit := func(entity string, total int, rows func(func(ledger.Row) error) error) ledger.Result {
		r, err := l.Commit(ctx, ledger.Batch{Entity: entity, Rows: rows, Total: int64(total), Attested: 20240901}, nil)
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
	commit("area", 2000, areaRows(2000))
	e := cat.Entity("wide")
	var last ledger.Result
	for _, step := range []struct {
		name string
		f    func()
	}{
		{"new", func() { last = commit("wide", n, wideRows(e, 0, n, 0)) }},
		{"same", func() { last = commit("wide", n, wideRows(e, 0, n, 0)) }},
		{"tenth", func() { last = commit("wide", n, wideRows(e, 0, n, 1)) }},
		{"more", func() { last = commit("wide", n, wideRows(e, n, n, 0)) }},
		{"undo", func() {
			var err error
			if last, err = l.Undo(ctx, luoshu.Actor{}, last.Seq, ""); err != nil {
				b.Fatal(err)
			}
		}},
		{"check", func() {
			p, err := l.Check(ctx, nil)
			if err != nil || len(p) > 0 {
				b.Fatal(p, err)
			}
			last.Rows = int64(2*n + n/10)
		}},
	} {
		if !strings.Contains(*benchSteps, step.name) {
			continue
		}
		start, cpu := time.Now(), cpuTime()
		step.f()
		d := time.Since(start)
		cpu = cpuTime() - cpu
		b.ReportMetric(float64(last.Rows)/d.Seconds(), step.name+"-rows/s")
		b.Logf("%s %-6s %8.2fs (%.2fs of processor) %9.0f rows/s  peak %d MiB  %+v", c.Driver, step.name, d.Seconds(), cpu.Seconds(), float64(last.Rows)/d.Seconds(), peakMemory(), last)
	}
}

// yearCatalog has a fact of sixteen columns that is loaded once a year, with two
// references, one of them to a register as large as a year's facts.
func yearCatalog(t testing.TB) *catalog.Catalog {
	y := storetest.Entities()
	delete(y, "item")
	y["person"] = "entity: person\ntitle: {zh: 人, en: Person}\ngroup: {zh: 试, en: Test}\nkey: [no]\nlabel: no\nfields:\n" +
		"  - {name: no, title: {zh: 号, en: Number}, type: text, required: true, max: 19, example: \"1\"}\n"
	var b strings.Builder
	b.WriteString("entity: fact\ntitle: {zh: 事, en: Fact}\ngroup: {zh: 试, en: Test}\nkey: [no, year]\nlabel: no\norg: area\nyear: year\nfields:\n")
	for _, f := range []string{
		"no, T, type: ref, ref: person, required: true", "year, T, type: year, required: true", "area, T, type: ref, ref: area",
		"code0, T, type: text, max: 9", "code1, T, type: text, max: 9", "code2, T, type: text, max: 9", "code3, T, type: text, max: 9",
		"day0, T, type: date", "flag0, T, type: bool", "flag1, T, type: bool", "flag2, T, type: bool", "flag3, T, type: bool",
		"flag4, T, type: bool", "flag5, T, type: bool", "amount, T, type: decimal, scale: 2", "remark, T, type: text, max: 99",
	} {
		name, rest, _ := strings.Cut(f, ", T, ")
		fmt.Fprintf(&b, "  - {name: %s, title: {zh: %s, en: %s}, %s, %s}\n", name, name, name, rest,
			strings.Replace(example(rest), `"1"`, map[bool]string{true: `"2024"`, false: `"1"`}[name == "year"], 1))
	}
	y["fact"] = b.String()
	return storetest.Catalog(t, y)
}

// BenchmarkYears loads -rows facts a year for five years: the table grows, the
// time of a year and the memory should not.
func BenchmarkYears(b *testing.B) {
	ctx := context.Background()
	for range b.N {
		cat := yearCatalog(b)
		db, err := store.Open(ctx, dbs.SQLite(b))
		if err != nil {
			b.Fatal(err)
		}
		l, err := ledger.Open(ctx, db, cat, func() time.Time { return time.Date(2024, 9, 1, 0, 0, 0, 0, time.UTC) })
		if err != nil {
			b.Fatal(err)
		}
		n := *benchRows
		commit := func(entity string, total int, rows func(func(ledger.Row) error) error) {
			start, cpu := time.Now(), cpuTime()
			r, err := l.Commit(ctx, ledger.Batch{Entity: entity, Rows: rows, Total: int64(total)}, nil)
			if err != nil || r.Refused > 0 {
				b.Fatal(r, err)
			}
			b.Logf("%-6s %8.2fs (%.2fs of processor)  peak %d MiB, heap %d  %+v", entity, time.Since(start).Seconds(), (cpuTime() - cpu).Seconds(), peakMemory(), heap(), r)
		}
		commit("area", 2000, areaRows(2000))
		commit("person", n, wideRows(cat.Entity("person"), 0, n, 0))
		for year := range 5 {
			rows := wideRows(cat.Entity("fact"), 0, n, 0)
			commit("fact", n, func(yield func(ledger.Row) error) error {
				return rows(func(r ledger.Row) error {
					r.Values[1] = luoshu.IntValue(int64(2020 + year))
					return yield(r)
				})
			})
		}
		db.Close()
	}
}

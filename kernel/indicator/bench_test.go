package indicator_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"luoshu/kernel/indicator"
)

// city fills the world with n members spread over sites, years and rooms.
func (w *world) city(n int) {
	r := rand.New(rand.NewPCG(1, 1))
	sites, people, rooms := max(n/3000, 20), n/5, n/40
	w.put("area", 15, func(i int) ([]any, int64) { return []any{fmt.Sprint(410300 + i), nil}, 0 })
	w.put("site", sites, func(i int) ([]any, int64) {
		return []any{fmt.Sprintf("2141%06d", i), fmt.Sprint(410300 + i%15), i % 2, 20100101}, 20240901
	})
	w.put("person", people, func(i int) ([]any, int64) {
		return []any{fmt.Sprintf("G41030520%010d", i), string("YNNNNNN"[r.IntN(7)]), (2005+r.IntN(15))*10000 + (1+r.IntN(12))*100 + 1 + r.IntN(28)}, 20240901
	})
	w.put("room", rooms, func(i int) ([]any, int64) {
		return []any{fmt.Sprintf("2141%06d-%d-%04d", i%sites, 2020+i%5, i/sites), fmt.Sprintf("2141%06d", i%sites), 2020 + i%5, string("ABC"[i/sites%3])}, 20240901
	})
	w.put("member", n, func(i int) ([]any, int64) {
		room := r.IntN(rooms)
		return []any{
			fmt.Sprintf("G41030520%010d", i/5), 2020 + i%5, fmt.Sprintf("2141%06d", room%sites), string("ABC"[room/sites%3]),
			fmt.Sprintf("2141%06d-%d-%04d", room%sites, 2020+room%5, room/sites), i % 3 / 2, "in", i % 9 / 8,
		}, 20240901
	})
	w.put("post", n/70, func(i int) ([]any, int64) {
		return []any{fmt.Sprint("t", i), fmt.Sprintf("2141%06d", r.IntN(sites)), string("ABC"[r.IntN(3)]), (2010+r.IntN(10))*10000 + 901, nil, []string{"full", "part"}[r.IntN(2)], r.IntN(2)}, 0
	})
	w.put("stock", sites*15, func(i int) ([]any, int64) {
		return []any{fmt.Sprintf("2141%06d", i%sites), 2020 + i/sites%5, string("ABC"[i/sites/5]), r.IntN(1000000), r.IntN(50)}, 0
	})
	w.put("cohort", 15*8, func(i int) ([]any, int64) {
		return []any{fmt.Sprint(410300 + i%15), 2016 + i/15, 5000 + r.IntN(500)}, 0
	})
}

// BenchmarkSeal prints the stages of a seal in both engines. LUOSHU_BENCH_ROWS
// sets how many rows the largest grain has.
func BenchmarkSeal(b *testing.B) {
	n := 100_000
	if s := os.Getenv("LUOSHU_BENCH_ROWS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	w := newWorld(b, testPack)
	w.city(n)
	seal := w.seal()
	for _, name := range []string{"sqlite", "duckdb"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				e := w.engine(name)
				if e.EngineName() != name {
					b.Skip("not in this build")
				}
				os.RemoveAll(w.dir + "/seals")
				w.db.Exec(b.Context(), `DELETE FROM figure_run`)
				if err := e.Compute(b.Context(), seal, nil); err != nil {
					b.Fatal(err)
				}
				for _, t := range e.Timings() {
					b.Logf("%-20s %10s %9d rows", t.Stage, t.Took.Round(time.Millisecond), t.Rows)
				}
			}
		})
	}
	b.Run("explore", func(b *testing.B) {
		e := w.engine("")
		for b.Loop() {
			if _, err := e.Explore(b.Context(), indicator.ExploreQuery{Seal: seal.ID, Indicator: "boarders", Cuts: []string{"area", "stage", "age"}, Filters: map[string][]string{"minor": {"Y"}}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

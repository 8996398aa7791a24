package ledger_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

// model is what a ledger of one entity must do, said as simply as possible: a
// map of records and, for each commit, what every record was before and after.
type model struct {
	now     map[string]modelRec
	commits []map[string]modelChange // by seq - 1
	states  []string
	records int
}

type modelRec struct {
	id   int // 0: there is none
	name string
}

type modelChange struct{ before, after modelRec }

func (m *model) apply(changes map[string]modelChange) {
	for k, c := range changes {
		if c.after.id == 0 {
			delete(m.now, k)
		} else {
			m.now[k] = c.after
		}
	}
	m.commits = append(m.commits, changes)
	m.states = append(m.states, m.String())
}

func (m *model) String() string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m.now)) {
		out = append(out, k+","+m.now[k].name)
	}
	return strings.Join(out, " ")
}

// undo returns the reverse of a commit, nil if a later one touched its records.
func (m *model) undo(seq int) map[string]modelChange {
	out := map[string]modelChange{}
	for k, c := range m.commits[seq-1] {
		if m.now[k] != c.after {
			return nil
		}
		out[k] = modelChange{c.after, c.before}
	}
	// The same state may have come back by other commits: those touched it too.
	for _, later := range m.commits[seq:] {
		for k := range later {
			if _, ok := out[k]; ok {
				return nil
			}
		}
	}
	return out
}

// Random commits and undos do what the model does, whichever way rows are looked
// up and whether indexes are kept or made anew.
func TestAgainstModel(t *testing.T) {
	run := func(t *testing.T, c store.Config, entities map[string]string, seed uint64) {
		b := openWith(t, c, entities)
		rnd := rand.New(rand.NewPCG(seed, 7))
		m := &model{now: map[string]modelRec{}}
		indexes := b.indexes()
		other, err := ledger.Open(b.ctx, b.db, b.cat, b.clock) // of another process: what one keeps of keys is old for the other
		if err != nil {
			t.Fatal(err)
		}
		for step := range 25 {
			if rnd.IntN(4) == 0 {
				b.Ledger, other = other, b.Ledger
			}
			if rnd.IntN(5) == 0 {
				modelRemove(t, b, m, rnd)
			} else if len(m.commits) > 0 && rnd.IntN(3) == 0 {
				seq := 1 + rnd.IntN(len(m.commits))
				changes := m.undo(seq)
				_, err := b.Undo(b.ctx, luoshu.Actor{}, int64(seq), "")
				switch {
				case changes == nil && kindOf(err) != luoshu.Conflict:
					t.Fatalf("seed %d step %d: undo of %d: %v, want a conflict", seed, step, seq, err)
				case changes != nil && err != nil:
					t.Fatalf("seed %d step %d: undo of %d: %v", seed, step, seq, err)
				case changes != nil:
					m.apply(changes)
				}
			} else {
				modelCommit(t, b, m, rnd)
			}
			if todo := b.indexes(); todo != indexes {
				t.Fatalf("seed %d step %d: %d indexes, want %d", seed, step, todo, indexes)
			}
			if got := b.dump("area", "code,name", 0); got != m.String() {
				t.Fatalf("seed %d step %d:\n%s\nwant\n%s", seed, step, got, m)
			}
		}
		for seq, want := range m.states {
			if got := b.dump("area", "code,name", int64(seq+1)); got != want {
				t.Errorf("seed %d: as of %d:\n%s\nwant\n%s", seed, seq+1, got, want)
			}
		}
		b.sound()
	}
	t.Run("sqlite", func(t *testing.T) {
		for seed := range uint64(12) {
			run(t, dbs.SQLite(t), storetest.Entities(), seed)
			run(t, dbs.SQLite(t), storetest.SealedEntities(), seed)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		run(t, dbs.Postgres(t), storetest.Entities(), 99)
		run(t, dbs.Postgres(t), storetest.SealedEntities(), 98)
	})
}

func modelRemove(t *testing.T, b *book, m *model, rnd *rand.Rand) {
	var lines []string
	changes := map[string]modelChange{}
	for _, k := range slices.Sorted(maps.Keys(m.now)) {
		if rnd.IntN(4) == 0 {
			lines = append(lines, k+",x")
			changes[k] = modelChange{m.now[k], modelRec{}}
		}
	}
	batch := b.batch("area", lines...)
	batch.Remove = true
	if got := b.commit(batch); got.Removed != int64(len(changes)) || got.Refused != 0 {
		t.Fatalf("removed %d of %d: %+v", got.Removed, len(changes), got)
	}
	if len(changes) > 0 {
		m.apply(changes)
	}
}

func modelCommit(t *testing.T, b *book, m *model, rnd *rand.Rand) {
	var lines []string
	changes := map[string]modelChange{}
	seen := map[string]bool{}
	var want ledger.Result
	for range rnd.IntN(30) {
		k, name := fmt.Sprintf("K%02d", rnd.IntN(25)), fmt.Sprint("n", rnd.IntN(3))
		lines = append(lines, k+","+name)
		want.Rows++
		old := m.now[k]
		switch {
		case seen[k]:
			want.Refused++
		case old.id == 0:
			want.New++
			m.records++
			changes[k] = modelChange{old, modelRec{m.records, name}}
		case old.name == name:
			want.Unchanged++
		default:
			want.Changed++
			changes[k] = modelChange{old, modelRec{old.id, name}}
		}
		seen[k] = true
	}
	batch := b.batch("area", lines...)
	batch.Total = []int64{0, int64(len(lines)), 5_000, 400_000}[rnd.IntN(4)] // a guess may be wrong
	if rnd.IntN(4) == 0 {
		batch.Columns = []bool{true, true, false}
	}
	if rnd.IntN(4) == 0 {
		batch.Each = func(ledger.Diff) error { return nil }
	}
	dry := batch
	dry.DryRun = true
	dryGot := b.commit(dry)
	if rnd.IntN(4) == 0 { // one that fails at its end leaves nothing, in tables nor in what is kept of keys
		failing := batch
		failing.Also = func(*store.Tx, ledger.Result) error { return errors.New("not so") }
		if _, err := b.Commit(b.ctx, failing, nil); err == nil && len(changes) > 0 {
			t.Fatal("a commit whose end failed was made")
		}
	}
	got := b.commit(batch)
	if len(changes) > 0 {
		m.apply(changes)
		want.Seq = int64(len(m.commits))
	}
	if got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	if want.Seq = 0; dryGot != want {
		t.Fatalf("dry run: %+v, want %+v", dryGot, want)
	}
}

// A batch that turns out to be large is looked up in memory from then on; rows
// before and after must not notice.
func TestBatchGrowsLarge(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		const n = 12_000
		lines := func(from, to int, name string) []string {
			out := make([]string, 0, to-from)
			for i := from; i < to; i++ {
				out = append(out, fmt.Sprintf("A%05d,%s", i, name))
			}
			return out
		}
		b.put(fmt.Sprintf("%d/0/0/0", n/2), "area", lines(0, n/2, "x")...)
		all := append(lines(0, n/4, "x"), lines(n/4, n, "y")...) // a quarter same, a quarter changed, half new
		all = append(all, all[0], all[n/3], all[n-1])            // and three again
		b.put(fmt.Sprintf("%d/%d/%d/3", n/2, n/4, n/4), "area", all...)
		items := []string{}
		for i := range n {
			items = append(items, fmt.Sprintf("N%d,2024,,A%05d", i, i*2))
		}
		b.put(fmt.Sprintf("%d/0/0/%d", n/2, n/2), "item", items...)
		b.sound()
	})
}

// indexes counts the indexes of area.
func (b *book) indexes() (n int) {
	b.Helper()
	q := "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'r_area'"
	if b.db.Dialect() == rule.Postgres {
		q = "SELECT count(*) FROM pg_indexes WHERE tablename = 'r_area'"
	}
	if err := b.db.QueryRow(b.ctx, q).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

// A large load of nothing but bad rows must leave the table as it was.
func TestRefusedLoadKeepsIndexes(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		before := b.indexes()
		batch := b.batch("area", "A1,甲,GONE", "A2,乙,GONE")
		batch.Total = 1 << 60
		if r := b.commit(batch); counts(r) != "0/0/0/2" {
			t.Errorf("%+v", r)
		}
		if after := b.indexes(); after != before || before < 4 {
			t.Errorf("%d indexes, were %d", after, before)
		}
	})
}

package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/audit"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

var dbs storetest.Databases

func TestMain(m *testing.M) {
	if path := os.Getenv(writerEnv); path != "" {
		writerProcess(path)
		return
	}
	os.Exit(dbs.Main(m))
}

type book struct {
	*testing.T
	ctx context.Context
	db  *store.DB
	log *audit.Log
	now time.Time
}

func open(t *testing.T, c store.Config) *book {
	t.Helper()
	b := &book{T: t, ctx: t.Context(), now: time.Date(2025, 3, 1, 8, 0, 0, 0, time.UTC)}
	var err error
	if b.db, err = store.Open(b.ctx, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	if b.log, err = audit.Open(b.ctx, b.db, func() time.Time { return b.now }); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *book) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *book) exec(q string, args ...any) {
	b.Helper()
	_, err := b.db.Exec(b.ctx, q, args...)
	b.must(err)
}

// fill notes n events, one an hour.
func (b *book) fill(n int) {
	b.Helper()
	for i := range n {
		b.now = b.now.Add(time.Hour)
		b.log.Note(b.ctx, audit.Event{
			Actor: luoshu.Actor{Name: fmt.Sprintf("p%d", i%3), Role: "clerk", Org: "A1"}, Kind: audit.KindWrite,
			Entity: "member", Rec: int64(i%5 + 1), Object: fmt.Sprintf("commit %d", i), Address: "10.0.0.1",
		})
	}
	b.must(b.log.Sync(b.ctx))
}

func (b *book) problems() string {
	b.Helper()
	ps, err := b.log.Check(b.ctx)
	b.must(err)
	var s strings.Builder
	for _, p := range ps {
		fmt.Fprintf(&s, "%d: %s\n", p.Seq, p.Msg.EN)
	}
	return s.String()
}

func (b *book) count() int {
	b.Helper()
	var n int
	b.must(b.db.QueryRow(b.ctx, "SELECT count(*) FROM audit").Scan(&n))
	return n
}

func TestChainNamesWhatWasChanged(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		if p := b.problems(); p != "" {
			t.Fatal(p)
		}
		b.fill(12)
		if p := b.problems(); p != "" {
			t.Fatal(p)
		}
		for _, column := range []string{"person", "role", "org", "session", "address", "request", "kind", "entity", "field", "object", "outcome", "reason"} {
			var was string
			b.must(b.db.QueryRow(b.ctx, "SELECT "+column+" FROM audit WHERE seq = 7").Scan(&was))
			b.exec("UPDATE audit SET "+column+" = ? WHERE seq = 7", was+"x")
			if p := b.problems(); !strings.Contains(p, "7: entry 7 of the audit log was altered") {
				t.Errorf("%s: %q", column, p)
			}
			b.exec("UPDATE audit SET "+column+" = ? WHERE seq = 7", was)
		}
		for _, set := range []string{"rec = rec + 1", "times = times + 1", "at = '2025-03-01T00:00:00.000Z'", "at = 'no time'"} {
			b.must(b.db.Tx(b.ctx, func(tx *store.Tx) error {
				if _, err := tx.Exec(b.ctx, "CREATE TABLE keep AS SELECT * FROM audit"); err != nil {
					return err
				}
				_, err := tx.Exec(b.ctx, "UPDATE audit SET "+set+" WHERE seq = 4")
				return err
			}))
			if p := b.problems(); !strings.Contains(p, "4: entry 4 of the audit log was altered") {
				t.Errorf("%s: %q", set, p)
			}
			b.exec("DELETE FROM audit")
			b.exec("INSERT INTO audit SELECT * FROM keep")
			b.exec("DROP TABLE keep")
		}
		b.exec("CREATE TABLE keep AS SELECT * FROM audit")
		for name, x := range map[string][2]string{
			"middle": {"DELETE FROM audit WHERE seq IN (5, 6)", "5: entries 5 to 6 of the audit log are missing"},
			"head":   {"DELETE FROM audit WHERE seq < 4", "1: entries 1 to 3 of the audit log are missing"},
			"tail":   {"DELETE FROM audit WHERE seq > 9", "10: the last entries of the audit log, 10 to 12, are missing"},
			"all":    {"DELETE FROM audit", "1: the last entries of the audit log, 1 to 12, are missing"},
		} {
			b.exec(x[0])
			if p := b.problems(); !strings.HasPrefix(p, x[1]) {
				t.Errorf("%s: %q", name, p)
			}
			b.exec("DELETE FROM audit")
			b.exec("INSERT INTO audit SELECT * FROM keep")
		}
		b.exec("UPDATE audit_head SET seq = 11")
		if p := b.problems(); !strings.Contains(p, "should end with entry 11 but has 12") {
			t.Error(p)
		}
	})
}

// Two at once cannot both be the last within a limit, and the try too many is noted.
func TestLimitIsExact(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		limit := &audit.Limit{Most: 5, Since: b.now.Truncate(24 * time.Hour)}
		e := audit.Event{Actor: luoshu.Actor{Name: "ann"}, Kind: audit.KindReveal, Entity: "member", Rec: 1, Field: "phone", Reason: "call home"}
		var good, over int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				err := b.log.Within(b.ctx, e, limit)
				var most *audit.LimitError
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					good++
				case errors.As(err, &most):
					over++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if good != 5 || over != 11 {
			t.Errorf("%d taken, %d refused", good, over)
		}
		reads, err := b.log.Reads(b.ctx, "member", 1)
		if err != nil || len(reads) != 5 || reads[0].Reason != "call home" {
			t.Error(len(reads), err)
		}
		tries, err := b.log.Find(b.ctx, audit.Query{Outcome: audit.Refused})
		if err != nil || len(tries) != 11 {
			t.Error(len(tries), err)
		}
		b.now = b.now.AddDate(0, 0, 1)
		if err := b.log.Within(b.ctx, e, &audit.Limit{Most: 5, Since: b.now.Truncate(24 * time.Hour)}); err != nil {
			t.Errorf("the next day: %v", err)
		}
		other := e
		other.Actor.Name = "bob"
		if err := b.log.Within(b.ctx, other, limit); err != nil {
			t.Errorf("another person: %v", err)
		}
		if p := b.problems(); p != "" {
			t.Error(p)
		}
	})
}

// What a sensitive act is told is durable, is; while the log cannot be written,
// such acts are refused, and what the queue could not take is counted.
func TestProtectedAgainstStopping(t *testing.T) {
	b := open(t, dbs.SQLite(t))
	b.must(b.log.Must(b.ctx, audit.Event{Kind: audit.KindExport}))
	if n := b.count(); n != 1 {
		t.Fatalf("%d entries after an act was let through", n)
	}
	held, release := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- b.db.Tx(context.Background(), func(*store.Tx) error {
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	impatient, leave := context.WithCancel(b.ctx)
	leave()
	var e *luoshu.Error
	if err := b.log.Must(impatient, audit.Event{Kind: audit.KindReveal}); !errors.As(err, &e) || e.Kind != luoshu.Unavailable {
		t.Errorf("whoever stops waiting: %v", err)
	}
	for range 5000 {
		b.log.Note(b.ctx, audit.Event{Kind: audit.KindWrite})
	}
	if err := b.log.Ready(); !errors.As(err, &e) || e.Kind != luoshu.Unavailable {
		t.Errorf("a full queue is ready: %v", err)
	}
	if err := b.log.Must(b.ctx, audit.Event{Kind: audit.KindReveal}); !errors.As(err, &e) || e.Kind != luoshu.Unavailable {
		t.Errorf("a full queue takes a sensitive act: %v", err)
	}
	close(release)
	b.must(<-ended)
	b.must(b.log.Sync(b.ctx))
	lost, err := b.log.Find(b.ctx, audit.Query{Kind: audit.KindLost})
	if err != nil || len(lost) != 1 || lost[0].Times != 5000-4096 {
		t.Errorf("lost %+v %v", lost, err)
	}
	if got, err := b.log.Find(b.ctx, audit.Query{Kind: audit.KindReveal}); err != nil || len(got) != 0 {
		t.Errorf("a refused act stands as done: %+v %v", got, err)
	}
	b.must(b.log.Ready())

	b.exec("ALTER TABLE audit RENAME TO gone")
	if err := b.log.Must(b.ctx, audit.Event{Kind: audit.KindReveal}); !errors.As(err, &e) || e.Kind != luoshu.Unavailable {
		t.Errorf("without a table: %v", err)
	}
	b.log.Note(b.ctx, audit.Event{Kind: audit.KindSignIn})
	if err := b.log.Sync(b.ctx); err == nil {
		t.Error("nothing is owed")
	}
	if err := b.log.Ready(); !errors.As(err, &e) || e.Kind != luoshu.Unavailable {
		t.Errorf("a failing log is ready: %v", err)
	}
	b.exec("ALTER TABLE gone RENAME TO audit")
	b.must(b.log.Sync(b.ctx))
	b.must(b.log.Ready())
	if got, err := b.log.Find(b.ctx, audit.Query{Kind: audit.KindSignIn}); err != nil || len(got) != 1 {
		t.Errorf("an ordinary entry is lost when the database fails for a while: %+v %v", got, err)
	}
	if p := b.problems(); p != "" {
		t.Error(p)
	}
}

// Two processes on one database write one chain.
func TestTwoLogsOneChain(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		second, err := store.Open(b.ctx, c)
		b.must(err)
		t.Cleanup(func() { second.Close() })
		other, err := audit.Open(b.ctx, second, func() time.Time { return b.now })
		b.must(err)
		for range 20 {
			b.log.Note(b.ctx, audit.Event{Kind: audit.KindWrite})
			other.Note(b.ctx, audit.Event{Kind: audit.KindSignIn})
		}
		b.must(b.log.Sync(b.ctx))
		b.must(other.Sync(b.ctx))
		if n := b.count(); n != 40 {
			t.Errorf("%d entries", n)
		}
		if p := b.problems(); p != "" {
			t.Error(p)
		}
	})
}

func TestFind(t *testing.T) {
	b := open(t, dbs.SQLite(t))
	b.fill(30)
	start := time.Date(2025, 3, 1, 8, 0, 0, 0, time.UTC)
	for name, x := range map[string]struct {
		q    audit.Query
		want int
	}{
		"all":       {audit.Query{}, 30},
		"person":    {audit.Query{Person: "p1"}, 10},
		"kind":      {audit.Query{Kind: audit.KindWrite}, 30},
		"none":      {audit.Query{Kind: audit.KindReveal}, 0},
		"record":    {audit.Query{Entity: "member", Rec: 2}, 6},
		"object":    {audit.Query{Object: "commit 2"}, 11},
		"wildcards": {audit.Query{Object: "%"}, 0},
		"address":   {audit.Query{Address: "10.0.0.1"}, 30},
		"from":      {audit.Query{From: start.Add(11 * time.Hour)}, 20},
		"to":        {audit.Query{To: start.Add(11 * time.Hour)}, 10},
		"quote":     {audit.Query{Person: "p1' OR '1'='1"}, 0},
	} {
		got, err := b.log.Find(b.ctx, x.q)
		if err != nil || len(got) != x.want {
			t.Errorf("%s: %d, want %d (%v)", name, len(got), x.want, err)
		}
	}
	seen, q := 0, audit.Query{Limit: 7}
	for {
		page, err := b.log.Find(b.ctx, q)
		b.must(err)
		for _, x := range page {
			if q.Before != 0 && x.Seq >= q.Before {
				t.Errorf("entry %d comes twice", x.Seq)
			}
		}
		if seen += len(page); len(page) < 7 {
			break
		}
		q.Before = page[6].Seq
	}
	if seen != 30 {
		t.Errorf("%d entries page by page", seen)
	}
	b.log.Note(b.ctx, audit.Event{Kind: "odd", Reason: "line\nbreak\x00" + strings.Repeat("长", 900), Object: "\xff"})
	b.must(b.log.Sync(b.ctx))
	odd, err := b.log.Find(b.ctx, audit.Query{Kind: "odd"})
	if err != nil || len([]rune(odd[0].Reason)) != 500 || strings.ContainsAny(odd[0].Reason, "\n\x00") {
		t.Error(odd, err)
	}
}

// The head is cut only as far as the law allows, into a file that proves itself,
// and the anchor left behind cannot be changed in silence.
func TestArchive(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		b.fill(20)
		dir := t.TempDir()
		key, err := audit.NewKey(filepath.Join(dir, "key"))
		b.must(err)
		if again, err := audit.ReadKey(filepath.Join(dir, "key")); err != nil || again.Fingerprint() != key.Fingerprint() {
			t.Error(err)
		}
		if _, err := audit.NewKey(filepath.Join(dir, "key")); err == nil {
			t.Error("a key is written over")
		}
		by := audit.Event{Actor: luoshu.Actor{Name: "operator"}, Reason: "half a year is over"}
		path := filepath.Join(dir, "a.jsonl")
		var e *luoshu.Error
		if _, err := b.log.Archive(b.ctx, path, b.now, 6, key, by); !errors.As(err, &e) || e.Kind != luoshu.Invalid {
			t.Errorf("young entries are archived: %v", err)
		}
		if _, err := b.log.Archive(b.ctx, path, b.now.AddDate(-1, 0, 0), 0, key, by); !errors.As(err, &e) {
			t.Errorf("without a term: %v", err)
		}
		cut := b.now.Add(-7*time.Hour - time.Minute) // 12 entries lie before
		b.now = b.now.AddDate(0, 7, 0)
		a, err := b.log.Archive(b.ctx, path, cut, 6, key, by)
		if err != nil || a.Seq != 12 {
			t.Fatal(a, err)
		}
		if p := b.problems(); p != "" || b.count() != 9 {
			t.Fatal(p, b.count())
		}
		whole, err := os.ReadFile(path)
		b.must(err)
		got, err := audit.VerifyArchive(bytes.NewReader(whole))
		if err != nil || got.From != 1 || got.To != 12 || got.Anchor.Signer != key.Fingerprint() {
			t.Fatal(got, err)
		}
		if held, err := b.log.Holds(b.ctx, got); err != nil || !held {
			t.Error("the log does not know its archive", err)
		}
		for name, bad := range map[string][]byte{
			"a name":      bytes.Replace(whole, []byte(`"person":"p2"`), []byte(`"person":"p1"`), 1),
			"cut off":     whole[:len(whole)-10],
			"a line":      bytes.Join(append(bytes.SplitAfter(whole, []byte("\n"))[:3:3], bytes.SplitAfter(whole, []byte("\n"))[4:]...), nil),
			"something":   append(bytes.Clone(whole), "x"...),
			"a signature": resigned(t, whole),
			"nothing":     nil,
		} {
			if _, err := audit.VerifyArchive(bytes.NewReader(bad)); !errors.As(err, &e) || e.Kind != luoshu.Conflict {
				t.Errorf("%s: %v", name, err)
			}
		}
		// The next archive joins the first.
		if _, err := b.log.Archive(b.ctx, path, b.now.AddDate(0, -6, 0), 6, key, by); err == nil {
			t.Error("an archive is written over")
		}
		second := filepath.Join(dir, "b.jsonl")
		a2, err := b.log.Archive(b.ctx, second, b.now.AddDate(0, -6, 0), 6, key, by)
		if err != nil || a2.Seq != 20 || b.problems() != "" {
			t.Fatal(a2, err, b.problems())
		}
		f, err := os.Open(second)
		b.must(err)
		defer f.Close()
		next, err := audit.VerifyArchive(f)
		if err != nil || next.From != 13 || !strings.Contains(a.String(), next.Prev) {
			t.Error(next, err)
		}
		if none, err := b.log.Archive(b.ctx, filepath.Join(dir, "c.jsonl"), b.now.AddDate(0, -6, 0), 6, key, by); err != nil || none.Seq != 0 {
			t.Error(none, err)
		}
		b.exec("UPDATE audit_anchor SET digest = 'x' WHERE seq = 20")
		if p := b.problems(); !strings.Contains(p, "the anchor was altered") {
			t.Error(p)
		}
		b.exec("DELETE FROM audit_anchor")
		if p := b.problems(); !strings.Contains(p, "entries 1 to 20 of the audit log are missing") {
			t.Error(p)
		}
	})
}

// resigned changes one digit of the signature.
func resigned(t *testing.T, whole []byte) []byte {
	t.Helper()
	lines := bytes.SplitAfter(bytes.TrimSuffix(bytes.Clone(whole), []byte("\n")), []byte("\n"))
	last := lines[len(lines)-1]
	i := bytes.Index(last, []byte(`"signature":"`)) + len(`"signature":"`) + 12
	last[i] = "0123456789abcdef1"[strings.IndexByte("0123456789abcdef", last[i])+1]
	return append(bytes.Join(lines, nil), '\n')
}

// A chain that does not fit is not archived, and nothing is cut.
func TestArchiveRefusesBrokenChain(t *testing.T) {
	b := open(t, dbs.SQLite(t))
	b.fill(10)
	b.now = b.now.AddDate(1, 0, 0)
	key, err := audit.NewKey(filepath.Join(t.TempDir(), "key"))
	b.must(err)
	b.exec("UPDATE audit SET person = 'x' WHERE seq = 3")
	path := filepath.Join(t.TempDir(), "a.jsonl")
	if _, err := b.log.Archive(b.ctx, path, b.now.AddDate(0, -6, 0), 6, key, audit.Event{}); err == nil || !strings.Contains(err.Error(), "entry 3") {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) || b.count() != 10 {
		t.Error("half an archive stays, or entries are gone")
	}
}

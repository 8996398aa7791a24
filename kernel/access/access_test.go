package access_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

const good = "correct horse 1"

type world struct {
	t   *testing.T
	cat *catalog.Catalog
	db  *store.DB
	led *ledger.Ledger
	acc *access.Access
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return worldOn(t, store.Config{DSN: filepath.Join(t.TempDir(), "a.db")})
}

func worldOn(t *testing.T, c store.Config) *world {
	t.Helper()
	c.Keys = storetest.Keys(t)
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("../disclose/testdata/packs")}})
	for _, f := range faults {
		t.Fatal(f)
	}
	w := &world{t: t, cat: cat, now: time.Date(2025, 10, 1, 8, 0, 0, 0, time.UTC)}
	var err error
	if w.db, err = store.Open(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
	clock := func() time.Time { return w.now }
	if w.led, err = ledger.Open(t.Context(), w.db, cat, clock); err != nil {
		t.Fatal(err)
	}
	w.acc = w.open()
	return w
}

func (w *world) open() *access.Access {
	w.t.Helper()
	a, err := access.Open(w.t.Context(), w.db, w.cat, func() time.Time { return w.now })
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// put commits rows given as field=value pairs.
func (w *world) put(entity string, rows ...map[string]any) {
	w.t.Helper()
	_, err := w.led.Commit(w.t.Context(), ledger.Batch{
		Actor: access.Operator, Entity: entity, Total: int64(len(rows)),
		Rows: func(yield func(ledger.Row) error) error {
			for i, r := range rows {
				if err := yield(ledger.Row{N: i + 1, Values: w.values(entity, r)}); err != nil {
					return err
				}
			}
			return nil
		},
		Each: func(d ledger.Diff) error {
			if len(d.Faults) > 0 {
				w.t.Errorf("%s %d: %s", entity, d.N, d.Faults[0].EN)
			}
			return nil
		},
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) values(entity string, r map[string]any) []luoshu.Value {
	e := w.cat.Entity(entity)
	out := make([]luoshu.Value, len(e.Fields))
	for k, v := range r {
		out[e.Field(k).Index] = luoshu.ValueOf(v)
	}
	return out
}

func (w *world) town() {
	w.put("office", map[string]any{"code": "R", "name": "总", "level": "city"},
		map[string]any{"code": "A", "name": "甲", "level": "county", "parent": "R"},
		map[string]any{"code": "B", "name": "乙", "level": "county", "parent": "R"})
	w.put("house", map[string]any{"code": "A1", "name": "甲一", "office": "A"},
		map[string]any{"code": "A2", "name": "甲二", "office": "A", "closed": int64(20250101)},
		map[string]any{"code": "B1", "name": "乙一", "office": "B"})
}

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for _, c := range []struct{ name, password, role, org, field string }{
		{"a b", good, "clerk", "A1", "name"},
		{"", good, "clerk", "A1", "name"},
		{"ann", "short", "clerk", "A1", "password"},
		{"ann", good, "ghost", "A1", "role"},
		{"ann", good, "_operator", "A1", "role"},
		{"ann", good, "clerk", "", "org"},
	} {
		err := w.acc.CreateAccount(ctx, c.name, c.password, c.role, c.org, luoshu.Text{})
		var e *luoshu.Error
		if !errors.As(err, &e) || e.Kind != luoshu.Invalid || e.Field != c.field {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := w.acc.CreateAccount(ctx, "ann", good, "clerk", "A1", luoshu.Text{ZH: "安"}); err != nil {
		t.Fatal(err)
	}
	if err := w.acc.CreateAccount(ctx, "ann", good, "clerk", "A1", luoshu.Text{}); err == nil {
		t.Error("the same account twice")
	}
	var hash string
	if err := w.db.QueryRow(ctx, "SELECT hash FROM account").Scan(&hash); err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored %q %v", hash, err)
	}
	for _, c := range [][2]string{{"ann", "wrong"}, {"nobody", good}, {"ann", ""}} {
		if _, _, err := w.acc.SignIn(ctx, c[0], c[1], "here"); !errors.Is(err, access.ErrSignIn) {
			t.Errorf("%v: %v", c, err)
		}
	}
	token, s, err := w.acc.SignIn(ctx, "ann", good, "here")
	if err != nil || s.Actor != (luoshu.Actor{Name: "ann", Role: "clerk", Org: "A1"}) || !s.SameCSRF(s.CSRF) || s.SameCSRF("") || s.SameCSRF("x") {
		t.Fatal(s, err)
	}
	if err := w.acc.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	var stored string
	if err := w.db.QueryRow(ctx, "SELECT hash FROM session").Scan(&stored); err != nil || stored == token || strings.Contains(stored, token) {
		t.Errorf("the token itself is stored: %v", err)
	}
	for _, a := range []*access.Access{w.acc, w.open()} { // held, and read anew after a restart
		got, err := a.Session(ctx, token)
		if err != nil || got == nil || got.Actor != s.Actor || got.CSRF != s.CSRF {
			t.Errorf("session %+v %v", got, err)
		}
	}
	other := "x"
	if token[0] == 'x' {
		other = "y"
	}
	if got, _ := w.acc.Session(ctx, other+token[1:]); got != nil {
		t.Error("a guessed token is taken")
	}
}

func TestSessionsEnd(t *testing.T) {
	ctx := context.Background()
	for name, end := range map[string]func(w *world, token string){
		"signed out": func(w *world, token string) { w.acc.SignOut(ctx, token) },
		"idle":       func(w *world, _ string) { w.now = w.now.Add(access.DefaultPolicy().Idle + time.Minute) },
		"old": func(w *world, token string) {
			for range 13 {
				w.now = w.now.Add(time.Hour)
				_, _ = w.acc.Session(ctx, token)
			}
		},
		"account closed": func(w *world, _ string) {
			if err := w.acc.Disable(ctx, "ann", true); err != nil {
				w.t.Fatal(err)
			}
		},
		"password changed": func(w *world, _ string) {
			if err := w.acc.SetPassword(ctx, "ann", "another one 2"); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if err := w.acc.CreateAccount(ctx, "ann", good, "clerk", "A1", luoshu.Text{}); err != nil {
				t.Fatal(err)
			}
			token, _, err := w.acc.SignIn(ctx, "ann", good, "here")
			if err != nil {
				t.Fatal(err)
			}
			end(w, token)
			if s, err := w.acc.Session(ctx, token); s != nil || err != nil {
				t.Errorf("still there: %+v %v", s, err)
			}
			if err := w.acc.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			if s, err := w.open().Session(ctx, token); s != nil || err != nil {
				t.Errorf("back after a restart: %+v %v", s, err)
			}
		})
	}
}

func TestLockOut(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if err := w.acc.CreateAccount(ctx, "ann", good, "clerk", "A1", luoshu.Text{}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, _, _ = w.acc.SignIn(ctx, "ann", "wrong", "there")
	}
	var many *access.TooManyError
	if _, _, err := w.acc.SignIn(ctx, "ann", good, "there"); !errors.As(err, &many) || many.Wait <= 0 {
		t.Errorf("not locked: %v", err)
	}
	if _, _, err := w.acc.SignIn(ctx, "ann", good, "elsewhere"); err != nil {
		t.Errorf("the owner is locked out by a stranger: %v", err)
	}
	w.now = w.now.Add(access.DefaultPolicy().Lock + time.Minute)
	if _, _, err := w.acc.SignIn(ctx, "ann", good, "there"); err != nil {
		t.Errorf("still locked: %v", err)
	}
}

func TestTree(t *testing.T) {
	w := newWorld(t)
	tree, err := w.acc.Tree(t.Context())
	if err != nil || tree.Get("R") == nil || tree.Len() != 1 {
		t.Fatal("an empty city has its root", err)
	}
	w.town()
	if tree, err = w.acc.Tree(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		root, code string
		want       bool
	}{
		{"R", "A1", true},
		{"A", "A1", true},
		{"A", "A2", true},
		{"A", "B1", false},
		{"A1", "A1", true},
		{"A1", "A", false},
		{"", "A1", false},
		{"Z", "A1", false},
		{"R", "Z", false},
		{"Z", "Z", false},
		{"R", "", false},
	} {
		if tree.Within(c.root, c.code) != c.want {
			t.Errorf("Within(%q, %q) is %v", c.root, c.code, !c.want)
		}
	}
	if got := tree.Under("A"); !slices.Equal(got, []string{"A", "A1", "A2"}) {
		t.Errorf("under A: %v", got)
	}
	if n := tree.Get("A1"); n.Level != "school" || n.Entity != "house" || n.Title.ZH != "甲一" {
		t.Errorf("%+v", n)
	}
	w.put("house", map[string]any{"code": "A1", "name": "甲一", "office": "B"})
	if tree, _ = w.acc.Tree(t.Context()); !tree.Within("B", "A1") || tree.Within("A", "A1") {
		t.Error("the tree did not follow the ledger")
	}
	w.put("office", map[string]any{"code": "A", "name": "甲", "level": "county", "parent": "A"})
	if tree, _ = w.acc.Tree(t.Context()); tree.Within("R", "A") || len(tree.Path("A")) != 1 {
		t.Error("a loop in the tree")
	}
}

func TestWriter(t *testing.T) {
	w := newWorld(t)
	w.town()
	w.put("member", map[string]any{"no": "N1", "name": "x", "house": "A1"}, map[string]any{"no": "N2", "name": "x", "house": "B1"})
	for _, c := range []struct {
		org, entity string
		row         map[string]any
		want        bool
	}{
		{"A", "member", map[string]any{"house": "A1"}, true},
		{"A", "member", map[string]any{"house": "B1"}, false},
		{"A", "member", map[string]any{}, false},
		{"A1", "score", map[string]any{"member": "N1"}, true},
		{"A1", "score", map[string]any{"member": "N2"}, false},
		{"A", "area", map[string]any{"code": "X"}, false},
		{"A", "house", map[string]any{"code": "A9", "office": "A"}, true},
		{"A", "house", map[string]any{"code": "A9", "office": "B"}, false},
		{"A", "house", map[string]any{"code": "B1", "office": "A"}, false},
		{"A1", "house", map[string]any{"code": "A1", "office": "A"}, true},
		{"A1", "house", map[string]any{"code": "A1", "office": "B"}, false},
		{"A", "office", map[string]any{"code": "A", "parent": "B"}, false},
		{"Z", "member", map[string]any{"house": "A1"}, false},
	} {
		may, err := w.acc.Writer(t.Context(), luoshu.Actor{Name: "x", Role: "clerk", Org: c.org}, c.entity)
		if err != nil || may == nil {
			t.Fatal(c, err)
		}
		if may(w.values(c.entity, c.row)) != c.want {
			t.Errorf("%s writes %s %v: want %v", c.org, c.entity, c.row, c.want)
		}
	}
	if may, err := w.acc.Writer(t.Context(), luoshu.Actor{Role: "planner", Org: "R"}, "area"); may != nil || err != nil {
		t.Error("the whole city writes everything", err)
	}
}

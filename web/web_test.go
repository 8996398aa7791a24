package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/audit"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/correct"
	"luoshu/kernel/disclose"
	"luoshu/kernel/identity"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/load"
	moves "luoshu/kernel/movement"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/web/account"
	webaudit "luoshu/web/audit"
	webidentity "luoshu/web/identity"
	"luoshu/web/kit"
	"luoshu/web/movement"
)

const password = "correct horse 1"

// town is a small city behind a real server.
type town struct {
	t       testing.TB
	srv     *Server
	http    *httptest.Server
	desk    *load.Desk
	correct *correct.Correct
	log     *safeBuffer
	led     *ledger.Ledger
	audit   *audit.Log
	db      *store.DB
	dir     string
	mu      sync.Mutex
	now     time.Time
	tokens  map[string]*visitor
	sealing func(context.Context, luoshu.Progress) error // before the seal of a round, if set
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (tn *town) clock() time.Time {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return tn.now
}

func newTown(t testing.TB) *town {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("../kernel/disclose/testdata/packs")}})
	for _, f := range faults {
		t.Fatal(f)
	}
	tn := &town{t: t, dir: t.TempDir(), now: time.Date(2025, 10, 1, 8, 0, 0, 0, time.UTC), log: &safeBuffer{}, tokens: map[string]*visitor{}}
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(tn.dir, "town.db"), Keys: storetest.Keys(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	tn.db = db
	if tn.led, err = ledger.Open(ctx, db, cat, tn.clock); err != nil {
		t.Fatal(err)
	}
	acc, err := access.Open(ctx, db, cat, tn.clock)
	if err != nil {
		t.Fatal(err)
	}
	eng := indicator.New(db, cat, tn.dir, indicator.WithEngine("sqlite"))
	door := disclose.New(db, cat, tn.led, eng, acc)
	tn.desk = load.New(tn.dir, cat, tn.led, db, tn.clock)
	ch, faults := charter.Load(cat)
	for _, f := range faults {
		t.Fatal(f)
	}
	if tn.correct, err = correct.New(db, cat, ch, tn.led, acc, tn.clock); err != nil {
		t.Fatal(err)
	}
	tn.desk.Watch(tn.correct)
	seal := func(ctx context.Context, a luoshu.Actor, note string, p luoshu.Progress) (ledger.Seal, error) {
		s, err := tn.led.Seal(ctx, a, note)
		if err != nil {
			return s, err
		}
		return s, eng.Compute(ctx, s, p)
	}
	tn.fill(cat)
	if _, err := seal(ctx, luoshu.Actor{Name: "p", Role: "planner", Org: "R"}, "first", nil); err != nil {
		t.Fatal(err)
	}
	if tn.audit, err = audit.Open(ctx, db, tn.clock); err != nil {
		t.Fatal(err)
	}
	tn.db = db
	mover := moves.New(db, cat, nil, tn.led, records.New(db, cat), acc, tn.clock)
	tn.srv = New(Config{
		Audit: tn.audit,
		Areas: slices.Concat(
			account.Routes(acc, cat),
			webidentity.Routes(webidentity.Config{
				Identity: identity.New(db, cat, &charter.Charter{}, tn.led, records.New(db, cat), acc, tn.clock),
				Door:     door, Access: acc, Catalog: cat, Records: records.New(db, cat), Works: &kit.Works{},
			}),
			webaudit.Routes(webaudit.Config{Log: tn.audit, Door: door, Access: acc, Catalog: cat, Now: tn.clock}),
			tn.correctRoutes(door, acc, cat, ch),
			(&movement.Area{Mover: mover, Keeper: lifecycle.New(db, cat, tn.led, records.New(db, cat), acc, mover), Door: door, Access: acc, Catalog: cat}).Routes(),
			tn.verification(db, cat, acc, door),
			tn.dutyRoutes(db, cat, acc),
			tn.flowRoutes(db, cat, ch, acc, door),
			tn.briefRoutes(cat, acc, door),
			tn.readinessRoutes(cat, acc, door),
			tn.runRoutes(cat, acc, door, eng),
		),
		Door: door, Access: acc, Desk: tn.desk, Ledger: tn.led, Engine: eng, Catalog: cat, Correct: tn.correct, Now: tn.clock, Seal: seal,
		Log: slog.New(slog.NewTextHandler(tn.log, &slog.HandlerOptions{Level: slog.LevelDebug})), MaxUpload: 1 << 20,
		Pages: fstest.MapFS{
			"index.html":         {Data: []byte("<html>the page</html>")},
			"assets/app-1a2b.js": {Data: []byte(strings.Repeat("code();", 400))},
			"README.txt":         {Data: []byte("note")},
		},
	})
	tn.http = httptest.NewServer(tn.srv)
	t.Cleanup(func() {
		tn.http.Close()
		if err := tn.srv.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := door.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	return tn
}

func (tn *town) fill(cat *catalog.Catalog) {
	put := func(entity string, rows ...[]any) {
		_, err := tn.led.Commit(context.Background(), ledger.Batch{
			Actor: luoshu.Actor{Name: "filler", Role: "planner", Org: "R"}, Entity: entity, Total: int64(len(rows)),
			Rows: func(yield func(ledger.Row) error) error {
				for i, r := range rows {
					v := make([]luoshu.Value, len(cat.Entity(entity).Fields))
					for j, c := range r {
						v[j] = luoshu.ValueOf(c)
					}
					if err := yield(ledger.Row{N: i + 1, Values: v}); err != nil {
						return err
					}
				}
				return nil
			},
			Each: func(d ledger.Diff) error {
				if len(d.Faults) > 0 {
					tn.t.Error(entity, d.Faults[0].EN)
				}
				return nil
			},
		}, nil)
		if err != nil {
			tn.t.Fatal(err)
		}
	}
	put("area", []any{"A", "区甲"}, []any{"B", "区乙"})
	put("office", []any{"R", "总", nil, "city"}, []any{"A", "甲", "R", "county"}, []any{"B", "乙", "R", "county"})
	put("house", []any{"A1", "甲一", "A", "A"}, []any{"B1", "乙一", "B", "B"})
	var members, stays, scores [][]any
	for i := range 40 {
		h := []string{"A1", "B1"}[i%2]
		no := fmt.Sprintf("N%s%03d", h, i)
		members = append(members, []any{no, "secret-" + h, int64(20100101), "410305199001011234", "13900001111", int64(4000), int64(i / 4 % 2), h, "memo-" + h, int64(990000000 + i)})
		stays = append(stays, []any{no, int64(2024), h, "x"})
		scores = append(scores, []any{no, "subject", int64(881000000 + i), int64(771000000 + i), fmt.Sprintf("verdict-text-%03d", i)})
	}
	put("member", members...)
	put("stay", stays...)
	put("score", scores...)
}

// visitor is a browser, signed in or not.
type visitor struct {
	tn     *town
	cookie *http.Cookie
	csrf   string
}

// as signs in with a role at an organisation; "" is nobody.
func (tn *town) as(role, org string) *visitor {
	tn.t.Helper()
	if role == "" {
		return &visitor{tn: tn}
	}
	name := role + "-" + org
	if v := tn.tokens[name]; v != nil {
		return v
	}
	if err := tn.srv.Access.CreateAccount(context.Background(), name, password, role, org, luoshu.Text{}); err != nil {
		tn.t.Fatal(err)
	}
	v := &visitor{tn: tn}
	res := v.do("POST", "/api/session", fmt.Sprintf(`{"name":%q,"password":%q}`, name, password))
	var body struct{ CSRF string }
	if err := json.Unmarshal([]byte(res.body), &body); err != nil || res.status != 200 || len(res.header["Set-Cookie"]) == 0 {
		tn.t.Fatal(res)
	}
	c, err := http.ParseSetCookie(res.header["Set-Cookie"][0])
	if err != nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
		tn.t.Fatal(c, err)
	}
	v.cookie, v.csrf = c, body.CSRF
	tn.tokens[name] = v
	return v
}

type answer struct {
	status int
	body   string
	header http.Header
}

func (v *visitor) do(method, path, body string, headers ...string) answer {
	v.tn.t.Helper()
	req, err := http.NewRequest(method, v.tn.http.URL+path, strings.NewReader(body))
	if err != nil {
		v.tn.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if v.cookie != nil {
		req.AddCookie(v.cookie)
		req.Header.Set(csrfHeader, v.csrf)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		v.tn.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.tn.t.Fatal(err)
	}
	return answer{res.StatusCode, string(b), res.Header}
}

func (v *visitor) get(path string) answer { v.tn.t.Helper(); return v.do("GET", path, "") }

// upload hands a file in and returns its id.
func (v *visitor) upload(entity, name, content string) answer {
	v.tn.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	m.WriteField("entity", entity)
	m.WriteField("attested", "2025-09-20")
	f, err := m.CreateFormFile("file", name)
	if err != nil {
		v.tn.t.Fatal(err)
	}
	io.WriteString(f, content)
	m.Close()
	return v.do("POST", "/api/uploads", b.String(), "Content-Type", m.FormDataContentType())
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatal(a.status, a.body, err)
	}
	return out
}

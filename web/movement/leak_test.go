package movement_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/audit"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/disclose"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/lifecycle"
	mover "luoshu/kernel/movement"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/packs"
	"luoshu/web"
	"luoshu/web/movement"
)

const (
	schoolA, schoolB, county = "2141000001", "2141000002", "410311"
	number, name, phone      = "L410311201701010001", "欧阳慕白", "13912345678"
	password                 = "Correct-horse-1"
)

// server is the real server over a small city on the shipped packs: one child at
// school A, whose every value is a marker.
type server struct {
	*testing.T
	http *httptest.Server
	acc  *access.Access
	mv   *mover.Mover
	life *lifecycle.Keeper
	now  time.Time
}

func serve(t *testing.T) *server {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{packs.FS}, Packs: []string{"luoyang"}})
	for _, f := range faults {
		t.Fatal(f)
	}
	ch, faults := charter.Load(cat)
	for _, f := range faults {
		t.Fatal(f)
	}
	s := &server{T: t, now: time.Date(2025, 3, 10, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return s.now }
	ctx, dir := context.Background(), t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(dir, "x.db"), Keys: storetest.Keys(t)})
	must(err)
	t.Cleanup(func() { db.Close() })
	led, err := ledger.Open(ctx, db, cat, clock)
	must(err)
	s.acc, err = access.Open(ctx, db, cat, clock)
	must(err)
	log, err := audit.Open(ctx, db, clock)
	must(err)
	eng := indicator.New(db, cat, dir, indicator.WithEngine("sqlite"))
	door := disclose.New(db, cat, led, eng, s.acc)
	rec := records.New(db, cat)
	mv := mover.New(db, cat, ch.Movement, led, rec, s.acc, clock)
	put := func(entity string, row map[string]any) {
		t.Helper()
		e := cat.Entity(entity)
		v := make([]luoshu.Value, len(e.Fields))
		for k, x := range row {
			v[e.Field(k).Index] = luoshu.ValueOf(x)
		}
		_, err := led.Commit(ctx, ledger.Batch{
			Actor: access.Operator, Entity: entity,
			Rows: func(yield func(ledger.Row) error) error { return yield(ledger.Row{N: 2, Values: v}) },
			Each: func(d ledger.Diff) error {
				if len(d.Faults) > 0 {
					return fmt.Errorf("%s: %s", entity, d.Faults[0].EN)
				}
				return nil
			},
		}, nil)
		must(err)
	}
	put("organisation", map[string]any{"code": "410300", "name": "市教育局", "level": "city"})
	put("organisation", map[string]any{"code": county, "name": "区教体局", "level": "county", "parent_code": "410300"})
	for code, n := range map[string]string{schoolA: "甲校", schoolB: "乙校"} {
		put("school", map[string]any{
			"school_code": code, "name": n, "type_code": "211", "runner": "public", "urban_rural": "111",
			"division_code": county, "managing_code": county, "counts": 1, "opened": 19850901,
		})
	}
	put("class", map[string]any{"class_code": schoolA + "-2024-PRI1-01", "school_code": schoolA, "school_year": 2024, "stage": "PRI", "grade": "PRI1", "name": "秘密一班"})
	put("student", map[string]any{
		"student_no": number, "name": name, "sex": "1", "birth_date": 20170101, "school_code": schoolA, "status": "01",
		"id_no": "410305201701019876", "phone": phone, "address": "秘密胡同9号",
	})
	put("enrolment", map[string]any{
		"student_no": number, "school_year": 2024, "school_code": schoolA, "stage": "PRI", "grade": "PRI1",
		"class_code": schoolA + "-2024-PRI1-01", "from_date": 20240901, "boarding": 0, "left_behind": "0", "migrant": "0",
	})
	for _, a := range [][3]string{{"a", "clerk", schoolA}, {"b", "clerk", schoolB}, {"b2", "clerk", schoolB}, {"p", "planner", "410300"}} {
		must(s.acc.CreateAccount(ctx, a[0], password, a[1], a[2], luoshu.Text{ZH: a[0], EN: a[0]}))
	}
	s.mv, s.life = mv, lifecycle.New(db, cat, led, rec, s.acc, mv)
	area := &movement.Area{Mover: mv, Keeper: s.life, Door: door, Access: s.acc, Catalog: cat}
	t.Cleanup(area.Close)
	srv := web.New(web.Config{
		Door: door, Access: s.acc, Ledger: led, Engine: eng, Catalog: cat, Now: clock, Audit: log, Areas: area.Routes(),
		Pages: fstest.MapFS{"index.html": {Data: []byte("<html>")}},
	})
	s.http = httptest.NewServer(srv)
	t.Cleanup(func() {
		s.http.Close()
		_ = srv.Close(ctx)
	})
	return s
}

// as signs somebody in and returns how they ask.
func (s *server) as(account string) func(method, path, body string) (int, string) {
	s.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	csrf := ""
	do := func(method, path, body string) (int, string) {
		s.Helper()
		r, err := http.NewRequest(method, s.http.URL+path, strings.NewReader(body))
		if err != nil {
			s.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Luoshu-CSRF", csrf)
		res, err := c.Do(r)
		if err != nil {
			s.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			s.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	if code, body := do("POST", "/api/session", `{"name":"`+account+`","password":"`+password+`"}`); code != 200 {
		s.Fatal(account, code, body)
	}
	_, body := do("GET", "/api/session", "")
	csrf = regexp.MustCompile(`"csrf":"([^"]+)"`).FindStringSubmatch(body)[1]
	return do
}

// choose is as for somebody with several grants.
func (s *server) choose(account, grant string) func(method, path, body string) (int, string) {
	s.Helper()
	do := s.as(account)
	if code, body := do("POST", "/api/session/grant", `{"grant":"`+grant+`"}`); code != 200 {
		s.Fatal(account, code, body)
	}
	return do
}

// secrets of the child that school B may not read before A agrees.
var secrets = []string{number, name, "慕白", phone, "410305201701019876", "秘密", "20170101", "2017-01-01", schoolA, "甲校", "PRI1", "一年级"}

func leak(text string) string {
	for _, x := range secrets {
		if strings.Contains(text, x) {
			return x
		}
	}
	return ""
}

// A school reads nothing of another school's child through a transfer request, and
// cannot tell a wrong name from an unknown number.
func TestRequestTellsNothing(t *testing.T) {
	s := serve(t)
	a, b := s.as("a"), s.as("b")
	ask := func(number, name string) string {
		return fmt.Sprintf(`{"type":"transfer","number":%q,"name":%q,"taker":%q,"date":"2025-03-10"}`, number, name, schoolB)
	}
	code1, unknown := b("POST", "/api/movement/cases", ask("L410311201701019999", name))
	code2, wrong := b("POST", "/api/movement/cases", ask(number, "别人"))
	if code1 != 404 || code2 != 404 || unknown != wrong {
		t.Errorf("an unknown number: %d %s\na wrong name: %d %s", code1, unknown, code2, wrong)
	}
	code, made := b("POST", "/api/movement/cases", ask(number, name))
	if code != 201 {
		t.Fatal(code, made)
	}
	for _, path := range []string{
		"/api/movement/cases/1", "/api/movement/cases", "/api/movement/cases?box=in", "/api/movement/cases?box=out", "/api/movement/cases?rec=1",
		"/api/movement/persons/1", "/api/records/student/1", "/api/records/student", "/api/records/enrolment", "/api/records/class",
		"/api/yearend", "/api/yearend?org=" + schoolA, "/api/yearend/persons?org=" + schoolA, "/api/yearend/vanished.csv?org=" + schoolA,
	} {
		if _, text := b("GET", path, ""); leak(text) != "" {
			t.Errorf("GET %s tells %q: %s", path, leak(text), text)
		}
	}
	for _, x := range [][2]string{
		{"/api/movement/cases/1/answer", `{"act":"accept"}`},
		{"/api/movement/cases", `{"type":"suspend","rec":1,"date":"2025-03-01","reason":"10","evidence":"x"}`},
		{"/api/yearend/exceptions", `{"year":2024,"rec":1,"act":"leave"}`},
		{"/api/movement/cases", ask(number, name)},
	} {
		code, text := b("POST", x[0], x[1])
		if code < 400 || leak(text) != "" {
			t.Errorf("POST %s %s: %d %s", x[0], x[1], code, text)
		}
	}
	if leak(made) != "" {
		t.Errorf("the request itself tells %q: %s", leak(made), made)
	}
	// Guessing is slowed down, whichever way.
	code = 0
	for range 6 {
		code, _ = b("POST", "/api/movement/cases", ask("L410311201701018888", "某"))
	}
	if code != 429 {
		t.Errorf("after many guesses: %d", code)
	}
	// Who gives sees their own, and agrees; then the other side reads the record.
	if code, text := a("GET", "/api/movement/cases?box=in", ""); code != 200 || !strings.Contains(text, name) {
		t.Error(code, text)
	}
	if code, text := a("POST", "/api/movement/cases/1/answer", `{"act":"accept"}`); code != 200 || !strings.Contains(text, `"state":"done"`) {
		t.Error(code, text)
	}
	if code, text := b("GET", "/api/records/student/1", ""); code != 200 || !strings.Contains(text, name) {
		t.Error(code, text)
	}
	if code, _ := a("GET", "/api/records/student/1", ""); code != 404 {
		t.Errorf("the giving side still reads the record: %d", code)
	}
}

// A refusal tells who asked neither where the child is nor who said no.
func TestRefusalTellsNothing(t *testing.T) {
	s := serve(t)
	a, b := s.as("a"), s.as("b")
	if code, text := b("POST", "/api/movement/cases", fmt.Sprintf(`{"type":"transfer","number":%q,"name":%q,"taker":%q,"date":"2025-03-10"}`, number, name, schoolB)); code != 201 {
		t.Fatal(code, text)
	}
	if code, text := a("POST", "/api/movement/cases/1/answer", `{"act":"refuse","note":"not yet"}`); code != 200 || !strings.Contains(text, `"who":"a"`) {
		t.Fatal(code, text)
	}
	for _, path := range []string{"/api/movement/cases/1", "/api/movement/cases"} {
		code, text := b("GET", path, "")
		if code != 200 || leak(text) != "" || strings.Contains(text, `"who":"a"`) {
			t.Errorf("GET %s after the refusal: %d, tells %q: %s", path, code, leak(text), text)
		}
	}
	if _, text := b("GET", "/api/movement/cases/1", ""); !strings.Contains(text, "not yet") || !strings.Contains(text, `"who":"b"`) {
		t.Errorf("what was said to who asked is missing: %s", text)
	}
}

// What a run did under one grant is not shown under another of the same person.
func TestRunsByGrant(t *testing.T) {
	s := serve(t)
	ctx := context.Background()
	second, err := s.acc.Give(ctx, access.Operator, access.GrantRequest{Account: "p", Role: "clerk", Org: schoolB, Reason: "helps out"})
	if err != nil {
		t.Fatal(err)
	}
	held, err := s.acc.GrantsOf(ctx, "p")
	if err != nil {
		t.Fatal(err)
	}
	held = slices.DeleteFunc(held, func(g access.Grant) bool { return g.ID == second })
	s.now = time.Date(2025, 9, 2, 9, 0, 0, 0, time.UTC)
	if err := errors.Join(s.acc.Disable(ctx, "p", false), s.acc.SetPassword(ctx, "p", password)); err != nil {
		t.Fatal(err)
	}
	p := s.choose("p", held[0].ID)
	if code, text := p("POST", "/api/yearend/run", `{"year":2024}`); code != 202 {
		t.Fatal(code, text)
	}
	text := ""
	for range 50 {
		if _, text = p("GET", "/api/yearend?year=2024", ""); strings.Contains(text, `"state":"done","done"`) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !strings.Contains(text, `"persons":1`) {
		t.Fatal("the run did nothing: ", text)
	}
	q := s.choose("p", second)
	if code, text := q("GET", "/api/yearend?year=2024", ""); code != 200 || !strings.Contains(text, `"work":null`) {
		t.Errorf("as the clerk of another school: %d %s", code, text)
	}
}

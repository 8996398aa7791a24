//go:build city

package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/city"
	"luoshu/kernel/records"
	"luoshu/packs"
	"luoshu/web"
	"luoshu/web/kit"
	"luoshu/web/movement"
)

// The tests of this build tag run over a whole demo city, which scripts/test-city
// makes. Without one they fail: nobody is to think they ran.
func cityFolder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("LUOSHU_TEST_CITY")
	if dir == "" || !city.Exists(dir) {
		t.Fatal("LUOSHU_TEST_CITY names no data folder; run scripts/test-city")
	}
	return dir
}

const cityPassword = "correct horse 1"

// held is a record and the organisation that holds it.
type held struct{ org, rec string }

// whole is a demo city behind a real server, and what is known of it by reading the
// ledger without the door.
type whole struct {
	t        testing.TB
	ct       *city.City
	srv      *web.Server
	http     *httptest.Server
	log      *bytes.Buffer
	logs     sync.Mutex
	schools  []string // one of every kind
	counties []string
	above    map[string]string   // organisation → the one above
	ids      map[string][]string // what addresses may name
	some     map[string][]held   // records by entity, two of each organisation
}

func (w *whole) Write(b []byte) (int, error) {
	w.logs.Lock()
	defer w.logs.Unlock()
	return w.log.Write(b)
}

// unbounded lifts every bound on how often one may ask: a test asks more than a person.
func unbounded() map[string]web.Rate {
	out := map[string]web.Rate{}
	for name := range web.Rates() {
		out[name] = web.Rate{Burst: 1e9, PerMinute: 1e9}
	}
	return out
}

func openWhole(t testing.TB) *whole {
	t.Helper()
	w := &whole{t: t, log: &bytes.Buffer{}, above: map[string]string{}, ids: map[string][]string{}}
	a := &app{ctx: context.Background(), out: io.Discard, errw: io.Discard, now: time.Now, logger: slog.New(slog.NewTextHandler(w, nil))}
	ct, err := city.Open(a.ctx, cityFolder(t), packs.FS, a.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ct.Close() })
	w.ct = ct
	moves := &movement.Area{Mover: ct.Mover, Keeper: ct.Keeper, Door: ct.Door, Access: ct.Access, Catalog: ct.Catalog}
	works := &kit.Works{}
	w.srv = a.handler(ct, moves, works, nil, unbounded())
	w.http = httptest.NewServer(w.srv)
	t.Cleanup(func() {
		w.http.Close()
		works.Close()
		moves.Close()
		if err := w.srv.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := ct.Door.Settle(a.ctx); err != nil {
		t.Fatal(err)
	}
	w.organisations()
	w.addresses()
	return w
}

// organisations reads the tree from the registers and picks two counties and a school
// of every kind.
func (w *whole) organisations() {
	root := w.ct.Catalog.City.Root
	w.each("organisation", func(v map[string]string) {
		w.above[v["code"]] = v["parent_code"]
		if v["parent_code"] == root && v["level"] == "county" {
			w.counties = append(w.counties, v["code"])
		}
	})
	slices.Sort(w.counties)
	kinds := map[string]string{}
	w.each("school", func(v map[string]string) {
		w.above[v["school_code"]] = v["managing_code"]
		if at := slices.Index(w.counties, v["managing_code"]); at < 0 || v["closed"] != "" || v["campus_of"] != "" {
			return
		}
		if old := kinds[v["type_code"]]; old == "" || v["school_code"] < old {
			kinds[v["type_code"]] = v["school_code"]
		}
	})
	for _, code := range kinds {
		w.schools = append(w.schools, code)
	}
	slices.Sort(w.schools)
	if len(w.schools) < 5 || len(w.counties) < 2 {
		w.t.Fatalf("schools of %d kinds, %d counties", len(w.schools), len(w.counties))
	}
	w.counties = w.counties[:2]
}

func (w *whole) within(org, top string) bool {
	for range 10 {
		if org == top {
			return true
		}
		if org = w.above[org]; org == "" {
			return false
		}
	}
	return false
}

// each reads the present records of an entity as text.
func (w *whole) each(entity string, do func(map[string]string)) {
	w.t.Helper()
	e := w.ct.Catalog.Entity(entity)
	err := w.ct.Records.Each(context.Background(), records.Query{Entity: entity}, func(v *records.Version) error {
		row := map[string]string{"": fmt.Sprint(v.Rec)}
		for i, f := range e.Fields {
			row[f.Name] = v.Values[i].String()
		}
		do(row)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// addresses collects numbers that addresses may name: some of everything there is.
func (w *whole) addresses() {
	take := func(name, q string) {
		rows, err := w.ct.DB.Query(context.Background(), q)
		if err != nil {
			w.t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var v any
			if err := rows.Scan(&v); err != nil {
				w.t.Fatal(err)
			}
			w.ids[name] = append(w.ids[name], luoshu.ValueOf(v).String())
		}
	}
	take("case", "SELECT no FROM flow_case ORDER BY id % 7, id LIMIT 14")
	take("sha", "SELECT sha256 FROM file ORDER BY sha256 LIMIT 3")
	take("paper", "SELECT id FROM flow_paper ORDER BY id LIMIT 3")
	take("finding", "SELECT id FROM finding ORDER BY id % 41, id LIMIT 8")
	take("pair", "SELECT id FROM duplicate ORDER BY id LIMIT 6")
	take("commit", "SELECT seq FROM commit_log ORDER BY seq DESC LIMIT 2")
	take("round", "SELECT id FROM round ORDER BY id LIMIT 2")
	take("task", "SELECT id FROM round_task ORDER BY id % 53, id LIMIT 6")
	take("seal", "SELECT id FROM seal ORDER BY n")
	for _, e := range w.ct.Catalog.Entities {
		w.ids["entity"] = append(w.ids["entity"], e.Name)
	}
	for _, i := range w.ct.Catalog.Indicators {
		w.ids["indicator"] = append(w.ids["indicator"], i.ID)
	}
}

// reader is somebody signed in: a role at an organisation. The zero role is nobody.
type reader struct {
	w            *whole
	role         *catalog.Role
	org          string
	cookie, csrf string
}

func (r *reader) String() string {
	if r.role == nil {
		return "nobody"
	}
	return r.role.ID + "@" + r.org
}

// as makes an account and signs in with it, second factor and all.
func (w *whole) as(role, org string) *reader {
	w.t.Helper()
	if role == "" {
		return &reader{w: w}
	}
	name := "t-" + role + "-" + org
	if !w.ct.Access.Known(context.Background(), name) {
		if err := w.ct.Access.CreateAccount(context.Background(), name, cityPassword, role, org, luoshu.Text{}); err != nil {
			w.t.Fatal(err)
		}
	}
	r := &reader{w: w, role: w.ct.Catalog.Role(role), org: org}
	got := r.do("POST", "/api/session", fmt.Sprintf(`{"name":%q,"password":%q}`, name, cityPassword))
	var body struct {
		CSRF    string
		Pending struct{ Step string }
	}
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || got.status != 200 {
		w.t.Fatal(name, got.status, got.body, err)
	}
	c, err := http.ParseSetCookie(got.header.Get("Set-Cookie"))
	if err != nil {
		w.t.Fatal(err)
	}
	r.cookie, r.csrf = c.Value, body.CSRF
	if body.Pending.Step == "enrol" {
		var f struct{ ID, Secret string }
		if err := json.Unmarshal([]byte(r.do("POST", "/api/me/factors", `{"label":"x"}`).body), &f); err != nil {
			w.t.Fatal(err)
		}
		code, err := totp.GenerateCode(f.Secret, time.Now())
		if err != nil {
			w.t.Fatal(err)
		}
		if got := r.do("POST", "/api/me/factors/"+f.ID+"/prove", fmt.Sprintf(`{"code":%q}`, code)); got.status != 200 {
			w.t.Fatal(got)
		}
	}
	return r
}

type reply struct {
	status int
	body   string
	header http.Header
}

func (r *reader) do(method, path, body string) reply {
	r.w.t.Helper()
	req, err := http.NewRequest(method, r.w.http.URL+path, strings.NewReader(body))
	if err != nil {
		r.w.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.cookie != "" {
		req.AddCookie(&http.Cookie{Name: "luoshu", Value: r.cookie})
		req.Header.Set("X-Luoshu-CSRF", r.csrf)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.w.t.Fatal(err)
	}
	return reply{res.StatusCode, string(b), res.Header}
}

// text is an answer as text, workbooks and documents unpacked.
func (a reply) text(t testing.TB) string {
	if !strings.HasPrefix(a.body, "PK\x03\x04") {
		return a.body
	}
	z, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&out, r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return out.String()
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// paths are the addresses of a route to try as a reader: its placeholders take what
// there is, of the reader's own and of others.
func (w *whole) paths(pattern string, recs map[string][]string, entities []string) []string {
	out := []string{pattern}
	for _, m := range placeholder.FindAllStringSubmatch(pattern, -1) {
		var next []string
		for _, p := range out {
			for _, v := range w.values(pattern, p, m[1], recs, entities) {
				next = append(next, strings.Replace(p, m[0], v, 1))
			}
		}
		out = next
	}
	return out
}

func (w *whole) values(pattern, sofar, name string, recs map[string][]string, entities []string) []string {
	switch name {
	case "entity":
		return entities
	case "rec":
		for _, e := range w.ids["entity"] {
			if strings.Contains(sofar, "/"+e+"/") {
				return recs[e]
			}
		}
		return recs[w.ct.Charter.Movement.Person.Entity.Name]
	case "no":
		return w.ids["case"]
	case "sha", "paper":
		return w.ids[name]
	case "n":
		return []string{"1", "2"}
	case "seq":
		return w.ids["commit"]
	case "type":
		var out []string
		for _, c := range w.ct.Charter.Cases {
			out = append(out, c.ID)
		}
		return out
	case "file":
		return []string{"student.xlsx"}
	case "id":
		for part, kind := range map[string]string{"/indicators/": "indicator", "/findings/": "finding", "/duplicates/": "pair", "/seals/": "seal", "/rounds/": "round", "/tasks/": "task"} {
			if strings.Contains(pattern, part) && len(w.ids[kind]) > 0 {
				return w.ids[kind]
			}
		}
	}
	return []string{"1"}
}

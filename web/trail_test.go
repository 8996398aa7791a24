package web

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"luoshu/kernel/audit"
)

// entries is what the audit log holds, newest first.
func (tn *town) entries(q audit.Query) []audit.Entry {
	tn.t.Helper()
	if err := tn.audit.Sync(tn.t.Context()); err != nil {
		tn.t.Fatal(err)
	}
	q.Limit = 1000
	got, err := tn.audit.Find(tn.t.Context(), q)
	if err != nil {
		tn.t.Fatal(err)
	}
	return got
}

// Who did what stands in the log: sign-ins, writes, refusals, what left as a file,
// the records behind a figure; and nothing of what the records hold.
func TestTrailNotesWhatPeopleDo(t *testing.T) {
	tn := newTown(t)
	planner, clerk, auditor := tn.as("planner", "R"), tn.as("clerk", "A1"), tn.as("auditor", "R")
	for _, c := range []struct {
		v            *visitor
		method, path string
		body         string
		kind, person string
		outcome      string
		object       string
		entity       string
		rec          int64
	}{
		{planner, "GET", "/api/records/member.csv", "", audit.KindExport, "planner-R", audit.Done, "GET /api/records/{entity}", "member", 0},
		{planner, "GET", "/api/records/member.xlsx", "", audit.KindExport, "planner-R", audit.Done, "GET /api/records/{entity}", "member", 0},
		{planner, "GET", "/api/explore.csv?measure=stay-count", "", audit.KindExport, "planner-R", audit.Done, "GET /api/explore.csv", "", 0},
		{planner, "GET", "/api/indicators/stay-count/behind?part=numerator", "", audit.KindBehind, "planner-R", audit.Done, "GET /api/indicators/{id}/behind id=stay-count", "", 0},
		{clerk, "GET", "/api/records/member/2", "", audit.KindRefused, "clerk-A1", audit.Refused, "GET /api/records/{entity}/{rec}", "member", 2},
		{clerk, "GET", "/api/plan", "", audit.KindRefused, "clerk-A1", audit.Refused, "GET /api/plan", "", 0},
		{clerk, "POST", "/api/seals", "{}", audit.KindRefused, "clerk-A1", audit.Refused, "POST /api/seals", "", 0},
		{planner, "POST", "/api/commits/999/undo", `{"reason":"wrong file"}`, audit.KindRefused, "planner-R", audit.Refused, "POST /api/commits/{seq}/undo", "", 0},
		{tn.as("", ""), "GET", "/api/records/member", "", audit.KindRefused, "", audit.Refused, "GET /api/records/{entity}", "member", 0},
		{tn.as("", ""), "POST", "/api/session", `{"name":"typed-a-secret","password":"guess"}`, audit.KindSignIn, "", audit.Refused, "sign-in-failed", "", 0},
		{tn.as("", ""), "POST", "/api/session", `{"name":"clerk-A1","password":"guess"}`, audit.KindSignIn, "clerk-A1", audit.Refused, "sign-in-failed", "", 0},
		{auditor, "GET", "/api/audit", "", audit.KindRead, "auditor-R", audit.Done, "GET /api/audit", "", 0},
		{auditor, "GET", "/api/audit.csv", "", audit.KindAudit, "auditor-R", audit.Done, "GET /api/audit.csv", "", 0},
	} {
		got := c.v.do(c.method, c.path, c.body)
		e := tn.entries(audit.Query{})[0]
		if e.Kind != c.kind || e.Actor.Name != c.person || e.Outcome != c.outcome || e.Object != c.object || e.Entity != c.entity || e.Rec != c.rec {
			t.Errorf("%s %s: %+v", c.method, c.path, e.Event)
		}
		if e.Request == "" || e.Request != got.header.Get("X-Request-Id") || e.Address == "" || (c.v.cookie != nil) != (e.Session != "") {
			t.Errorf("%s %s: request %q %q, address %q, session %q", c.method, c.path, e.Request, got.header.Get("X-Request-Id"), e.Address, e.Session)
		}
	}
	if n := len(tn.entries(audit.Query{Kind: audit.KindSignIn, Outcome: audit.Done})); n != 3 {
		t.Errorf("%d sign-ins", n)
	}
	up := clerk.upload("member", "m.csv", "编号,姓名,院\nNEW9,somebody-new,A1\n")
	tn.desk.Wait()
	clerk.do("POST", "/api/uploads/"+up.json(t)["id"].(string)+"/commit", "{}")
	tn.desk.Wait()
	writes := tn.entries(audit.Query{Kind: audit.KindWrite, Person: "clerk-A1"})
	if len(writes) != 2 || !strings.HasSuffix(writes[0].Object, "id="+up.json(t)["id"].(string)) {
		t.Errorf("writes %+v", writes)
	}
	var log strings.Builder
	for _, e := range tn.entries(audit.Query{}) {
		fmt.Fprintf(&log, "%+v\n", e)
	}
	for _, secret := range []string{password, "guess", "typed-a-secret", "somebody-new", "NEW9", clerk.cookie.Value, clerk.csrf, "410305199001011234"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if ps, err := tn.audit.Check(t.Context()); err != nil || len(ps) > 0 {
		t.Error(ps, err)
	}
}

// What is put in an address does not get into the log: it may be a person's number.
func TestTrailKeepsNoValueOfAnAddress(t *testing.T) {
	tn := newTown(t)
	clerk := tn.as("clerk", "A1")
	for _, path := range []string{
		"/api/records/member/410305199001011234", "/api/records/13900001111/1", "/api/records/member?q=secret-A1&filter=phone:13900001111",
		"/api/uploads/410305199001011234", "/api/indicators/secret-A1/behind?part=numerator", "/api/files/secret-A1/rows/1?entity=member",
	} {
		clerk.get(path)
	}
	for _, e := range tn.entries(audit.Query{}) {
		if s := fmt.Sprintf("%+v", e); strings.Contains(s, "4103051990") || strings.Contains(s, "1390000") || strings.Contains(s, "secret-A1") {
			t.Error(s)
		}
	}
}

// Refusals are sampled: a thousand guesses are few entries that say how many.
func TestTrailCannotBeFlooded(t *testing.T) {
	tn := newTown(t)
	clerk := tn.as("clerk", "A1")
	for range 200 {
		clerk.get("/api/seals/S999999")
	}
	if got := tn.entries(audit.Query{Kind: audit.KindRefused}); len(got) != 1 {
		t.Errorf("%d entries for 200 guesses", len(got))
	}
	tn.mu.Lock()
	tn.now = tn.now.Add(2 * time.Minute)
	tn.mu.Unlock()
	clerk.get("/api/seals/S999999")
	if got := tn.entries(audit.Query{Kind: audit.KindRefused}); len(got) != 2 || got[0].Times != 200 {
		t.Errorf("the next entry stands for %+v", got)
	}
	// Every one is counted in the end, however many kinds there are.
	var s samples
	passed := int64(0)
	pass := func(e audit.Event) { passed += max(e.Times, 1) }
	now := tn.clock()
	for i := range 4 * samplesHeld {
		s.note(now, fmt.Sprint(i%(3*samplesHeld)), audit.Event{}, pass)
		if i == 2*samplesHeld {
			now = now.Add(2 * time.Minute)
		}
	}
	if len(s.seen) > samplesHeld+1 {
		t.Errorf("%d kinds are held", len(s.seen))
	}
	if s.close(pass); passed != 4*samplesHeld {
		t.Errorf("%d of %d are counted", passed, 4*samplesHeld)
	}
}

// While the log cannot be written nothing sensitive leaves, and ordinary work goes on.
func TestNothingSensitiveWithoutTheLog(t *testing.T) {
	tn := newTown(t)
	planner, auditor := tn.as("planner", "R"), tn.as("auditor", "R")
	if err := tn.audit.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := tn.db.Exec(t.Context(), "ALTER TABLE audit RENAME TO gone"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		v                  *visitor
		method, path, body string
	}{
		{planner, "GET", "/api/records/member.csv", ""},
		{planner, "GET", "/api/records/member.xlsx", ""},
		{planner, "GET", "/api/explore.csv?measure=stay-count", ""},
		{planner, "POST", "/api/records/member/1/reveal", `{"field":"phone","reason":"call home"}`},
		{auditor, "GET", "/api/audit.csv", ""},
	} {
		got := c.v.do(c.method, c.path, c.body)
		if got.status != http.StatusServiceUnavailable || strings.Contains(got.body, "13900001111") || strings.Contains(got.body, "NA1") {
			t.Errorf("%s %s without a log: %d %.200s", c.method, c.path, got.status, got.body)
		}
	}
	if got := planner.get("/api/records/member"); got.status != http.StatusOK {
		t.Errorf("ordinary work stops: %d", got.status)
	}
	if _, err := tn.db.Exec(t.Context(), "ALTER TABLE gone RENAME TO audit"); err != nil {
		t.Fatal(err)
	}
	if err := tn.audit.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := planner.get("/api/records/member.csv"); got.status != http.StatusOK {
		t.Errorf("the log is back and still nothing leaves: %d %s", got.status, got.body)
	}
	bare := New(Config{Door: tn.srv.Door, Access: tn.srv.Access, Catalog: tn.srv.Catalog, Now: tn.clock})
	t.Cleanup(func() { bare.jobs.close() })
	if err := bare.ready(); err == nil {
		t.Error("a server without a log lets sensitive acts through")
	}
}

// One value, once, with a reason, within the scope, so many a day; and the record's
// read log tells who, when and why.
func TestReveal(t *testing.T) {
	tn := newTown(t)
	clerk, planner := tn.as("clerk", "A1"), tn.as("planner", "R")
	open := func(v *visitor, rec int, field string) answer {
		return v.do("POST", fmt.Sprintf("/api/records/member/%d/reveal", rec), fmt.Sprintf(`{"field":%q,"reason":"家长来电核对"}`, field))
	}
	got := open(clerk, 1, "phone")
	if got.status != 200 || !strings.Contains(got.body, `"13900001111"`) || got.header.Get("Cache-Control") != "no-store" {
		t.Fatal(got)
	}
	if strings.Contains(got.body, "410305") || strings.Contains(got.body, "secret-") {
		t.Errorf("more than one field: %s", got.body)
	}
	for field, status := range map[string]int{"score": 404, "none": 404, "name": 400, "": 404} {
		if got := open(clerk, 1, field); got.status != status {
			t.Errorf("%q: %d %s", field, got.status, got.body)
		}
	}
	if got := open(clerk, 2, "phone"); got.status != 404 || strings.Contains(got.body, "139") {
		t.Errorf("another house's record: %d %s", got.status, got.body)
	}
	if got := clerk.do("POST", "/api/records/member/1/reveal", `{"field":"phone","reason":"家长来电核对","fields":["id_no"]}`); got.status != 400 {
		t.Errorf("several fields at once: %d", got.status)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	count := map[int]int{}
	for range 8 { // four are left of five
		wg.Go(func() {
			got := open(clerk, 1, "id_no")
			mu.Lock()
			defer mu.Unlock()
			count[got.status]++
			if got.status == 429 && (got.header.Get("Retry-After") == "" || strings.Contains(got.body, "410305199001011234")) {
				t.Error(got)
			}
		})
	}
	wg.Wait()
	if count[200] != 4 || count[429] != 4 {
		t.Errorf("answers %v", count)
	}
	if got := open(planner, 1, "weight"); got.status != 200 || !strings.Contains(got.body, `"left":4`) {
		t.Errorf("another person's day: %d %s", got.status, got.body)
	}
	tn.mu.Lock()
	tn.now = tn.now.Add(10 * time.Minute)
	tn.mu.Unlock()
	rows := clerk.get("/api/records/member/1/reads").json(t)["rows"].([]any)
	if len(rows) != 6 {
		t.Fatalf("%d openings in the read log", len(rows))
	}
	first := rows[5].(map[string]any)
	if first["person"] != "clerk-A1" || first["reason"] != "家长来电核对" || first["field"].(map[string]any)["zh"] != "电话" || first["org_title"].(map[string]any)["zh"] != "甲一" {
		t.Errorf("%+v", first)
	}
	if n := len(clerk.get("/api/records/member/3/reads").json(t)["rows"].([]any)); n != 0 {
		t.Errorf("another record has %d openings", n)
	}
	if body := tn.as("auditor", "R").get("/api/audit?kind=reveal").body; strings.Contains(body, "13900001111") || strings.Contains(body, "410305") {
		t.Error("the log holds a value")
	}
}

// The audit page: search, positions, a file of it, all noted; formulas are defused.
func TestAuditSearch(t *testing.T) {
	tn := newTown(t)
	auditor, planner := tn.as("auditor", "R"), tn.as("planner", "R")
	for range 7 {
		planner.get("/api/explore.csv?measure=stay-count")
	}
	page := auditor.get("/api/audit?kind=export&person=planner-R&limit=3").json(t)
	rows := page["rows"].([]any)
	if len(rows) != 3 || page["next"].(float64) == 0 || rows[0].(map[string]any)["role_title"].(map[string]any)["zh"] != "规划" {
		t.Fatal(page)
	}
	seen := map[float64]bool{}
	next, pages := "", 0
	for {
		p := auditor.get("/api/audit?kind=export&limit=3" + next).json(t)
		for _, r := range p["rows"].([]any) {
			seen[r.(map[string]any)["seq"].(float64)] = true
		}
		pages++
		if p["next"].(float64) == 0 {
			break
		}
		next = "&before=" + jsonNumber(p["next"])
	}
	if len(seen) != 7 || pages != 3 {
		t.Errorf("%d entries on %d pages", len(seen), pages)
	}
	// Reading the log is in the log, also from a place that nobody came to by pages.
	noted := func() int {
		if err := tn.audit.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(tn.entries(audit.Query{Kind: audit.KindRead, Limit: 100}))
	}
	before := noted()
	auditor.get("/api/audit?person=planner-R&before=999999")
	if n := noted(); n != before+1 {
		t.Errorf("a search with a position left %d entries", n-before)
	}
	if p := auditor.get("/api/audit?from=2025-10-01&to=2025-10-01&outcome=done").json(t); len(p["rows"].([]any)) == 0 {
		t.Error("nothing today")
	}
	if p := auditor.get("/api/audit?to=2025-09-30").json(t); len(p["rows"].([]any)) != 0 {
		t.Error("something yesterday")
	}
	tn.audit.Note(t.Context(), audit.Event{Kind: audit.KindWrite, Reason: `=HYPERLINK("http://x")`})
	if err := tn.audit.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := auditor.get("/api/audit.csv")
	if file.status != 200 || !strings.Contains(file.body, "planner-R") || !strings.Contains(file.body, `'=HYPERLINK`) {
		t.Error(file.status)
	}
	if got := tn.entries(audit.Query{Kind: audit.KindAudit}); len(got) != 1 || got[0].Actor.Name != "auditor-R" {
		t.Errorf("the export is not noted: %+v", got)
	}
}

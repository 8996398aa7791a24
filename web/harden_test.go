package web

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"luoshu/web/kit"
)

// Whoever reads in bulk is slowed down: 429 with Retry-After, for this person and
// no other, and a clock that jumps back gives nothing away.
func TestRateLimits(t *testing.T) {
	tn := newTown(t)
	planner, clerk := tn.as("planner", "R"), tn.as("clerk", "A1")
	for _, c := range []struct{ rate, path string }{
		{RateSearch, "/api/records/member?q=secret"},
		{RateBehind, "/api/indicators/stay-count/behind?part=numerator"},
		{RateExplore, "/api/explore?measure=stay-count&cuts=house"},
		{RateExport, "/api/records/member.csv"},
		{RateExport, "/api/explore.xlsx?measure=stay-count"},
		{RateUpload, ""},
	} {
		rule := Rates()[c.rate]
		ask := func(v *visitor) answer {
			if c.path == "" {
				return v.upload("member", "x.csv", "编号\n")
			}
			return v.get(c.path)
		}
		tn.mu.Lock()
		tn.now = tn.now.Add(5 * time.Minute)
		tn.mu.Unlock()
		good := 0
		var last answer
		for range int(rule.Burst) + 1 {
			if last = ask(planner); last.status < 300 {
				good++
			}
		}
		if good != int(rule.Burst) || last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" {
			t.Errorf("%s %s: %d taken, then %d, Retry-After %q", c.rate, c.path, good, last.status, last.header.Get("Retry-After"))
		}
		if got := ask(clerk); got.status >= 300 {
			t.Errorf("%s: another person waits too: %d", c.rate, got.status)
		}
		tn.mu.Lock()
		tn.now = tn.now.Add(-time.Minute)
		tn.mu.Unlock()
		if got := ask(planner); got.status != http.StatusTooManyRequests {
			t.Errorf("%s: a clock that jumps back gives a request: %d", c.rate, got.status)
		}
		tn.mu.Lock()
		tn.now = tn.now.Add(2 * time.Minute)
		tn.mu.Unlock()
		if got := ask(planner); got.status >= 300 {
			t.Errorf("%s: never again: %d", c.rate, got.status)
		}
		tn.desk.Wait()
	}
	var r rates
	r.init(nil)
	for i := range 3 * bucketsHeld {
		tr := &kit.Trace{}
		tr.Actor.Name = fmt.Sprint(i)
		if err := r.take(tn.clock(), RateRead, tr); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.left) > bucketsHeld+1 {
		t.Errorf("%d buckets are held", len(r.left))
	}
}

// zipped makes a zip of named contents.
func zipped(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	types = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`
	rels  = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	book  = `<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>`
	bookR = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`
)

// workbook is a workbook with one sheet as given.
func workbook(t *testing.T, sheet string, more ...string) string {
	t.Helper()
	return zipped(t, append([]string{"[Content_Types].xml", types, "_rels/.rels", rels, "xl/workbook.xml", book, "xl/_rels/workbook.xml.rels", bookR, "xl/worksheets/sheet1.xml", sheet}, more...)...)
}

// Files made to harm are refused or read as plain data; nothing is fetched, nothing
// lies outside the data folder, and the server goes on.
func TestMaliciousUploads(t *testing.T) {
	tn := newTown(t)
	clerk := tn.as("clerk", "A1")
	row := func(cell string) string {
		return `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>编号</t></is></c><c r="B1" t="inlineStr"><is><t>姓名</t></is></c><c r="C1" t="inlineStr"><is><t>院</t></is></c></row>` +
			`<row r="2"><c r="A2" t="inlineStr"><is><t>XX1</t></is></c><c r="B2" t="inlineStr"><is><t>` + cell + `</t></is></c><c r="C2" t="inlineStr"><is><t>A1</t></is></c></row></sheetData></worksheet>`
	}
	laughs := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>`
	bomb := row(strings.Repeat("a", 300<<20))
	for name, c := range map[string]struct {
		file, content string
		state         string // "" is either
	}{
		"zip bomb":             {"bomb.xlsx", workbook(t, bomb), "failed"},
		"external entity":      {"xxe.xlsx", workbook(t, `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>`+row("&e;")), "failed"},
		"entity from the net":  {"net.xlsx", workbook(t, `<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:1/x">]>`+row("&e;")), "failed"},
		"laughing entities":    {"laughs.xlsx", workbook(t, laughs+row("&c;")), "failed"},
		"names that climb":     {"../../../../tmp/climb.xlsx", workbook(t, row("x"), "../../climbed.txt", "out", "/abs-climbed.txt", "out", `..\..\climbed-too.txt`, "out"), ""},
		"a relation that does": {"rel.xlsx", zipped(t, "[Content_Types].xml", types, "_rels/.rels", rels, "xl/workbook.xml", book, "xl/_rels/workbook.xml.rels", strings.Replace(bookR, "worksheets/sheet1.xml", "../../../../etc/passwd", 1)), "failed"},
		"page and workbook":    {"poly.xlsx", "<html><script>alert(1)</script></html>" + workbook(t, row("x")), ""},
		"workbook called csv":  {"poly.csv", workbook(t, row("x")), ""},
		"page called csv":      {"page.csv", "<html><script>alert(1)</script></html>", "failed"},
		"program":              {"run.xlsx", "MZ\x90\x00" + strings.Repeat("\x00", 300), "failed"},
		"name with a line":     {"a\r\nX-Injected: 1.csv", "编号,姓名,院\nXX2,x,A1\n", ""},
		"nul bytes":            {"nul.csv", "编号,姓名,院\nXX\x003,x\x00y,A1\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := clerk.upload("member", c.file, c.content)
			if got.status == http.StatusBadRequest || got.status == http.StatusRequestEntityTooLarge {
				return // refused at the door
			}
			if got.status != http.StatusAccepted {
				t.Fatalf("%d %s", got.status, got.body)
			}
			tn.desk.Wait()
			id := got.json(t)["id"].(string)
			up := clerk.get("/api/uploads/" + id)
			if state := up.json(t)["state"]; (c.state != "" && state != c.state) || (state != "failed" && state != "staged") {
				t.Errorf("state %v: %s", state, up.body)
			}
			for _, path := range []string{"", "/rows?verdict=new", "/rows?verdict=refused"} {
				a := clerk.get("/api/uploads/" + id + path)
				if strings.Contains(a.body, "root:") || strings.Contains(a.body, "<script>alert") && !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
					t.Errorf("%s: %.200s", path, a.body)
				}
				if a.header.Get("X-Injected") != "" || a.header.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("headers %v", a.header)
				}
			}
			if clerk.get("/healthz").status != http.StatusOK {
				t.Error("the server is gone")
			}
		})
	}
	if got := clerk.upload("member", "big.csv", strings.Repeat("x", 2<<20)); got.status != http.StatusRequestEntityTooLarge && got.status != http.StatusBadRequest {
		t.Errorf("larger than may be: %d", got.status)
	}
	known := regexp.MustCompile(`^(town\.db(-wal|-shm)?|files/[0-9a-f]{2}/[0-9a-f]{64}|seals/S\d{6}/[a-z_]+\.(parquet|cube)|seals/S\d{6}/manifest\.json|.*\.tmp)$`)
	err := filepath.WalkDir(tn.dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if rel, _ := filepath.Rel(tn.dir, p); !known.MatchString(filepath.ToSlash(rel)) {
				t.Errorf("a file lies at %s", rel)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	climbed, err := filepath.Glob(filepath.Join(filepath.Dir(tn.dir), "*climbed*"))
	if err != nil || len(climbed) > 0 {
		t.Errorf("files climbed out: %v %v", climbed, err)
	}
}

// A method that a route does not have is not another way in.
func TestMethodConfusion(t *testing.T) {
	tn := newTown(t)
	clerk, nobody := tn.as("clerk", "A1"), tn.as("", "")
	for _, rt := range tn.srv.routes() {
		method, pattern, _ := strings.Cut(rt.Pattern, " ")
		path := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(pattern, "x")
		for _, m := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"} {
			if m == method || slices.ContainsFunc(tn.srv.routes(), func(o kit.Route) bool { return o.Pattern == m+" "+pattern }) {
				continue
			}
			for _, v := range []*visitor{clerk, nobody} {
				got := v.do(m, path, "")
				if got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed && got.status != http.StatusBadRequest && got.status != http.StatusForbidden && got.status != http.StatusUnauthorized {
					t.Errorf("%s %s: %d %.100s", m, path, got.status, got.body)
				}
				if got.header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s %s is open to other sites", m, path)
				}
			}
		}
	}
	for _, h := range []string{"X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"} {
		if got := clerk.do("GET", "/api/session", "", h, "DELETE"); got.status != http.StatusOK {
			t.Errorf("%s: %d", h, got.status)
		}
		if got := clerk.get("/api/session"); !strings.Contains(got.body, "clerk-A1") {
			t.Fatalf("%s signs out", h)
		}
	}
	if got := clerk.do("POST", "/api/uploads/x?_method=DELETE", "{}"); got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
		t.Errorf("a method in the query: %d", got.status)
	}
	if got := nobody.do("HEAD", "/api/records/member.csv", ""); got.status != http.StatusUnauthorized {
		t.Errorf("HEAD without a sign-in: %d", got.status)
	}
	if got := tn.as("auditor", "R").do("HEAD", "/api/records/member.csv", ""); got.status != http.StatusForbidden {
		t.Errorf("HEAD without the right: %d", got.status)
	}
	for _, path := range []string{"//api/session", "/api//session", "/api/records/../audit", "/api/%2e%2e/audit", "/API/audit", "/api/audit/", "/api/audit%00", "/api/audit;x"} {
		if got := clerk.get(path); got.status == http.StatusOK && strings.Contains(got.body, `"rows"`) {
			t.Errorf("%s answers like another address", path)
		}
	}
}

// The log of the server names requests and never what records hold, who typed what,
// or any secret, whatever is asked and whatever fails.
func TestLogsHoldNoValues(t *testing.T) {
	tn := newTown(t)
	readers := []*visitor{tn.as("", ""), tn.as("planner", "R"), tn.as("clerk", "A1"), tn.as("watcher", "A"), tn.as("auditor", "R")}
	probe := func() {
		for _, m := range slices.Concat(areaMatrix, matrix[:len(matrix)-1]) {
			method, _, _ := strings.Cut(m.route, " ")
			for _, v := range readers {
				v.do(method, m.path, m.body)
			}
		}
		for _, v := range readers {
			for _, path := range []string{
				"/api/records/member?q=secret-A1", "/api/records/member?filter=phone:13900001111", "/api/records/member/410305199001011234",
				"/api/records/13900001111", "/api/records/member?sort=410305199001011234", "/api/indicators/secret-A1", "/api/explore?measure=secret-A1&filters=house:13900001111",
			} {
				v.get(path)
			}
			v.do("POST", "/api/session", `{"name":"410305199001011234","password":"typed-secret"}`)
			v.do("POST", "/api/session", `{"name":{"secret-A1":1}}`)
			v.upload("member", "secret-A1.csv", "编号,姓名,证件,院\nNA1000,secret-A1,410305199001011234,A1\n")
		}
		tn.desk.Wait()
	}
	probe()
	// And when the machine fails under it.
	if _, err := tn.db.Exec(t.Context(), "ALTER TABLE r_member RENAME TO gone"); err != nil {
		t.Fatal(err)
	}
	probe()
	log := tn.log.String()
	if !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "level=DEBUG") {
		t.Fatal("nothing failed, so nothing is shown")
	}
	secrets := []string{"secret-A1", "secret-B1", "memo-A1", "41030519900101", "13900001111", "typed-secret", password, "9900000", "88100", "NA1000"}
	for _, v := range readers[1:] {
		secrets = append(secrets, v.cookie.Value, v.csrf)
	}
	for _, s := range secrets {
		if i := strings.Index(log, s); i >= 0 {
			t.Errorf("the log holds %q: …%s…", s, log[max(0, i-200):min(len(log), i+100)])
		}
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, "request failed") || strings.Contains(line, "request refused") || strings.Contains(line, "signed in") {
			if !regexp.MustCompile(`request=[0-9a-f]{16} `).MatchString(line) {
				t.Errorf("without the id of the request: %s", line)
			}
		}
	}
}

// No route is without a bound; what takes long or goes through a whole city has one
// of its own, which is tight.
func TestEveryRouteIsBounded(t *testing.T) {
	tn := newTown(t)
	// By the size of what they go through: a register, a tree of organisations, a year.
	// The count of a year is asked for again and again while it goes on, and counted once.
	whole := []string{
		"GET /api/sources", "GET /api/sources.csv", "GET /api/sources.xlsx", "GET /api/yearend/persons", "GET /api/yearend/vanished.csv",
		"POST /api/yearend/run", "POST /api/yearend/undo", "POST /api/lifecycle", "POST /api/lifecycle/preview", "POST /api/lifecycle/{n}/undo",
		"GET /api/duties/units", "GET /api/duties/month", "GET /api/plan/board", "GET /api/brief.docx", "GET /api/brief.pdf", "GET /api/burden",
		"POST /api/duplicates/find", "POST /api/verify/rounds", "POST /api/verify/rounds/{id}/draw", "POST /api/verify/rounds/{id}/close",
		"POST /api/seals", "POST /api/commits/{seq}/undo", "GET /api/explore", "GET /api/explore.csv", "GET /api/explore.xlsx", "GET /api/indicators/{id}/behind",
	}
	seen := map[string]bool{}
	for _, rt := range tn.srv.routes() {
		seen[rt.Pattern] = true
		rule, ok := tn.srv.rates.rules[rateOf(rt)]
		if !ok || rule.Burst < 1 || rule.PerMinute < 1 {
			t.Errorf("%s has no bound (%q)", rt.Pattern, rateOf(rt))
		}
		if rt.Slow && rt.Rate == "" {
			t.Errorf("%s may take as long as it likes, and has no bound of its own", rt.Pattern)
		}
		if slices.Contains(whole, rt.Pattern) && rule.PerMinute > 120 {
			t.Errorf("%s goes through a whole city, %v times a minute", rt.Pattern, rule.PerMinute)
		}
	}
	for _, p := range whole {
		if !seen[p] {
			t.Errorf("there is no route %q", p)
		}
	}
	v := tn.as("planner", "R")
	n := 0
	for ; n < 200 && v.get("/api/sources").status == 200; n++ {
	}
	if want := int(Rates()[RateWhole].Burst); n != want {
		t.Errorf("the map of sources was had %d times at once, the bound is %d", n, want)
	}
}

package web

import (
	"compress/gzip"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A clerk hands a file in, looks at the difference, commits it, the planner sees
// it and takes it back; nobody else's rows are touched.
func TestUploadCommitUndo(t *testing.T) {
	tn := newTown(t)
	clerk, planner, other := tn.as("clerk", "A1"), tn.as("planner", "R"), tn.as("clerk", "B1")
	head := "编号,姓名,出生,证件,电话,体重,患病,院,备忘\n"
	got := clerk.upload("member", "members.csv", head+
		"NA1000,renamed,2010-01-01,410305199001011234,13900001111,40.00,否,A1,memo-A1\n"+
		"NEW1,someone,2011-01-01,,,,否,A1,fresh\n"+
		"NB1001,stolen,2010-01-01,,,,否,A1,mine now\n"+
		"NEW2,someone,2011-13-01,,,,否,A1,bad date\n")
	if got.status != 202 {
		t.Fatal(got)
	}
	id := got.json(t)["id"].(string)
	tn.desk.Wait()
	up := clerk.get("/api/uploads/" + id).json(t)
	if up["state"] != "staged" || up["title"].(map[string]any)["zh"] != "成员" {
		t.Fatal(up)
	}
	if r := up["result"].(map[string]any); r["new"] != 1.0 || r["changed"] != 1.0 || r["refused"] != 2.0 {
		t.Fatal(r)
	}
	diff := clerk.get("/api/uploads/" + id + "/rows?verdict=changed").body
	if !strings.Contains(diff, `"before":"secret-A1","after":"renamed"`) || strings.Contains(diff, "score") {
		t.Error(diff)
	}
	bad := clerk.get("/api/uploads/" + id + "/rows?verdict=refused").body
	if !strings.Contains(bad, `"rule":"scope"`) || strings.Contains(bad, "secret-B1") {
		t.Error(bad)
	}
	for _, path := range []string{"", "/rows?verdict=new", "/faults.xlsx"} {
		if got := other.get("/api/uploads/" + id + path); got.status != 404 {
			t.Errorf("another house reaches the upload: %s %d", path, got.status)
		}
	}
	if got := clerk.get("/api/uploads/" + id + "/faults.xlsx"); got.status != 403 {
		t.Errorf("a file that can hold closed fields comes back: %d", got.status)
	}
	if got := clerk.do("POST", "/api/uploads/"+id+"/commit", "{}"); got.status != 202 {
		t.Fatal(got)
	}
	tn.desk.Wait()
	up = clerk.get("/api/uploads/" + id).json(t)
	if up["state"] != "committed" || up["seq"].(float64) == 0 {
		t.Fatal(up)
	}
	if got := clerk.do("POST", "/api/uploads/"+id+"/commit", "{}"); got.status != 409 {
		t.Errorf("committed twice: %d", got.status)
	}
	if got := planner.get("/api/records/member?q=NEW1").json(t); got["total"] != 1.0 {
		t.Error(got)
	}
	if got := planner.get("/api/records/member/2"); !strings.Contains(got.body, "secret-B1") {
		t.Error("another house's record was changed")
	}
	row := clerk.get("/api/records/member?q=NEW1").json(t)["rows"].([]any)[0].(map[string]any)
	rec := clerk.get("/api/records/member/" + jsonNumber(row["rec"])).json(t)
	src := rec["history"].([]any)[0].(map[string]any)["source"].(map[string]any)
	file := clerk.get("/api/files/" + src["file"].(string) + "/rows/" + jsonNumber(src["row"]) + "?entity=member")
	if file.status != 200 || !strings.Contains(file.body, "someone") || strings.Contains(file.body, "410305199001011234") {
		t.Error(file)
	}
	if got := other.get("/api/files/" + src["file"].(string) + "/rows/" + jsonNumber(src["row"]) + "?entity=member"); got.status != 404 {
		t.Errorf("another house reads the file: %d", got.status)
	}
	seq := jsonNumber(up["seq"])
	if got := other.do("POST", "/api/commits/"+seq+"/undo", `{"reason":"no"}`); got.status != 404 {
		t.Errorf("another house undoes it: %d", got.status)
	}
	if got := planner.do("POST", "/api/commits/"+seq+"/undo", `{"reason":"test"}`); got.status != 200 {
		t.Fatal(got)
	}
	if got := planner.get("/api/records/member?q=NEW1").json(t); got["total"] != 0.0 {
		t.Error("undo left the row")
	}
	if up = clerk.get("/api/uploads/" + id).json(t); up["state"] != "undone" {
		t.Error(up["state"])
	}
}

func TestUploadLimits(t *testing.T) {
	tn := newTown(t)
	clerk := tn.as("clerk", "A1")
	if got := clerk.upload("nothing", "x.csv", "a\n"); got.status != 404 {
		t.Error(got)
	}
	if got := clerk.upload("", "x.csv", "a\n"); got.status != 400 {
		t.Error(got)
	}
	if got := clerk.upload("member", "x.csv", strings.Repeat("x", 2<<20)); got.status != 413 && got.status != 400 {
		t.Error(got.status, got.body)
	}
	if got := clerk.do("POST", "/api/uploads", "--b\r\nbroken", "Content-Type", "multipart/form-data; boundary=b"); got.status != 400 {
		t.Error(got)
	}
	got := clerk.upload("member", "../../etc/passwd", "garbage")
	if got.status != 202 {
		t.Fatal(got)
	}
	tn.desk.Wait()
	if up := clerk.get("/api/uploads/" + got.json(t)["id"].(string)).json(t); up["state"] != "failed" || up["name"] != "passwd" || up["error"] == nil {
		t.Error(up)
	}
}

// A seal is a job: one at a time, with progress, seen by who began it.
func TestSealJob(t *testing.T) {
	tn := newTown(t)
	planner := tn.as("planner", "R")
	got := planner.do("POST", "/api/seals", `{"note":"second"}`)
	if got.status != 202 {
		t.Fatal(got)
	}
	id := got.json(t)["job"].(string)
	if got := tn.as("clerk", "A1").get("/api/jobs/" + id); got.status != 404 {
		t.Errorf("somebody else's job: %d", got.status)
	}
	tn.srv.jobs.wg.Wait()
	job := planner.get("/api/jobs/" + id).json(t)
	if job["state"] != "done" || job["result"].(map[string]any)["id"] != "S000002" {
		t.Error(job)
	}
	if d := planner.get("/api/dashboard").json(t); d["seal"] != "S000002" {
		t.Error(d["seal"])
	}
	if got := tn.as("planner", "A").do("POST", "/api/seals", `{"note":"mine"}`); got.status != 403 {
		t.Errorf("a part of the city seals: %d", got.status)
	}
}

func TestSessions(t *testing.T) {
	tn := newTown(t)
	nobody := tn.as("", "")
	if s := nobody.get("/api/session"); !strings.Contains(s.body, `"user":null`) || !strings.Contains(s.body, "测试数据") || strings.Contains(s.body, "area_dim") {
		t.Error(s.body)
	}
	v := tn.as("clerk", "A1")
	s := v.get("/api/session").json(t)
	if u := s["user"].(map[string]any); u["role"] != "clerk" || u["org_title"].(map[string]any)["zh"] != "甲一" || s["csrf"] == "" {
		t.Error(s)
	}
	if got := v.do("DELETE", "/api/session", ""); got.status != 204 {
		t.Error(got)
	}
	if got := v.get("/api/dashboard"); got.status != 401 {
		t.Errorf("signed out and still in: %d", got.status)
	}
	w := tn.as("clerk", "B1")
	tn.mu.Lock()
	tn.now = tn.now.Add(3 * time.Hour)
	tn.mu.Unlock()
	if got := w.get("/api/dashboard"); got.status != 401 {
		t.Errorf("idle and still in: %d", got.status)
	}
}

func TestPagesAndHeaders(t *testing.T) {
	tn := newTown(t)
	v := tn.as("", "")
	for _, c := range []struct {
		path   string
		status int
		has    string
		cache  string
	}{
		{"/", 200, "the page", "no-cache"},
		{"/records/member/12", 200, "the page", "no-cache"},
		{"/index.html", 200, "the page", "no-cache"},
		{"/assets/app-1a2b.js", 200, "code();", "immutable"},
		{"/assets/none.js", 404, "", ""},
		{"/README.txt", 404, "", ""},
		{"/../../go.mod", 307, "", ""},
		{"/go.mod", 404, "", ""},
		{"/api/none", 404, "message_zh", "no-store"},
	} {
		got := v.get(c.path)
		if got.status != c.status || !strings.Contains(got.body, c.has) || !strings.Contains(got.header.Get("Cache-Control"), c.cache) {
			t.Errorf("%s: %d %q %.80s", c.path, got.status, got.header.Get("Cache-Control"), got.body)
		}
		if csp := got.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script-src 'self' 'unsafe") {
			t.Errorf("%s: policy %q", c.path, csp)
		}
		if got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: headers %v", c.path, got.header)
		}
	}
	z := v.do("GET", "/assets/app-1a2b.js", "", "Accept-Encoding", "gzip")
	r, err := gzip.NewReader(strings.NewReader(z.body))
	if err != nil || z.header.Get("Content-Encoding") != "gzip" {
		t.Fatal(err, z.header)
	}
	if b, _ := io.ReadAll(r); !strings.Contains(string(b), "code();") {
		t.Error("the compressed file is another")
	}
	p := tn.as("planner", "R")
	first := p.do("GET", "/api/dashboard", "", "Accept-Encoding", "gzip")
	if first.header.Get("Content-Encoding") != "gzip" || first.header.Get("ETag") == "" {
		t.Error(first.header)
	}
	if again := p.do("GET", "/api/dashboard", "", "If-None-Match", first.header.Get("ETag")); again.status != 304 || again.body != "" {
		t.Error(again)
	}
	if plain := newPages(nil); plain.find("index.html") != nil {
		t.Error("pages out of nothing")
	}
}

func jsonNumber(x any) string {
	f, ok := x.(float64)
	if !ok {
		return ""
	}
	return strconv.FormatInt(int64(f), 10)
}

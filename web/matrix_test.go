package web

import (
	"strings"
	"testing"
)

// matrix is every route with a request and the status each reader gets. The
// columns are: nobody, planner of the city, clerk of A1, chief of A, visitor of
// B, narrow of A1 (sees one entity, may not load or explore).
var matrix = []struct {
	route, path, body string
	want              [6]int
}{
	{"GET /healthz", "/healthz", "", [6]int{200, 200, 200, 200, 200, 200}},
	{"GET /api/session", "/api/session", "", [6]int{200, 200, 200, 200, 200, 200}},
	{"POST /api/session", "/api/session", `{"name":"x","password":"y"}`, [6]int{401, 401, 401, 401, 401, 429}},
	{"GET /api/dashboard", "/api/dashboard", "", [6]int{401, 200, 200, 200, 200, 200}},
	{"GET /api/dashboard", "/api/dashboard?org=A", "", [6]int{401, 200, 404, 200, 404, 404}},
	{"GET /api/dashboard", "/api/dashboard?year=x", "", [6]int{401, 400, 400, 400, 400, 400}},
	{"GET /api/map", "/api/map", "", [6]int{401, 404, 404, 404, 404, 404}},
	{"GET /api/indicators", "/api/indicators", "", [6]int{401, 200, 200, 200, 200, 200}},
	{"GET /api/indicators/{id}", "/api/indicators/sick-share?by=house", "", [6]int{401, 200, 200, 200, 200, 200}},
	{"GET /api/indicators/{id}", "/api/indicators/none", "", [6]int{401, 404, 404, 404, 404, 404}},
	{"GET /api/indicators/{id}/behind", "/api/indicators/stay-count/behind?part=numerator", "", [6]int{401, 200, 200, 200, 200, 404}},
	{"GET /api/indicators/{id}/behind", "/api/indicators/stay-count/behind?part=nose", "", [6]int{401, 400, 400, 400, 400, 400}},
	{"GET /api/plan", "/api/plan", "", [6]int{401, 200, 403, 200, 403, 403}},
	{"GET /api/entities", "/api/entities", "", [6]int{401, 200, 200, 200, 200, 200}},
	{"GET /api/entities/{entity}", "/api/entities/member", "", [6]int{401, 200, 200, 200, 200, 404}},
	{"GET /api/records/{entity}", "/api/records/member", "", [6]int{401, 200, 200, 200, 200, 404}},
	{"GET /api/records/{entity}", "/api/records/member?sort=score", "", [6]int{401, 400, 400, 400, 400, 404}},
	{"GET /api/records/{entity}", "/api/records/member?sort=name", "", [6]int{401, 200, 200, 400, 400, 404}},
	{"GET /api/records/{entity}", "/api/records/member.csv", "", [6]int{401, 200, 200, 200, 200, 404}},
	{"GET /api/records/{entity}", "/api/records/member.xlsx", "", [6]int{401, 200, 200, 200, 200, 404}},
	{"GET /api/records/{entity}/{rec}", "/api/records/member/1", "", [6]int{401, 200, 200, 200, 404, 404}},
	{"GET /api/records/{entity}/{rec}", "/api/records/member/2", "", [6]int{401, 200, 404, 404, 200, 404}},
	{"GET /api/records/{entity}/{rec}", "/api/records/member/x", "", [6]int{401, 404, 404, 404, 404, 404}},
	{"GET /api/files/{sha}/rows/{n}", "/api/files/abc/rows/1?entity=member", "", [6]int{401, 404, 404, 404, 404, 404}},
	{"GET /api/templates/{file}", "/api/templates/member.xlsx", "", [6]int{401, 200, 200, 403, 403, 403}},
	{"GET /api/templates/{file}", "/api/templates/none.xlsx", "", [6]int{401, 404, 404, 403, 403, 403}},
	{"GET /api/uploads", "/api/uploads", "", [6]int{401, 200, 200, 403, 403, 403}},
	{"POST /api/uploads", "/api/uploads", "{}", [6]int{401, 400, 400, 403, 403, 403}},
	{"GET /api/uploads/{id}", "/api/uploads/none", "", [6]int{401, 404, 404, 403, 403, 403}},
	{"DELETE /api/uploads/{id}", "/api/uploads/none", "", [6]int{401, 404, 404, 403, 403, 403}},
	{"GET /api/uploads/{id}/rows", "/api/uploads/none/rows", "", [6]int{401, 404, 404, 403, 403, 403}},
	{"GET /api/uploads/{id}/faults.xlsx", "/api/uploads/none/faults.xlsx", "", [6]int{401, 404, 404, 403, 403, 403}},
	{"POST /api/uploads/{id}/commit", "/api/uploads/none/commit", "{}", [6]int{401, 404, 404, 403, 403, 403}},
	{"GET /api/commits", "/api/commits", "", [6]int{401, 200, 200, 200, 200, 200}},
	{"POST /api/commits/{seq}/undo", "/api/commits/999/undo", `{"reason":"r"}`, [6]int{401, 404, 404, 403, 403, 403}},
	{"POST /api/commits/{seq}/undo", "/api/commits/1/undo", `{}`, [6]int{401, 400, 400, 403, 403, 403}},
	{"GET /api/seals", "/api/seals", "", [6]int{401, 200, 200, 200, 200, 200}},
	{"POST /api/seals", "/api/seals", `{"note":1}`, [6]int{401, 400, 403, 403, 403, 403}},
	{"GET /api/seals/{id}", "/api/seals/S000001", "", [6]int{401, 200, 200, 200, 200, 200}},
	{"GET /api/seals/{id}", "/api/seals/S000009", "", [6]int{401, 404, 404, 404, 404, 404}},
	{"GET /api/jobs/{id}", "/api/jobs/none", "", [6]int{401, 404, 404, 404, 404, 404}},
	{"DELETE /api/jobs/{id}", "/api/jobs/none", "", [6]int{401, 404, 404, 404, 404, 404}},
	{"GET /api/explore/meta", "/api/explore/meta", "", [6]int{401, 200, 200, 200, 200, 403}},
	{"GET /api/explore", "/api/explore?measure=stay-count&cuts=house", "", [6]int{401, 200, 200, 200, 200, 403}},
	{"GET /api/explore", "/api/explore?measure=stay-count&cuts=nose", "", [6]int{401, 400, 400, 400, 400, 403}},
	{"GET /api/explore", "/api/explore?measure=stay-count&filters=house:B1", "", [6]int{401, 200, 404, 404, 200, 403}},
	{"GET /api/explore.xlsx", "/api/explore.xlsx?measure=stay-count", "", [6]int{401, 200, 200, 200, 200, 403}},
	{"GET /api/explore.csv", "/api/explore.csv?measure=stay-count", "", [6]int{401, 200, 200, 200, 200, 403}},
	{"GET /api/orgs", "/api/orgs", "", [6]int{401, 200, 200, 200, 200, 200}},
	{"DELETE /api/session", "/api/session", "", [6]int{401, 204, 204, 204, 204, 204}},
}

// Every route answers every reader as the matrix says, and no route is missing.
func TestRouteRoleMatrix(t *testing.T) {
	tn := newTown(t)
	listed := map[string]bool{}
	readers := []*visitor{tn.as("", ""), tn.as("planner", "R"), tn.as("clerk", "A1"), tn.as("chief", "A"), tn.as("visitor", "B"), tn.as("narrow", "A1")}
	for _, m := range matrix {
		listed[m.route] = true
		method, _, _ := strings.Cut(m.route, " ")
		for i, v := range readers {
			got := v.do(method, m.path, m.body)
			if got.status != m.want[i] {
				t.Errorf("%s %s as reader %d: %d, want %d: %.200s", method, m.path, i, got.status, m.want[i], got.body)
			}
			if got.status >= 400 && !strings.Contains(got.body, `"message_zh":"`) {
				t.Errorf("%s %s as reader %d: no message: %s", method, m.path, i, got.body)
			}
			for _, closed := range []string{"9900000", "得分"} {
				if strings.Contains(got.body, closed) && got.status < 400 {
					t.Errorf("%s %s as reader %d names the closed %s", method, m.path, i, closed)
				}
			}
			if i == 2 && (strings.Contains(got.body, "NB1") || strings.Contains(got.body, "memo-B1")) {
				t.Errorf("%s %s: a clerk of A1 gets records of B1", method, m.path)
			}
		}
	}
	for _, rt := range routes() {
		if !listed[rt.pattern] {
			t.Errorf("route %q is not in the matrix", rt.pattern)
		}
	}
	if s := tn.log.String(); strings.Contains(s, "secret-") || strings.Contains(s, "level=ERROR") {
		t.Errorf("log: %s", s)
	}
}

// Every write needs the page's token, and none is taken from another site.
func TestWritesNeedToken(t *testing.T) {
	tn := newTown(t)
	v := tn.as("planner", "R")
	for _, rt := range routes() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		if method == "GET" || rt.open {
			continue
		}
		path = strings.NewReplacer("{id}", "x", "{seq}", "1").Replace(path)
		if got := v.do(method, path, "{}", csrfHeader, "wrong"); got.status != 403 {
			t.Errorf("%s with a wrong token: %d %s", rt.pattern, got.status, got.body)
		}
		if got := v.do(method, path, "{}", csrfHeader, ""); got.status != 403 {
			t.Errorf("%s without a token: %d", rt.pattern, got.status)
		}
	}
	for _, h := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://elsewhere.example"}} {
		if got := v.do("POST", "/api/session", `{"name":"x","password":"y"}`, h[0], h[1]); got.status != 403 {
			t.Errorf("sign-in from elsewhere (%s): %d", h[0], got.status)
		}
	}
	if got := v.do("POST", "/api/session", "name=x", "Content-Type", "text/plain"); got.status != 400 {
		t.Errorf("a plain form signs in: %d", got.status)
	}
	if got := v.do("POST", "/api/seals", `{"note":"`+strings.Repeat("x", maxBody)+`"}`); got.status != 413 {
		t.Errorf("a large body: %d", got.status)
	}
}

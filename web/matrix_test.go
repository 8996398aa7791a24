package web

import (
	"slices"
	"strings"
	"testing"
)

type matrixRow struct {
	route, path, body string
	want              [9]int
}

// matrix is every route with a request and the status each reader gets. The
// columns are: nobody, planner of the city, clerk of A1, chief of A, visitor of
// B, narrow of A1 (sees one entity, may not load or explore), and the three
// administrators: of systems, of security, of audit.
var matrix = []matrixRow{
	{"GET /healthz", "/healthz", "", [9]int{200, 200, 200, 200, 200, 200, 200, 200, 200}},
	{"GET /api/session", "/api/session", "", [9]int{200, 200, 200, 200, 200, 200, 200, 200, 200}},
	{"POST /api/session", "/api/session", `{"name":"x","password":"y"}`, [9]int{401, 401, 401, 401, 401, 429, 429, 429, 429}},
	{"GET /api/dashboard", "/api/dashboard", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"GET /api/dashboard", "/api/dashboard?org=A", "", [9]int{401, 200, 404, 200, 404, 404, 403, 403, 403}},
	{"GET /api/dashboard", "/api/dashboard?year=x", "", [9]int{401, 400, 400, 400, 400, 400, 403, 403, 403}},
	{"GET /api/map", "/api/map", "", [9]int{401, 404, 404, 404, 404, 404, 403, 403, 403}},
	{"GET /api/indicators", "/api/indicators", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"GET /api/indicators/{id}", "/api/indicators/sick-share?by=house", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"GET /api/indicators/{id}", "/api/indicators/none", "", [9]int{401, 404, 404, 404, 404, 404, 403, 403, 403}},
	{"GET /api/indicators/{id}/behind", "/api/indicators/stay-count/behind?part=numerator", "", [9]int{401, 200, 200, 200, 200, 404, 403, 403, 403}},
	{"GET /api/indicators/{id}/behind", "/api/indicators/stay-count/behind?part=nose", "", [9]int{401, 400, 400, 400, 400, 400, 403, 403, 403}},
	{"GET /api/plan", "/api/plan", "", [9]int{401, 200, 403, 200, 403, 403, 403, 403, 403}},
	{"GET /api/entities", "/api/entities", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"GET /api/entities/{entity}", "/api/entities/member", "", [9]int{401, 200, 200, 200, 200, 404, 403, 403, 403}},
	{"GET /api/records/{entity}", "/api/records/member", "", [9]int{401, 200, 200, 200, 200, 404, 403, 403, 403}},
	{"GET /api/records/{entity}", "/api/records/member?sort=score", "", [9]int{401, 400, 400, 400, 400, 404, 403, 403, 403}},
	{"GET /api/records/{entity}", "/api/records/member?sort=name", "", [9]int{401, 200, 200, 400, 400, 404, 403, 403, 403}},
	{"GET /api/records/{entity}", "/api/records/member.csv", "", [9]int{401, 200, 200, 200, 200, 404, 403, 403, 403}},
	{"GET /api/records/{entity}", "/api/records/member.xlsx", "", [9]int{401, 200, 200, 200, 200, 404, 403, 403, 403}},
	{"GET /api/records/{entity}/{rec}", "/api/records/member/1", "", [9]int{401, 200, 200, 200, 404, 404, 403, 403, 403}},
	{"GET /api/records/{entity}/{rec}", "/api/records/member/2", "", [9]int{401, 200, 404, 404, 200, 404, 403, 403, 403}},
	{"GET /api/records/{entity}/{rec}", "/api/records/member/x", "", [9]int{401, 404, 404, 404, 404, 404, 403, 403, 403}},
	{"GET /api/files/{sha}/rows/{n}", "/api/files/abc/rows/1?entity=member", "", [9]int{401, 404, 404, 404, 404, 404, 403, 403, 403}},
	{"GET /api/templates/{file}", "/api/templates/member.xlsx", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/templates/{file}", "/api/templates/none.xlsx", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/uploads", "/api/uploads", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"POST /api/uploads", "/api/uploads", "{}", [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"GET /api/uploads/{id}", "/api/uploads/none", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"DELETE /api/uploads/{id}", "/api/uploads/none", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/uploads/{id}/rows", "/api/uploads/none/rows", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/uploads/{id}/faults.xlsx", "/api/uploads/none/faults.xlsx", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/uploads/{id}/commit", "/api/uploads/none/commit", "{}", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/commits", "/api/commits", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"POST /api/commits/{seq}/undo", "/api/commits/999/undo", `{"reason":"r"}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/commits/{seq}/undo", "/api/commits/1/undo", `{}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"GET /api/seals", "/api/seals", "", [9]int{401, 200, 200, 200, 200, 200, 200, 200, 200}},
	{"POST /api/seals", "/api/seals", `{"note":1}`, [9]int{401, 400, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/seals/{id}", "/api/seals/S000001", "", [9]int{401, 200, 200, 200, 200, 200, 200, 200, 200}},
	{"GET /api/seals/{id}", "/api/seals/S000009", "", [9]int{401, 404, 404, 404, 404, 404, 404, 404, 404}},
	{"GET /api/jobs/{id}", "/api/jobs/none", "", [9]int{401, 404, 404, 404, 404, 404, 404, 404, 404}},
	{"DELETE /api/jobs/{id}", "/api/jobs/none", "", [9]int{401, 404, 404, 404, 404, 404, 404, 404, 404}},
	{"GET /api/explore/meta", "/api/explore/meta", "", [9]int{401, 200, 200, 200, 200, 403, 403, 403, 403}},
	{"GET /api/explore", "/api/explore?measure=stay-count&cuts=house", "", [9]int{401, 200, 200, 200, 200, 403, 403, 403, 403}},
	{"GET /api/explore", "/api/explore?measure=stay-count&cuts=nose", "", [9]int{401, 400, 400, 400, 400, 403, 403, 403, 403}},
	{"GET /api/explore", "/api/explore?measure=stay-count&filters=house:B1", "", [9]int{401, 200, 404, 404, 200, 403, 403, 403, 403}},
	{"GET /api/explore.xlsx", "/api/explore.xlsx?measure=stay-count", "", [9]int{401, 200, 200, 200, 200, 403, 403, 403, 403}},
	{"GET /api/explore.csv", "/api/explore.csv?measure=stay-count", "", [9]int{401, 200, 200, 200, 200, 403, 403, 403, 403}},
	{"GET /api/orgs", "/api/orgs", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"DELETE /api/session", "/api/session", "", [9]int{401, 204, 204, 204, 204, 204, 204, 204, 204}},
}

// areaMatrix is the same for the routes of the areas; it comes first, since the
// matrix ends with signing out.
var areaMatrix = []matrixRow{
	{"GET /api/audit", "/api/audit", "", [9]int{401, 403, 403, 403, 403, 403, 403, 403, 200}},
	{"GET /api/audit", "/api/audit?from=x", "", [9]int{401, 403, 403, 403, 403, 403, 403, 403, 400}},
	{"GET /api/audit.csv", "/api/audit.csv", "", [9]int{401, 403, 403, 403, 403, 403, 403, 403, 200}},
	{"POST /api/records/{entity}/{rec}/reveal", "/api/records/member/1/reveal", `{"field":"phone","reason":"call home"}`, [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"POST /api/records/{entity}/{rec}/reveal", "/api/records/member/2/reveal", `{"field":"phone","reason":"call home"}`, [9]int{401, 200, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/records/{entity}/{rec}/reveal", "/api/records/member/1/reveal", `{"field":"score","reason":"call home"}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/records/{entity}/{rec}/reveal", "/api/records/member/1/reveal", `{"field":"memo","reason":"call home"}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/records/{entity}/{rec}/reveal", "/api/records/member/1/reveal", `{"field":"phone","reason":" "}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"GET /api/records/{entity}/{rec}/reads", "/api/records/member/1/reads", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/records/{entity}/{rec}/reads", "/api/records/member/2/reads", "", [9]int{401, 200, 404, 403, 403, 403, 403, 403, 403}},
}

// Every route answers every reader as the matrix says, and no route is missing.
func TestRouteRoleMatrix(t *testing.T) {
	tn := newTown(t)
	listed := map[string]bool{}
	readers := []*visitor{
		tn.as("", ""), tn.as("planner", "R"), tn.as("clerk", "A1"), tn.as("chief", "A"), tn.as("visitor", "B"), tn.as("narrow", "A1"),
		tn.as("sysadmin", "R"), tn.as("secadmin", "R"), tn.as("auditor", "R"),
	}
	for _, m := range slices.Concat(accountMatrix, identityMatrix, correctMatrix, movementMatrix, verifyMatrix, dutyMatrix, flowMatrix, briefMatrix, readinessMatrix, runMatrix, areaMatrix, matrix) {
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
	for _, rt := range tn.srv.routes() {
		if !listed[rt.Pattern] {
			t.Errorf("route %q is not in the matrix", rt.Pattern)
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
	for _, rt := range tn.srv.routes() {
		method, path, _ := strings.Cut(rt.Pattern, " ")
		if method == "GET" || rt.Open {
			continue
		}
		path = strings.NewReplacer("{id}", "x", "{seq}", "1", "{name}", "x", "{entity}", "member", "{rec}", "1").Replace(path)
		if got := v.do(method, path, "{}", csrfHeader, "wrong"); got.status != 403 {
			t.Errorf("%s with a wrong token: %d %s", rt.Pattern, got.status, got.body)
		}
		if got := v.do(method, path, "{}", csrfHeader, ""); got.status != 403 {
			t.Errorf("%s without a token: %d", rt.Pattern, got.status)
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

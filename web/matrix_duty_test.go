package web

import (
	"strings"
	"testing"

	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/duty"
	"luoshu/kernel/load"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/workday"
	webduty "luoshu/web/duty"
	"luoshu/web/kit"
)

// dutyRoutes answers for the town's duties: D1 of every house, D2 of every office.
func (tn *town) dutyRoutes(db *store.DB, cat *catalog.Catalog, acc *access.Access) []kit.Route {
	tn.t.Helper()
	days, faults := workday.Load(cat)
	for _, f := range faults {
		tn.t.Fatal(f)
	}
	book, faults := duty.Load(cat, nil)
	for _, f := range faults {
		tn.t.Fatal(f)
	}
	keeper := duty.New(duty.Config{DB: db, Catalog: cat, Book: book, Days: days, Access: acc, Records: records.New(db, cat), Files: load.New(tn.t.TempDir(), cat, nil, db, tn.clock), Now: tn.clock})
	return webduty.Routes(webduty.Config{Duties: keeper, Days: days})
}

// dutyMatrix is the rows of duties. A chief of A reads and marks nothing.
var dutyMatrix = []matrixRow{
	{"GET /api/duties", "/api/duties", "", [9]int{401, 200, 200, 200, 403, 403, 403, 403, 403}},
	{"GET /api/duties", "/api/duties?org=B1", "", [9]int{401, 200, 404, 404, 403, 403, 403, 403, 403}},
	{"GET /api/duties", "/api/duties?on=2025-02-30", "", [9]int{401, 400, 400, 400, 403, 403, 403, 403, 403}},
	{"GET /api/duties", "/api/duties?limit=9999", "", [9]int{401, 400, 400, 400, 403, 403, 403, 403, 403}},
	{"GET /api/duties/count", "/api/duties/count", "", [9]int{401, 200, 200, 200, 403, 403, 403, 403, 403}},
	{"GET /api/duties/month", "/api/duties/month?month=2025-10", "", [9]int{401, 200, 200, 200, 403, 403, 403, 403, 403}},
	{"GET /api/duties/month", "/api/duties/month?month=2025-13", "", [9]int{401, 400, 400, 400, 403, 403, 403, 403, 403}},
	{"GET /api/duties/units", "/api/duties/units", "", [9]int{401, 200, 200, 200, 403, 403, 403, 403, 403}},
	{"GET /api/duties/units", "/api/duties/units?org=B", "", [9]int{401, 200, 404, 404, 403, 403, 403, 403, 403}},
	{"GET /api/duties/{duty}", "/api/duties/D1?org=A1", "", [9]int{401, 200, 200, 200, 403, 403, 403, 403, 403}},
	{"GET /api/duties/{duty}", "/api/duties/D1?org=B1", "", [9]int{401, 200, 404, 404, 403, 403, 403, 403, 403}},
	{"GET /api/duties/{duty}", "/api/duties/D9", "", [9]int{401, 404, 404, 404, 403, 403, 403, 403, 403}},
	{"POST /api/duties/{duty}/marks", "/api/duties/D1/marks", `{"org":"A1","period":"2025-11","on":"2025-10-01","evidence":"x"}`, [9]int{401, 403, 409, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duties/{duty}/marks", "/api/duties/D1/marks", `{"org":"B1","period":"2025-10","on":"2025-10-01","evidence":"x"}`, [9]int{401, 403, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duties/{duty}/marks", "/api/duties/D1/marks", `{"period":"2025-10","on":"2025-10-01"}`, [9]int{401, 403, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duties/{duty}/marks", "/api/duties/D9/marks", `{"period":"2025-10","on":"2025-10-01","evidence":"x"}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duties/{duty}/marks", "/api/duties/D1/marks", `{"colour":"red"}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duties/{duty}/marks", "/api/duties/D1/marks", `{"period":"2025-10","on":"2025-10-01","papers":["x"]}`, [9]int{401, 403, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duties/papers", "/api/duties/papers", `{}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"GET /api/duties/marks/{n}/papers/{paper}", "/api/duties/marks/99/papers/x", "", [9]int{401, 404, 404, 404, 403, 403, 403, 403, 403}},
	{"GET /api/duties/marks/{n}/papers/{paper}", "/api/duties/marks/x/papers/x", "", [9]int{401, 404, 404, 404, 403, 403, 403, 403, 403}},
	{"POST /api/duties/marks/{n}/withdraw", "/api/duties/marks/99/withdraw", `{"why":"x"}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duties/marks/{n}/withdraw", "/api/duties/marks/x/withdraw", `{"why":"x"}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
}

// A house marks its duty over HTTP, is told when it was marked meanwhile, takes it
// back, and the city sees all of it and can change nothing.
func TestDutiesOverHTTP(t *testing.T) {
	tn := newTown(t)
	clerk, planner := tn.as("clerk", "A1"), tn.as("planner", "R")
	body := `{"period":"2025-09","on":"2025-09-30","evidence":"第3号报告","note":"迟报"}`
	got := clerk.do("POST", "/api/duties/D1/marks", body)
	if got.status != 201 || got.json(t)["n"] != float64(1) {
		t.Fatal(got.status, got.body)
	}
	if got := clerk.do("POST", "/api/duties/D1/marks", body); got.status != 409 || !strings.Contains(got.body, "clerk-A1") {
		t.Errorf("the same again: %d %s", got.status, got.body)
	}
	d := planner.get("/api/duties/D1?org=A1").json(t)
	h := d["history"].([]any)
	if d["may"] != false || len(h) != 10 || h[1].(map[string]any)["state"] != "done" || h[0].(map[string]any)["last_work"] != "2025-10-31" {
		t.Errorf("the city reads %v", d)
	}
	if got := planner.do("POST", "/api/duties/marks/1/withdraw", `{"why":"x"}`); got.status != 403 {
		t.Errorf("the city takes it back: %d", got.status)
	}
	if got := clerk.do("POST", "/api/duties/marks/1/withdraw", `{"why":"记错"}`); got.status != 200 {
		t.Error(got.status, got.body)
	}
	if got := planner.get("/api/duties/D1?org=A1").body; !strings.Contains(got, "记错") || !strings.Contains(got, "第3号报告") {
		t.Error("what was taken back is gone")
	}
	rows := planner.get("/api/duties?duty=D1&state=overdue").json(t)
	if rows["total"] != float64(2) {
		t.Errorf("overdue: %v", rows)
	}
	// Nothing of another house: not in lists, units or counts.
	if got := clerk.get("/api/duties").body + clerk.get("/api/duties/units").body; strings.Contains(got, "B1") || strings.Contains(got, `"乙`) {
		t.Error("a clerk of A1 reads of B1")
	}
}

package web

import (
	"strings"
	"testing"

	"luoshu/kernel/access"
	"luoshu/kernel/audit"
	"luoshu/kernel/brief"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	webbrief "luoshu/web/brief"
	"luoshu/web/kit"
)

// briefRoutes answers for the town's plan; the town has no cases.
func (tn *town) briefRoutes(cat *catalog.Catalog, acc *access.Access, door *disclose.Door) []kit.Route {
	return webbrief.Routes(webbrief.Config{Desk: brief.New(brief.Config{Catalog: cat, Door: door, Access: acc, Now: tn.clock})})
}

// briefMatrix is the rows of the board and of briefings: a clerk may export and reads
// no plan; a chief of A reaches A.
var briefMatrix = []matrixRow{
	{"GET /api/plan/board", "/api/plan/board", "", [9]int{401, 200, 403, 200, 403, 403, 403, 403, 403}},
	{"GET /api/plan/board", "/api/plan/board?org=B", "", [9]int{401, 200, 403, 404, 403, 403, 403, 403, 403}},
	{"GET /api/plan/board", "/api/plan/board?seal=S000009", "", [9]int{401, 404, 403, 404, 403, 403, 403, 403, 403}},
	{"GET /api/brief.docx", "/api/brief.docx", "", [9]int{401, 200, 403, 200, 403, 403, 403, 403, 403}},
	{"GET /api/brief.docx", "/api/brief.docx?org=B", "", [9]int{401, 200, 403, 404, 403, 403, 403, 403, 403}},
	{"GET /api/brief.docx", "/api/brief.docx?kind=weekly", "", [9]int{401, 400, 400, 400, 400, 400, 403, 403, 403}},
	{"GET /api/brief.pdf", "/api/brief.pdf?seal=S000009", "", [9]int{401, 404, 403, 404, 403, 403, 403, 403, 403}},
}

// A briefing is a file, and the log says who took it before it left.
func TestBriefOverHTTP(t *testing.T) {
	tn := newTown(t)
	got := tn.as("planner", "R").get("/api/brief.docx?org=A&lang=en")
	if got.status != 200 || !strings.HasPrefix(got.body, "PK") || !strings.Contains(got.header.Get("Content-Disposition"), "brief-half-year.docx") || !strings.Contains(got.header.Get("Content-Type"), "wordprocessingml") {
		t.Fatal(got.status, got.header)
	}
	events := tn.entries(audit.Query{Kind: audit.KindExport})
	if len(events) != 1 || events[0].Object != "GET /api/brief.docx" || events[0].Actor.Name != "planner-R" {
		t.Errorf("%+v", events)
	}
	b := tn.as("chief", "A").get("/api/plan/board").json(t)
	if b["org"].(map[string]any)["code"] != "A" || b["cases"] != false {
		t.Error(b)
	}
}

package web

import (
	"bytes"
	"context"
	"mime/multipart"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/disclose"
	"luoshu/kernel/flow"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	webflow "luoshu/web/flow"
	"luoshu/web/kit"
)

// flowRoutes answers for two matters: SX-2025-0001 of A1, SX-2025-0002 of B1.
func (tn *town) flowRoutes(db *store.DB, cat *catalog.Catalog, ch *charter.Charter, acc *access.Access, door *disclose.Door) []kit.Route {
	tn.t.Helper()
	fl, err := flow.New(flow.Config{
		DB: db, Catalog: cat, Charter: ch, Ledger: tn.led, Records: records.New(db, cat), Access: acc, Files: tn.desk, Now: tn.clock,
	})
	if err != nil {
		tn.t.Fatal(err)
	}
	for _, unit := range []string{"A1", "B1"} {
		_, err := fl.Open(context.Background(), luoshu.Actor{Name: "c", Role: "clerk", Org: unit}, flow.Opening{
			ID: "matter-of-" + unit, Type: "matter", Handed: flow.Handed{Cells: map[string]string{"unit": unit, "subject": "memo-" + unit}},
		})
		if err != nil {
			tn.t.Fatal(err)
		}
	}
	return webflow.Routes(webflow.Config{Flow: fl, Door: door, Access: acc})
}

// flowMatrix is the rows of cases.
var flowMatrix = []matrixRow{
	{"GET /api/cases/types", "/api/cases/types", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/cases/types/{type}", "/api/cases/types/matter", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/cases/types/{type}", "/api/cases/types/none", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/cases/inbox", "/api/cases/inbox", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/cases/inbox", "/api/cases/inbox?after=x", "", [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"GET /api/cases/inbox/count", "/api/cases/inbox/count", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/cases", "/api/cases", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/cases", "/api/cases?unit=B1", "", [9]int{401, 200, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/cases", "/api/cases", `{"id":"matrix-open","type":"none"}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/cases", "/api/cases", `{"id":"matrix-open","type":"matter","cells":{"unit":"B1","subject":"x"}}`, [9]int{401, 403, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/cases/papers", "/api/cases/papers", `{}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/cases/acts", "/api/cases/acts", `{"acts":[]}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"GET /api/cases/{no}", "/api/cases/SX-2025-0001", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/cases/{no}", "/api/cases/SX-2025-0002", "", [9]int{401, 200, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/cases/{no}/act", "/api/cases/SX-2025-0001/act", `{"id":"matrix-act-1","action":"answer","step":9}`, [9]int{401, 409, 409, 403, 403, 403, 403, 403, 403}},
	{"POST /api/cases/{no}/act", "/api/cases/SX-2025-0001/act", `{"id":"matrix-act-2","action":"answer","step":1}`, [9]int{401, 400, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/cases/{no}/act", "/api/cases/SX-2025-0002/act", `{"id":"matrix-act-3","action":"answer","step":1}`, [9]int{401, 400, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/cases/{no}/take", "/api/cases/SX-2025-0001/take", `{"mine":true}`, [9]int{401, 204, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/cases/{no}/papers/{paper}", "/api/cases/SX-2025-0001/papers/none", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/notices", "/api/notices", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"POST /api/notices/read", "/api/notices/read", `{"upto":1}`, [9]int{401, 204, 204, 403, 403, 403, 403, 403, 403}},
	{"GET /api/burden", "/api/burden?org=B1", "", [9]int{401, 200, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/public", "/api/public", "", [9]int{200, 200, 200, 200, 200, 200, 200, 200, 200}},
	{"GET /api/public/cases/{type}", "/api/public/cases/matter", "", [9]int{200, 200, 200, 200, 200, 200, 200, 200, 200}},
	{"GET /api/public/cases/{type}", "/api/public/cases/none", "", [9]int{404, 404, 404, 404, 404, 404, 404, 404, 404}},
	{"GET /api/public/permits/{code}", "/api/public/permits/ABCD-2345", "", [9]int{404, 404, 404, 404, 404, 404, 404, 404, 404}},
}

// A matter is answered over HTTP with a paper; twice is once; the published copy has
// what was published and no more; a paper that lies about its kind is refused.
func TestCasesOverHTTP(t *testing.T) {
	tn := newTown(t)
	planner, clerk, nobody := tn.as("planner", "R"), tn.as("clerk", "A1"), tn.as("", "")
	paper := func(name, text string) answer {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		f, err := m.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(text))
		m.Close()
		return planner.do("POST", "/api/cases/papers", b.String(), "Content-Type", m.FormDataContentType())
	}
	if got := paper("evil.pdf", "MZ this is a program"); got.status != 400 || !strings.Contains(got.body, "message_zh") {
		t.Errorf("a program called pdf: %d %s", got.status, got.body)
	}
	p := paper("答复.png", "\x89PNG\r\n\x1a\n")
	if p.status != 201 {
		t.Fatal(p.status, p.body)
	}
	// The number begins with the sealed figure of the matter's house, the seal beside it.
	shown := planner.get("/api/indicators/stay-count?org=A1").json(t)
	want := map[string]any{"people": jsonNumber(shown["total"].(map[string]any)["value"]), "as_sealed": shown["seal"], "answer": nil}
	for _, f := range planner.get("/api/cases/SX-2025-0001").json(t)["next"].([]any)[0].(map[string]any)["fields"].([]any) {
		var got any
		if p, ok := f.(map[string]any)["prefill"].(map[string]any); ok {
			got = p["value"]
		}
		if name := f.(map[string]any)["name"].(string); got != want[name] {
			t.Errorf("%s begins with %v, want %v", name, got, want[name])
		} else {
			delete(want, name)
		}
	}
	if len(want) > 0 {
		t.Error("not asked for:", want)
	}
	body := `{"id":"http-act-01","action":"answer","step":1,"cells":{"answer":"已阅"},"papers":["` + p.json(t)["id"].(string) + `"]}`
	for range 2 {
		got := planner.do("POST", "/api/cases/SX-2025-0001/act", body)
		if got.status != 200 || got.json(t)["step"] != float64(2) {
			t.Fatal(got.status, got.body)
		}
	}
	c := clerk.get("/api/cases/SX-2025-0001").json(t)
	steps := c["steps"].([]any)
	if len(steps) != 2 || len(steps[1].(map[string]any)["papers"].([]any)) != 1 {
		t.Errorf("%v", steps)
	}
	pub := nobody.get("/api/public/cases/matter").body
	if !strings.Contains(pub, "memo-A1") || !strings.Contains(pub, "已阅") || strings.Contains(pub, "memo-B1") {
		t.Error(pub)
	}
	if got := clerk.get("/api/cases?open=1").body + clerk.get("/api/notices").body + clerk.get("/api/cases/inbox").body; strings.Contains(got, "SX-2025-0002") || strings.Contains(got, "memo-B1") {
		t.Error("a clerk of A1 reads of B1")
	}
	// Nothing else writes the register.
	if got := planner.do("POST", "/api/corrections/form/matter/1", `{"cells":{"answer":"x"},"reason":"because"}`); got.status < 400 {
		t.Errorf("a correction of a register: %d %s", got.status, got.body)
	}
}

package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/disclose"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/verify"
	"luoshu/kernel/verify/finding"
	"luoshu/web/kit"
	webverify "luoshu/web/verify"
)

// verification opens a round and runs the set rules of the town, and answers the
// routes over them.
func (tn *town) verification(db *store.DB, cat *catalog.Catalog, acc *access.Access, door *disclose.Door) []kit.Route {
	tn.t.Helper()
	ch, faults := charter.Load(cat)
	for _, f := range faults {
		tn.t.Fatal(f)
	}
	rec := records.New(db, cat)
	findings := finding.New(db, cat, ch, acc, rec, tn.clock)
	v := verify.New(verify.Config{
		DB: db, Catalog: cat, Charter: ch, Ledger: tn.led, Access: acc, Records: rec, Now: tn.clock,
		Seal: func(ctx context.Context, a luoshu.Actor, note string, p luoshu.Progress) (ledger.Seal, error) {
			if tn.sealing != nil {
				if err := tn.sealing(ctx, p); err != nil {
					return ledger.Seal{}, err
				}
			}
			return tn.led.Seal(ctx, a, note)
		},
	})
	if _, err := v.OpenRound(context.Background(), luoshu.Actor{Name: "p", Role: "planner", Org: "R"}, "members", 2025); err != nil {
		tn.t.Fatal(err)
	}
	if _, err := findings.RunAll(context.Background(), nil); err != nil {
		tn.t.Fatal(err)
	}
	works := &kit.Works{}
	tn.t.Cleanup(works.Close)
	return webverify.Routes(webverify.Config{Verify: v, Findings: findings, Door: door, Access: acc, Charter: ch, Ledger: tn.led, Works: works})
}

// verifyMatrix is the rows of verification: task 1 is of A1, task 2 of B1.
var verifyMatrix = []matrixRow{
	{"GET /api/verify/rounds", "/api/verify/rounds", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"POST /api/verify/rounds", "/api/verify/rounds", `{"round":"none"}`, [9]int{401, 404, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/rounds", "/api/verify/rounds", `{"round":"members","year":2025}`, [9]int{401, 409, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/rounds/{id}/close/stop", "/api/verify/rounds/members-2025/close/stop", "{}", [9]int{401, 200, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/rounds/{id}", "/api/verify/rounds/members-2025", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"GET /api/verify/rounds/{id}", "/api/verify/rounds/members-2025?under=B1", "", [9]int{401, 200, 404, 404, 200, 404, 403, 403, 403}},
	{"GET /api/verify/rounds/{id}", "/api/verify/rounds/none", "", [9]int{401, 404, 404, 404, 404, 404, 403, 403, 403}},
	{"POST /api/verify/rounds/{id}/draw", "/api/verify/rounds/none/draw", "{}", [9]int{401, 404, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/rounds/{id}/close", "/api/verify/rounds/members-2025/close", "{}", [9]int{401, 409, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/rounds/{id}/checks", "/api/verify/rounds/members-2025/checks", "", [9]int{401, 200, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/rounds/{id}/checks/{unit}", "/api/verify/rounds/members-2025/checks/A", "", [9]int{401, 200, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/rounds/{id}/checks/{unit}", "/api/verify/rounds/members-2025/checks/A", `{"place":1,"result":"right"}`, [9]int{401, 409, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/rounds/{id}/checks/{unit}/settle", "/api/verify/rounds/members-2025/checks/A/settle", "{}", [9]int{401, 404, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/tasks", "/api/verify/tasks", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/tasks/count", "/api/verify/tasks/count", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/tasks/{id}", "/api/verify/tasks/1", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/tasks/{id}", "/api/verify/tasks/2", "", [9]int{401, 200, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/tasks/{id}", "/api/verify/tasks/1?q=secret", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/tasks/{id}", "/api/verify/tasks/1?kind=nose", "", [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/tasks/{id}/answers", "/api/verify/tasks/1/answers", `{"kind":"confirm"}`, [9]int{401, 403, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/tasks/{id}/answers", "/api/verify/tasks/2/answers", `{"kind":"confirm","rest":true}`, [9]int{401, 403, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/tasks/{id}/answers", "/api/verify/tasks/1/answers", `{"kind":"correct","recs":[1],"note":"x","changes":{"score":"1"}}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/tasks/{id}/links", "/api/verify/tasks/1/links", `{"recs":[1]}`, [9]int{401, 403, 409, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/findings", "/api/verify/findings", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/findings", "/api/verify/findings?org=B1", "", [9]int{401, 200, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/findings/count", "/api/verify/findings/count", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/findings/{id}", "/api/verify/findings/1", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/findings/{id}", "/api/verify/findings/40", "", [9]int{401, 200, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/findings/{id}/explain", "/api/verify/findings/2/explain", `{"reason":""}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/findings/{id}/explain", "/api/verify/findings/999/explain", `{"reason":"x"}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/verify/findings/{id}/reopen", "/api/verify/findings/1/reopen", "{}", [9]int{401, 409, 409, 403, 403, 403, 403, 403, 403}},
	{"GET /api/verify/records/{entity}/{rec}", "/api/verify/records/member/1", "", [9]int{401, 200, 200, 200, 404, 404, 403, 403, 403}},
	{"GET /api/verify/records/{entity}/{rec}", "/api/verify/records/member/2", "", [9]int{401, 200, 404, 404, 200, 404, 403, 403, 403}},
	{"POST /api/verify/link/open", "/api/verify/link/open", `{"token":"x"}`, [9]int{404, 404, 404, 404, 404, 404, 404, 404, 404}},
	{"POST /api/verify/link/answer", "/api/verify/link/answer", `{"token":"x","ticket":"y","kind":"confirm"}`, [9]int{404, 404, 404, 404, 404, 404, 404, 404, 404}},
}

// Who answers by list cannot be outrun, and nothing of another house is told.
func TestVerifyOverHTTP(t *testing.T) {
	tn := newTown(t)
	clerk, planner := tn.as("clerk", "A1"), tn.as("planner", "R")
	page := clerk.get("/api/verify/tasks/1").json(t)
	if page["total"] != float64(20) || page["may_answer"] != true || strings.Contains(clerk.get("/api/verify/tasks/1").body, "9900000") {
		t.Errorf("task %v", page["total"])
	}
	// A value is proposed for fields only that the answerer knows of: whether it is the
	// same as recorded would tell. (Corrections have no room here: 503 is "let through".)
	helper := tn.as("helper", "A1")
	for _, x := range []struct {
		who   *visitor
		field string
		want  int
	}{{clerk, "id_no", 503}, {clerk, "born", 503}, {helper, "id_no", 400}, {helper, "born", 400}} {
		ask := `{"kind":"correct","recs":[1],"note":"x","rev":0,"seen":999,"changes":{"` + x.field + `":"20100101"}}`
		if got := x.who.do("POST", "/api/verify/tasks/1/answers", ask); got.status != x.want {
			t.Errorf("%s: %d %s", x.field, got.status, got.body)
		}
	}
	body := `{"kind":"confirm","rest":true,"rev":0,"seen":999}`
	if got := clerk.do("POST", "/api/verify/tasks/1/answers", body); got.status != 200 || got.json(t)["records"] != float64(20) {
		t.Error(got.status, got.body)
	}
	if got := clerk.do("POST", "/api/verify/tasks/1/answers", body); got.status != 409 {
		t.Error("the same answer again:", got.status, got.body)
	}
	if got := planner.get("/api/verify/rounds/members-2025?by=county").json(t); len(got["units"].([]any)) != 2 {
		t.Error(got["units"])
	}
	// Guessing links is slowed down for the address that guesses.
	last := 0
	for range 25 {
		last = tn.as("", "").do("POST", "/api/verify/link/open", `{"token":"`+strings.Repeat("A", 43)+`"}`).status
	}
	if last != 429 {
		t.Errorf("after 25 guesses: %d", last)
	}
}

// A round is closed by work that outlives its request: it tells how far it is, can
// be stopped, and begun again; there is one at a time.
func TestRoundClosesAsWork(t *testing.T) {
	tn := newTown(t)
	planner, clerk := tn.as("planner", "R"), tn.as("clerk", "A1")
	const round = "/api/verify/rounds/members-2025"
	if got := planner.do("POST", round+"/draw", "{}"); got.status != 200 {
		t.Fatal(got.status, got.body)
	}
	closing := func(v *visitor) map[string]any {
		t.Helper()
		x, _ := v.get(round).json(t)["closing"].(map[string]any)
		return x
	}
	until := func(state string) map[string]any {
		t.Helper()
		for range 200 {
			if x := closing(planner); x != nil && x["state"] == state {
				return x
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("never %s: %v", state, closing(planner))
		return nil
	}
	begun := make(chan bool)
	tn.sealing = func(ctx context.Context, p luoshu.Progress) error {
		p.Tell("figures", 3, 7)
		begun <- true
		<-ctx.Done()
		return ctx.Err()
	}
	if got := planner.do("POST", round+"/close", `{"note":"autumn"}`); got.status != 202 || got.json(t)["state"] != "running" {
		t.Fatal(got.status, got.body)
	}
	<-begun
	if x := until("running"); x["done"] != float64(3) || x["total"] != float64(7) || x["stage"] != "figures" {
		t.Error(x)
	}
	if closing(clerk) != nil {
		t.Error("a clerk is told how the closing goes")
	}
	if got := planner.do("POST", round+"/close", "{}"); got.status != 409 {
		t.Error("closed twice at once:", got.status, got.body)
	}
	if got := planner.do("POST", round+"/close/stop", "{}"); got.status != 200 {
		t.Error(got.status, got.body)
	}
	until("cancelled")
	if got := planner.get(round); !strings.Contains(got.body, `"state":"checking"`) {
		t.Error("a closing that was stopped has closed", got.body)
	}
	tn.sealing = nil
	if got := planner.do("POST", round+"/close", "{}"); got.status != 202 {
		t.Fatal(got.status, got.body)
	}
	if x := until("done"); x["result"].(map[string]any)["seal"] != "S000002" {
		t.Error(x)
	}
	if got := planner.do("POST", round+"/close", "{}"); got.status != 409 {
		t.Error("a closed round is closed again:", got.status, got.body)
	}
}

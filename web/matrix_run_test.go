package web

import (
	"testing"

	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	"luoshu/kernel/indicator"
	"luoshu/kernel/records"
	"luoshu/kernel/run"
	"luoshu/web/kit"
	webrun "luoshu/web/run"
)

// runRoutes answers for the town, whose packs run no engine and whose roles may start none.
func (tn *town) runRoutes(cat *catalog.Catalog, acc *access.Access, door *disclose.Door, eng *indicator.Engine) []kit.Route {
	book, faults := run.Load(cat)
	for _, f := range faults {
		tn.t.Fatal(f)
	}
	return webrun.Routes(webrun.Config{
		Runner: run.New(run.Config{Catalog: cat, Book: book, Ledger: tn.led, Records: records.New(tn.db, cat), Engine: eng, Access: acc, Now: tn.clock}),
		Door:   door, Access: acc, Catalog: cat, Works: &kit.Works{},
	})
}

var runMatrix = []matrixRow{
	{"GET /api/runs/kinds", "/api/runs/kinds", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"POST /api/runs", "/api/runs", `{"engine":"forecast","params":{}}`, [9]int{401, 403, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/runs/check", "/api/runs/check", `{"engine":"forecast","params":{}}`, [9]int{401, 403, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/runs/work", "/api/runs/work", "", [9]int{401, 403, 403, 403, 403, 403, 403, 403, 403}},
	{"DELETE /api/runs/work", "/api/runs/work", "", [9]int{401, 403, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/runs/file", "/api/runs/file", `{"run":"L1"}`, [9]int{401, 403, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/runs/choose", "/api/runs/choose", `{"engine":"forecast","run":"F1"}`, [9]int{401, 403, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/runs/forecasts", "/api/runs/forecasts", "", [9]int{401, 404, 404, 404, 404, 404, 403, 403, 403}},
	{"GET /api/runs/forecasts/{run}", "/api/runs/forecasts/F1", "", [9]int{401, 404, 404, 404, 404, 404, 403, 403, 403}},
	{"GET /api/runs/layouts", "/api/runs/layouts", "", [9]int{401, 404, 404, 404, 404, 404, 403, 403, 403}},
	{"GET /api/runs/layouts/{run}", "/api/runs/layouts/L1", "", [9]int{401, 404, 404, 404, 404, 404, 403, 403, 403}},
}

// A run costs the machine much: whoever starts them one after another is made to wait.
func TestRunRate(t *testing.T) {
	rule, ok := Rates()[webrun.Rate]
	if !ok || rule.Burst > 20 || rule.PerMinute > 10 {
		t.Errorf("%+v", rule)
	}
}

package web

import (
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	"luoshu/kernel/readiness"
	"luoshu/web/kit"
	webreadiness "luoshu/web/readiness"
)

// readinessRoutes answers for the town, which has no indicator of the kind.
func (tn *town) readinessRoutes(cat *catalog.Catalog, acc *access.Access, door *disclose.Door) []kit.Route {
	return webreadiness.Routes(webreadiness.Config{Desk: &readiness.Desk{Catalog: cat, Access: acc, Door: door}})
}

var readinessMatrix = []matrixRow{
	{"GET /api/readiness/measures", "/api/readiness/measures", "", [9]int{401, 200, 200, 200, 200, 403, 403, 403, 403}},
	{"POST /api/readiness", "/api/readiness", `{"indicator":"stay-count"}`, [9]int{401, 404, 404, 404, 404, 403, 403, 403, 403}},
	{"POST /api/readiness", "/api/readiness", `{"indicator":`, [9]int{401, 400, 400, 400, 400, 403, 403, 403, 403}},
}

package web

// movementMatrix is the matrix of the routes of movements. The town's packs do not
// say how persons move: whoever has the right is told so.
var movementMatrix = []matrixRow{
	{"GET /api/movement", "/api/movement", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/movement/count", "/api/movement/count", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/movement/persons/{rec}", "/api/movement/persons/1", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/movement/takers", "/api/movement/takers", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/movement/cases", "/api/movement/cases", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/movement/cases", "/api/movement/cases", `{}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/movement/cases/{n}", "/api/movement/cases/1", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/movement/cases/{n}/answer", "/api/movement/cases/1/answer", `{}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/yearend", "/api/yearend", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/yearend/persons", "/api/yearend/persons", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/yearend/exceptions", "/api/yearend/exceptions", `{}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/yearend/run", "/api/yearend/run", `{}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/yearend/undo", "/api/yearend/undo", `{}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/yearend/stop", "/api/yearend/stop", `{}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/yearend/vanished.csv", "/api/yearend/vanished.csv", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/lifecycle", "/api/lifecycle", "", [9]int{401, 404, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/lifecycle/count", "/api/lifecycle/count", "", [9]int{401, 404, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/lifecycle/orgs", "/api/lifecycle/orgs", "", [9]int{401, 404, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/lifecycle/preview", "/api/lifecycle/preview", `{}`, [9]int{401, 404, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/lifecycle", "/api/lifecycle", `{}`, [9]int{401, 404, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/lifecycle/{n}/undo", "/api/lifecycle/1/undo", `{}`, [9]int{401, 404, 403, 403, 403, 403, 403, 403, 403}},
}

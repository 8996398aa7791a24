package web

// identityMatrix are the routes of likely duplicates.
var identityMatrix = []matrixRow{
	{"GET /api/duplicates", "/api/duplicates", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/duplicates", "/api/duplicates?state=x", "", [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"GET /api/duplicates/count", "/api/duplicates/count", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/duplicates/find", "/api/duplicates/find", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duplicates/find", "/api/duplicates/find", `{"entity":"member"}`, [9]int{401, 404, 403, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duplicates/find/stop", "/api/duplicates/find/stop", `{}`, [9]int{401, 200, 403, 403, 403, 403, 403, 403, 403}},
	{"GET /api/duplicates/{id}", "/api/duplicates/member-1-2", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duplicates/{id}/decide", "/api/duplicates/member-1-2/decide", `{"decision":"same","survivor":1,"note":"","revision":0}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/duplicates/{id}/unmerge", "/api/duplicates/member-1-2/unmerge", `{"note":"x"}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
}

package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/disclose"
	"luoshu/kernel/ledger"
	webcorrect "luoshu/web/correct"
	"luoshu/web/kit"
)

// correctMatrix is the routes of corrections and of the map of sources.
var correctMatrix = []matrixRow{
	{"GET /api/sources", "/api/sources", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"GET /api/sources", "/api/sources?org=A", "", [9]int{401, 200, 404, 200, 404, 404, 403, 403, 403}},
	{"GET /api/sources", "/api/sources?entity=member", "", [9]int{401, 200, 200, 200, 200, 404, 403, 403, 403}},
	{"GET /api/sources.xlsx", "/api/sources.xlsx", "", [9]int{401, 200, 200, 200, 200, 200, 403, 403, 403}},
	{"GET /api/sources.csv", "/api/sources.csv?org=B1", "", [9]int{401, 200, 404, 404, 200, 404, 403, 403, 403}},
	{"GET /api/corrections", "/api/corrections?box=inbox", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/corrections", "/api/corrections?box=nose", "", [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"GET /api/corrections/count", "/api/corrections/count", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/corrections/conflicts/count", "/api/corrections/conflicts/count", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/corrections/mine/count", "/api/corrections/mine/count", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"GET /api/corrections/{id}", "/api/corrections/999", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/corrections/{id}/row", "/api/corrections/999/row", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/corrections/{id}/answer", "/api/corrections/999/answer", `{"action":"accept"}`, [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/corrections/answers", "/api/corrections/answers", `{"ids":[],"action":"accept"}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/corrections/answers", "/api/corrections/answers", `{"ids":[1],"action":"return"}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"POST /api/corrections/papers", "/api/corrections/papers", "{}", [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
	{"GET /api/corrections/papers/{id}/{paper}", "/api/corrections/papers/1/x", "", [9]int{401, 404, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/corrections/of/{entity}/{rec}", "/api/corrections/of/member/1", "", [9]int{401, 200, 200, 200, 404, 404, 403, 403, 403}},
	{"GET /api/corrections/form/{entity}/{rec}", "/api/corrections/form/member/2", "", [9]int{401, 200, 404, 403, 403, 403, 403, 403, 403}},
	{"GET /api/corrections/form/{entity}/{rec}", "/api/corrections/form/member/1", "", [9]int{401, 200, 200, 403, 403, 403, 403, 403, 403}},
	{"POST /api/corrections/form/{entity}/{rec}", "/api/corrections/form/member/1", `{"rid":999,"cells":{"memo":"x"}}`, [9]int{401, 409, 409, 403, 403, 403, 403, 403, 403}},
	{"POST /api/corrections/form/{entity}/{rec}", "/api/corrections/form/member/2", `{"rid":2,"cells":{"memo":"x"}}`, [9]int{401, 400, 404, 403, 403, 403, 403, 403, 403}},
	{"POST /api/corrections/form/{entity}/{rec}", "/api/corrections/form/member/1", `{"rid":1,"cells":{"score":"1"}}`, [9]int{401, 400, 400, 403, 403, 403, 403, 403, 403}},
}

// correctRoutes are the routes of corrections over the town.
func (tn *town) correctRoutes(door *disclose.Door, acc *access.Access, cat *catalog.Catalog, ch *charter.Charter) []kit.Route {
	return webcorrect.Routes(webcorrect.Config{
		Correct: tn.correct, Door: door, Access: acc, Catalog: cat, Charter: ch,
		Row: func(ctx context.Context, sha, entity string, n int) (disclose.SheetRow, error) {
			r, err := tn.desk.RowOf(ctx, sha, entity, n)
			return disclose.SheetRow(r), err
		},
	})
}

// paper hands a piece of evidence in.
func (v *visitor) paper(name, content string) answer {
	v.tn.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	f, err := m.CreateFormFile("file", name)
	if err != nil {
		v.tn.t.Fatal(err)
	}
	io.WriteString(f, content)
	m.Close()
	return v.do("POST", "/api/corrections/papers", b.String(), "Content-Type", m.FormDataContentType())
}

func (v *visitor) post(path string, body any) answer {
	b, _ := json.Marshal(body)
	return v.do("POST", path, string(b))
}

// correctionPaths are the addresses under which a request could show something.
func correctionPaths(id string) []string {
	return []string{
		"/api/corrections?box=inbox", "/api/corrections?box=conflicts", "/api/corrections?box=mine", "/api/corrections?box=all", "/api/corrections?entity=member&field=phone",
		"/api/corrections/" + id, "/api/corrections/of/member/1", "/api/corrections/form/member/1",
	}
}

// A request shows its values to whom the record would show them, masked where the
// record is masked, and to nobody else; not even to who asked, once the record is
// out of reach. Evidence is for those who see everything it may show.
func TestCorrectionsLeakNothing(t *testing.T) {
	tn := newTown(t)
	planner, clerk, other, narrow := tn.as("planner", "R"), tn.as("clerk", "A1"), tn.as("clerk", "B1"), tn.as("narrow", "A1")
	p := planner.paper("proof.pdf", "%PDF-1.7 13977778888").json(t)
	form := planner.get("/api/corrections/form/member/1").json(t)
	for _, f := range form["fields"].([]any) {
		x := f.(map[string]any)
		if x["name"] == "score" || x["name"] == "no" || x["name"] == "phone" && (x["masked"] != true || x["text"] != "" || x["mine"] != false) {
			t.Error(x)
		}
	}
	got := planner.post("/api/corrections/form/member/1", map[string]any{
		"rid": form["rid"], "cells": map[string]string{"phone": "13977778888", "name": "secret-new"}, "reason": "because 13977778888", "paper": p["id"],
	})
	out := got.json(t)
	if got.status != 200 || out["refused"] != false || out["seq"] != 0.0 || len(out["requests"].([]any)) != 1 {
		t.Fatal(got)
	}
	id := jsonNumber(out["requests"].([]any)[0])
	read := clerk.get("/api/corrections/" + id).json(t)
	if read["papers_hidden"] != true || len(read["papers"].([]any)) != 0 || fmt.Sprint(read["actions"]) != "[accept return reject]" {
		t.Error("the clerk, who sees the telephone masked, may open the proof", read)
	}
	mine := planner.get("/api/corrections/" + id).json(t)
	papers := mine["papers"].([]any)
	if len(papers) != 1 || fmt.Sprint(mine["actions"]) != "[withdraw]" {
		t.Fatal(mine)
	}
	path := "/api/corrections/papers/" + id + "/" + papers[0].(map[string]any)["id"].(string)
	file := planner.get(path)
	if file.status != 200 || file.body != "%PDF-1.7 13977778888" || file.header.Get("Content-Type") != "application/pdf" ||
		!strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") || !strings.Contains(file.header.Get("Content-Security-Policy"), "sandbox") ||
		file.header.Get("X-Content-Type-Options") != "nosniff" || file.header.Get("Cache-Control") != "no-store" {
		t.Error(file)
	}
	for _, v := range []*visitor{clerk, other, narrow} {
		if got := v.get(path); got.status == 200 {
			t.Error("opens the proof", got)
		}
	}
	for _, path := range correctionPaths(id) {
		for name, v := range map[string]*visitor{"planner": planner, "clerk": clerk} {
			body := v.get(path).body
			for _, x := range []string{"13900001111", `"13977778888"`, "410305199001011234", "99000000", "得分"} {
				if strings.Contains(body, x) {
					t.Errorf("%s: %s gets %s: %s", path, name, x, body)
				}
			}
		}
		for name, v := range map[string]*visitor{"other": other, "narrow": narrow, "chief": tn.as("chief", "A"), "visitor": tn.as("visitor", "B"), "auditor": tn.as("auditor", "R")} {
			if body := v.get(path).body; strings.Contains(body, "secret-") || strings.Contains(body, "139*") || strings.Contains(body, `"id":`+id+",") {
				t.Errorf("%s: %s gets %s", path, name, body)
			}
		}
	}
	if body := clerk.get("/api/corrections/" + id).body; !strings.Contains(body, "139****8888") || !strings.Contains(body, "secret-new") {
		t.Error("the source sees less than the record shows", body)
	}
	// Whoever is not shown a field at all reads nothing of what was written about it.
	helper := tn.as("helper", "A1")
	if body := helper.get("/api/corrections/" + id).body; !strings.Contains(body, `"in_reach":true`) {
		t.Error("the record is out of reach", body)
	}
	for _, path := range correctionPaths(id) {
		if body := helper.get(path).body; strings.Contains(body, "because") || strings.Contains(body, "139") {
			t.Errorf("%s: who is not shown the telephone gets %s", path, body)
		}
	}
	// The record moves to another house: who asked and who was asked see no values.
	moveMember(tn)
	for name, v := range map[string]*visitor{"clerk": clerk} {
		for _, path := range correctionPaths(id) {
			if body := v.get(path).body; strings.Contains(body, "secret-new") || strings.Contains(body, "because") || strings.Contains(body, "139*") {
				t.Errorf("%s: %s still gets %s", path, name, body)
			}
		}
	}
	if log := tn.log.String(); strings.Contains(log, "secret-") || strings.Contains(log, "1397777") {
		t.Error("values in the log", log)
	}
}

// moveMember gives member 1 to house B1, as a bureau would.
func moveMember(tn *town) {
	e := tn.srv.Catalog.Entity("member")
	v, err := tn.correct.Current(tn.t.Context(), "member", 1)
	if err != nil {
		tn.t.Fatal(err)
	}
	v[e.Field("house").Index] = luoshu.TextValue("B1")
	_, err = tn.led.Commit(tn.t.Context(), ledger.Batch{
		Actor: luoshu.Actor{Name: "mover", Role: "planner", Org: "R"}, Entity: "member",
		Rows: func(yield func(ledger.Row) error) error { return yield(ledger.Row{N: 1, Values: v}) },
	}, nil)
	if err != nil {
		tn.t.Fatal(err)
	}
}

// A clerk's file changes what a bureau holds: shown before it is committed, asked
// for when it is, answered in a batch, and held as a conflict when a later file
// would change it back.
func TestFileAgainstSource(t *testing.T) {
	tn := newTown(t)
	clerk, bureau := tn.as("clerk", "A1"), tn.as("planner", "A")
	head := "代码,名称,主管,区域,启用,备忘\n"
	put := func(v *visitor, text string) string {
		t.Helper()
		id := v.upload("house", "houses.csv", head+text).json(t)["id"].(string)
		tn.desk.Wait()
		return id
	}
	before := tn.as("planner", "R").get("/api/records/house/1").json(t)["values"].(map[string]any)["name"]
	id := put(clerk, "A1,甲一新,A,A,,note\n")
	up := clerk.get("/api/uploads/" + id).json(t)
	if up["result"].(map[string]any)["held"] != 1.0 {
		t.Fatal(up)
	}
	rows := clerk.get("/api/uploads/" + id + "/rows?verdict=held").json(t)
	held := rows["rows"].([]any)[0].(map[string]any)["held"].([]any)
	h := held[0].(map[string]any)
	if len(held) != 1 || h["field"] != "name" || h["by_hand"] != false || h["org"].(map[string]any)["zh"] != "甲" || h["days"] != 15.0 || h["wanted"].(map[string]any)["value"] != "甲一新" {
		t.Error(rows)
	}
	if n := bureau.get("/api/corrections/count").body; !strings.Contains(n, `"count":0`) {
		t.Error("asked before it is committed", n)
	}
	if got := clerk.do("POST", "/api/uploads/"+id+"/commit", "{}"); got.status != 202 {
		t.Fatal(got)
	}
	tn.desk.Wait()
	if n := bureau.get("/api/corrections/count").body; !strings.Contains(n, `"count":1`) {
		t.Error(n)
	}
	list := bureau.get("/api/corrections?box=inbox").json(t)["rows"].([]any)
	x := list[0].(map[string]any)
	if len(list) != 1 || x["label"] != before || x["file"].(map[string]any)["row"] != 2.0 || x["due"] != "2025-10-16" {
		t.Error(list)
	}
	row := bureau.get("/api/corrections/" + jsonNumber(x["id"]) + "/row")
	if row.status != 200 || !strings.Contains(row.body, "甲一新") || tn.as("clerk", "B1").get("/api/corrections/"+jsonNumber(x["id"])+"/row").status != 404 {
		t.Error("the row is the evidence", row)
	}
	if got := clerk.post("/api/corrections/answers", map[string]any{"ids": []any{x["id"]}, "action": "accept"}); !strings.Contains(got.body, `"done":[]`) {
		t.Error("the clerk accepts", got)
	}
	if got := bureau.post("/api/corrections/answers", map[string]any{"ids": []any{x["id"], 999}, "action": "accept"}); !strings.Contains(got.body, `"done":[`+jsonNumber(x["id"])+`]`) || !strings.Contains(got.body, `"id":999`) {
		t.Error(got)
	}
	rec := bureau.get("/api/records/house/" + jsonNumber(x["rec"])).json(t)
	if rec["values"].(map[string]any)["name"] != "甲一新" {
		t.Error(rec)
	}
	// Later even the source's own file does not change it back in silence.
	id = put(bureau, "A1,甲一旧,A,A,,note\n")
	if got := bureau.do("POST", "/api/uploads/"+id+"/commit", "{}"); got.status != 202 {
		t.Fatal(got)
	}
	tn.desk.Wait()
	if n := bureau.get("/api/corrections/conflicts/count").body; !strings.Contains(n, `"count":1`) {
		t.Fatal(n)
	}
	c := bureau.get("/api/corrections?box=conflicts").json(t)["rows"].([]any)[0].(map[string]any)
	d := bureau.get("/api/corrections/" + jsonNumber(c["id"])).json(t)
	f := d["fields"].([]any)[0].(map[string]any)
	if f["current"].(map[string]any)["value"] != "甲一新" || f["after"].(map[string]any)["value"] != "甲一旧" || len(d["by_hand"].([]any)) != 1 {
		t.Error(d)
	}
	if got := bureau.post("/api/corrections/"+jsonNumber(c["id"])+"/answer", map[string]any{"action": "keep"}); got.status != 400 {
		t.Error("without a reason", got)
	}
	if got := bureau.post("/api/corrections/"+jsonNumber(c["id"])+"/answer", map[string]any{"action": "keep", "words": "已核"}); got.status != 200 || got.json(t)["state"] != "kept" {
		t.Error(got)
	}
}

package movement_test

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// What could not be carried out on its day says why, in both languages, where it
// stands and in the counts of who began it.
func TestStuckIsTold(t *testing.T) {
	s := serve(t)
	a, b, p := s.as("a"), s.as("b"), s.as("p")
	ok := func(do func(string, string, string) (int, string), method, path, body string, want int) string {
		t.Helper()
		code, text := do(method, path, body)
		if code != want {
			t.Fatalf("%s %s: %d %.400s", method, path, code, text)
		}
		return text
	}
	ok(b, "POST", "/api/movement/cases", `{"type":"transfer","number":"`+number+`","name":"`+name+`","taker":"`+schoolB+`","date":"2025-03-20"}`, 201)
	ok(a, "POST", "/api/movement/cases/1/answer", `{"act":"accept"}`, 200)
	ok(p, "POST", "/api/lifecycle", `{"act":"rename","org":"`+schoolB+`","name":"新乙校","date":"2025-03-20"}`, 201)
	ok(p, "POST", "/api/lifecycle", `{"act":"merge","org":"`+schoolB+`","successor":"`+schoolA+`","date":"2025-03-10"}`, 201)
	s.now = s.now.AddDate(0, 0, 10)
	a, b, p = s.as("a"), s.as("b"), s.as("p")
	b2 := s.as("b2")
	if err := errors.Join(s.mv.Sweep(context.Background()), s.life.Sweep(context.Background())); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		do        func(string, string, string) (int, string)
		path, has string
	}{
		{b, "/api/movement/count", `{"count":1}`},
		{b2, "/api/movement/count", `{"count":0}`},
		{a, "/api/movement/count", `{"count":0}`},
		{b, "/api/movement/cases?box=in", "was closed on"},
		{b, "/api/movement/cases/1", `"act":"stuck"`},
		{b, "/api/movement/cases/1", `"why":{"zh":"`},
		{p, "/api/lifecycle/count", `{"count":1}`},
		{p, "/api/lifecycle?org=" + schoolB, "was closed on"},
	} {
		if text := ok(x.do, "GET", x.path, "", 200); !strings.Contains(text, x.has) {
			t.Errorf("GET %s: no %s in %.900s", x.path, x.has, text)
		}
	}
}

package movement_test

import (
	"strings"
	"testing"
)

// The two senses of a day: what was known then, and what held then.
func TestAsOf(t *testing.T) {
	s := serve(t)
	s.now = s.now.AddDate(0, 0, 2) // 12 March
	p := s.as("p")
	for _, x := range [][2]string{
		{"/api/lifecycle", `{"act":"rename","org":"` + schoolA + `","name":"实验小学","date":"2025-03-12"}`},
		{"/api/movement/cases", `{"type":"suspend","rec":1,"date":"2025-03-01","reason":"10","evidence":"x"}`},
	} {
		if code, text := p("POST", x[0], x[1]); code != 201 {
			t.Fatal(code, text)
		}
	}
	for _, x := range []struct{ path, has, hasNot string }{
		{"/api/orgs?q=" + schoolA, "实验小学", "甲校"},
		{"/api/orgs?q=甲校", "实验小学", ""}, // found by its former name
		{"/api/orgs?known=2025-03-11&q=" + schoolA, "甲校", "实验小学"},
		{"/api/orgs?known=2025-03-12&q=" + schoolA, "实验小学", ""},
		{"/api/orgs?known=2025-03-09&q=" + schoolA, "[]", "甲校"},
		{"/api/orgs?valid=1984-01-01&q=" + schoolA, "[]", "实验小学"},
		{"/api/orgs?valid=1990-01-01&parent=" + county, schoolB, ""},
		{"/api/records/school?known=2025-03-11&q=甲校", `"name":"甲校"`, "实验小学"},
		{"/api/records/enrolment?valid=2024-10-01", `"total":1`, ""},
		{"/api/records/enrolment?valid=2024-08-31", `"total":0`, ""},
		{"/api/records/enrolment?valid=2025-03-01", `"total":0`, ""},                  // suspended that day
		{"/api/records/enrolment?valid=2025-03-01&known=2025-03-11", `"total":1`, ""}, // which nobody knew on the 11th
		{"/api/records/enrolment?valid=2025-09-01&known=2025-03-11", `"total":0`, ""}, // a stay ends with its year
		{"/api/records/enrolment?known=2025-03-01", `"total":0`, ""},
	} {
		code, text := p("GET", x.path, "")
		if code != 200 || !strings.Contains(text, x.has) || (x.hasNot != "" && strings.Contains(text, x.hasNot)) {
			t.Errorf("GET %s: %d %.600s", x.path, code, text)
		}
	}
	for path, want := range map[string]int{
		"/api/records/enrolment?valid=today":                     400,
		"/api/records/enrolment?known=2025-03-11&seal=S000001":   404,
		"/api/records/student?valid=2025-03-01":                  400,
		"/api/records/enrolment.csv?valid=2024-10-01":            200,
		"/api/records/enrolment?valid=2024-10-01&org=2141000009": 404,
	} {
		if code, text := p("GET", path, ""); code != want {
			t.Errorf("GET %s: %d, want %d: %.300s", path, code, want, text)
		}
	}
}

//go:build city

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// asked is one request of the matrix: a route with its placeholders filled from the
// city, and the statuses by reader.
type asked struct {
	method, pattern, path string
	right                 string
	open                  bool
}

// everything is one request a route. What a route of writes is asked is malformed, so
// that whoever may write is told 400 and changes nothing; routes that ask nothing
// are given numbers that do not exist.
func (w *whole) everything() []asked {
	var out []asked
	for _, rt := range w.srv.Routes() {
		method, pattern, _ := strings.Cut(rt.Pattern, " ")
		path := placeholder.ReplaceAllStringFunc(pattern, func(m string) string {
			name := strings.Trim(m, "{}")
			switch {
			case method != http.MethodGet && (name == "id" || name == "no" || name == "n" || name == "seq" || name == "name"):
				return "999999"
			case name == "entity":
				return "student"
			}
			return w.values(pattern, "/student/", name, map[string][]string{"student": {"999999999"}}, nil)[0]
		})
		out = append(out, asked{method, pattern, path, rt.Right, rt.Open})
	}
	// Signing out ends the reader: last.
	slices.SortStableFunc(out, func(a, b asked) int { return last(a) - last(b) })
	return out
}

func last(a asked) int {
	if a.method == "DELETE" && a.path == "/api/session" {
		return 1
	}
	return 0
}

// Over a whole city every route answers every role as the golden file says: 401 to
// nobody, 403 to whoever lacks the right by the packs, never a fault of the server;
// and another's record looks like none.
func TestCityMatrix(t *testing.T) {
	w := openWhole(t)
	readers := []*reader{w.as("", "")}
	for i, role := range w.ct.Catalog.Roles {
		readers = append(readers, w.as(role.ID, []string{w.counties[0], w.schools[i%len(w.schools)]}[i%2]))
	}
	var golden strings.Builder
	for _, q := range w.everything() {
		by := map[int][]string{}
		for _, r := range readers {
			body := ""
			if q.method != "GET" {
				body = `{"`
			}
			got := r.do(q.method, q.path, body)
			name := "nobody"
			if r.role != nil {
				name = r.role.ID
			}
			by[got.status] = append(by[got.status], name)
			switch {
			case got.status >= 500 && !(got.status == 503 && strings.Contains(got.body, "message_zh")):
				t.Errorf("%s %s as %s: %d %.200s", q.method, q.path, r, got.status, got.body)
			case !q.open && r.role == nil && got.status != 401:
				t.Errorf("%s %s as nobody: %d", q.method, q.path, got.status)
			case r.role != nil && q.right != "" && !slices.Contains(r.role.Can, q.right) && got.status != 403:
				t.Errorf("%s %s as %s, who may not %s: %d", q.method, q.path, r, q.right, got.status)
			case r.role != nil && got.status == 401 && !strings.HasPrefix(q.path, "/api/session"):
				t.Errorf("%s %s as %s: 401 %.200s", q.method, q.path, r, got.body)
			}
		}
		fmt.Fprintf(&golden, "%s %s\n", q.method, q.pattern)
		var statuses []int
		for s := range by {
			statuses = append(statuses, s)
		}
		slices.Sort(statuses)
		for _, s := range statuses {
			fmt.Fprintf(&golden, "  %d %s\n", s, strings.Join(by[s], " "))
		}
	}
	if strings.Contains(w.log.String(), "level=ERROR") {
		t.Errorf("log: %.2000s", w.log.String())
	}
	same(t, "city-matrix.golden", golden.String())
}

// same compares with a golden file; LUOSHU_UPDATE=1 writes it anew.
func same(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if os.Getenv("LUOSHU_UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("%s differs at line %d: %q, want %q", name, i+1, at(a, i), at(b, i))
		}
	}
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return "(end)"
}

// Records of others look like none, for reading, revealing, correcting, verifying.
func TestCityGuessedNumbers(t *testing.T) {
	w := openWhole(t)
	for i, role := range w.ct.Catalog.Roles {
		school := w.schools[i%len(w.schools)]
		r := w.as(role.ID, school)
		for _, e := range w.ct.Catalog.Entities {
			if e.Org == "" || e.Node != nil || e.Register {
				continue
			}
			_, strange := w.nameable(school, e)
			for _, rec := range strange {
				for _, q := range []string{
					"GET /api/records/%s/%s", "GET /api/records/%s/%s/reads", "GET /api/corrections/of/%s/%s", "GET /api/corrections/form/%s/%s",
					"GET /api/verify/records/%s/%s", `POST /api/records/%s/%s/reveal {"field":"id_no","reason":"to see it"}`, `POST /api/corrections/form/%s/%s {"fields":{"remark":"x"},"reason":"r"}`,
				} {
					theirs, none := r.ask(q, e.Name, rec), r.ask(q, e.Name, "999999999")
					if theirs.status < 400 && theirs.body != none.body || theirs.status != none.status {
						t.Errorf("%s %s #%s: %d %.120s, none %d %.120s", r, q, rec, theirs.status, theirs.body, none.status, none.body)
					}
				}
			}
		}
	}
}

func (r *reader) ask(q, entity, rec string) reply {
	method, rest, _ := strings.Cut(q, " ")
	path, body, _ := strings.Cut(rest, " ")
	return r.do(method, fmt.Sprintf(path, entity, rec), body)
}

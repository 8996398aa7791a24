package web

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"luoshu/kernel/catalog"
)

// closedValue is every value of a closed field of the town, closedText every name
// of one too, as answers would write it.
var (
	closedValue = regexp.MustCompile(`\b(?:99000\d{4}|88100\d{4}|77100\d{4})\b|verdict-text`)
	closedText  = regexp.MustCompile(closedValue.String() + `|"(mark|rank)"|"(name|field|id)":"verdict"|得分|分数|名次|评语`)
)

// closedNames are the closed fields of the town.
func closedNames(tn *town) []string {
	var out []string
	for _, e := range tn.srv.Catalog.Entities {
		for _, f := range e.Fields {
			if f.Sensitivity == catalog.Closed && !slices.Contains(out, f.Name) {
				out = append(out, f.Name)
			}
		}
	}
	return out
}

// addresses expands a route into every address it answers: each entity in each
// format, each record, indicator, seal, commit and upload that there is. Names that
// a route of tomorrow brings get something plain.
func (tn *town) addresses(pattern string, known map[string][]string) []string {
	out := []string{pattern}
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(pattern, -1) {
		values := known[m[1]]
		if len(values) == 0 {
			values = []string{"1", "x"}
		}
		if m[1] == "entity" && strings.HasSuffix(pattern, "{entity}") {
			for _, v := range values {
				values = append(values, v+".csv", v+".xlsx")
			}
		}
		var next []string
		for _, p := range out {
			for _, v := range values {
				next = append(next, strings.Replace(p, m[0], v, 1))
			}
		}
		out = next
	}
	return out
}

// opened is an answer as text, workbooks unpacked.
func opened(t *testing.T, a answer) string {
	if !strings.HasPrefix(a.body, "PK\x03\x04") {
		return a.body
	}
	z, err := zip.NewReader(bytes.NewReader([]byte(a.body)), int64(len(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&out, r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return out.String()
}

// No route lists, sorts, filters by, searches or adds up a closed field, for no
// role, of no entity, in no format.
func TestClosedClassNeverLeaves(t *testing.T) {
	tn := newTown(t)
	tn.srv.rates.rules = nil // this test asks more than a person can
	names := closedNames(tn)
	if len(names) != 4 {
		t.Fatalf("closed fields of the town: %v", names)
	}
	up := tn.as("clerk", "A1").upload("score", "s.csv", "成员,科目,分数,名次,评语\nNA1000,x,881009999,771009999,verdict-text-up\n")
	tn.desk.Wait()
	known := map[string][]string{
		"rec": {"1", "2"}, "seq": {"1"}, "n": {"1", "2"}, "file": nil, "sha": nil,
		"id": {"S000001", up.json(t)["id"].(string)},
	}
	for _, e := range tn.srv.Catalog.Entities {
		known["entity"] = append(known["entity"], e.Name)
	}
	for _, i := range tn.srv.Catalog.Indicators {
		known["id"] = append(known["id"], i.ID)
	}
	var dims []string
	for _, g := range tn.srv.Catalog.Grains {
		for _, d := range g.Dims {
			dims = append(dims, d.ID)
		}
	}
	files, err := tn.db.Query(t.Context(), "SELECT sha256 FROM file")
	if err != nil {
		t.Fatal(err)
	}
	for files.Next() {
		var sha string
		if err := files.Scan(&sha); err != nil {
			t.Fatal(err)
		}
		known["sha"] = append(known["sha"], sha)
	}
	files.Close()
	// Each of these asks by a closed field: not one may be answered 200 where the
	// address knows what it was asked.
	var asking []string
	for _, n := range names {
		for _, q := range []string{"sort=%s", "sort=-%s", "filter=%s:1..999999999", "filter=%s:", "filter=%s:881000001", "by=%s", "cuts=%s", "measure=%s", "where=%s:1", "filters=%s:1"} {
			asking = append(asking, fmt.Sprintf(q, n))
		}
	}
	plain := []string{"", "q=881000001", "q=verdict-text-001", "measure=stay-count&cuts=" + strings.Join(dims[:min(3, len(dims))], ","), "part=denominator", "verdict=new", "entity=score"}
	good := map[string]int{}
	for _, role := range append([]string{""}, roleIDs(tn)...) {
		for _, org := range []string{"R", "A1"} {
			v := tn.as(role, org)
			for _, rt := range tn.srv.routes() {
				method, pattern, _ := strings.Cut(rt.Pattern, " ")
				if method != "GET" {
					continue
				}
				for _, path := range tn.addresses(pattern, known) {
					for i, q := range slices.Concat(plain, asking) {
						if i >= len(plain) && (role == "" || !answersBy(pattern, q)) {
							continue
						}
						address := path
						if q != "" {
							address += "?" + strings.ReplaceAll(q, " ", "+")
						}
						got := v.get(address)
						if got.status >= 300 {
							continue
						}
						good[pattern]++
						text, what := opened(t, got), closedText
						if i >= len(plain) { // an answer may repeat the question
							what = closedValue
						}
						if m := what.FindString(text); m != "" {
							t.Errorf("%s@%s GET %s: %q leaves", role, org, address, m)
						}
						if i >= len(plain) && !strings.Contains(text, `"rows":[]`) {
							t.Errorf("%s@%s GET %s is answered with rows", role, org, address)
						}
					}
				}
			}
			if org == "R" {
				tn.askToWrite(v, role, known, names)
			}
		}
	}
	// The test has seen what it judges: lists, files, figures came, with open values.
	for _, p := range []string{"/api/records/{entity}", "/api/records/{entity}/{rec}", "/api/indicators/{id}", "/api/indicators/{id}/behind", "/api/explore", "/api/explore.csv", "/api/explore.xlsx", "/api/uploads/{id}/rows"} {
		if good[p] == 0 {
			t.Errorf("%s was never answered", p)
		}
	}
	planner := tn.as("planner", "R")
	for _, path := range []string{"/api/records/member", "/api/records/member.csv", "/api/records/member.xlsx"} {
		if !strings.Contains(opened(t, planner.get(path)), "secret-A1") {
			t.Errorf("%s holds nothing at all", path)
		}
	}
}

// answersBy reports whether an address would take the question as one about its
// rows: other addresses do not know the word and may leave it unheard.
func answersBy(pattern, q string) bool {
	word, _, _ := strings.Cut(q, "=")
	switch word {
	case "sort", "filter":
		return strings.HasSuffix(pattern, "/records/{entity}")
	case "by", "where":
		return strings.Contains(pattern, "/indicators/{id}")
	case "cuts", "measure", "filters":
		return strings.HasPrefix(pattern, "/api/explore") && pattern != "/api/explore/meta"
	}
	return false
}

// askToWrite sends every write that names closed fields and looks at the answer.
func (tn *town) askToWrite(v *visitor, role string, known map[string][]string, names []string) {
	tn.t.Helper()
	for _, rt := range tn.srv.routes() {
		method, pattern, _ := strings.Cut(rt.Pattern, " ")
		if method == "GET" || strings.HasPrefix(pattern, "/api/session") {
			continue
		}
		paths := tn.addresses(pattern, known)
		if !strings.Contains(pattern, "{entity}") {
			paths = paths[:1] // what it is asked does not depend on the entity
		}
		for _, path := range paths {
			for _, n := range names {
				got := v.do(method, path, fmt.Sprintf(`{"field":%q,"reason":"closed class"}`, n))
				if m := closedText.FindString(got.body); m != "" && got.status < 400 {
					tn.t.Errorf("%s %s %s: %q leaves", role, method, path, m)
				}
				if strings.HasSuffix(pattern, "/reveal") && got.status < 400 {
					tn.t.Errorf("%s %s opens %s: %s", role, path, n, got.body)
				}
			}
		}
	}
}

func roleIDs(tn *town) []string {
	var out []string
	for _, r := range tn.srv.Catalog.Roles {
		out = append(out, r.ID)
	}
	return out
}

// Ids guessed in addresses, and orders and filters by masked fields, tell nothing:
// what is another's looks like what is not there.
func TestGuessedAddressesTellNothing(t *testing.T) {
	tn := newTown(t)
	clerk := tn.as("clerk", "A1")
	for _, p := range []string{"/api/records/member/%d", "/api/records/member/%d/reads", "/api/uploads/%d", "/api/jobs/%d"} {
		theirs, none := clerk.get(fmt.Sprintf(p, 2)), clerk.get(fmt.Sprintf(p, 999999))
		theirs.header.Del("X-Request-Id")
		if theirs.status != 404 || none.status != 404 || theirs.body != none.body {
			t.Errorf("%s: another's %d %s, none %d %s", p, theirs.status, theirs.body, none.status, none.body)
		}
	}
	for _, field := range []string{"id_no", "phone", "weight", "sick"} {
		for _, q := range []string{"sort=" + field, "sort=-" + field, "filter=" + field + ":1", "filter=" + field + ":", "filter=" + field + ":1..9"} {
			if got := clerk.get("/api/records/member?" + q); got.status != 400 || strings.Contains(got.body, "rows") {
				t.Errorf("%s: %d", q, got.status)
			}
			if got := clerk.get("/api/records/member.csv?" + q); got.status != 400 {
				t.Errorf("csv %s: %d", q, got.status)
			}
		}
	}
	for _, q := range []string{"410305199001011234", "13900001111", "' OR 1=1 --", "%", "\x00"} {
		if got := clerk.get("/api/records/member?q=" + url.QueryEscape(q)).json(t); got["total"] != 0.0 {
			t.Errorf("search %q finds %v", q, got["total"])
		}
	}
	if got := clerk.get("/api/records/member?org=B1"); got.status != 404 {
		t.Errorf("another's organisation: %d", got.status)
	}
}

//go:build city

package main

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"luoshu/kernel/catalog"
	"luoshu/kernel/records"
)

// marker is a text that tells whose it is: it stands in records of one organisation
// only, in fields no reader of another may see.
type marker struct {
	org   string
	class catalog.Sensitivity // the least of the fields it stands in
	where string              // entity.field, for people
	ents  []string
	mixed bool // it stands elsewhere too, or where anybody may read it: tells nothing
}

// markers reads the records as they are and as the first seal has them, and keeps the texts that tell whose they are.
func (w *whole) markers() map[string]*marker {
	out := map[string]*marker{}
	common := map[string]bool{}
	for _, l := range w.ct.Catalog.Lists {
		for _, c := range l.Codes {
			common[c.Code], common[c.Title.ZH], common[c.Title.EN] = true, true, true
		}
	}
	seqs := []int64{0}
	seals, err := w.ct.Ledger.Seals(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	if len(seals) > 0 {
		seqs = append(seqs, seals[0].Seq) // what is asked as of a seal is asked as of the first
	}
	for _, seq := range seqs {
		holders := w.holders(seq)
		for _, e := range w.ct.Catalog.Entities {
			if e.Register {
				continue // cases are seen by who acts in them, wherever they are
			}
			field, _, _ := strings.Cut(e.Org, ".")
			fields := []string{field}
			for _, f := range e.Fields {
				if f.Type == catalog.TypeText || f.Type == catalog.TypeRef {
					fields = append(fields, f.Name)
				}
			}
			err := w.ct.Records.Each(context.Background(), records.Query{Entity: e.Name, Seq: seq, Fields: fields}, func(v *records.Version) error {
				org := w.holder(e, v, holders)
				for i, f := range e.Fields {
					text := v.Values[i].String()
					if f.Type != catalog.TypeText && f.Type != catalog.TypeRef || len(text) < 4 {
						continue
					}
					if f.Class() < catalog.Personal {
						common[text] = true
						continue
					}
					m := out[text]
					if m == nil {
						m = &marker{org: org, class: f.Class(), where: e.Name + "." + f.Name}
						out[text] = m
					}
					m.mixed = m.mixed || m.org != org || org == ""
					m.class = min(m.class, f.Class())
					if !slices.Contains(m.ents, e.Name) {
						m.ents = append(m.ents, e.Name)
					}
				}
				return nil
			})
			if err != nil {
				w.t.Fatal(err)
			}
		}
	}
	for text, m := range out {
		if m.mixed || common[text] {
			delete(out, text)
		}
	}
	return out
}

// holders maps the persons that other records hang on to the organisation that holds
// them, by entity and number.
func (w *whole) holders(seq int64) map[string]string {
	out := map[string]string{}
	for _, e := range w.ct.Catalog.Entities {
		field, far, hop := strings.Cut(e.Org, ".")
		if !hop {
			continue
		}
		to := w.ct.Catalog.Entity(e.Field(field).Ref)
		err := w.ct.Records.Each(context.Background(), records.Query{Entity: to.Name, Seq: seq, Fields: []string{to.Key[0], far}}, func(v *records.Version) error {
			out[to.Name+" "+v.Values[to.Field(to.Key[0]).Index].String()] = v.Values[to.Field(far).Index].String()
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return out
}

func (w *whole) holder(e *catalog.Entity, v *records.Version, holders map[string]string) string {
	field, _, hop := strings.Cut(e.Org, ".")
	f := e.Field(field)
	if f == nil {
		return ""
	}
	own := v.Values[f.Index].String()
	if hop {
		return holders[f.Ref+" "+own]
	}
	return own
}

var (
	numbers = regexp.MustCompile(`[GJL]?\d{17}[\dX]|\b1\d{10}\b`)
	cells   = func(r rune) bool { return strings.ContainsRune("\"<>,;|\n\t", r) }
)

// tokens calls do for every cell of an answer and every number within it.
func tokens(text string, do func(string)) {
	for c := range strings.FieldsFuncSeq(text, cells) {
		do(c)
		if len(c) > 11 {
			for _, n := range numbers.FindAllString(c, -1) {
				do(n)
			}
		}
	}
}

// sees says whether a marker may come out in clear for a reader, by the role's class
// and entities and the organisation's place; the door is not asked.
func (w *whole) sees(r *reader, m *marker) bool {
	if r.role == nil || !slices.Contains(r.role.Can, "read") && !slices.Contains(r.role.Can, "behind") || m.class > r.role.Sees || m.class >= catalog.Closed {
		return false
	}
	if len(r.role.Entities) > 0 && !slices.ContainsFunc(m.ents, func(e string) bool { return slices.Contains(r.role.Entities, e) }) {
		return false
	}
	return r.org == w.ct.Catalog.City.Root || w.within(m.org, r.org)
}

// nameable are record numbers of an entity: one that an organisation holds, itself or
// below it, and two that it has nothing to do with.
func (w *whole) nameable(org string, e *catalog.Entity) (own, others []string) {
	if w.some == nil {
		w.some = map[string][]held{}
		persons := w.holders(0)
		for _, e := range w.ct.Catalog.Entities {
			field, _, _ := strings.Cut(e.Org, ".")
			seen := map[string]int{}
			err := w.ct.Records.Each(context.Background(), records.Query{Entity: e.Name, Fields: []string{field}}, func(v *records.Version) error {
				at := w.holder(e, v, persons)
				if seen[at]++; seen[at] <= 2 {
					w.some[e.Name] = append(w.some[e.Name], held{at, fmt.Sprint(v.Rec)})
				}
				return nil
			})
			if err != nil {
				w.t.Fatal(err)
			}
		}
	}
	for _, h := range w.some[e.Name] {
		mine := org == w.ct.Catalog.City.Root || h.org == "" || w.within(h.org, org) || e.Below && w.within(org, h.org)
		if mine && len(own) < 1 {
			own = append(own, h.rec)
		}
		if !mine && len(others) < 2 {
			others = append(others, h.rec)
		}
	}
	return own, others
}

// readers are all roles, each at the city, a county or a school in turn, so that
// every kind of school is somebody's; those who write of persons are at all three.
func (w *whole) readers() []*reader {
	var out []*reader
	for i, role := range w.ct.Catalog.Roles {
		orgs := []string{w.schools[i%len(w.schools)], w.counties[i%len(w.counties)], w.ct.Catalog.City.Root}
		if !slices.Contains(role.Can, "reveal") || !slices.Contains(role.Can, "load") {
			orgs = orgs[i%3 : i%3+1]
		}
		for _, org := range orgs {
			out = append(out, w.as(role.ID, org))
		}
	}
	return append(out, w.as("", ""))
}

// Over a whole city nothing leaks: whatever any role at any organisation asks of any
// address in any format, no text leaves that tells of a person whom the reader has
// nothing to do with, or of a class above the reader's. (The closed class has no field in
// these packs; TestClosedClassNeverLeaves is about it.)
func TestCityLeaks(t *testing.T) {
	w := openWhole(t)
	marks := w.markers()
	t.Logf("%d texts tell whose they are", len(marks))
	if len(marks) < 100_000 {
		t.Fatal("too few texts to find a leak by")
	}
	foreign := w.strangers(marks)
	work := make(chan func())
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for do := range work {
				do()
			}
		})
	}
	total, answers, shown := 0, 0, map[string]int{}
	var mu sync.Mutex
	for i, r := range w.readers() {
		recs := map[string][]string{}
		for _, e := range w.ct.Catalog.Entities {
			own, others := w.nameable(r.org, e)
			recs[e.Name] = append(own, others...)
		}
		work <- func() {
			list := w.questions(i, r, recs, foreign)
			mu.Lock()
			total += len(list)
			mu.Unlock()
			for _, address := range list {
				got := r.do("GET", address, "")
				if got.status >= 500 && got.status != 503 { // a machine under load may say that it took too long
					t.Errorf("%s GET %s: %d %.200s", r, address, got.status, got.body)
				}
				if got.status >= 300 {
					continue
				}
				n, leak := 0, ""
				tokens(got.text(t), func(token string) {
					m := marks[token]
					if m == nil {
						return
					}
					if n++; !w.sees(r, m) && !strings.Contains(address, url.QueryEscape(token)) && leak == "" {
						leak = fmt.Sprintf("%s of %s (%q)", m.where, m.org, token)
					}
				})
				if leak != "" {
					t.Errorf("%s GET %s tells %s", r, address, leak)
				}
				mu.Lock()
				answers++
				shown[r.String()] += n
				mu.Unlock()
			}
		}
	}
	close(work)
	all.Wait()
	t.Logf("%d answers of %d questions", answers, total)
	// Who may read persons has seen some: the test looks where there is something.
	for _, role := range []string{"planner", "county", "clerk"} {
		saw := 0
		for who, n := range shown {
			if strings.HasPrefix(who, role+"@") {
				saw += n
			}
		}
		if saw < 1000 {
			t.Errorf("%s saw %d texts of persons", role, saw)
		}
	}
}

// strangers are texts of persons for searches and filters, one a kind of school.
func (w *whole) strangers(marks map[string]*marker) []string {
	best := map[string]string{}
	for text, m := range marks {
		if m.where == "student.id_no" || m.where == "student.name" {
			if k := m.where + m.org; slices.Contains(w.schools, m.org) && (best[k] == "" || text < best[k]) {
				best[k] = text
			}
		}
	}
	out := []string{}
	for _, text := range best {
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// inTurn are the entities of persons, and an eighth of the others.
func (w *whole) inTurn(turn int) []string {
	var out []string
	for i, e := range w.ct.Catalog.Entities {
		persons := !e.Register && slices.ContainsFunc(e.Fields, func(f *catalog.Field) bool { return f.Class() >= catalog.Personal })
		if persons || (turn+i)%12 == 0 {
			out = append(out, e.Name)
		}
	}
	return out
}

// questions are what a reader asks: every GET route; of the entities of persons every
// list, record, search, filter and seal; the other entities, formats, figures and what
// lies behind them in turn.
func (w *whole) questions(turn int, r *reader, recs map[string][]string, foreign []string) []string {
	var out []string
	for _, rt := range w.srv.Routes() {
		method, pattern, _ := strings.Cut(rt.Pattern, " ")
		if method != "GET" || strings.Contains(pattern, "oidc") {
			continue
		}
		switch pattern {
		case "/api/records/{entity}":
			for i, name := range w.inTurn(turn) {
				p := "/api/records/" + name
				out = append(out, p+"?limit=200")
				if (turn+i)%3 == 0 {
					out = append(out, p+"?limit=200&seal="+w.ids["seal"][0])
				}
				if r.org != w.ct.Catalog.City.Root && (turn+i)%3 == 0 || (turn+i)%40 == 0 { // a city's export is long
					out = append(out, p+".csv")
				}
				if (turn+i)%16 == 0 && r.org != w.ct.Catalog.City.Root {
					out = append(out, p+".xlsx")
				}
			}
			q := url.QueryEscape(foreign[turn%len(foreign)])
			out = append(out, "/api/records/student?q="+q, "/api/records/student?filter=id_no:"+q, "/api/records/student.csv?q="+q, "/api/records/guardian?q="+q)
		case "/api/indicators/{id}", "/api/indicators/{id}/behind":
			for i, id := range w.ids["indicator"] {
				if (i+turn)%30 != 0 {
					continue
				}
				p := strings.Replace(pattern, "{id}", id, 1)
				if strings.HasSuffix(pattern, "behind") {
					out = append(out, p+"?part=numerator&limit=200", p+"?part=denominator&limit=50")
				} else {
					out = append(out, p, p+"?by=school")
				}
			}
		default:
			out = append(out, w.paths(pattern, recs, w.inTurn(turn))...)
			if strings.HasSuffix(pattern, "s") && !strings.Contains(pattern, "{") && rt.Rate == "" {
				out = append(out, pattern+"?limit=200", pattern+"?q="+url.QueryEscape(foreign[turn%len(foreign)]))
			}
		}
	}
	return out
}

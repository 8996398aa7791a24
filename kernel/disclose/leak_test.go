package disclose_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
)

// spill asks the door everything an actor can ask and returns all that came out,
// by what was asked.
func (w *world) spill(a luoshu.Actor) map[string]string {
	ctx := context.Background()
	out := map[string]string{}
	keep := func(what string, v any, err error) {
		if err != nil {
			out[what+" (error)"] = err.Error()
			return
		}
		b, err := json.Marshal(v)
		if err != nil {
			w.t.Fatal(err)
		}
		out[what] = string(b)
	}
	for _, e := range w.cat.Entities {
		w.spillEntity(a, e, out, keep)
	}
	for _, i := range w.cat.Indicators {
		for _, by := range [][]string{nil, {"area"}, {"house"}, {"office"}, {"kind"}} {
			v, err := w.door.Indicator(ctx, a, disclose.IndicatorQuery{ID: i.ID, By: by})
			keep(fmt.Sprint("indicator ", i.ID, by), v, err)
		}
		for _, part := range []string{"numerator", "denominator"} {
			for _, where := range []map[string]string{nil, {"house": "A1"}, {"office": "B"}, {"house": "B2"}} {
				v, err := w.door.Behind(ctx, a, disclose.BehindQuery{Indicator: i.ID, Part: part, Where: where, Limit: 500})
				keep(fmt.Sprint("behind ", i.ID, part, where), v, err)
			}
		}
		for _, cuts := range [][]string{{}, {"house"}, {"house", "kind"}, {"area", "sick"}} {
			q := disclose.ExploreQuery{Measure: i.ID, Cuts: cuts}
			v, err := w.door.Explore(ctx, a, q)
			keep(fmt.Sprint("explore ", i.ID, cuts), v, err)
			for _, format := range []string{"csv", "xlsx"} {
				var b bytes.Buffer
				if err := w.door.ExploreExport(ctx, a, q, format, &b); err == nil {
					out[fmt.Sprint("explore ", i.ID, cuts, format)] = w.unpack(b.Bytes(), format)
				}
			}
		}
	}
	f, err := w.door.Figures(ctx, a, disclose.FigureQuery{})
	keep("figures", f, err)
	for _, org := range []string{"", "R", "A", "A1", "B2", "Z9"} {
		p, err := w.door.Dashboard(ctx, a, disclose.DashboardQuery{Org: org})
		if err == nil {
			out["dashboard "+org] = string(p.JSON)
		}
	}
	p, err := w.door.Plan(ctx, a, "")
	keep("plan", p, err)
	es, err := w.door.Entities(ctx, a)
	keep("entities", es, err)
	os, err := w.door.Orgs(ctx, a, "", "")
	keep("orgs", os, err)
	c, err := w.door.Commits(ctx, a, 0, 100)
	keep("commits", c, err)
	m, err := w.door.ExploreMeta(ctx, a)
	keep("explore meta", m, err)
	return out
}

func (w *world) spillEntity(a luoshu.Actor, e *catalog.Entity, out map[string]string, keep func(string, any, error)) {
	ctx := context.Background()
	d, err := w.door.Entity(ctx, a, e.Name)
	keep("entity "+e.Name, d, err)
	for _, seal := range []string{"", w.seal.ID} {
		p, err := w.door.Records(ctx, a, disclose.RecordQuery{Entity: e.Name, Limit: 500, Seal: seal})
		keep("records "+e.Name+seal, p, err)
		for _, format := range []string{"csv", "xlsx"} {
			var b bytes.Buffer
			if err := w.door.Export(ctx, a, disclose.RecordQuery{Entity: e.Name, Seal: seal}, format, &b, nil); err == nil {
				out["export "+e.Name+seal+"."+format] = w.unpack(b.Bytes(), format)
			}
		}
	}
	for _, f := range e.Fields {
		p, err := w.door.Records(ctx, a, disclose.RecordQuery{Entity: e.Name, Sort: "-" + f.Name, Limit: 10})
		keep("sort "+e.Name+"."+f.Name, p, err)
	}
	if key := e.KeyFields()[0]; key.Contains != "" {
		for _, m := range w.planted[:min(len(w.planted), 2000)] {
			if m.entity != e.Name || m.field != key.Name {
				continue
			}
			p, err := w.door.Records(ctx, a, disclose.RecordQuery{Entity: e.Name, Q: m.text})
			keep("search "+e.Name+m.org, p, err)
		}
	}
	for rec := int64(1); rec < 120; rec += 7 {
		r, err := w.door.Record(ctx, a, e.Name, rec)
		keep(fmt.Sprint("record ", e.Name, rec), r, err)
	}
	if x, err := w.door.Differ(ctx, a, e.Name, false); err == nil {
		for _, m := range w.planted {
			if m.entity != e.Name || !(a.Org == "R" || m.org == a.Org) {
				continue // the desk keeps only rows that the actor may write
			}
			v := luoshu.TextValue(m.text)
			label := ""
			if m.field == e.Label {
				label = m.text
			}
			quoted := luoshu.Fault{Field: m.field, Row: 2, Value: m.text, ZH: "值 " + m.text, EN: "the value " + m.text}
			c := x.Change(2, "changed", label, []disclose.Stored{{Field: m.field, After: v}, {Field: m.field, Before: v}}, []luoshu.Fault{quoted})
			keep("diff "+e.Name+m.text, c, nil)
		}
		keep("diff "+e.Name, x.Columns(), nil)
	}
	sheet := disclose.SheetRow{Name: "f", Row: 2}
	for i, f := range e.Fields {
		sheet.Headers = append(sheet.Headers, f.Title.EN)
		sheet.Fields = append(sheet.Fields, f.Name)
		sheet.Cells = append(sheet.Cells, w.rows[e.Name][0][i].String())
	}
	sheet.Headers, sheet.Fields, sheet.Cells = append(sheet.Headers, "?"), append(sheet.Fields, ""), append(sheet.Cells, "unread-column")
	fr, err := w.door.FileRow(ctx, a, e.Name, fmt.Sprintf("%064d", len(e.Name)), 2, func() (disclose.SheetRow, error) { return sheet, nil })
	keep("file row "+e.Name, fr, err)
}

// unpack turns an export into text that can be searched.
func (w *world) unpack(b []byte, format string) string {
	if format == "csv" {
		return string(b)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		w.t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := io.Copy(&out, r); err != nil {
			w.t.Fatal(err)
		}
		r.Close()
	}
	return out.String()
}

// mayShow says whether a marker may come out for an actor at all, in clear.
func (w *world) mayShow(a luoshu.Actor, m marker) bool {
	e := w.cat.Entity(m.entity)
	f := e.Field(m.field)
	if f.Sensitivity == catalog.Closed {
		return false
	}
	role := w.acc.Role(a)
	if role == nil || f.Class() > role.Sees || f.Few && !role.Small {
		return false
	}
	if len(role.Entities) > 0 && !slices.Contains(role.Entities, m.entity) {
		return false
	}
	if m.org == "" || a.Org == "R" || a == access.Operator {
		return a.Org != "" || a == access.Operator
	}
	tree, err := w.acc.Tree(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return tree.Within(a.Org, m.org) || e.Below && tree.Within(m.org, a.Org)
}

// decimal is how a scaled marker is written for people.
func (w *world) forms(m marker) []string {
	f := w.cat.Entity(m.entity).Field(m.field)
	out := []string{m.text}
	if f.Type == catalog.TypeDecimal {
		out = append(out, m.text[:len(m.text)-f.Scale]+"."+m.text[len(m.text)-f.Scale:])
	}
	if f.Type == catalog.TypeDate {
		out = append(out, m.text[:4]+"-"+m.text[4:6]+"-"+m.text[6:])
	}
	return out
}

// Nothing leaks: for every role and organisation, no answer of any kind holds a
// closed value, a value above the role's class, or one of another organisation;
// and what the actor may see does come out.
func TestNothingLeaks(t *testing.T) {
	w := newWorld(t)
	for _, a := range w.actors() {
		t.Run(a.Name, func(t *testing.T) {
			out := w.spill(a)
			all := strings.Builder{}
			for what, text := range out {
				all.WriteString(text)
				if strings.Contains(text, "unread-column") {
					t.Errorf("%s shows a column that was not read", what)
				}
			}
			whole := all.String()
			missed := 0
			for _, m := range w.planted {
				for _, form := range w.forms(m) {
					if !strings.Contains(whole, form) || w.mayShow(a, m) || w.elsewhere(a, m, form) {
						continue
					}
					for what, text := range out {
						if strings.Contains(text, form) {
							t.Errorf("%s.%s %q of %s leaks through %s", m.entity, m.field, form, m.org, what)
							break
						}
					}
				}
				if w.mayShow(a, m) && !strings.Contains(whole, m.text) {
					missed++
				}
			}
			if r := w.acc.Role(a); r != nil && r.May("read") && missed > 0 {
				t.Errorf("%d values that may be seen did not come out", missed)
			}
			closedNames(t, out)
		})
	}
}

// elsewhere reports whether the same text may be seen as another field's value.
func (w *world) elsewhere(a luoshu.Actor, m marker, form string) bool {
	for _, o := range w.planted {
		if o != m && slices.Contains(w.forms(o), form) && w.mayShow(a, o) {
			return true
		}
	}
	return false
}

// closedNames fails if a closed field is so much as named in a column.
func closedNames(t *testing.T, out map[string]string) {
	t.Helper()
	for what, text := range out {
		if strings.Contains(what, "(error)") || strings.HasPrefix(what, "sort") {
			continue
		}
		for _, name := range []string{`"mark"`, `"rank"`, `"verdict"`, "分数", "名次", "评语", "得分"} {
			if name == `"verdict"` && strings.HasPrefix(what, "diff") {
				continue // the verdict on the row
			}
			if strings.Contains(text, name) {
				t.Errorf("%s names the closed field %s", what, name)
			}
		}
	}
}

// No filter, order or search may be made on what is not seen in clear.
func TestNoQueryOnHiddenFields(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	for _, a := range w.actors() {
		role := w.acc.Role(a)
		if role == nil {
			continue
		}
		for _, e := range w.cat.Entities {
			if _, err := w.door.Entity(ctx, a, e.Name); err != nil {
				continue
			}
			for _, f := range e.Fields {
				clear := f.Class() <= role.Sees && !(f.Few && !role.Small) && f.Sensitivity != catalog.Closed
				for name, q := range map[string]disclose.RecordQuery{
					"filter": {Entity: e.Name, Filter: map[string]string{f.Name: "1"}},
					"range":  {Entity: e.Name, Filter: map[string]string{f.Name: "1..9"}},
					"empty":  {Entity: e.Name, Filter: map[string]string{f.Name: ""}},
					"sort":   {Entity: e.Name, Sort: f.Name},
					"down":   {Entity: e.Name, Sort: "-" + f.Name},
				} {
					_, err := w.door.Records(ctx, a, q)
					refused := err != nil && strings.Contains(err.Error(), "cannot be queried")
					if clear == refused {
						t.Errorf("%s: %s by %s.%s: clear %v, error %v", a.Name, name, e.Name, f.Name, clear, err)
					}
				}
			}
		}
	}
	// A role that sees names only masked cannot find anyone by a guessed name.
	for _, q := range []string{"名name", "member-no-A1", "mingname"} {
		p, err := w.door.Records(ctx, w.actor("watcher", "R"), disclose.RecordQuery{Entity: "member", Q: q})
		if err == nil {
			t.Errorf("search for %q by masked fields found %d", q, p.Total)
		}
	}
}

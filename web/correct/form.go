package correct

import (
	"net/http"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/correct"
	"luoshu/kernel/disclose"
	"luoshu/web/kit"
)

// formField is one field that may be corrected: how it reads now and what becomes
// of a change to it.
type formField struct {
	disclose.Column
	Text        string          `json:"text"` // as it would be typed; "" where it is masked
	Shown       *disclose.Shown `json:"shown"`
	Mine        bool            `json:"mine"` // a change is written at once
	SourceTitle luoshu.Text     `json:"source_title"`
	Org         string          `json:"org"` // who answers otherwise
	OrgTitle    luoshu.Text     `json:"org_title"`
	Days        int             `json:"days"`
	Due         string          `json:"due"`
	ByHand      bool            `json:"by_hand"`
}

type formBody struct {
	Entity string      `json:"entity"`
	Title  luoshu.Text `json:"title"`
	Rec    int64       `json:"rec"`
	Rid    int64       `json:"rid"`
	Label  any         `json:"label"`
	Fields []formField `json:"fields"`
}

// formRead answers the form of a record.
func (a *area) formRead(w http.ResponseWriter, r *http.Request) error {
	entity, row, page, err := a.near(r)
	if err != nil {
		return err
	}
	actor := kit.Actor(r)
	now, plans, err := a.Correct.Form(r.Context(), actor, entity, row.Rec)
	if err != nil {
		return err
	}
	tree, err := a.Access.Tree(r.Context())
	if err != nil {
		return err
	}
	columns := map[string]disclose.Column{}
	for _, c := range page.Columns {
		columns[c.Name] = c
	}
	out := formBody{Entity: entity, Title: page.Title, Rec: row.Rec, Rid: now.Rid, Label: a.labelOf(entity, row), Fields: []formField{}}
	for _, p := range plans {
		col, ok := columns[p.Field.Name]
		if !ok {
			continue
		}
		v := now.Values[p.Field.Index]
		f := formField{
			Column: col, Shown: a.Door.Value(actor, entity, p.Field.Name, v), Mine: p.Mine, SourceTitle: p.Source, Org: p.Asks.Org,
			OrgTitle: orgTitle(tree, p.Asks.Org), Days: p.Asks.Days, Due: luoshu.FormatDate(p.Due), ByHand: p.ByHand,
		}
		if !col.Masked {
			f.Text = typed(p.Field, v)
		}
		out.Fields = append(out.Fields, f)
	}
	return kit.WriteJSON(w, r, out)
}

// typed is a value as a person would type it.
func typed(f *catalog.Field, v luoshu.Value) string {
	if v.K == luoshu.Null {
		return ""
	}
	switch f.Type {
	case catalog.TypeDate:
		return luoshu.FormatDate(v.I)
	case catalog.TypeDecimal:
		return luoshu.FormatDecimal(v.I, f.Scale)
	}
	return v.String()
}

type outcomeBody struct {
	Refused   bool           `json:"refused"`
	Seq       int64          `json:"seq"`
	Committed []string       `json:"committed"`
	Requests  []int64        `json:"requests"`
	Faults    []luoshu.Fault `json:"faults"`
}

// formWrite takes what was typed into the form of a record.
func (a *area) formWrite(w http.ResponseWriter, r *http.Request) error {
	entity, row, page, err := a.near(r)
	if err != nil {
		return err
	}
	var b struct {
		Rid    int64             `json:"rid"`
		Cells  map[string]string `json:"cells"`
		Reason string            `json:"reason"`
		Paper  string            `json:"paper"`
	}
	if err := kit.ReadJSON(r, &b); err != nil {
		return err
	}
	known := map[string]bool{}
	for _, c := range page.Columns {
		known[c.Name] = true
	}
	for name := range b.Cells {
		if !known[name] {
			return &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{ZH: "没有这个字段", EN: "there is no such field"}}
		}
	}
	out, err := a.Correct.Edit(r.Context(), correct.Edit{
		Entity: entity, Rec: row.Rec, Rid: b.Rid, Cells: b.Cells, Reason: b.Reason, Paper: b.Paper, By: kit.Actor(r),
	})
	if err != nil {
		return err
	}
	body := outcomeBody{Refused: out.Refused(), Seq: out.Seq, Committed: out.Committed, Requests: out.Requests, Faults: out.Faults}
	if body.Committed == nil {
		body.Committed = []string{}
	}
	if body.Requests == nil {
		body.Requests = []int64{}
	}
	if body.Faults == nil {
		body.Faults = []luoshu.Fault{}
	}
	return kit.WriteJSON(w, r, body)
}

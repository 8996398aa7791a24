// Package correct answers for corrections: requests to the sources and their
// answers, conflicts between files and what was corrected by hand, the form of a
// record, and the field-to-source map. Every value leaves through disclose.
package correct

import (
	"context"
	"net/http"
	"slices"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/audit"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/correct"
	"luoshu/kernel/disclose"
	"luoshu/web/kit"
)

// Config is what the handlers ask.
type Config struct {
	Correct *correct.Correct
	Door    *disclose.Door
	Access  *access.Access
	Catalog *catalog.Catalog
	Charter *charter.Charter
	// Row reads a row of a file that was handed in, as the sheet of an entity.
	Row func(ctx context.Context, sha, entity string, n int) (disclose.SheetRow, error)
}

// area holds the handlers.
type area struct{ Config }

// Routes are the addresses of this area.
func Routes(c Config) []kit.Route {
	a := &area{c}
	return []kit.Route{
		{Pattern: "GET /api/sources", Right: "read", Slow: true, Rate: "whole", Handle: a.sources},
		{Pattern: "GET /api/sources.xlsx", Right: "export", Slow: true, Kind: audit.KindExport, Rate: "export", Handle: a.sourcesFile},
		{Pattern: "GET /api/sources.csv", Right: "export", Slow: true, Kind: audit.KindExport, Rate: "export", Handle: a.sourcesFile},
		{Pattern: "GET /api/corrections", Right: "correct", Handle: a.list},
		{Pattern: "GET /api/corrections/count", Right: "correct", Handle: a.count(correct.Inbox, "")},
		{Pattern: "GET /api/corrections/conflicts/count", Right: "correct", Handle: a.count(correct.Conflicts, "")},
		{Pattern: "GET /api/corrections/mine/count", Right: "correct", Handle: a.count(correct.Mine, correct.Returned)},
		{Pattern: "GET /api/corrections/{id}", Right: "correct", Handle: a.read},
		{Pattern: "GET /api/corrections/{id}/row", Right: "correct", Slow: true, Rate: "read", Handle: a.row},
		{Pattern: "POST /api/corrections/{id}/answer", Right: "correct", Handle: a.answer},
		{Pattern: "POST /api/corrections/answers", Right: "correct", Handle: a.answers},
		{Pattern: "POST /api/corrections/papers", Right: "correct", Slow: true, Rate: "upload", Handle: a.paperCreate},
		{Pattern: "GET /api/corrections/papers/{id}/{paper}", Right: "correct", Slow: true, Kind: audit.KindExport, Rate: "export", Handle: a.paperRead},
		{Pattern: "GET /api/corrections/of/{entity}/{rec}", Right: "read", Handle: a.ofRecord},
		{Pattern: "GET /api/corrections/form/{entity}/{rec}", Right: "correct", Handle: a.formRead},
		{Pattern: "POST /api/corrections/form/{entity}/{rec}", Right: "correct", Handle: a.formWrite},
	}
}

// person is who did something, with the title of the organisation.
type person struct {
	Name     string      `json:"name"`
	Org      string      `json:"org"`
	OrgTitle luoshu.Text `json:"org_title"`
	Mine     bool        `json:"mine"`
}

// fieldBody is one field of a request. Before and After are absent where the
// reader may not see them.
type fieldBody struct {
	Field   string          `json:"field"`
	Title   luoshu.Text     `json:"title"`
	Unit    *luoshu.Text    `json:"unit,omitempty"`
	Before  *disclose.Shown `json:"before,omitempty"`
	After   *disclose.Shown `json:"after,omitempty"`
	Current *disclose.Shown `json:"current,omitempty"` // with one request: the value as it stands
	Changed bool            `json:"changed,omitempty"` // it is no longer what it was when asked for
}

type fileBody struct {
	SHA  string `json:"sha"`
	Name string `json:"name"`
	Row  int    `json:"row"`
}

// requestBody is a request as pages show it.
type requestBody struct {
	ID          int64        `json:"id"`
	Kind        string       `json:"kind"`
	Origin      string       `json:"origin"`
	Entity      string       `json:"entity"`
	EntityTitle luoshu.Text  `json:"entity_title"`
	Rec         int64        `json:"rec"`
	Label       any          `json:"label"`
	InReach     bool         `json:"in_reach"` // the record is within the reader's scope now
	State       string       `json:"state"`
	Source      string       `json:"source"`
	SourceTitle luoshu.Text  `json:"source_title"`
	Org         string       `json:"org"`
	OrgTitle    luoshu.Text  `json:"org_title"`
	Risen       *luoshu.Text `json:"risen,omitempty"` // to whom it has risen
	By          person       `json:"by"`
	At          string       `json:"at"`
	Due         string       `json:"due"`
	Overdue     bool         `json:"overdue"`
	Reason      string       `json:"reason"`
	File        *fileBody    `json:"file,omitempty"`
	Fields      []fieldBody  `json:"fields"`
	AnsweredBy  string       `json:"answered_by,omitempty"`
	AnsweredAt  string       `json:"answered_at,omitempty"`
	Answer      string       `json:"answer,omitempty"`
	Seq         int64        `json:"seq,omitempty"`
	Actions     []string     `json:"actions"`
	ByHand      []handBody   `json:"by_hand"` // who corrected the fields by hand: of conflicts, and with one request

	words bool // the reader may have what people wrote about it
}

type handBody struct {
	Field    string      `json:"field"`
	Actor    string      `json:"actor"`
	OrgTitle luoshu.Text `json:"org_title"`
	At       string      `json:"at"`
	Seq      int64       `json:"seq"`
}

// bodies makes requests ready to leave. Values are shown only of records that lie
// within the reader's scope now.
func (a *area) bodies(ctx context.Context, actor luoshu.Actor, all []*correct.Request) ([]requestBody, error) {
	recs := map[string][]int64{}
	for _, r := range all {
		recs[r.Entity] = append(recs[r.Entity], r.Rec)
	}
	labels := map[string]map[int64]any{}
	for entity, list := range recs {
		page, err := a.Door.Cards(ctx, actor, entity, list)
		if err != nil {
			return nil, err
		}
		labels[entity] = map[int64]any{}
		for _, row := range page.Rows {
			labels[entity][row.Rec] = a.labelOf(entity, row)
		}
	}
	tree, err := a.Access.Tree(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]requestBody, 0, len(all))
	for _, r := range all {
		label, near := labels[r.Entity][r.Rec]
		b := a.body(actor, r, tree, label, near)
		if near && r.Kind == correct.KindConflict {
			if b.ByHand, err = a.hands(ctx, tree, &b); err != nil {
				return nil, err
			}
		}
		out = append(out, b)
	}
	return out, nil
}

// hands says who corrected the fields of a request by hand, as far as the reader
// sees them.
func (a *area) hands(ctx context.Context, tree *access.Tree, b *requestBody) ([]handBody, error) {
	all, err := a.Correct.ByHand(ctx, b.Entity, b.Rec)
	if err != nil {
		return nil, err
	}
	out := []handBody{}
	for _, h := range all {
		if slices.ContainsFunc(b.Fields, func(f fieldBody) bool { return f.Field == h.Field }) {
			out = append(out, handBody{h.Field, h.Actor, orgTitle(tree, h.Org), h.At, h.Seq})
		}
	}
	return out, nil
}

// labelOf is what a record is called, as far as the reader may know.
func (a *area) labelOf(entity string, row disclose.Row) any {
	if e := a.Catalog.Entity(entity); e != nil {
		if v, ok := row.Display[e.Label]; ok {
			return v
		}
	}
	return nil
}

func (a *area) body(actor luoshu.Actor, r *correct.Request, tree *access.Tree, label any, near bool) requestBody {
	mine := r.By.Name == actor.Name
	b := requestBody{
		ID: r.ID, Kind: r.Kind, Origin: r.Origin, Entity: r.Entity, Rec: r.Rec, Label: label, InReach: near, State: r.State,
		Source: r.Source, Org: r.Org, OrgTitle: orgTitle(tree, r.Org), At: r.At, Due: luoshu.FormatDate(r.Due), Overdue: r.Overdue(a.Correct.Today()),
		By:     person{Name: r.By.Name, Org: r.By.Org, OrgTitle: orgTitle(tree, r.By.Org), Mine: mine},
		Fields: []fieldBody{}, ByHand: []handBody{}, AnsweredBy: r.AnsweredBy, AnsweredAt: r.AnsweredAt, Seq: r.Seq, Actions: a.Correct.Actions(actor, r),
	}
	if b.Actions == nil {
		b.Actions = []string{}
	}
	if n := len(r.Asked); n > 1 {
		t := orgTitle(tree, r.Asked[n-1])
		b.Risen = &t
	}
	if s := a.Charter.Source(r.Source); s != nil {
		b.SourceTitle = s.Title
	}
	if r.File.SHA256 != "" && near {
		b.File = &fileBody{SHA: r.File.SHA256, Name: r.File.Name, Row: r.Row}
	}
	e := a.Catalog.Entity(r.Entity)
	if e == nil {
		return b
	}
	b.EntityTitle = e.Title
	for _, ch := range r.Fields {
		f := e.Field(ch.Field)
		if f == nil || a.Door.Value(actor, r.Entity, ch.Field, luoshu.Value{}) == nil {
			continue // the field may not leave at all
		}
		x := fieldBody{Field: ch.Field, Title: f.Title}
		if f.Unit.ZH != "" {
			u := f.Unit
			x.Unit = &u
		}
		if near {
			x.Before, x.After = a.Door.Value(actor, r.Entity, ch.Field, ch.Before), a.Door.Value(actor, r.Entity, ch.Field, ch.After)
		}
		b.Fields = append(b.Fields, x)
	}
	// What people wrote may name what stands in the record, in any of the fields.
	if b.words = mine || near && len(b.Fields) == len(r.Fields); b.words {
		b.Reason, b.Answer = r.Reason, r.Answer
	}
	return b
}

func orgTitle(t *access.Tree, code string) luoshu.Text {
	if n := t.Get(code); n != nil {
		return n.Title
	}
	return luoshu.Text{ZH: code, EN: code}
}

// near finds a record within the reader's scope; any other does not exist.
func (a *area) near(r *http.Request) (entity string, row disclose.Row, page *disclose.Page, err error) {
	entity = r.PathValue("entity")
	rec, err := kit.PathNumber(r, "rec")
	if err != nil {
		return entity, row, nil, err
	}
	page, err = a.Door.Cards(r.Context(), kit.Actor(r), entity, []int64{rec})
	if err != nil {
		return entity, row, nil, err
	}
	if len(page.Rows) == 0 {
		return entity, row, nil, luoshu.Errorf(luoshu.NotFound, "没有这条记录", "no such record")
	}
	return entity, page.Rows[0], page, nil
}

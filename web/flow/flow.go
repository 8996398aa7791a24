// Package flow answers the API of cases: inbox, one case, acts, notices, consents,
// and the published copy. What a record shows passes disclose.
package flow

import (
	"context"
	"net/http"
	"slices"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/disclose"
	"luoshu/kernel/flow"
	"luoshu/kernel/notice"
	"luoshu/web/kit"
)

// Config is the rooms that the area speaks for.
type Config struct {
	Flow   *flow.Flow
	Door   *disclose.Door
	Access *access.Access
}

// Routes are the addresses of the area.
func Routes(c Config) []kit.Route {
	a := &area{c, notice.New(c.Flow.DB, c.Access)}
	return []kit.Route{
		{Pattern: "GET /api/cases/types", Right: "case", Handle: a.typeList},
		{Pattern: "GET /api/cases/types/{type}", Right: "case", Handle: a.typeRead},
		{Pattern: "GET /api/cases/inbox", Right: "case", Handle: a.inbox},
		{Pattern: "GET /api/cases/inbox/count", Right: "case", Handle: a.inboxCount},
		{Pattern: "GET /api/cases", Right: "case", Handle: a.list},
		{Pattern: "POST /api/cases", Right: "case", Handle: a.open},
		{Pattern: "POST /api/cases/papers", Right: "case", Slow: true, Rate: "upload", Handle: a.paperCreate},
		{Pattern: "POST /api/cases/acts", Right: "case", Slow: true, Rate: "read", Handle: a.actMany},
		{Pattern: "GET /api/cases/{no}", Right: "case", Handle: a.read},
		{Pattern: "POST /api/cases/{no}/act", Right: "case", Handle: a.act},
		{Pattern: "POST /api/cases/{no}/take", Right: "case", Handle: a.take},
		{Pattern: "GET /api/cases/{no}/papers/{paper}", Right: "case", Handle: a.paperRead},
		{Pattern: "GET /api/notices", Right: "case", Handle: a.noticeList},
		{Pattern: "POST /api/notices/read", Right: "case", Handle: a.noticeRead},
		{Pattern: "GET /api/burden", Right: "case", Rate: "whole", Handle: a.burden},
		{Pattern: "GET /api/public", Open: true, Handle: a.publicTypes},
		{Pattern: "GET /api/public/cases/{type}", Open: true, Handle: a.published},
		{Pattern: "GET /api/public/permits/{code}", Open: true, Handle: a.permit},
	}
}

type area struct {
	Config
	notices *notice.Box
}

// org names an organisation.
type org struct {
	Code  string      `json:"code"`
	Title luoshu.Text `json:"title"`
	Level string      `json:"level"`
}

func (a *area) orgs(ctx context.Context) (func(string) org, error) {
	t, err := a.Access.Tree(ctx)
	if err != nil {
		return nil, err
	}
	return func(code string) org {
		if n := t.Get(code); n != nil {
			return org{code, n.Title, n.Level}
		}
		return org{Code: code, Title: luoshu.Text{ZH: code, EN: code}}
	}, nil
}

// place is who acts, in a definition.
type place struct {
	At    string        `json:"at"`
	Rises bool          `json:"rises,omitempty"`
	Field *luoshu.Text  `json:"field,omitempty"`
	Roles []luoshu.Text `json:"roles"`
}

func (a *area) place(p *charter.Place) place {
	out := place{At: p.At, Rises: p.Rises, Roles: []luoshu.Text{}}
	if p.Field != nil {
		out.Field = &p.Field.Title
	}
	for _, r := range p.Roles {
		out.Roles = append(out.Roles, a.roleTitle(r))
	}
	return out
}

func (a *area) roleTitle(id string) luoshu.Text {
	if r := a.Access.Catalog().Role(id); r != nil {
		return r.Title
	}
	return luoshu.Text{ZH: id, EN: id}
}

// typeHead is a case type as lists name it.
type typeHead struct {
	ID      string        `json:"id"`
	Pack    string        `json:"pack"`
	Title   luoshu.Text   `json:"title"`
	Note    luoshu.Text   `json:"note"`
	Shape   string        `json:"shape"`
	Entity  string        `json:"entity"`
	Private bool          `json:"private"`
	Burden  string        `json:"burden,omitempty"`
	MayOpen bool          `json:"may_open"` // by role; where, the opening itself checks
	Opening luoshu.Text   `json:"opening"`
	States  []stateHead   `json:"states"`
	Reaches *luoshu.Text  `json:"reaches,omitempty"`
	Permits bool          `json:"permits"` // issues consent codes
	Basis   []basisOfType `json:"basis"`
}

type stateHead struct {
	ID    string      `json:"id"`
	Title luoshu.Text `json:"title"`
	End   bool        `json:"end,omitempty"`
}

type basisOfType struct {
	Text      luoshu.Text `json:"text"`
	Ref       string      `json:"ref"`
	Certainty string      `json:"certainty"`
}

func (a *area) head(role string, t *charter.CaseType) typeHead {
	h := typeHead{
		ID: t.ID, Pack: t.Pack, Title: t.Title, Note: t.Note, Shape: t.Shape, Entity: t.Entity.Name, Private: t.Private, Burden: t.Burden,
		Opening: t.Opens.Title, States: []stateHead{}, Basis: []basisOfType{},
	}
	for _, p := range t.Opens.By {
		for _, r := range p.Roles {
			h.MayOpen = h.MayOpen || r == role
		}
	}
	if f := t.Reaching(); f != nil {
		h.Reaches = &f.Title
	}
	for _, s := range t.States {
		h.States = append(h.States, stateHead{s.ID, s.Title, s.End})
		h.Permits = h.Permits || permits(s.Enter)
		for _, x := range s.Actions {
			h.Permits = h.Permits || permits(x.Effects)
		}
	}
	for _, b := range t.Basis {
		h.Basis = append(h.Basis, basisOfType{b.Text, b.Ref, b.Certainty})
	}
	return h
}

// reference says of which levels the organisations are that a field refers to.
type reference struct {
	Level  string   `json:"level,omitempty"`  // this one
	Except []string `json:"except,omitempty"` // or any but these
}

// orgsOf tells which organisations an entity holds, nil if it holds none.
func (a *area) orgsOf(entity string) *reference {
	cat := a.Access.Catalog()
	e := cat.Entity(entity)
	switch {
	case e == nil || e.Node == nil:
		return nil
	case e.Node.Level != "":
		return &reference{Level: e.Node.Level}
	}
	out := &reference{}
	for _, x := range cat.Entities {
		if x.Node != nil && x.Node.Level != "" {
			out.Except = append(out.Except, x.Node.Level)
		}
	}
	return out
}

func permits(list []*charter.Effect) bool {
	return slices.ContainsFunc(list, func(e *charter.Effect) bool { return e.Kind == charter.EffectPermit })
}

// sees reports whether the role meets a type of case at all.
func (a *area) sees(actor luoshu.Actor, t *charter.CaseType) bool {
	r := a.Access.Role(actor)
	if r == nil || t.Opens == nil {
		return false
	}
	for _, e := range r.Entities {
		if e == t.Entity.Name {
			return true
		}
	}
	return len(r.Entities) == 0
}

func (a *area) typeList(w http.ResponseWriter, r *http.Request) error {
	who := kit.Actor(r)
	out := []typeHead{}
	for _, t := range a.Flow.Charter.Cases {
		if a.sees(who, t) {
			out = append(out, a.head(who.Role, t))
		}
	}
	return kit.WriteJSON(w, r, map[string]any{"types": out})
}

// stateBody is a state of a definition as the graph of the type shows it.
type stateBody struct {
	stateHead
	Note     luoshu.Text  `json:"note"`
	Who      []place      `json:"who"`
	Joint    bool         `json:"joint"` // all must sign
	Days     string       `json:"days,omitempty"`
	Number   *int64       `json:"number,omitempty"` // of days, today
	Calendar bool         `json:"calendar,omitempty"`
	Hours    bool         `json:"hours,omitempty"` // not days
	Until    *luoshu.Text `json:"until,omitempty"` // field with the date by which it ends, if there is one
	Then     string       `json:"then,omitempty"`
	Actions  []actionBody `json:"actions"`
	Effects  []string     `json:"effects"`
}

// actionBody is an action with what it asks for.
type actionBody struct {
	ID      string       `json:"id"`
	Title   luoshu.Text  `json:"title"`
	To      string       `json:"to"`
	Sign    bool         `json:"sign,omitempty"`
	Returns bool         `json:"returns,omitempty"`
	Danger  bool         `json:"danger,omitempty"`
	Papers  int          `json:"papers,omitempty"`
	Note    bool         `json:"note,omitempty"`
	Fields  []fieldBody  `json:"fields"`
	Needs   []string     `json:"needs"`
	Barred  *luoshu.Text `json:"barred,omitempty"`  // why the reader may not take it: four eyes
	NotBy   []string     `json:"not_by,omitempty"`  // steps whose actor may not take it
	Guard   *luoshu.Text `json:"guard,omitempty"`   // what is said when its condition refuses
	Reaches string       `json:"reaches,omitempty"` // field that must hold a consent code
	Effects []string     `json:"effects"`
}

// fieldBody is a field of a form.
type fieldBody struct {
	disclose.Column
	Max int64      `json:"max,omitempty"` // characters of a text
	Org *reference `json:"org,omitempty"` // of a reference to an organisation
	// Prefill is what the field begins with while the record has nothing there.
	Prefill *prefill `json:"prefill,omitempty"`
}

func effects(list []*charter.Effect) []string {
	out := []string{}
	for _, e := range list {
		s := e.Kind
		if e.Type != "" {
			s += " " + e.Type
		}
		if e.Entity != nil {
			s += " " + e.Entity.Name
		}
		out = append(out, s)
	}
	return out
}

// step describes what a step asks for. Fields that the role may not see in clear
// can be filled in all the same: their own words are the actor's.
func (a *area) step(s *charter.Step, form []*catalog.Field) actionBody {
	out := actionBody{Papers: s.Papers, Note: s.Note, Needs: []string{}, Effects: effects(s.Effects), Fields: []fieldBody{}}
	for _, c := range a.Door.FormColumns(form) {
		b := fieldBody{Column: c}
		i := slices.IndexFunc(form, func(f *catalog.Field) bool { return f.Name == c.Name })
		if f := form[i]; f.Type == catalog.TypeText && f.Max != nil {
			b.Max = *f.Max
		}
		b.Org = a.orgsOf(c.Ref)
		out.Fields = append(out.Fields, b)
	}
	if s.When != nil {
		out.Guard = &s.Else
	}
	if s.Reaches != nil {
		out.Reaches = s.Reaches.Name
	}
	for _, f := range s.Needs {
		out.Needs = append(out.Needs, f.Name)
	}
	return out
}

func (a *area) action(x *charter.CaseAction, form []*catalog.Field) actionBody {
	out := a.step(&x.Step, form)
	out.NotBy = x.NotBy
	out.ID, out.Title, out.To, out.Sign, out.Returns, out.Danger = x.ID, x.Title, x.To, x.Sign, x.Returns, x.Danger
	return out
}

func (a *area) typeRead(w http.ResponseWriter, r *http.Request) error {
	who := kit.Actor(r)
	t := a.Flow.Charter.Case(r.PathValue("type"))
	if t == nil || !a.sees(who, t) {
		return luoshu.Errorf(luoshu.NotFound, "没有这种案卷", "there is no such type of case")
	}
	states := []stateBody{}
	for _, s := range t.States {
		b := stateBody{stateHead: stateHead{s.ID, s.Title, s.End}, Note: s.Note, Who: []place{}, Joint: len(s.Signers) > 0, Days: s.Days + s.Hours, Hours: s.Hours != "", Calendar: s.Calendar, Then: s.Then, Actions: []actionBody{}, Effects: effects(s.Enter)}
		for _, p := range s.Places() {
			b.Who = append(b.Who, a.place(p))
		}
		if n, ok := a.Flow.Days(s); ok {
			b.Number = &n
		}
		if s.Until != nil {
			b.Until = &s.Until.Title
		}
		for _, x := range s.Actions {
			b.Actions = append(b.Actions, a.action(x, x.Form))
		}
		states = append(states, b)
	}
	by := []place{}
	for _, p := range t.Opens.By {
		by = append(by, a.place(p))
	}
	return kit.WriteJSON(w, r, map[string]any{
		"type": a.head(who.Role, t), "opens": map[string]any{"by": by, "to": t.Opens.To, "step": a.step(&t.Opens.Step, t.Opens.Form), "org": t.Entity.Org},
		"states": states, "withdraw": t.Withdraw, "recurs": recurs(t),
	})
}

// recurrence says when a closed case is opened again.
type recurrence struct {
	Same []luoshu.Text `json:"same"`
	To   string        `json:"to"`
}

func recurs(t *charter.CaseType) *recurrence {
	if t.Recurs == nil {
		return nil
	}
	out := &recurrence{To: t.Recurs.To}
	for _, f := range t.Recurs.Same {
		out.Same = append(out.Same, f.Title)
	}
	return out
}

package movement

import (
	"context"
	"net/http"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/movement"
	"luoshu/web/kit"
)

type caseBody struct {
	N        int64       `json:"n"`
	Type     string      `json:"type"`
	Title    luoshu.Text `json:"title"`
	Side     string      `json:"side"`
	State    string      `json:"state"`
	Asked    string      `json:"asked"`
	Giver    *coded      `json:"giver"` // null where it may not be known yet
	Taker    *coded      `json:"taker"`
	Silent   *coded      `json:"silent"` // who has to answer
	Date     string      `json:"date"`
	Day      string      `json:"day"`
	Due      string      `json:"due"`
	Level    int         `json:"level"`
	Grade    *coded      `json:"grade"`
	Group    string      `json:"group"`
	Place    string      `json:"place"`
	Reason   *coded      `json:"reason"`
	Evidence string      `json:"evidence"`
	Stuck    luoshu.Text `json:"stuck"` // why it could not be carried out on its day
	Person   personBody  `json:"person"`
	May      []string    `json:"may"`
	Events   []eventBody `json:"events,omitempty"`
}

type personBody struct {
	Rec    int64  `json:"rec"` // 0 while the reader may not open the record
	Label  string `json:"label"`
	Masked bool   `json:"masked"`
}

type eventBody struct {
	At   string       `json:"at"`
	Act  string       `json:"act"`
	Who  string       `json:"who"`
	Org  *coded       `json:"org"`
	Note string       `json:"note"`
	Why  *luoshu.Text `json:"why,omitempty"` // of what is stuck
}

// caseOf makes a case ready to leave: of a person who is not theirs yet the taking
// side is shown a masked name, and not where they are.
func (a *Area) caseOf(ctx context.Context, actor luoshu.Actor, c *movement.Case, name luoshu.Value) (*caseBody, error) {
	sees, err := a.Mover.Sees(ctx, actor, c)
	if err != nil {
		return nil, err
	}
	ch := a.Mover.Charter()
	entity := ch.Person.Entity.Name
	b := &caseBody{
		N: c.N, Type: c.Kind.ID, Title: c.Kind.Title, Side: c.Kind.Side, State: c.State, Asked: c.Asked,
		Giver: a.org(ctx, c.Giver), Taker: a.org(ctx, c.Taker), Silent: a.org(ctx, c.Silent()),
		Date: luoshu.FormatDate(c.Date), Day: luoshu.FormatDate(c.Day), Due: luoshu.FormatDate(a.Mover.Due(c)), Level: c.Level,
		Grade: a.code(ch.Fact.Grade.Codes, c.Grade), Group: c.Group, Place: c.Place,
		Reason: a.code(ch.Reasons, c.Reason), Evidence: c.Evidence, Stuck: c.Stuck,
	}
	if b.May, err = a.Mover.May(ctx, actor, c); err != nil {
		return nil, err
	}
	if !sees {
		b.Person = personBody{Label: a.Door.Masked(entity, ch.Person.Name.Name, name), Masked: true}
		if c.Asked == movement.ByTaker {
			b.Giver, b.Silent = nil, nil
		}
		return b, nil
	}
	b.Person.Label = a.Door.Label(actor, entity, c.Rec, name)
	scope, err := a.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if page, err := a.Door.Cards(ctx, actor, entity, []int64{c.Rec}); err == nil && len(page.Rows) > 0 && scope.Root != "" {
		b.Person.Rec = c.Rec
	}
	return b, nil
}

func (a *Area) caseList(w http.ResponseWriter, r *http.Request) error {
	q := movement.CaseQuery{Box: r.URL.Query().Get("box"), State: r.URL.Query().Get("state")}
	rec, err := kit.Number(r, "rec")
	if err != nil {
		return err
	}
	q.Rec = int64(rec)
	if q.Offset, q.Limit, err = kit.Page(r); err != nil {
		return err
	}
	cases, total, err := a.Mover.Cases(r.Context(), kit.Actor(r), q)
	if err != nil {
		return err
	}
	recs := make([]int64, len(cases))
	for i, c := range cases {
		recs[i] = c.Rec
	}
	names, err := a.Mover.Names(r.Context(), recs)
	if err != nil {
		return err
	}
	rows := make([]*caseBody, len(cases))
	for i, c := range cases {
		if rows[i], err = a.caseOf(r.Context(), kit.Actor(r), c, names[c.Rec]); err != nil {
			return err
		}
	}
	return kit.WriteJSON(w, r, map[string]any{"total": total, "rows": rows})
}

// caseCount is how many cases wait for the reader's side.
func (a *Area) caseCount(w http.ResponseWriter, r *http.Request) error {
	_, n, err := a.Mover.Cases(r.Context(), kit.Actor(r), movement.CaseQuery{Box: "in", Limit: 1})
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]int64{"count": n})
}

func (a *Area) caseRead(w http.ResponseWriter, r *http.Request) error {
	n, err := kit.PathNumber(r, "n")
	if err != nil {
		return err
	}
	c, err := a.Mover.Case(r.Context(), kit.Actor(r), n)
	if err != nil {
		return err
	}
	return a.writeCase(w, r, http.StatusOK, c)
}

func (a *Area) writeCase(w http.ResponseWriter, r *http.Request, status int, c *movement.Case) error {
	ctx, actor := r.Context(), kit.Actor(r)
	who, err := a.Mover.Who(ctx, c.Rec)
	if err != nil {
		return err
	}
	b, err := a.caseOf(ctx, actor, c, who.Name)
	if err != nil {
		return err
	}
	if b.Grade == nil && (!b.Person.Masked || c.Asked == movement.ByGiver) && c.Open() {
		b.Grade = a.code(a.Mover.Charter().Fact.Grade.Codes, who.Grade)
	}
	events, err := a.Mover.Events(ctx, c.N)
	if err != nil {
		return err
	}
	scope, err := a.Access.Scope(ctx, actor)
	if err != nil {
		return err
	}
	b.Events = []eventBody{}
	for _, e := range events {
		x := eventBody{At: e.At, Act: e.Act, Who: e.Account, Note: e.Note}
		if e.Act == "stuck" {
			why := movement.ReadWhy(e.Note)
			x.Note, x.Why = "", &why
		}
		if e.Act == "escalate" {
			x.Org, x.Note = a.org(ctx, e.Note), ""
		} else if e.Role != "" {
			x.Org = a.org(ctx, e.Org)
		}
		if b.Giver == nil && c.Giver != "" && (e.Act == "escalate" || !scope.Has(e.Org)) {
			x.Org, x.Who = nil, "" // it would tell where the person is
		}
		b.Events = append(b.Events, x)
	}
	kit.WriteStatus(w, r, status, b)
	return nil
}

type requestBody struct {
	Type, Number, Name, Taker, Date, Grade, Group, Place, Reason, Evidence, Note string
	Rec                                                                          int64
}

// day reads yyyy-mm-dd; anything else is 0, which no date is.
func day(s string) int64 {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(s))
	if err != nil {
		return 0
	}
	return int64(t.Year())*10000 + int64(t.Month())*100 + int64(t.Day())
}

func (a *Area) caseCreate(w http.ResponseWriter, r *http.Request) error {
	var in requestBody
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	c, err := a.Mover.Begin(r.Context(), kit.Actor(r), movement.Request{
		Type: in.Type, Rec: in.Rec, Number: in.Number, Name: in.Name, Taker: in.Taker, Date: day(in.Date),
		Grade: in.Grade, Group: in.Group, Place: in.Place, Reason: in.Reason, Evidence: in.Evidence, Note: in.Note,
	})
	if err != nil {
		return err
	}
	return a.writeCase(w, r, http.StatusCreated, c)
}

func (a *Area) caseAnswer(w http.ResponseWriter, r *http.Request) error {
	n, err := kit.PathNumber(r, "n")
	if err != nil {
		return err
	}
	var in struct{ Act, Note, Group string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	c, err := a.Mover.Answer(r.Context(), kit.Actor(r), n, movement.Answer{Act: in.Act, Note: in.Note, Group: in.Group})
	if err != nil {
		return err
	}
	return a.writeCase(w, r, http.StatusOK, c)
}

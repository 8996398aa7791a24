package correct

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"luoshu"
	"luoshu/kernel/correct"
	"luoshu/kernel/disclose"
	"luoshu/web/kit"
)

// list answers the requests of a box.
func (a *area) list(w http.ResponseWriter, r *http.Request) error {
	offset, limit, err := kit.Page(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	all, total, err := a.Correct.List(r.Context(), kit.Actor(r), correct.Query{
		Box: q.Get("box"), Entity: q.Get("entity"), State: q.Get("state"), Source: q.Get("source"), Field: q.Get("field"),
		Overdue: q.Get("overdue") != "", Offset: offset, Limit: limit,
	})
	if err != nil {
		return err
	}
	rows, err := a.bodies(r.Context(), kit.Actor(r), all)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, struct {
		Total int64         `json:"total"`
		Today string        `json:"today"`
		Rows  []requestBody `json:"rows"`
	}{total, luoshu.FormatDate(a.Correct.Today()), rows})
}

// count answers how much waits in a box.
func (a *area) count(box, state string) kit.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, n, err := a.Correct.List(r.Context(), kit.Actor(r), correct.Query{Box: box, State: state})
		if err != nil {
			return err
		}
		return kit.WriteJSON(w, r, map[string]int64{"count": n})
	}
}

type eventBody struct {
	At       string      `json:"at"`
	What     string      `json:"what"`
	Actor    string      `json:"actor"`
	OrgTitle luoshu.Text `json:"org_title"`
	Words    string      `json:"words"`
}

type detailBody struct {
	requestBody
	Events       []eventBody     `json:"events"`
	Papers       []correct.Paper `json:"papers"`
	PapersHidden bool            `json:"papers_hidden"` // there are some, which may show what the reader may not see
}

// read answers one request with what happened to it.
func (a *area) read(w http.ResponseWriter, r *http.Request) error {
	q, err := a.request(r)
	if err != nil {
		return err
	}
	d, err := a.detail(r, q)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, d)
}

func (a *area) request(r *http.Request) (*correct.Request, error) {
	id, err := kit.PathNumber(r, "id")
	if err != nil {
		return nil, err
	}
	return a.Correct.Request(r.Context(), kit.Actor(r), id)
}

func (a *area) detail(r *http.Request, q *correct.Request) (*detailBody, error) {
	ctx, actor := r.Context(), kit.Actor(r)
	all, err := a.bodies(ctx, actor, []*correct.Request{q})
	if err != nil {
		return nil, err
	}
	d := &detailBody{requestBody: all[0], Events: []eventBody{}, Papers: []correct.Paper{}}
	tree, err := a.Access.Tree(ctx)
	if err != nil {
		return nil, err
	}
	events, err := a.Correct.Events(ctx, q.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		b := eventBody{At: e.At, What: e.What, Actor: e.Actor, OrgTitle: orgTitle(tree, e.Org)}
		switch {
		case e.What == "risen" || e.What == "moved":
			b.OrgTitle = orgTitle(tree, e.Words)
		case d.words:
			b.Words = e.Words
		}
		d.Events = append(d.Events, b)
	}
	papers, err := a.Correct.Papers(ctx, q.ID)
	if err != nil {
		return nil, err
	}
	if mayPapers(&d.requestBody, len(q.Fields)) {
		d.Papers = papers
	} else {
		d.PapersHidden = len(papers) > 0
	}
	if !d.InReach {
		return d, nil
	}
	return d, a.present(r, q, d)
}

// present adds the values as they stand and who corrected them by hand.
func (a *area) present(r *http.Request, q *correct.Request, d *detailBody) error {
	ctx, actor := r.Context(), kit.Actor(r)
	now, err := a.Correct.Current(ctx, q.Entity, q.Rec)
	if err != nil || now == nil {
		return err
	}
	e := a.Catalog.Entity(q.Entity)
	for i := range d.Fields {
		x := &d.Fields[i]
		v := now[e.Field(x.Field).Index]
		x.Current = a.Door.Value(actor, q.Entity, x.Field, v)
		for _, ch := range q.Fields {
			x.Changed = x.Changed || ch.Field == x.Field && v != ch.Before && v != ch.After
		}
	}
	tree, err := a.Access.Tree(ctx)
	if err != nil {
		return err
	}
	d.ByHand, err = a.hands(ctx, tree, &d.requestBody)
	return err
}

// mayPapers reports whether the reader may open the evidence: it may show every
// field of the request, so only who sees all of them in clear may, or who handed
// it in.
func mayPapers(b *requestBody, fields int) bool {
	if b.By.Mine {
		return true
	}
	if !b.InReach || len(b.Fields) != fields {
		return false
	}
	for _, f := range b.Fields {
		if f.Before == nil || f.After == nil || f.Before.Masked || f.After.Masked {
			return false
		}
	}
	return true
}

// row answers the row of the file that a request came from, as it was handed in.
func (a *area) row(w http.ResponseWriter, r *http.Request) error {
	q, err := a.request(r)
	if err != nil {
		return err
	}
	if q.File.SHA256 == "" || a.Row == nil {
		return luoshu.Errorf(luoshu.NotFound, "没有这一行", "no such row")
	}
	out, err := a.Door.RowFor(r.Context(), kit.Actor(r), q.Entity, q.Rec, func() (disclose.SheetRow, error) {
		return a.Row(r.Context(), q.File.SHA256, q.Entity, q.Row)
	})
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, out)
}

type answerBody struct {
	Action string `json:"action"`
	Words  string `json:"words"`
	Anyway bool   `json:"anyway"`
	Paper  string `json:"paper"`
}

// answer takes a person's word on a request.
func (a *area) answer(w http.ResponseWriter, r *http.Request) error {
	q, err := a.request(r)
	if err != nil {
		return err
	}
	var b answerBody
	if err := kit.ReadJSON(r, &b); err != nil {
		return err
	}
	if q, err = a.Correct.Answer(r.Context(), kit.Actor(r), q.ID, correct.Answer(b)); err != nil {
		return err
	}
	d, err := a.detail(r, q)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, d)
}

// mostAnswers bounds how many requests one answer may settle.
const mostAnswers = 200

type failedBody struct {
	ID int64  `json:"id"`
	ZH string `json:"message_zh"`
	EN string `json:"message_en"`
}

// answers gives the same answer to several requests, each by itself: what cannot
// be answered so is told and the others are not kept from it.
func (a *area) answers(w http.ResponseWriter, r *http.Request) error {
	var b struct {
		IDs    []int64 `json:"ids"`
		Action string  `json:"action"`
		Words  string  `json:"words"`
	}
	if err := kit.ReadJSON(r, &b); err != nil {
		return err
	}
	if len(b.IDs) == 0 || len(b.IDs) > mostAnswers {
		return luoshu.Errorf(luoshu.Invalid, "一次可答复 1 至 %s 项", "between 1 and %s corrections at once", strconv.Itoa(mostAnswers))
	}
	if !slices.Contains([]string{correct.Accept, correct.Reject, correct.Take, correct.Keep}, b.Action) {
		return luoshu.Errorf(luoshu.Invalid, "这种答复只能逐项给出", "such an answer is given one by one")
	}
	out := struct {
		Done   []int64      `json:"done"`
		Failed []failedBody `json:"failed"`
	}{[]int64{}, []failedBody{}}
	for _, id := range b.IDs {
		_, err := a.Correct.Answer(r.Context(), kit.Actor(r), id, correct.Answer{Action: b.Action, Words: b.Words})
		var known *luoshu.Error
		switch {
		case err == nil:
			out.Done = append(out.Done, id)
		case errors.As(err, &known):
			out.Failed = append(out.Failed, failedBody{id, known.Msg.ZH, known.Msg.EN})
		default:
			return err
		}
	}
	return kit.WriteJSON(w, r, out)
}

// ofRecord answers the requests that wait on a record, to whoever may see it.
func (a *area) ofRecord(w http.ResponseWriter, r *http.Request) error {
	entity, row, _, err := a.near(r)
	if err != nil {
		return err
	}
	all, err := a.Correct.OfRecord(r.Context(), entity, row.Rec)
	if err != nil {
		return err
	}
	rows, err := a.bodies(r.Context(), kit.Actor(r), all)
	if err != nil {
		return err
	}
	hands, err := a.Correct.ByHand(r.Context(), entity, row.Rec)
	if err != nil {
		return err
	}
	tree, err := a.Access.Tree(r.Context())
	if err != nil {
		return err
	}
	out := struct {
		Rows   []requestBody `json:"rows"`
		ByHand []handBody    `json:"by_hand"`
	}{[]requestBody{}, []handBody{}}
	for _, b := range rows {
		if len(b.Fields) > 0 {
			out.Rows = append(out.Rows, b)
		}
	}
	for _, h := range hands {
		if a.Door.Value(kit.Actor(r), entity, h.Field, luoshu.Value{}) != nil {
			out.ByHand = append(out.ByHand, handBody{h.Field, h.Actor, orgTitle(tree, h.Org), h.At, h.Seq})
		}
	}
	return kit.WriteJSON(w, r, out)
}

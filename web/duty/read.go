package duty

import (
	"net/http"

	"luoshu"
	"luoshu/kernel/duty"
	"luoshu/kernel/paper"
	"luoshu/web/kit"
)

type openBody struct {
	Param     string      `json:"param"`
	Title     luoshu.Text `json:"title"`
	Value     int64       `json:"value"`
	Unit      luoshu.Text `json:"unit"`
	Text      luoshu.Text `json:"text"`
	Ref       string      `json:"ref"`
	Certainty string      `json:"certainty"`
}

type markBody struct {
	N         int64        `json:"n"`
	Kind      string       `json:"kind"`
	On        string       `json:"on"`
	Note      string       `json:"note"`
	Evidence  string       `json:"evidence"`
	Papers    []duty.Paper `json:"papers,omitempty"`
	At        string       `json:"at"`
	Who       string       `json:"who"`
	Withdrawn string       `json:"withdrawn"`
	Taker     string       `json:"taker"`
	Why       string       `json:"why"`
}

func mark(m *duty.Mark) markBody {
	return markBody{m.N, m.Kind, luoshu.FormatDate(m.On), m.Note, m.Evidence, m.Papers, m.At, m.Account, m.Withdrawn, m.Taker, m.Reason}
}

type historyBody struct {
	instanceBody
	Said []markBody `json:"said"`
	Next bool       `json:"next"`
}

type detailBody struct {
	ID        string        `json:"id"`
	Title     luoshu.Text   `json:"title"`
	Kind      string        `json:"kind"`
	Quote     string        `json:"quote"`
	Section   string        `json:"section"`
	Line      string        `json:"line"`
	Mechanism string        `json:"mechanism"`
	Plan      luoshu.Text   `json:"plan"`
	Number    string        `json:"number"`
	Past      bool          `json:"past"`
	Period    string        `json:"period"` // a name, or the parameter that says it
	Attest    string        `json:"attest"`
	Times     int           `json:"times"`
	Levels    []string      `json:"levels"`
	Who       luoshu.Text   `json:"who"`
	Given     bool          `json:"given"`
	Evidence  luoshu.Text   `json:"evidence"`
	Note      luoshu.Text   `json:"note"`
	Open      bool          `json:"open"`
	Opens     []openBody    `json:"opens"`
	Remind    []int         `json:"remind"` // working days before the end
	On        string        `json:"on"`
	Org       *coded        `json:"org"`
	Owes      bool          `json:"owes"`
	Now       instanceBody  `json:"now"`
	History   []historyBody `json:"history"`
	May       bool          `json:"may"`
	WhyNot    *luoshu.Text  `json:"why_not"`
}

func (c Config) read(w http.ResponseWriter, r *http.Request) error {
	q := c.query(r)
	x, err := c.Duties.Detail(r.Context(), kit.Actor(r), r.PathValue("duty"), q.Org, q.On)
	if err != nil {
		return err
	}
	d := x.Duty
	b := detailBody{
		ID: d.ID, Title: d.Title, Kind: d.Kind, Quote: d.Quote, Section: d.Section, Line: d.Line, Mechanism: d.Mechanism, Past: x.Past,
		Period: d.Period, Attest: d.Attest, Times: d.Times, Levels: d.Levels, Who: d.Who, Given: d.Given, Evidence: d.Evidence, Note: d.Note,
		Open: d.Open, Opens: []openBody{}, Remind: d.Remind, On: luoshu.FormatDate(x.On), Org: org(x.Now.Org), Owes: x.Owes, Now: c.instance(&x.Now),
		History: []historyBody{}, May: x.May,
	}
	if p := d.Of.Plan; p != nil {
		b.Plan, b.Number = p.Title, p.Number
	}
	if x.WhyNot != nil {
		b.WhyNot = &x.WhyNot.Msg
	}
	for _, o := range x.Opens {
		b.Opens = append(b.Opens, openBody{o.Param, o.Title, o.Value, o.Unit, o.Text, o.Ref, o.Certainty})
	}
	for i := range x.History {
		h := &x.History[i]
		hb := historyBody{instanceBody: c.instance(&h.Instance), Said: []markBody{}, Next: h.Next}
		for _, m := range h.Said {
			hb.Said = append(hb.Said, mark(m))
		}
		b.History = append(b.History, hb)
	}
	return kit.WriteJSON(w, r, b)
}

func (c Config) mark(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Org, Period, Kind, On, Note, Evidence string
		Papers                                []string
		Seen                                  int64
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	actor := kit.Actor(r)
	if in.Org == "" {
		in.Org = actor.Org
	}
	m, err := c.Duties.Mark(r.Context(), actor, duty.Request{
		Duty: r.PathValue("duty"), Org: in.Org, Period: in.Period, Kind: in.Kind, On: day(in.On), Note: in.Note, Evidence: in.Evidence, Papers: in.Papers, Seen: in.Seen,
	})
	if err != nil {
		return err
	}
	kit.WriteStatus(w, r, http.StatusCreated, mark(m))
	return nil
}

func (c Config) withdraw(w http.ResponseWriter, r *http.Request) error {
	n, err := kit.PathNumber(r, "n")
	if err != nil {
		return err
	}
	var in struct{ Why string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	m, err := c.Duties.Withdraw(r.Context(), kit.Actor(r), n, in.Why)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, mark(m))
}

func (c Config) paperCreate(w http.ResponseWriter, r *http.Request) error {
	name, file, err := kit.File(r, w, paper.Max)
	if err != nil {
		return err
	}
	p, err := c.Duties.TakePaper(r.Context(), kit.Actor(r), name, file)
	if err != nil {
		return err
	}
	kit.WriteStatus(w, r, http.StatusCreated, p)
	return nil
}

func (c Config) paperRead(w http.ResponseWriter, r *http.Request) error {
	n, err := kit.PathNumber(r, "n")
	if err != nil {
		return err
	}
	p, file, err := c.Duties.OpenPaper(r.Context(), kit.Actor(r), n, r.PathValue("paper"))
	if err != nil {
		return err
	}
	defer file.Close()
	return kit.WritePaper(w, p.Name, paper.Types[p.Kind], file)
}

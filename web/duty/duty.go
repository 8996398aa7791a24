// Package duty answers for the duties of organisations: what falls due, month by
// month and by state, counts by unit, one duty with all that was said of it, and
// marks.
package duty

import (
	"net/http"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/duty"
	"luoshu/kernel/workday"
	"luoshu/web/kit"
)

// Config is what the routes work with.
type Config struct {
	Duties *duty.Keeper
	Days   *workday.Calendar
}

// Routes are the lines of the API for duties.
func Routes(c Config) []kit.Route {
	return []kit.Route{
		{Pattern: "GET /api/duties", Right: duty.Read, Handle: c.list},
		{Pattern: "GET /api/duties/count", Right: duty.Read, Handle: c.count},
		{Pattern: "GET /api/duties/month", Right: duty.Read, Rate: "whole", Handle: c.month},
		{Pattern: "GET /api/duties/units", Right: duty.Read, Rate: "whole", Handle: c.units},
		{Pattern: "GET /api/duties/{duty}", Right: duty.Read, Handle: c.read},
		{Pattern: "POST /api/duties/{duty}/marks", Right: duty.Discharge, Handle: c.mark},
		{Pattern: "POST /api/duties/papers", Right: duty.Discharge, Slow: true, Rate: "upload", Handle: c.paperCreate},
		{Pattern: "GET /api/duties/marks/{n}/papers/{paper}", Right: duty.Read, Handle: c.paperRead},
		{Pattern: "POST /api/duties/marks/{n}/withdraw", Right: duty.Discharge, Handle: c.withdraw},
	}
}

type coded struct {
	Code  string      `json:"code"`
	Title luoshu.Text `json:"title"`
}

func org(n *access.Node) *coded {
	if n == nil {
		return nil
	}
	return &coded{n.Code, n.Title}
}

type periodBody struct {
	Key   string      `json:"key"`
	Title luoshu.Text `json:"title"`
	From  string      `json:"from"`
	To    string      `json:"to"`
}

func period(p duty.Period) periodBody {
	return periodBody{p.Key, p.Title, luoshu.FormatDate(p.From), luoshu.FormatDate(p.To)}
}

type measureBody struct {
	Indicator  string            `json:"indicator"`
	Where      map[string]string `json:"where,omitempty"`
	Value      *float64          `json:"value"`
	Unit       luoshu.Text       `json:"unit"`
	Decimals   int               `json:"decimals"`
	Suppressed bool              `json:"suppressed"`
	Year       int               `json:"year"`
	Seal       string            `json:"seal"`
	AtLeast    *float64          `json:"at_least"`
	AtMost     *float64          `json:"at_most"`
	Decides    bool              `json:"decides"`
}

type instanceBody struct {
	Duty     string       `json:"duty"`
	Title    luoshu.Text  `json:"title"`
	Kind     string       `json:"kind"`
	Open     bool         `json:"open"` // the plan leaves its period, day or time to answer open
	Org      *coded       `json:"org"`
	Period   periodBody   `json:"period"`
	State    string       `json:"state"`
	Due      string       `json:"due"`
	LastWork string       `json:"last_work"` // the last working day until then
	Left     int          `json:"left"`
	WorkLeft int          `json:"work_left"`
	Sure     bool         `json:"sure"` // the working days are those of a calendar, not of weekends alone
	Marks    int          `json:"marks"`
	Cases    int          `json:"cases"`
	Times    int          `json:"times"`
	Figure   *measureBody `json:"figure,omitempty"`
}

func (c Config) instance(x *duty.Instance) instanceBody {
	d := x.Duty
	b := instanceBody{
		Duty: d.ID, Title: d.Title, Kind: d.Kind, Open: d.Open, Org: org(x.Org), Period: period(x.Period), State: x.State,
		Due: luoshu.FormatDate(x.Due), Left: x.Left, WorkLeft: x.WorkLeft, Sure: x.Sure, Marks: x.Marks, Cases: x.Cases, Times: d.Times,
	}
	if x.Due != 0 {
		last := x.Due
		if !c.Days.Is(last) {
			last = c.Days.Add(last, -1)
		}
		b.LastWork = luoshu.FormatDate(last)
	}
	if m := x.Figure; m != nil {
		b.Figure = &measureBody{
			Indicator: d.Figure.Indicator, Where: d.Figure.Where, Value: m.Value, Suppressed: m.Suppressed, Year: m.Year, Seal: m.Seal,
			AtLeast: d.Figure.AtLeast, AtMost: d.Figure.AtMost, Decides: x.ByFigure,
		}
		if ind := c.Duties.Catalog.Indicator(d.Figure.Indicator); ind != nil {
			b.Figure.Unit, b.Figure.Decimals = ind.Unit, ind.Decimals
		}
	}
	return b
}

// day reads yyyy-mm-dd of the query; "" is 0 and anything else no date at all.
func day(s string) int64 {
	if s == "" {
		return 0
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return -1
	}
	return int64(t.Year())*10000 + int64(t.Month())*100 + int64(t.Day())
}

func (c Config) query(r *http.Request) duty.Query {
	v := r.URL.Query()
	return duty.Query{
		On: day(v.Get("on")), Org: v.Get("org"), Own: v.Get("own") == "1", Duty: v.Get("duty"), Kinds: kit.List(v.Get("kind")),
		States: kit.List(v.Get("state")), Soon: v.Get("soon") == "1", Text: v.Get("q"),
	}
}

func (c Config) list(w http.ResponseWriter, r *http.Request) error {
	q := c.query(r)
	var err error
	if q.Offset, q.Limit, err = kit.Page(r); err != nil {
		return err
	}
	l, err := c.Duties.List(r.Context(), kit.Actor(r), q)
	if err != nil {
		return err
	}
	rows := make([]instanceBody, len(l.Rows))
	for i := range l.Rows {
		rows[i] = c.instance(&l.Rows[i])
	}
	return kit.WriteJSON(w, r, map[string]any{
		"on": luoshu.FormatDate(l.On), "org": org(l.Org), "counts": l.Counts, "total": l.Total, "rows": rows,
	})
}

func (c Config) count(w http.ResponseWriter, r *http.Request) error {
	n, err := c.Duties.Waiting(r.Context(), kit.Actor(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]int{"count": n})
}

type unitBody struct {
	coded
	Self   bool           `json:"self"`
	Leaf   bool           `json:"leaf"` // nothing lies below it
	Counts map[string]int `json:"counts"`
}

func (c Config) units(w http.ResponseWriter, r *http.Request) error {
	all, err := c.Duties.Units(r.Context(), kit.Actor(r), c.query(r))
	if err != nil {
		return err
	}
	rows := make([]unitBody, len(all))
	for i, u := range all {
		rows[i] = unitBody{*org(u.Org), u.Self, u.Leaf, u.Counts}
	}
	return kit.WriteJSON(w, r, map[string]any{"rows": rows})
}

type dayBody struct {
	Day     string       `json:"day"`
	Works   bool         `json:"works"`
	Weekend bool         `json:"weekend"`
	Off     *luoshu.Text `json:"off"` // the break it lies in
	Falls   []fallBody   `json:"falls"`
}

type fallBody struct {
	Duty   string         `json:"duty"`
	Title  luoshu.Text    `json:"title"`
	Kind   string         `json:"kind"`
	Period periodBody     `json:"period"`
	Counts map[string]int `json:"counts"`
}

func (c Config) month(w http.ResponseWriter, r *http.Request) error {
	q := c.query(r)
	first := day(r.URL.Query().Get("month") + "-01")
	if r.URL.Query().Get("month") == "" {
		if first = q.On; first == 0 {
			first = c.Duties.Today()
		}
	}
	falls, err := c.Duties.Falls(r.Context(), kit.Actor(r), q, first/100)
	if err != nil {
		return err
	}
	days := []dayBody{}
	at := time.Date(int(first/10000), time.Month(first/100%100), 1, 0, 0, 0, 0, time.UTC)
	for t := at; t.Month() == at.Month(); t = t.AddDate(0, 0, 1) {
		d := int64(t.Year())*10000 + int64(t.Month())*100 + int64(t.Day())
		b := dayBody{Day: luoshu.FormatDate(d), Works: c.Days.Is(d), Weekend: c.Days.Weekend(d), Falls: []fallBody{}}
		if x := c.Days.Off(d); x != nil {
			b.Off = &x.Title
		}
		for _, f := range falls {
			if f.Day == d {
				b.Falls = append(b.Falls, fallBody{f.Duty.ID, f.Duty.Title, f.Duty.Kind, period(f.Period), f.Counts})
			}
		}
		days = append(days, b)
	}
	return kit.WriteJSON(w, r, map[string]any{"month": at.Format("2006-01"), "known": c.Days.Known(at.Year()), "days": days})
}

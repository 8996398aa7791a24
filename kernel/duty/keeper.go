package duty

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/paper/shelf"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/workday"
)

// The rights on duties.
const (
	Read      = "duties"
	Discharge = "discharge"
)

// Measure is what a figure of the house says of one organisation.
type Measure struct {
	Value      *float64
	Suppressed bool // a group too small for the reader
	Year       int
	Seal       string
}

// Figures answers with an indicator's newest figure for every organisation within
// the actor's reach that has one, by code, as far as the actor may see it.
type Figures func(ctx context.Context, actor luoshu.Actor, indicator string, where map[string]string, on int64) (map[string]Measure, error)

// Cases counts the closed cases of a type that an organisation had from one day
// through another.
type Cases func(ctx context.Context, kind, org string, from, to int64) (int, error)

// Config is what a Keeper works with. Figures, Cases and Files may be nil: without
// files no papers are taken.
type Config struct {
	DB      *store.DB
	Catalog *catalog.Catalog
	Book    *Book
	Days    *workday.Calendar
	Access  *access.Access
	Records *records.Reader
	Figures Figures
	Cases   Cases
	Files   shelf.Files
	Now     func() time.Time
}

// Keeper answers for the duties of one city. It is safe for concurrent use.
type Keeper struct {
	Config
	mu    sync.Mutex
	tree  *access.Tree // that sets holds for
	sets  map[*Units]map[string]bool
	swept int64 // day up to which reminders were made
}

// New returns a keeper.
func New(c Config) *Keeper { return &Keeper{Config: c} }

// Today is the house's day as yyyymmdd.
func (k *Keeper) Today() int64 { return dayOf(k.Now()) }

func noOrg() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
}

func noDuty() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这项职责", "no such duty")
}

// day reads the day of a question: 0 is today.
func (k *Keeper) day(on int64) (int64, error) {
	if on == 0 {
		return k.Today(), nil
	}
	if !isDay(on) || on < 20000101 || on > 21001231 {
		return 0, &luoshu.Error{Kind: luoshu.Invalid, Field: "on", Msg: Text{ZH: "应为 2000 至 2100 年间的日期，如 2024-06-30", EN: "a day from 2000 to 2100 is expected, such as 2024-06-30"}}
	}
	return on, nil
}

// scope is how far the actor reaches, narrowed to an organisation if one is given.
func (k *Keeper) scope(ctx context.Context, actor luoshu.Actor, org string) (*access.Scope, error) {
	if err := k.Access.Require(actor, Read); err != nil {
		return nil, err
	}
	s, err := k.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if s, err = s.Under(org); err != nil {
		return nil, err
	}
	if s.Root == "" || s.Tree().Get(s.Root) == nil {
		return nil, noOrg()
	}
	return s, nil
}

// members are the organisations of some units, nil for no units at all: then every
// organisation is meant.
func (k *Keeper) members(ctx context.Context, t *access.Tree, u *Units) (map[string]bool, error) {
	if u == nil || u.Where == nil {
		return nil, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tree != t {
		k.tree, k.sets = t, map[*Units]map[string]bool{}
	}
	if s, ok := k.sets[u]; ok {
		return s, nil
	}
	e := k.Catalog.Entity(u.Entity)
	cond, err := u.Where.SQL(k.DB.Dialect(), func(name string) string { return "f." + store.Col(name) }, nil)
	if err != nil {
		return nil, fmt.Errorf("condition of duties: %w", err)
	}
	set, key := map[string]bool{}, e.KeyFields()[0]
	err = k.Records.Each(ctx, records.Query{Entity: e.Name, Where: cond, Fields: []string{key.Name}}, func(v *records.Version) error {
		set[v.Values[key.Index].String()] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	k.sets[u] = set
	return set, nil
}

// owes reports whether an organisation owes a duty on a day; set are the members
// of its units.
func owes(d *Duty, n *access.Node, set map[string]bool, on int64) bool {
	if n == nil || !slices.Contains(d.Levels, n.Level) || n.Closed != 0 && n.Closed <= on || n.Opened > on {
		return false
	}
	return d.Units == nil || set == nil || d.Units.Entity != n.Entity || set[n.Code]
}

// The states of an instance.
const (
	Done    = "done"
	Due     = "due"     // its time runs
	Overdue = "overdue" // its time is over
	NotYet  = "not_yet" // its time has not begun
	Quiet   = "quiet"   // of an event: nothing has happened
	Met     = "met"
	Unmet   = "unmet"
	Unknown = "unknown"
)

// States are all states, in the order in which lists have them.
func States() []string { return []string{Overdue, Due, Unmet, Unknown, NotYet, Quiet, Met, Done} }

// Instance is one duty of one organisation in one period, as of a day.
type Instance struct {
	Duty     *Duty
	Org      *access.Node
	Period   Period
	State    string
	Due      int64 // yyyymmdd, 0 where nothing falls due
	Left     int   // days until it is due, negative when late
	WorkLeft int   // the same in working days
	Sure     bool  // whether the calendar knows the days between
	Marks    int   // times it was done
	Cases    int   // closed cases that count
	Figure   *Measure
	ByFigure bool // the figure decided
}

// tally is what the marks of one duty, organisation and period come to.
type tally struct {
	done int
	last string // kind of the newest mark
	on   int64  // day of the event
}

type slot struct{ duty, org, period string }

// work is one duty with the periods that are asked about.
type work struct {
	duty    *Duty
	periods []Period
	set     map[string]bool
	figures map[string]Measure
}

// tallies reads what stands marked, up to a day. Events are read whole.
func (k *Keeper) tallies(ctx context.Context, s *access.Scope, works []*work, on int64) (map[slot]*tally, error) {
	out := map[slot]*tally{}
	cond, args := []string{}, []any{}
	for _, w := range works {
		if w.duty.Kind == Event {
			cond, args = append(cond, `duty = ?`), append(args, w.duty.ID)
			continue
		}
		for _, p := range w.periods {
			cond, args = append(cond, `duty = ? AND period = ?`), append(args, w.duty.ID, p.Key)
		}
	}
	if len(cond) == 0 {
		return out, nil
	}
	q := `SELECT duty, org, period, kind, on_date FROM duty_mark WHERE withdrawn = '' AND on_date <= ? AND (` + strings.Join(cond, " OR ") + `)`
	args = append([]any{on}, args...)
	if codes := s.Codes(); !s.Whole && len(codes) <= 200 {
		q += ` AND org IN (?` + strings.Repeat(",?", len(codes)-1) + `)`
		for _, c := range codes {
			args = append(args, c)
		}
	}
	rows, err := k.DB.Query(ctx, q+` ORDER BY n`, args...)
	if err != nil {
		return nil, fmt.Errorf("read marks of duties: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var x slot
		var kind string
		var day int64
		if err := rows.Scan(&x.duty, &x.org, &x.period, &kind, &day); err != nil {
			return nil, fmt.Errorf("read marks of duties: %w", err)
		}
		t := out[x]
		if t == nil {
			t = &tally{}
			out[x] = t
		}
		if t.last = kind; kind == Done {
			t.done++
		}
		if kind == Event {
			t.on = day
		}
	}
	return out, rows.Err()
}

// finish fills in what follows from a due day.
func (k *Keeper) finish(x *Instance, on int64) {
	if x.Due == 0 {
		return
	}
	x.Left, x.WorkLeft, x.Sure = daysBetween(on, x.Due), k.Days.Between(on, x.Due), k.Days.Sure(on, x.Due)
	switch {
	case x.Marks+x.Cases >= x.Duty.Times:
		x.State = Done
	case on < max(x.Period.From, x.Duty.Of.From):
		x.State = NotYet
	case on <= x.Due:
		x.State = Due
	default:
		x.State = Overdue
	}
}

// standing decides whether a standing duty is met: a figure of the house first, the
// organisation's own word second.
func standing(x *Instance, t *tally) {
	x.State = Unknown
	if t != nil && t.last == Done {
		x.State = Met
	} else if t != nil && t.last == Unmet {
		x.State = Unmet
	}
	if x.Figure == nil || x.Figure.Value == nil {
		return
	}
	if meets, decides := x.Duty.Figure.Meets(*x.Figure.Value); decides {
		x.ByFigure, x.State = true, Unmet
		if meets {
			x.State = Met
		}
	}
}

// one is the instance of a duty, organisation and period.
func (k *Keeper) one(ctx context.Context, w *work, n *access.Node, p Period, t *tally, on int64) (Instance, error) {
	x := Instance{Duty: w.duty, Org: n, Period: p}
	if m, ok := w.figures[n.Code]; ok {
		x.Figure = &m
	}
	if t != nil {
		x.Marks = t.done
	}
	if w.duty.Kind == Standing {
		standing(&x, t)
		return x, nil
	}
	x.Due = p.To
	if w.duty.Case != "" && k.Cases != nil {
		c, err := k.Cases(ctx, w.duty.Case, n.Code, p.From, min(p.To, on))
		if err != nil {
			return x, err
		}
		x.Cases = c
	}
	k.finish(&x, on)
	return x, nil
}

// answerBy is the day by which an event is to be answered.
func (k *Keeper) answerBy(d *Duty, day int64) int64 {
	n, _, ok := k.Book.number(d.WithinDays, day)
	if !ok || n == 0 {
		return day
	}
	return k.Days.Add(day, int(n))
}

// events are the instances of an event duty: one for every event that is not
// answered or fell into the year before the day, or one that says that nothing is.
func (k *Keeper) events(d *Duty, n *access.Node, happened map[string]*tally, on int64) []Instance {
	var out []Instance
	keys := make([]string, 0, len(happened))
	for key := range happened {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		t := happened[key]
		if t.on == 0 || t.done > 0 && t.on < addMonths(on, -12) {
			continue
		}
		x := Instance{Duty: d, Org: n, Marks: t.done, Due: k.answerBy(d, t.on)}
		x.Period = eventPeriod(key, t.on, x.Due)
		k.finish(&x, on)
		out = append(out, x)
	}
	if len(out) == 0 {
		out = append(out, Instance{Duty: d, Org: n, State: Quiet})
	}
	return out
}

func eventPeriod(key string, from, to int64) Period {
	return Period{key, Text{ZH: "事件 " + luoshu.FormatDate(from), EN: "Event of " + luoshu.FormatDate(from)}, from, to}
}

// figures asks for the figures of the works that have one, if the reader may.
func (k *Keeper) figuresOf(ctx context.Context, actor luoshu.Actor, works []*work, on int64) error {
	if k.Figures == nil || k.Access.Require(actor, "read") != nil {
		return nil
	}
	for _, w := range works {
		if w.duty.Figure == nil {
			continue
		}
		var err error
		if w.figures, err = k.Figures(ctx, actor, w.duty.Figure.Indicator, w.duty.Figure.Where, on); err != nil {
			return err
		}
	}
	return nil
}

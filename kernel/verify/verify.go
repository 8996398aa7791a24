// Package verify carries rounds of verification: it opens them, asks those who
// hold the records, takes their answers, draws the spot checks, makes the one-time
// links by which persons confirm what is kept about somebody they answer for, and
// closes. It decides who may answer; what an answer may show is for disclose.
package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// Proposal asks whoever is the source of fields to change them.
type Proposal struct {
	Entity  string
	Rec     int64
	Changes map[string]luoshu.Value // by field, as stored
	Reason  string
	ByLink  bool // by a person with a one-time link
	By      luoshu.Actor
}

// Corrector carries proposals to their sources and answers the numbers of the
// requests made; none if nothing differs from what is recorded.
type Corrector interface {
	Propose(ctx context.Context, p Proposal) ([]int64, error)
}

// Config is what verification is made of.
type Config struct {
	DB        *store.DB
	Catalog   *catalog.Catalog
	Charter   *charter.Charter
	Ledger    *ledger.Ledger
	Access    *access.Access
	Records   *records.Reader
	Corrector Corrector // nil: answers with corrections are refused
	// Seal makes a seal and its figures.
	Seal func(ctx context.Context, a luoshu.Actor, note string, p luoshu.Progress) (ledger.Seal, error)
	// Rules runs the set rules that read one of the entities, before a round closes.
	Rules func(ctx context.Context, entities []string, p luoshu.Progress) error
	Now   func() time.Time
}

// Verify carries the rounds of one city. It is safe for concurrent use.
type Verify struct {
	Config
	tries tries
}

// New returns the rounds of an opened city.
func New(c Config) *Verify {
	return &Verify{Config: c, tries: tries{seen: map[string]*failures{}}}
}

// The states of a round.
const (
	Open     = "open"     // holders answer
	Checking = "checking" // answers are in; the sample is drawn and looked at
	Closed   = "closed"
)

// Round is one that was opened.
type Round struct {
	N        int64          `json:"-"`
	ID       string         `json:"id"`
	Spec     *charter.Round `json:"-"`
	SpecID   string         `json:"round"`
	Year     int64          `json:"year"`
	Org      string         `json:"org"`
	Seq      int64          `json:"seq"`
	State    string         `json:"state"`
	OpenedOn int64          `json:"opened_on"`
	OpenedBy string         `json:"opened_by"`
	Due      int64          `json:"due"`
	Head     string         `json:"head"`
	Seed     string         `json:"seed"`
	ClosedAt string         `json:"closed_at"`
	ClosedBy string         `json:"closed_by"`
	Seal     string         `json:"seal"`
	Note     string         `json:"note"`
	Overdue  int64          `json:"overdue"`
}

const roundColumns = `n, id, spec, year, org, seq, state, opened_on, opened_by, due, head, seed, closed_at, closed_by, seal, note, overdue`

func (v *Verify) scanRound(scan func(...any) error) (*Round, error) {
	var r Round
	err := scan(&r.N, &r.ID, &r.SpecID, &r.Year, &r.Org, &r.Seq, &r.State, &r.OpenedOn, &r.OpenedBy, &r.Due, &r.Head, &r.Seed,
		&r.ClosedAt, &r.ClosedBy, &r.Seal, &r.Note, &r.Overdue)
	if err != nil {
		return nil, err
	}
	r.Spec = v.Charter.Round(r.SpecID)
	return &r, nil
}

func noRound() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这一轮核验", "there is no such round")
}

func (v *Verify) roundBy(ctx context.Context, column string, value any) (*Round, error) {
	r, err := v.scanRound(v.DB.QueryRow(ctx, `SELECT `+roundColumns+` FROM round WHERE `+column+` = ?`, value).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noRound()
	}
	if err != nil {
		return nil, fmt.Errorf("read round: %w", err)
	}
	if r.Spec == nil {
		return nil, luoshu.Errorf(luoshu.Unavailable, "业务包里已没有核验 %s", "the packs no longer have the round %s", r.SpecID)
	}
	return r, nil
}

// Round returns a round that touches the actor's scope.
func (v *Verify) Round(ctx context.Context, actor luoshu.Actor, id string) (*Round, error) {
	r, err := v.roundBy(ctx, "id", id)
	if err != nil {
		return nil, err
	}
	s, err := v.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if !touches(s, r) {
		return nil, noRound()
	}
	return r, nil
}

// touches reports whether a scope and what a round covers have something in common.
func touches(s *access.Scope, r *Round) bool {
	return s.Root != "" && (s.Has(r.Org) || s.Tree().Within(r.Org, s.Root))
}

// Rounds lists the rounds that touch the actor's scope, newest first.
func (v *Verify) Rounds(ctx context.Context, actor luoshu.Actor) ([]*Round, error) {
	s, err := v.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	all, err := v.rounds(ctx, "1=1")
	if err != nil {
		return nil, err
	}
	out := []*Round{}
	for _, r := range all {
		if touches(s, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// rounds lists the rounds that meet a condition, those without an entry in the
// packs left out, newest first.
func (v *Verify) rounds(ctx context.Context, where string, args ...any) ([]*Round, error) {
	rows, err := v.DB.Query(ctx, `SELECT `+roundColumns+` FROM round WHERE `+where+` ORDER BY n DESC`, args...)
	if err != nil {
		return nil, fmt.Errorf("list rounds: %w", err)
	}
	defer rows.Close()
	var out []*Round
	for rows.Next() {
		r, err := v.scanRound(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list rounds: %w", err)
		}
		if r.Spec != nil {
			out = append(out, r)
		}
	}
	return out, rows.Err()
}

// leads reports an error unless the actor's organisation is the one that the round
// is of, or stands above it: who may draw, close and seal.
func (v *Verify) leads(ctx context.Context, actor luoshu.Actor, r *Round) error {
	s, err := v.Access.Scope(ctx, actor)
	if err != nil {
		return err
	}
	if !s.Has(r.Org) {
		return luoshu.Errorf(luoshu.Denied, "只有开轮的单位可以这样做", "only the organisation that opened the round may do this")
	}
	return nil
}

// Leads reports whether the actor's organisation opened a round or stands above it.
func (v *Verify) Leads(ctx context.Context, actor luoshu.Actor, r *Round) bool {
	return v.leads(ctx, actor, r) == nil
}

// Corrects reports whether corrections can be asked for.
func (v *Verify) Corrects() bool { return v.Corrector != nil }

// Year is the present year of the city's calendar.
func (v *Verify) Year() int64 { return v.yearOf(v.Today()) }

// number is a parameter's value on a day, rounded down.
func (v *Verify) number(id string, on int64) (float64, error) {
	if p := v.Catalog.Parameter(id); p != nil {
		if x, ok := p.Value(on, nil, v.Catalog.City.Root); ok {
			return x.Float(), nil
		}
	}
	return 0, luoshu.Errorf(luoshu.Unavailable, "参数 %s 没有值", "the parameter %s has no value", id)
}

func (v *Verify) stamp() string { return v.Now().UTC().Format(time.RFC3339) }

// Today is the day of the clock, yyyymmdd.
func (v *Verify) Today() int64 { return dayOf(v.Now()) }

func dayOf(t time.Time) int64 {
	y, m, d := t.Date()
	return int64(y*10000 + int(m)*100 + d)
}

// addDays is the day n days after another.
func addDays(day int64, n int) int64 {
	return dayOf(time.Date(int(day/10000), time.Month(day/100%100), int(day%100)+n, 0, 0, 0, 0, time.UTC))
}

// touched counts the rows a statement changed.
func touched(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Package correct is the only one to decide who may write which field of a
// record, and to carry what others would change there to the source: requests
// with reason and evidence, answers, terms, and the conflicts between a file and
// what was corrected by hand.
package correct

import (
	"context"
	"io"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/intake"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// Files keeps what is handed in as evidence: the desk's files.
type Files interface {
	// Keep stores r under its SHA-256 and returns when it is on disk.
	Keep(ctx context.Context, r io.Reader, name string) (ledger.Source, error)
	// Kept opens a stored file.
	Kept(ctx context.Context, sha string) (io.ReadCloser, error)
}

// Correct decides and carries corrections. It is safe for concurrent use.
type Correct struct {
	db    *store.DB
	cat   *catalog.Catalog
	ch    *charter.Charter
	led   *ledger.Ledger
	rd    *records.Reader
	acc   *access.Access
	now   func() time.Time
	files Files
	forms map[string]*intake.Form

	mu      sync.Mutex
	counts  map[string]records.Filled // how far entities are filled in, by organisation
	counted int64                     // as of this commit
}

// New returns the room over an opened city. now is the only clock it reads.
func New(db *store.DB, cat *catalog.Catalog, ch *charter.Charter, led *ledger.Ledger, acc *access.Access, now func() time.Time) (*Correct, error) {
	c := &Correct{db: db, cat: cat, ch: ch, led: led, rd: records.New(db, cat), acc: acc, now: now, forms: map[string]*intake.Form{}}
	for _, e := range cat.Entities {
		f, err := intake.NewForm(cat, e.Name)
		if err != nil {
			return nil, err
		}
		c.forms[e.Name] = f
	}
	return c, nil
}

// Keep tells where evidence is kept; without it none is taken.
func (c *Correct) Keep(f Files) { c.files = f }

// The kinds of request.
const (
	KindRequest  = "request"  // somebody other than the source would change a value
	KindConflict = "conflict" // a file would change what was corrected by hand
)

// The origins of a request.
const (
	FromFile         = "file"
	FromForm         = "form"
	FromVerification = "verification"
	FromGuardian     = "guardian"
)

// The states of a request. Returned means that the source has asked back;
// carrying that its answer is being written.
const (
	Open      = "open"
	Returned  = "returned"
	Carrying  = "carrying"
	Accepted  = "accepted"
	Rejected  = "rejected"
	Withdrawn = "withdrawn"
	Taken     = "taken" // of a conflict: the file's value was taken
	Kept      = "kept"  // of a conflict: the value stays
)

// States are all states, in the order in which people meet them.
func States() []string {
	return []string{Open, Returned, Carrying, Accepted, Rejected, Withdrawn, Taken, Kept}
}

// Request is one correction asked for. Values are as stored and not masked:
// whoever shows them must pass them through disclose.
type Request struct {
	ID       int64
	Kind     string
	Origin   string
	Entity   string
	Rec      int64
	First    int64    // the record it was asked for, if that was merged into Rec since; else 0
	Source   string   // source of record, as the catalog writes it
	Holder   string   // organisation that holds the record
	Org      string   // organisation that answers
	Asked    []string // Org and those above it that the request has risen to
	State    string
	By       luoshu.Actor
	At       string // RFC 3339, UTC
	Since    int64  // yyyymmdd the term runs from
	Days     int    // the term
	Due      int64  // yyyymmdd
	Remind   int    // days before Due, 0 for never
	Reminded int64  // the due date it was reminded of, 0 if none
	Steps    int    // how often it has risen since Since
	Reason   string
	File     ledger.Source // the file it came from, if any
	Row      int
	Fields   []Change

	AnsweredBy, AnsweredAt, Answer string
	Seq                            int64  // commit that carried it out, 0 if none
	mark                           string // and the id of that commit
}

// Change is one field of a request.
type Change struct {
	Field         string
	Before, After luoshu.Value
}

// Live reports whether the request still waits for somebody.
func (r *Request) Live() bool { return r.State == Open || r.State == Returned || r.State == Carrying }

// Overdue reports whether the answer is late on a day (yyyymmdd).
func (r *Request) Overdue(today int64) bool { return r.State == Open && today > r.Due }

// Event is one thing that happened to a request.
type Event struct {
	At, What, Actor, Org, Words string
}

func noRequest() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这项更正", "there is no such correction")
}

// Today is the day by the clock of the house, yyyymmdd.
func (c *Correct) Today() int64 { return dayOf(c.now()) }

func dayOf(t time.Time) int64 {
	y, m, d := t.Date()
	return int64(y)*10000 + int64(m)*100 + int64(d)
}

// addDays is a day so many days on.
func addDays(day int64, n int) int64 {
	return dayOf(time.Date(int(day/10000), time.Month(day/100%100), int(day%100)+n, 12, 0, 0, 0, time.UTC))
}

// daysBetween is how many days b lies after a.
func daysBetween(a, b int64) int {
	at := func(d int64) time.Time {
		return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 12, 0, 0, 0, time.UTC)
	}
	return int(at(b).Sub(at(a)).Hours() / 24)
}

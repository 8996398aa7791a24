// Package audit keeps the audit log: who did what to what, when, from where, and
// with what outcome. The log is append-only, each entry hashed over the one before;
// it holds names of fields and numbers of records, never values.
package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/store"
)

// Text is a label in two languages.
type Text = luoshu.Text

// Kinds of entry that rooms share. Others are words of the room that notes them.
const (
	KindSignIn  = "sign_in"
	KindSignOut = "sign_out"
	KindWrite   = "write"   // a change that another room's own record tells in full
	KindRefused = "refused" // somebody asked for what is not theirs
	KindExport  = "export"
	KindBehind  = "behind" // the records behind a figure
	KindFind    = "find"   // a search by a whole number that is not shown
	KindReveal  = "reveal" // one masked value opened
	KindReads   = "reads"  // somebody asked who opened values of a record
	KindGrant   = "grant"
	KindAccount = "account"
	KindToken   = "token"
	KindMerge   = "merge"
	KindKeys    = "keys"
	KindRead    = "audit_read"
	KindAudit   = "audit_export"
	KindArchive = "audit_archive"
	KindLost    = "audit_lost" // entries that found no room in the queue
)

// Outcomes.
const (
	Done    = "done"
	Refused = "refused"
	Failed  = "failed"
)

// Event is one thing to note. Every text is cut to its bound; control characters
// become spaces.
type Event struct {
	At      time.Time // zero: now
	Actor   luoshu.Actor
	Session string // digest of a session or token
	Address string
	Request string
	Kind    string
	Entity  string
	Rec     int64
	Field   string
	Object  string
	Outcome string // "" is done
	Reason  string
	Times   int64 // 0 is 1
}

// Bounds of the log.
const (
	queueMost  = 4096 // entries that may wait
	batchMost  = 512  // entries of one transaction
	shortMost  = 100  // characters of a name
	objectMost = 300
	reasonMost = 500
)

// Log is the audit log of one database. It is safe for concurrent use.
type Log struct {
	db  *store.DB
	now func() time.Time

	mu       sync.Mutex
	idle     *sync.Cond
	queue    []*item
	flushing bool
	lost     int64
	broken   error // why the last batch was not written
}

// item is one queued event; done is nil unless somebody waits for it.
type item struct {
	Event
	limit *Limit
	done  chan error
}

// Limit bounds how often one person may do a thing: at most Most entries of the
// event's person, kind and outcome since a moment, this one included.
type Limit struct {
	Most  int64
	Since time.Time
}

// LimitError says that a limit is reached.
type LimitError struct{ Most int64 }

// Error names the limit.
func (e *LimitError) Error() string { return fmt.Sprintf("the limit of %d is reached", e.Most) }

// Open returns the log of a database whose kernel tables exist. now is the only
// clock it reads.
func Open(ctx context.Context, db *store.DB, now func() time.Time) (*Log, error) {
	l := &Log{db: db, now: now}
	l.idle = sync.NewCond(&l.mu)
	if _, _, err := l.Head(ctx); err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	return l, nil
}

// Note queues an event and returns at once. A queue that is full counts what it
// could not take, and the count becomes an entry.
func (l *Log) Note(_ context.Context, e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) >= queueMost {
		l.lost++
		return
	}
	l.queue = append(l.queue, &item{Event: l.tidy(e)})
	l.wake()
}

// Must writes an event and returns when it is on disk. An error means that it is
// not, and that the act must not go on.
func (l *Log) Must(ctx context.Context, e Event) error { return l.Within(ctx, e, nil) }

// Within is Must with a limit, which is counted and kept in one transaction: two
// at once cannot both be the last. Error: a *LimitError, or Unavailable.
func (l *Log) Within(ctx context.Context, e Event, limit *Limit) error {
	it := &item{Event: l.tidy(e), limit: limit, done: make(chan error, 1)}
	l.mu.Lock()
	if len(l.queue) >= queueMost {
		l.mu.Unlock()
		return unavailable(errors.New("the queue is full"))
	}
	l.queue = append(l.queue, it)
	l.wake()
	l.mu.Unlock()
	var err error
	select {
	case err = <-it.done:
	case <-ctx.Done():
		if l.withdraw(it) {
			return unavailable(ctx.Err())
		}
		err = <-it.done // its transaction is under way
	}
	var most *LimitError
	if err == nil || errors.As(err, &most) {
		return err
	}
	return unavailable(err)
}

// Ready returns nil while sensitive acts may be done: the queue has room and the
// last batch was written.
func (l *Log) Ready() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		l.wake() // try again; the next one who asks may have more luck
		return unavailable(l.broken)
	}
	if len(l.queue) >= queueMost {
		return unavailable(errors.New("the queue is full"))
	}
	return nil
}

// Sync waits until the queue is written, or returns why it cannot be. Call it
// before closing the database.
func (l *Log) Sync(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 || l.lost > 0 {
		l.wake()
	}
	for l.flushing {
		l.idle.Wait()
	}
	if len(l.queue) > 0 {
		return fmt.Errorf("%d entries of the audit log are not written: %w", len(l.queue), l.broken)
	}
	return nil
}

func unavailable(cause error) error {
	return &luoshu.Error{Kind: luoshu.Unavailable, Cause: cause, Msg: Text{
		ZH: "审计日志暂时无法写入，此操作不能进行；请稍后再试", EN: "the audit log cannot be written just now, so this cannot be done; try again later",
	}}
}

// withdraw takes an item back that nobody has begun to write.
func (l *Log) withdraw(it *item) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, q := range l.queue {
		if q == it {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			return true
		}
	}
	return false
}

// tidy bounds an event and fills in what it leaves out.
func (l *Log) tidy(e Event) Event {
	if e.At.IsZero() {
		e.At = l.now()
	}
	if e.Outcome == "" {
		e.Outcome = Done
	}
	if e.Times <= 0 {
		e.Times = 1
	}
	for _, s := range []*string{&e.Actor.Name, &e.Actor.Role, &e.Actor.Org, &e.Session, &e.Address, &e.Request, &e.Kind, &e.Entity, &e.Field, &e.Outcome} {
		*s = clean(*s, shortMost)
	}
	e.Object, e.Reason = clean(e.Object, objectMost), clean(e.Reason, reasonMost)
	return e
}

// clean makes a text fit: valid UTF-8 without control characters, at most so many
// characters.
func clean(s string, most int) string {
	n := 0
	return strings.Map(func(r rune) rune {
		if n++; n > most {
			return -1
		}
		if r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
}

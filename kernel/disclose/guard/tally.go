package guard

import (
	"context"
	"strings"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// Tally is how many current records there are, how many of them their holders
// have verified in time, and when one was last verified (yyyymmdd).
type Tally struct {
	Rows, Verified, Last int64
}

func (t *Tally) add(o Tally) {
	t.Rows += o.Rows
	t.Verified += o.Verified
	t.Last = max(t.Last, o.Last)
}

// entityTally is one entity counted by organisation at one commit and day.
type entityTally struct {
	seq, day int64
	whole    Tally
	byOrg    map[string]Tally
}

// tallies keeps the counts of every entity by organisation, so that no request
// counts millions of rows. They are counted again behind the requests when a
// commit has touched the entity or a day has passed; meanwhile the last ones are
// given.
type tallies struct {
	mu      sync.Mutex
	known   map[string]*entityTally
	running map[string]chan struct{}
	one     chan struct{} // one count at a time
}

func (t *tallies) init() {
	t.known = map[string]*entityTally{}
	t.running = map[string]chan struct{}{}
	t.one = make(chan struct{}, 1)
}

// tallyPatience is how long a first visitor waits for a count that nobody has
// made yet before the answer goes without it.
const tallyPatience = time.Second

// TallyOf returns the count within a scope and whether it is up to date.
func (d *Base) TallyOf(ctx context.Context, e *catalog.Entity, scope *access.Scope) (Tally, bool) {
	et, fresh := d.tallyEntity(ctx, e)
	if et == nil {
		return Tally{}, false
	}
	return et.within(e, scope), fresh
}

// Patience is what a page waits for counts altogether, however many it needs.
func Patience(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, tallyPatience)
}

// TallyWait is TallyOf for pages: an outdated count will do, and a missing one is
// waited for until patience ends.
func (d *Base) TallyWait(ctx, patience context.Context, e *catalog.Entity, scope *access.Scope) (t Tally, known, current bool) {
	et, fresh := d.tallyEntity(ctx, e)
	if et == nil {
		d.tally.mu.Lock()
		done := d.tally.running[e.Name]
		d.tally.mu.Unlock()
		if done != nil {
			select {
			case <-done:
			case <-patience.Done():
			}
		}
		d.tally.mu.Lock()
		et = d.tally.known[e.Name]
		d.tally.mu.Unlock()
	}
	if et == nil {
		return Tally{}, false, false
	}
	return et.within(e, scope), true, fresh
}

func (t *entityTally) within(e *catalog.Entity, scope *access.Scope) Tally {
	switch {
	case scope.Whole || (e.Org == "" && scope.Root != ""):
		return t.whole
	case scope.Root == "":
		return Tally{}
	}
	var sum Tally
	for _, c := range scope.Codes() {
		sum.add(t.byOrg[c])
	}
	return sum
}

// tallyEntity returns the last count of an entity, nil if there is none yet, and
// whether it still holds; if not, a new one is begun.
func (d *Base) tallyEntity(ctx context.Context, e *catalog.Entity) (*entityTally, bool) {
	seq, err := d.entitySeq(ctx, e)
	day := DayOf(d.Acc.Now())
	d.tally.mu.Lock()
	defer d.tally.mu.Unlock()
	known := d.tally.known[e.Name]
	if err != nil {
		return known, false
	}
	if known != nil && known.seq == seq && known.day == day {
		return known, true
	}
	if d.tally.running[e.Name] == nil {
		done := make(chan struct{})
		d.tally.running[e.Name] = done
		go d.recount(context.WithoutCancel(ctx), e, seq, day, done)
	}
	return known, false
}

// entitySeq is the last commit that can have changed an entity's counts.
func (d *Base) entitySeq(ctx context.Context, e *catalog.Entity) (int64, error) {
	names := []any{e.Name}
	if field, _, hop := strings.Cut(e.Org, "."); hop {
		names = append(names, e.Field(field).Ref)
	}
	var seq int64
	err := d.DB.QueryRow(ctx, "SELECT coalesce(max(seq), 0) FROM commit_log WHERE entity IN ("+Marks(len(names))+")", names...).Scan(&seq)
	return seq, Fault("read the ledger", err)
}

// recount counts one entity by organisation. A count that fails leaves the old
// one in place; the next request tries again.
func (d *Base) recount(ctx context.Context, e *catalog.Entity, seq, day int64, done chan struct{}) {
	d.tally.one <- struct{}{}
	t, err := d.countByOrg(ctx, e, day)
	<-d.tally.one
	d.tally.mu.Lock()
	if err == nil {
		t.seq = seq
		d.tally.known[e.Name] = t
	}
	delete(d.tally.running, e.Name)
	d.tally.mu.Unlock()
	close(done)
}

func (d *Base) countByOrg(ctx context.Context, e *catalog.Entity, day int64) (*entityTally, error) {
	t := &entityTally{day: day, byOrg: map[string]Tally{}}
	since := int64(0)
	if e.Months > 0 {
		since = MonthsBefore(day, e.Months)
	}
	org, from := "''", store.Table(e.Name)+" f"
	field, far, hop := strings.Cut(e.Org, ".")
	switch {
	case hop:
		target := d.Cat.Entity(e.Field(field).Ref)
		org = "t." + store.Col(far)
		from += " LEFT JOIN " + store.Table(target.Name) + " t ON t._to IS NULL AND t." + store.Col(target.Key[0]) + " = f." + store.Col(field)
	case field != "":
		org = "f." + store.Col(field)
	}
	rows, err := d.DB.Query(ctx, "SELECT "+org+", count(*), sum(CASE WHEN f._verified >= ? THEN 1 ELSE 0 END), coalesce(max(f._verified), 0) FROM "+
		from+" WHERE f._to IS NULL GROUP BY 1", since)
	if err != nil {
		return nil, Fault("count records", err)
	}
	defer rows.Close()
	for rows.Next() {
		var code any
		var x Tally
		if err := rows.Scan(&code, &x.Rows, &x.Verified, &x.Last); err != nil {
			return nil, Fault("count records", err)
		}
		t.byOrg[luoshu.ValueOf(code).String()] = x
		t.whole.add(x)
	}
	return t, Fault("count records", rows.Err())
}

// Settle waits until every count that has been begun is made, and begins those
// that nobody has asked for yet. Servers call it once at start, behind requests.
func (d *Base) Settle(ctx context.Context) error {
	for _, e := range d.Cat.Entities {
		if _, fresh := d.tallyEntity(ctx, e); fresh {
			continue
		}
		d.tally.mu.Lock()
		done := d.tally.running[e.Name]
		d.tally.mu.Unlock()
		if done == nil {
			continue
		}
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Few reports whether the whole entity is known to have at most so many records.
func (d *Base) Few(ctx context.Context, e *catalog.Entity, most int64) bool {
	t, _ := d.tallyEntity(ctx, e)
	return t != nil && t.whole.Rows <= most
}

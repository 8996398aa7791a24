package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"luoshu/kernel/store"
)

// wake begins to write the queue unless somebody is at it. The caller holds mu.
func (l *Log) wake() {
	if l.flushing {
		return
	}
	l.flushing = true
	go l.flush()
}

// flush writes batch after batch until the queue is empty or one fails. It waits
// for the one writer of the database without holding anything up.
func (l *Log) flush() {
	for {
		batch, err := l.batch()
		l.mu.Lock()
		l.broken = err
		for _, it := range batch {
			if it.done != nil {
				it.done <- err
			}
		}
		if err != nil {
			l.fail(batch, err)
		}
		if err != nil || (len(l.queue) == 0 && l.lost == 0) {
			l.flushing = false
			l.idle.Broadcast()
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
	}
}

// fail puts the events of a batch back that nobody waits for, and tells everybody
// who waits in the queue that it will not be. The caller holds mu.
func (l *Log) fail(batch []*item, err error) {
	kept := make([]*item, 0, len(batch)+len(l.queue))
	for _, it := range batch {
		if it.done == nil {
			kept = append(kept, it)
		}
	}
	for _, it := range l.queue {
		if it.done == nil {
			kept = append(kept, it)
		} else {
			it.done <- err
		}
	}
	if over := len(kept) - queueMost; over > 0 {
		l.lost += int64(over)
		kept = kept[:queueMost]
	}
	l.queue = kept
}

// take removes the next batch from the queue.
func (l *Log) take() (batch []*item, lost int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.queue), batchMost)
	batch = append(batch, l.queue[:n]...)
	l.queue = append(l.queue[:0:0], l.queue[n:]...)
	lost, l.lost = l.lost, 0
	return batch, lost
}

// batch writes what waits in one transaction. It takes the queue only when it has
// the writer, so that whoever gives up waiting can still withdraw. The batch comes
// back with those left whose answer is its outcome.
func (l *Log) batch() (batch []*item, err error) {
	var lost int64
	over := map[*item]*LimitError{}
	err = l.db.Tx(context.Background(), func(tx *store.Tx) error {
		batch, lost = l.take()
		if len(batch) == 0 && lost == 0 {
			return nil
		}
		w, err := l.writer(context.Background(), tx)
		if err != nil {
			return err
		}
		defer w.close()
		for _, it := range batch {
			if it.limit != nil {
				if err := w.within(it); err != nil {
					var most *LimitError
					if !errors.As(err, &most) {
						return err
					}
					over[it] = most
					it.Outcome = Refused // the try is noted in its place
				}
			}
			if err := w.add(it.Event); err != nil {
				return err
			}
		}
		if lost > 0 {
			if err := w.add(l.tidy(Event{Kind: KindLost, Outcome: Failed, Times: lost})); err != nil {
				return err
			}
		}
		return w.end()
	})
	if err != nil {
		l.mu.Lock()
		l.lost += lost
		l.mu.Unlock()
		return batch, err
	}
	rest := batch[:0]
	for _, it := range batch {
		if most := over[it]; most != nil {
			it.done <- most
			continue
		}
		rest = append(rest, it)
	}
	return rest, nil
}

// writer appends to the chain inside a transaction.
type writer struct {
	ctx  context.Context
	tx   *store.Tx
	stmt *sql.Stmt
	seq  int64
	hash []byte
}

const insert = `INSERT INTO audit (` + columns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (l *Log) writer(ctx context.Context, tx *store.Tx) (*writer, error) {
	w := &writer{ctx: ctx, tx: tx}
	var err error
	if w.seq, w.hash, err = head(ctx, tx); err != nil {
		return nil, err
	}
	if w.stmt, err = tx.Prepare(ctx, insert); err != nil {
		return nil, fmt.Errorf("write the audit log: %w", err)
	}
	return w, nil
}

func (w *writer) close() { w.stmt.Close() }

func (w *writer) add(e Event) error {
	x := Entry{Event: e, Seq: w.seq + 1, prev: w.hash}
	x.hash = x.sum()
	_, err := w.stmt.ExecContext(w.ctx, x.Seq, stamp(e.At), e.Actor.Name, e.Actor.Role, e.Actor.Org, e.Session, e.Address, e.Request,
		e.Kind, e.Entity, e.Rec, e.Field, e.Object, e.Outcome, e.Reason, e.Times, x.prev, x.hash)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	w.seq, w.hash = x.Seq, x.hash
	return nil
}

// end moves the mark at the end of the log.
func (w *writer) end() error {
	_, err := w.tx.Exec(w.ctx, `INSERT INTO audit_head (one, seq, hash) VALUES (1, ?, ?)
		ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`, w.seq, w.hash)
	if err != nil {
		return fmt.Errorf("write the head of the audit log: %w", err)
	}
	return nil
}

// within counts what the person has done, this batch included.
func (w *writer) within(it *item) error {
	var n int64
	err := w.tx.QueryRow(w.ctx, `SELECT count(*) FROM audit WHERE person = ? AND kind = ? AND outcome = ? AND at >= ?`,
		it.Actor.Name, it.Kind, it.Outcome, stamp(it.limit.Since)).Scan(&n)
	if err != nil {
		return fmt.Errorf("count in the audit log: %w", err)
	}
	if n >= it.limit.Most {
		return &LimitError{Most: it.limit.Most}
	}
	return nil
}

// stamp writes a time so that text order is time order.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

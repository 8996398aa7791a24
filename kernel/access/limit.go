package access

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// How many failed sign-ins are taken within the window before a wait, for one
// account from one address, one account from anywhere, and one address.
// The first and the length of the wait come from the policy.
const (
	limitAccount     = 20
	limitAddress     = 50
	limitMaxTracking = 20000
)

// limiter counts failed sign-ins. Its memory is bounded: when full, the keys
// whose window has passed are dropped, then the counts start anew.
type limiter struct {
	mu     sync.Mutex
	seen   map[string]*failures
	policy func() Policy
}

type failures struct {
	count int
	since time.Time
}

func newLimiter(p func() Policy) *limiter { return &limiter{seen: map[string]*failures{}, policy: p} }

func limitKeys(account, address string) [3]string {
	return [3]string{tokenHash("p\x00" + account + "\x00" + address), tokenHash("n\x00" + account), tokenHash("a\x00" + address)}
}

// wait returns how long the pair must wait before another try; 0 is none.
func (l *limiter) wait(account, address string, now time.Time) time.Duration {
	p := l.policy()
	l.mu.Lock()
	defer l.mu.Unlock()
	var longest time.Duration
	for i, k := range limitKeys(account, address) {
		f := l.seen[k]
		if f == nil {
			continue
		}
		left := f.since.Add(p.Lock).Sub(now)
		if left <= 0 {
			delete(l.seen, k)
			continue
		}
		if f.count >= [3]int{p.LockFailures, limitAccount, limitAddress}[i] && left > longest {
			longest = left
		}
	}
	return longest
}

// fail counts one failed try.
func (l *limiter) fail(account, address string, now time.Time) {
	window := l.policy().Lock
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) > limitMaxTracking {
		for k, f := range l.seen {
			if now.Sub(f.since) > window {
				delete(l.seen, k)
			}
		}
		if len(l.seen) > limitMaxTracking {
			l.seen = map[string]*failures{}
		}
	}
	for _, k := range limitKeys(account, address) {
		f := l.seen[k]
		if f == nil || now.Sub(f.since) > window {
			f = &failures{since: now}
			l.seen[k] = f
		}
		f.count++
	}
}

// clear forgets the pair's failures after a good sign-in. The account's and the
// address's own counts stay, so that one good account does not reopen guessing.
func (l *limiter) clear(account, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.seen, limitKeys(account, address)[0])
}

// failed counts a failed try here and in the database, so that a lock-out outlives
// a restart.
func (a *Access) failed(account, address string) {
	now := a.now()
	a.limit.fail(account, address, now)
	since := now.Add(-a.Policy().Lock).Unix()
	a.store(func(ctx context.Context) error {
		for _, k := range limitKeys(account, address) {
			_, err := a.db.Exec(ctx, `INSERT INTO failure (key, count, since) VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET
				count = CASE WHEN failure.since < ? THEN 1 ELSE failure.count + 1 END, since = CASE WHEN failure.since < ? THEN excluded.since ELSE failure.since END`,
				k, now.Unix(), since, since)
			if err != nil {
				return err
			}
		}
		_, err := a.db.Exec(ctx, `DELETE FROM failure WHERE since < ?`, since)
		return err
	})
}

// remember loads the failures of a former process. Keys are kept hashed: a name
// that somebody tried is not written down.
func (a *Access) remember(ctx context.Context) error {
	rows, err := a.db.Query(ctx, `SELECT key, count, since FROM failure WHERE since >= ? LIMIT ?`, a.now().Add(-a.Policy().Lock).Unix(), int64(limitMaxTracking))
	if err != nil {
		return fmt.Errorf("read failed sign-ins: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var since int64
		f := &failures{}
		if err := rows.Scan(&key, &f.count, &since); err != nil {
			return fmt.Errorf("read failed sign-ins: %w", err)
		}
		f.since = time.Unix(since, 0)
		a.limit.seen[key] = f
	}
	return rows.Err()
}

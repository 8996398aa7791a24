package access

import (
	"sync"
	"time"
)

// How many failed sign-ins are taken within the window before a wait, for one
// account from one address, one account from anywhere, and one address.
const (
	limitWindow      = 15 * time.Minute
	limitPair        = 5
	limitAccount     = 20
	limitAddress     = 50
	limitMaxTracking = 20000
)

// limiter counts failed sign-ins. Its memory is bounded: when full, the keys
// whose window has passed are dropped, then the counts start anew.
type limiter struct {
	mu   sync.Mutex
	seen map[string]*failures
}

type failures struct {
	count int
	since time.Time
}

func newLimiter() *limiter { return &limiter{seen: map[string]*failures{}} }

func limitKeys(account, address string) [3]string {
	return [3]string{"p\x00" + account + "\x00" + address, "n\x00" + account, "a\x00" + address}
}

// wait returns how long the pair must wait before another try; 0 is none.
func (l *limiter) wait(account, address string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var longest time.Duration
	for i, k := range limitKeys(account, address) {
		f := l.seen[k]
		if f == nil {
			continue
		}
		left := f.since.Add(limitWindow).Sub(now)
		if left <= 0 {
			delete(l.seen, k)
			continue
		}
		if f.count >= [3]int{limitPair, limitAccount, limitAddress}[i] && left > longest {
			longest = left
		}
	}
	return longest
}

// fail counts one failed try.
func (l *limiter) fail(account, address string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) > limitMaxTracking {
		for k, f := range l.seen {
			if now.Sub(f.since) > limitWindow {
				delete(l.seen, k)
			}
		}
		if len(l.seen) > limitMaxTracking {
			l.seen = map[string]*failures{}
		}
	}
	for _, k := range limitKeys(account, address) {
		f := l.seen[k]
		if f == nil || now.Sub(f.since) > limitWindow {
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

package secret

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

// How many failed sign-ins are taken within the window before a wait, for one
// account from one address, one account from anywhere, and one address.
// The first and the length of the wait come from the policy.
const (
	limitAccount = 20
	limitAddress = 50
	MaxTracking  = 20000
)

// Limiter counts failed sign-ins. Its memory is bounded: when full, the keys
// whose window has passed are dropped, then the counts start anew.
type Limiter struct {
	mu     sync.Mutex
	seen   map[string]*failures
	bounds func() (int, time.Duration)
}

type failures struct {
	count int
	since time.Time
}

// NewLimiter makes a limiter; bounds says how many failures of one account from one
// address are taken, and how long the wait is.
func NewLimiter(bounds func() (int, time.Duration)) *Limiter {
	return &Limiter{seen: map[string]*failures{}, bounds: bounds}
}

// Keys are what failures are counted under, hashed: a name that somebody tried is
// not kept.
func Keys(account, address string) [3]string {
	return [3]string{digest("p\x00" + account + "\x00" + address), digest("n\x00" + account), digest("a\x00" + address)}
}

// Wait returns how long the pair must wait before another try; 0 is none.
func (l *Limiter) Wait(account, address string, now time.Time) time.Duration {
	most, lock := l.bounds()
	l.mu.Lock()
	defer l.mu.Unlock()
	var longest time.Duration
	for i, k := range Keys(account, address) {
		f := l.seen[k]
		if f == nil {
			continue
		}
		left := f.since.Add(lock).Sub(now)
		if left <= 0 {
			delete(l.seen, k)
			continue
		}
		if f.count >= [3]int{most, limitAccount, limitAddress}[i] && left > longest {
			longest = left
		}
	}
	return longest
}

// Fail counts one failed try.
func (l *Limiter) Fail(account, address string, now time.Time) {
	_, window := l.bounds()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) > MaxTracking {
		for k, f := range l.seen {
			if now.Sub(f.since) > window {
				delete(l.seen, k)
			}
		}
		if len(l.seen) > MaxTracking {
			l.seen = map[string]*failures{}
		}
	}
	for _, k := range Keys(account, address) {
		f := l.seen[k]
		if f == nil || now.Sub(f.since) > window {
			f = &failures{since: now}
			l.seen[k] = f
		}
		f.count++
	}
}

// Clear forgets the pair's failures after a good sign-in. The account's and the
// address's own counts stay, so that one good account does not reopen guessing.
func (l *Limiter) Clear(account, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.seen, Keys(account, address)[0])
}

// Remember takes a failure of a former process.
func (l *Limiter) Remember(key string, count int, since time.Time) {
	l.mu.Lock()
	l.seen[key] = &failures{count: count, since: since}
	l.mu.Unlock()
}

func digest(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

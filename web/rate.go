package web

import (
	"math"
	"sync"
	"time"

	"luoshu"

	"luoshu/web/kit"
)

// The buckets of what costs or tells much. They protect the machine and slow down
// whoever reads in bulk; none stands in a law.
const (
	RateRead    = "read"
	RateSearch  = "search"
	RateBehind  = "behind"
	RateExplore = "explore"
	RateExport  = "export"
	RateUpload  = "upload"
	RateReveal  = "reveal"
	RateWhole   = "whole" // what goes through a whole city, or a register of it
	RateAny     = "any"   // every other route, for who is signed in
	RateOpen    = "open"  // every other open route
	RateRun     = "run"
)

// Rate is how many requests of a bucket one session may make at once, and how
// many a minute in the long run.
type Rate struct{ Burst, PerMinute float64 }

// Rates are the bounds that hold unless Config.Rates says otherwise.
func Rates() map[string]Rate {
	return map[string]Rate{
		RateRead:    {Burst: 240, PerMinute: 600},
		RateSearch:  {Burst: 60, PerMinute: 120},
		RateBehind:  {Burst: 60, PerMinute: 120},
		RateExplore: {Burst: 60, PerMinute: 120},
		RateExport:  {Burst: 20, PerMinute: 20},
		RateUpload:  {Burst: 30, PerMinute: 30},
		RateReveal:  {Burst: 30, PerMinute: 30},
		RateWhole:   {Burst: 40, PerMinute: 60},
		RateAny:     {Burst: 900, PerMinute: 1800},
		RateOpen:    {Burst: 3000, PerMinute: 6000},
		RateRun:     {Burst: 10, PerMinute: 6},
	}
}

// rateOf is the bucket of a route: none is without one.
func rateOf(rt kit.Route) string {
	switch {
	case rt.Rate != "":
		return rt.Rate
	case rt.Open:
		return RateOpen
	}
	return RateAny
}

// rates counts by bucket and asker: the person, or the address of nobody.
type rates struct {
	mu    sync.Mutex
	rules map[string]Rate
	left  map[string]*bucket
}

type bucket struct {
	left float64
	at   time.Time
}

const bucketsHeld = 50_000

func (s *rates) init(own map[string]Rate) {
	s.rules, s.left = Rates(), map[string]*bucket{}
	for k, v := range own {
		s.rules[k] = v
	}
}

// take lets one request through, or says how long to wait.
func (s *rates) take(now time.Time, name string, t *kit.Trace) error {
	rule, ok := s.rules[name]
	if !ok {
		return nil
	}
	key := name + "\x00" + t.Actor.Name
	if t.Actor.Name == "" {
		key = name + "\x00\x00" + t.Address
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.left[key]
	if b == nil {
		if len(s.left) >= bucketsHeld {
			s.sweep(now)
		}
		b = &bucket{left: rule.Burst, at: now}
		s.left[key] = b
	}
	if passed := now.Sub(b.at); passed > 0 { // a clock that jumps back gives nothing
		b.left = min(rule.Burst, b.left+passed.Minutes()*rule.PerMinute)
	}
	b.at = now
	if b.left < 1 {
		wait := int(math.Ceil((1 - b.left) / rule.PerMinute * 60))
		return &kit.TooMany{Seconds: wait, Msg: luoshu.Text{ZH: "请求过于频繁，请稍候再试", EN: "too many requests in a short time; wait a moment"}}
	}
	b.left--
	return nil
}

// sweep forgets whoever has not asked for an hour; if that is nobody, everybody.
func (s *rates) sweep(now time.Time) {
	for k, b := range s.left {
		if now.Sub(b.at) > time.Hour {
			delete(s.left, k)
		}
	}
	if len(s.left) >= bucketsHeld {
		s.left = map[string]*bucket{}
	}
}

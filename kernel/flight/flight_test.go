package flight_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"luoshu/kernel/flight"
)

// Whoever asks gets an answer begun after the question, and many share one.
func TestAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s flight.Shared[int64]
		var world, loads atomic.Int64
		load := func(context.Context) (int64, error) {
			loads.Add(1)
			v := world.Load()
			time.Sleep(time.Second)
			return v, nil
		}
		var wg sync.WaitGroup
		for round := range int64(5) {
			world.Store(round)
			for range 50 {
				wg.Go(func() {
					if v, err := s.Ask(t.Context(), load); err != nil || v < round {
						t.Errorf("asked in round %d, answered from %d (%v)", round, v, err)
					}
				})
			}
			time.Sleep(300 * time.Millisecond)
		}
		wg.Wait()
		if n := loads.Load(); n > 4 {
			t.Errorf("%d loads for 250 questions", n)
		}
	})
}

func TestAskEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s flight.Shared[int]
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		slow := func(context.Context) (int, error) { time.Sleep(time.Hour); return 1, errors.New("late") }
		if _, err := s.Ask(ctx, slow); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if _, err := s.Ask(t.Context(), slow); err == nil || err.Error() != "late" {
			t.Error(err)
		}
	})
}

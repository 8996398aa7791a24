// Package flight lets many who ask the same thing at once share one answer. It
// is the only one to do so; unlike a cache it never gives an answer that was
// begun before the question.
package flight

import (
	"context"
	"sync"
)

// Shared answers one question. The zero Shared is ready.
type Shared[T any] struct {
	mu      sync.Mutex
	next    *answer[T] // those who ask now wait for this one
	running bool
}

type answer[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// Ask returns what load answers, begun after Ask was called. load runs once for
// all who came while the one before it ran; it is not cancelled when one of them
// leaves.
func (s *Shared[T]) Ask(ctx context.Context, load func(context.Context) (T, error)) (T, error) {
	s.mu.Lock()
	if s.next == nil {
		s.next = &answer[T]{done: make(chan struct{})}
	}
	mine := s.next
	if !s.running {
		s.running = true
		go s.run(context.WithoutCancel(ctx), load)
	}
	s.mu.Unlock()
	select {
	case <-mine.done:
		return mine.value, mine.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (s *Shared[T]) run(ctx context.Context, load func(context.Context) (T, error)) {
	for {
		s.mu.Lock()
		a := s.next
		s.next = nil
		if a == nil {
			s.running = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		a.value, a.err = load(ctx)
		close(a.done)
	}
}

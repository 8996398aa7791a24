package movement

import (
	"context"
	"errors"
	"sync"
	"time"

	"luoshu"
)

// work is something that outlives its request: counting a year's end, a run.
type work struct {
	Kind   string       `json:"kind"`
	State  string       `json:"state"` // running done failed cancelled
	Done   int64        `json:"done"`
	Total  int64        `json:"total"`
	Result any          `json:"result,omitempty"`
	Error  *luoshu.Text `json:"error,omitempty"`

	owner, key string
	value      any
	err        error
	cancel     context.CancelFunc
	over       chan struct{}
}

// works keeps each reader's last run and counting, in memory: what a stop of the
// server ends is simply begun again.
type works struct {
	mu    sync.Mutex
	runs  map[string]*work // by owner
	views map[string]*work // by owner
}

// owner is whose a work is: a person under one grant. Under another the same person
// may reach less.
func owner(actor luoshu.Actor) string { return actor.Name + "\x00" + actor.Role + "\x00" + actor.Org }

const patience = 2 * time.Second

// begin starts a run of which a reader may have one at a time.
func (w *works) begin(ctx context.Context, owner, kind string, do func(context.Context, luoshu.Progress) (any, error)) (*work, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if old := w.runs[owner]; old != nil && old.State == "running" {
		return nil, luoshu.Errorf(luoshu.Conflict, "上一项办理仍在进行", "the last run is still under way")
	}
	if w.runs == nil {
		w.runs = map[string]*work{}
	}
	x := w.start(ctx, owner, kind, "", do)
	w.runs[owner] = x
	return x.copy(), nil
}

func (w *works) start(ctx context.Context, owner, kind, key string, do func(context.Context, luoshu.Progress) (any, error)) *work {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	x := &work{Kind: kind, State: "running", owner: owner, key: key, cancel: cancel, over: make(chan struct{})}
	go func() {
		defer cancel()
		defer close(x.over)
		v, err := do(ctx, func(_ string, done, total int64) {
			w.mu.Lock()
			x.Done, x.Total = done, total
			w.mu.Unlock()
		})
		w.mu.Lock()
		defer w.mu.Unlock()
		var e *luoshu.Error
		x.err = err
		switch {
		case err == nil:
			x.State, x.value = "done", v
			if kind != "preview" {
				x.Result = v
			}
		case errors.Is(err, context.Canceled):
			x.State = "cancelled"
		case errors.As(err, &e):
			x.State, x.Error = "failed", &e.Msg
		default:
			x.State, x.Error = "failed", &luoshu.Text{ZH: "服务器出错，请稍后再试", EN: "something went wrong on the server; try again later"}
		}
	}()
	return x
}

func (x *work) copy() *work {
	c := *x
	return &c
}

// get answers what do makes if it is ready soon; else the work, to be asked for
// again. A run under way, or one that has ended, comes along as the work.
func (w *works) get(ctx context.Context, owner, key string, do func(context.Context, luoshu.Progress) (any, error)) (*work, any, error) {
	w.mu.Lock()
	run := w.runs[owner]
	if run != nil && run.State == "running" {
		defer w.mu.Unlock()
		return run.copy(), nil, nil
	}
	if w.views == nil {
		w.views = map[string]*work{}
	}
	x := w.views[owner]
	if x == nil || x.key != key || x.State != "running" {
		if x != nil {
			x.cancel()
		}
		x = w.start(ctx, owner, "preview", key, do)
		w.views[owner] = x
	}
	w.mu.Unlock()
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-x.over:
	case <-t.C:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case x.State == "running":
		return x.copy(), nil, nil
	case x.err != nil:
		return nil, nil, x.err
	}
	if run != nil {
		run = run.copy()
	}
	return run, x.value, nil
}

// forget drops countings that something has overtaken.
func (w *works) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range w.views {
		x.cancel()
	}
	w.views = nil
}

func (w *works) stop(owner string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if x := w.runs[owner]; x != nil {
		x.cancel()
	}
}

// Close ends what runs at its next safe point and waits for it.
func (a *Area) Close() {
	a.works.mu.Lock()
	var all []*work
	for _, m := range []map[string]*work{a.works.runs, a.works.views} {
		for _, x := range m {
			x.cancel()
			all = append(all, x)
		}
	}
	a.works.mu.Unlock()
	for _, x := range all {
		<-x.over
	}
}

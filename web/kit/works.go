package kit

import (
	"context"
	"errors"
	"sync"
	"time"

	"luoshu"
)

// Work is something that outlives its request: counting a year's end, a run, a
// search. Result is what it made, once it is done.
type Work struct {
	Kind   string       `json:"kind"`
	State  string       `json:"state"` // running done failed cancelled
	Stage  string       `json:"stage"`
	Done   int64        `json:"done"`
	Total  int64        `json:"total"`
	Result any          `json:"result,omitempty"`
	Error  *luoshu.Text `json:"error,omitempty"`
	Field  string       `json:"field,omitempty"` // what of the request was wrong

	key    string
	value  any
	err    error
	cancel context.CancelFunc
	over   chan struct{}
}

// Running reports whether the work goes on.
func (x *Work) Running() bool { return x != nil && x.State == "running" }

// Works keeps the last run and the last counting of each owner, in memory: what a
// stop of the server ends is simply begun again. An owner is a reader, or a thing
// to which one run may happen at a time. The zero value is ready.
type Works struct {
	mu    sync.Mutex
	runs  map[string]*Work // by owner
	views map[string]*Work // by owner
}

const patience = 2 * time.Second

// Doing is a piece of work.
type Doing func(context.Context, luoshu.Progress) (any, error)

// Begin starts a run of which an owner may have one at a time. It outlives ctx.
func (w *Works) Begin(ctx context.Context, owner, kind string, do Doing) (*Work, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs[owner].Running() {
		return nil, luoshu.Errorf(luoshu.Conflict, "上一项办理仍在进行；请等它结束，或先停止它", "the last run is still under way; wait for it to end, or stop it first")
	}
	if w.runs == nil {
		w.runs = map[string]*Work{}
	}
	x := w.start(ctx, kind, "", do)
	w.runs[owner] = x
	return x.copy(), nil
}

// Last is the owner's run under way or the last one that ended, nil if there is none.
func (w *Works) Last(owner string) *Work {
	w.mu.Lock()
	defer w.mu.Unlock()
	if x := w.runs[owner]; x != nil {
		return x.copy()
	}
	return nil
}

func (w *Works) start(ctx context.Context, kind, key string, do Doing) *Work {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	x := &Work{Kind: kind, State: "running", key: key, cancel: cancel, over: make(chan struct{})}
	go func() {
		defer cancel()
		defer close(x.over)
		v, err := do(ctx, func(stage string, done, total int64) {
			w.mu.Lock()
			x.Stage, x.Done, x.Total = stage, done, total
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
			x.State, x.Error, x.Field = "failed", &e.Msg, e.Field
		default:
			x.State, x.Error = "failed", &luoshu.Text{ZH: "服务器出错，请稍后再试", EN: "something went wrong on the server; try again later"}
		}
	}()
	return x
}

func (x *Work) copy() *Work {
	c := *x
	return &c
}

// Get answers what do makes if it is ready soon; else the work, to be asked for
// again. A run under way, or one that has ended, comes along as the work.
func (w *Works) Get(ctx context.Context, owner, key string, do Doing) (*Work, any, error) {
	w.mu.Lock()
	run := w.runs[owner]
	if run.Running() {
		defer w.mu.Unlock()
		return run.copy(), nil, nil
	}
	if w.views == nil {
		w.views = map[string]*Work{}
	}
	x := w.views[owner]
	if x == nil || x.key != key || x.State != "running" {
		if x != nil {
			x.cancel()
		}
		x = w.start(ctx, "preview", key, do)
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

// Forget drops countings that something has overtaken.
func (w *Works) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range w.views {
		x.cancel()
	}
	w.views = nil
}

// Stop cancels an owner's run at its next safe point.
func (w *Works) Stop(owner string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if x := w.runs[owner]; x != nil {
		x.cancel()
	}
}

// Close ends what runs at its next safe point and waits for it.
func (w *Works) Close() {
	w.mu.Lock()
	var all []*Work
	for _, m := range []map[string]*Work{w.runs, w.views} {
		for _, x := range m {
			x.cancel()
			all = append(all, x)
		}
	}
	w.mu.Unlock()
	for _, x := range all {
		<-x.over
	}
}

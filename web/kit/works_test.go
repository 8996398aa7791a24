package kit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"luoshu"
	"luoshu/web/kit"
)

// One run an owner at a time; it outlives who began it, tells how far it is, can be
// stopped, and says what came of it.
func TestWorks(t *testing.T) {
	var w kit.Works
	defer w.Close()
	request, leave := context.WithCancel(context.Background())
	step, went := make(chan error), make(chan bool)
	do := func(ctx context.Context, p luoshu.Progress) (any, error) {
		p.Tell("first", 1, 4)
		went <- true
		select {
		case err := <-step:
			return 42, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if w.Last("a") != nil {
		t.Error("there is work before any was begun")
	}
	if x, err := w.Begin(request, "a", "run", do); err != nil || !x.Running() {
		t.Fatal(x, err)
	}
	<-went
	leave()
	if x := w.Last("a"); !x.Running() || x.Stage != "first" || x.Done != 1 || x.Total != 4 {
		t.Errorf("%+v", x)
	}
	var e *luoshu.Error
	if _, err := w.Begin(context.Background(), "a", "run", do); !errors.As(err, &e) || e.Kind != luoshu.Conflict {
		t.Error("two runs of one owner", err)
	}
	if _, err := w.Begin(context.Background(), "b", "run", do); err != nil {
		t.Error("another owner waits", err)
	}
	<-went
	step <- nil // either of the two
	step <- luoshu.Errorf(luoshu.Invalid, "不行", "no")
	for _, x := range []*kit.Work{over(t, &w, "a"), over(t, &w, "b")} {
		switch x.State {
		case "done":
			if x.Result != 42 || x.Error != nil {
				t.Errorf("%+v", x)
			}
		case "failed":
			if x.Result != nil || x.Error.ZH != "不行" {
				t.Errorf("%+v", x)
			}
		default:
			t.Errorf("%+v", x)
		}
	}
	if _, err := w.Begin(context.Background(), "a", "run", do); err != nil {
		t.Fatal(err)
	}
	<-went
	w.Stop("a")
	if x := over(t, &w, "a"); x.State != "cancelled" {
		t.Errorf("%+v", x)
	}
	// What is under way when the server stops is ended and waited for.
	if _, err := w.Begin(context.Background(), "a", "run", do); err != nil {
		t.Fatal(err)
	}
	<-went
	w.Close()
	if x := w.Last("a"); x.State != "cancelled" {
		t.Errorf("%+v", x)
	}
}

// over waits until an owner's run has ended, however.
func over(t *testing.T, w *kit.Works, owner string) *kit.Work {
	t.Helper()
	for range 200 {
		if x := w.Last(owner); !x.Running() {
			return x
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal(owner, "goes on")
	return nil
}

package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync"

	"luoshu"
)

// jobInfo is a piece of work that outlives its request.
type jobInfo struct {
	ID       string       `json:"id"`
	Kind     string       `json:"kind"`
	State    string       `json:"state"` // running done failed cancelled
	Progress *jobProgress `json:"progress"`
	Result   any          `json:"result,omitempty"`
	Error    *errorDetail `json:"error,omitempty"`
	owner    string
	cancel   context.CancelFunc
}

type jobProgress struct {
	Stage string `json:"stage"`
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
}

// jobs keeps the running work and the last results, in memory: work that a stop
// of the server ends is simply begun again.
type jobs struct {
	mu    sync.Mutex
	byID  map[string]*jobInfo
	order []string
	wg    sync.WaitGroup
}

const jobsHeld = 200

func (j *jobs) init() { j.byID = map[string]*jobInfo{} }

// start runs work of a kind of which only one may run at a time.
func (j *jobs) start(ctx context.Context, kind, owner string, explain func(error) errorDetail, work func(context.Context, luoshu.Progress) (any, error)) (string, error) {
	raw := make([]byte, 12)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	job := &jobInfo{ID: hex.EncodeToString(raw), Kind: kind, State: "running", Progress: &jobProgress{Stage: kind}, owner: owner, cancel: cancel}
	j.mu.Lock()
	for _, o := range j.byID {
		if o.Kind == kind && o.State == "running" {
			j.mu.Unlock()
			cancel()
			return "", luoshu.Errorf(luoshu.Conflict, "同类任务正在进行，请等它完成", "work of this kind is under way; wait for it")
		}
	}
	j.byID[job.ID] = job
	if j.order = append(j.order, job.ID); len(j.order) > jobsHeld {
		delete(j.byID, j.order[0])
		j.order = j.order[1:]
	}
	j.mu.Unlock()
	j.wg.Go(func() {
		defer cancel()
		result, err := work(ctx, func(stage string, done, total int64) {
			j.mu.Lock()
			job.Progress = &jobProgress{stage, done, total}
			j.mu.Unlock()
		})
		j.mu.Lock()
		defer j.mu.Unlock()
		switch {
		case err == nil:
			job.State, job.Result = "done", result
		case errors.Is(err, context.Canceled):
			job.State = "cancelled"
		default:
			d := explain(err)
			job.State, job.Error = "failed", &d
		}
	})
	return job.ID, nil
}

// close stops all work and waits for it.
func (j *jobs) close() {
	j.mu.Lock()
	for _, job := range j.byID {
		job.cancel()
	}
	j.mu.Unlock()
	j.wg.Wait()
}

// find copies a job's state for its owner; nil if there is none.
func (j *jobs) find(id, owner string) *jobInfo {
	j.mu.Lock()
	defer j.mu.Unlock()
	job := j.byID[id]
	if job == nil || job.owner != owner {
		return nil
	}
	out := *job
	return &out
}

package web

import (
	"net/http"

	"luoshu"

	"luoshu/web/kit"
)

func noJob() error { return luoshu.Errorf(luoshu.NotFound, "没有这个任务", "no such job") }

// jobRead answers how far a job of the same person has come.
func jobRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	job := s.jobs.find(r.PathValue("id"), actor(r).Name)
	if job == nil {
		return noJob()
	}
	return kit.WriteJSON(w, r, job)
}

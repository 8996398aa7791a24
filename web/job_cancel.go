package web

import (
	"net/http"
)

// jobCancel stops a job of the same person at its next safe point.
func jobCancel(s *Server, w http.ResponseWriter, r *http.Request) error {
	job := s.jobs.find(r.PathValue("id"), actor(r).Name)
	if job == nil {
		return noJob()
	}
	job.cancel()
	w.WriteHeader(http.StatusNoContent)
	return nil
}

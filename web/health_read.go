package web

import (
	"net/http"
)

// healthRead says that the server and its database answer.
func healthRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	if _, _, err := s.Ledger.Head(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte("ok\n"))
	return err
}

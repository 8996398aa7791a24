package web

import (
	"net/http"
)

// uploadCancel gives an upload up before it is written.
func uploadCancel(s *Server, w http.ResponseWriter, r *http.Request) error {
	u, err := s.upload(r)
	if err != nil {
		return err
	}
	if err := s.Desk.CancelUpload(r.Context(), u.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

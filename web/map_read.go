package web

import (
	"encoding/json"
	"net/http"

	"luoshu/web/kit"
)

// mapRead answers the city's boundaries.
func mapRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	b, err := s.Door.Map(r.Context(), actor(r))
	if err != nil {
		return err
	}
	etag := `"` + s.Catalog.Version + `"`
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return kit.WriteJSON(w, r, json.RawMessage(b))
}

package web

import (
	"net/http"

	"luoshu/kernel/load"

	"luoshu/web/kit"
)

// uploadsShown is how many of the newest uploads are listed.
const uploadsShown = 200

// uploadList answers the newest uploads of the actor's scope.
func uploadList(s *Server, w http.ResponseWriter, r *http.Request) error {
	scope, err := s.Access.Scope(r.Context(), actor(r))
	if err != nil {
		return err
	}
	role := s.Access.Role(actor(r))
	all, _, err := s.Desk.Uploads(r.Context(), 0, uploadsShown, func(u load.Upload) bool {
		return mayUpload(role, u.Entity) && scope.Has(u.Actor.Org)
	})
	if err != nil {
		return err
	}
	out := make([]uploadBody, 0, len(all))
	for _, u := range all {
		out = append(out, s.uploadBody(u, nil))
	}
	return kit.WriteJSON(w, r, out)
}

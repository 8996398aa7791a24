package web

import (
	"net/http"

	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

// behindList answers the records behind one side of a figure.
func behindList(s *Server, w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	where, err := disclose.ParseWhere(q.Get("where"))
	if err != nil {
		return err
	}
	in := disclose.BehindQuery{Indicator: r.PathValue("id"), Part: q.Get("part"), Where: where, Seal: q.Get("seal")}
	if err := kit.Numbers(r, map[string]*int{"year": &in.Year, "offset": &in.Offset, "limit": &in.Limit}); err != nil {
		return err
	}
	p, err := s.Door.Behind(r.Context(), actor(r), in)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, p)
}

package web

import (
	"net/http"

	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

// indicatorRead answers one indicator at one organisation.
func indicatorRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	year, err := kit.Number(r, "year")
	if err != nil {
		return err
	}
	where, err := disclose.ParseWhere(q.Get("where"))
	if err != nil {
		return err
	}
	p, err := s.Door.Indicator(r.Context(), actor(r), disclose.IndicatorQuery{
		ID: r.PathValue("id"), Org: q.Get("org"), Seal: q.Get("seal"), Year: year, By: kit.List(q.Get("by")), Where: where,
	})
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, p)
}

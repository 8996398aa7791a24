package web

import (
	"net/http"

	"luoshu/kernel/disclose"
)

// indicatorRead answers one indicator at one organisation.
func indicatorRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	year, err := number(r, "year")
	if err != nil {
		return err
	}
	where, err := disclose.ParseWhere(q.Get("where"))
	if err != nil {
		return err
	}
	p, err := s.Door.Indicator(r.Context(), actor(r), disclose.IndicatorQuery{
		ID: r.PathValue("id"), Org: q.Get("org"), Seal: q.Get("seal"), Year: year, By: list(q.Get("by")), Where: where,
	})
	if err != nil {
		return err
	}
	return writeJSON(w, r, p)
}

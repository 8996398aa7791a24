package web

import (
	"net/http"

	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

// exploreRead answers a measure along any cut.
func exploreRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	q, err := exploreQuery(r)
	if err != nil {
		return err
	}
	out, err := s.Door.Explore(r.Context(), actor(r), q)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, out)
}

// exploreQuery reads measure, cuts=a,b, filters=stage:PRI|JUN,year:2024 and seal.
func exploreQuery(r *http.Request) (disclose.ExploreQuery, error) {
	v := r.URL.Query()
	filters, err := disclose.ParseFilters(v.Get("filters"))
	return disclose.ExploreQuery{Measure: v.Get("measure"), Cuts: kit.List(v.Get("cuts")), Filters: filters, Seal: v.Get("seal")}, err
}

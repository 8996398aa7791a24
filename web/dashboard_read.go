package web

import (
	"net/http"

	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

// dashboardRead answers one organisation's page, whole.
func dashboardRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	year, err := kit.Number(r, "year")
	if err != nil {
		return err
	}
	p, err := s.Door.Dashboard(r.Context(), actor(r), disclose.DashboardQuery{Org: q.Get("org"), Seal: q.Get("seal"), Year: year})
	if err != nil {
		return err
	}
	return kit.WritePage(w, r, p)
}

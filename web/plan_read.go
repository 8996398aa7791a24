package web

import (
	"net/http"

	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

// planRead answers the plans with targets, states and figures.
func planRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	plans, err := s.Door.Plan(r.Context(), actor(r), r.URL.Query().Get("seal"))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, struct {
		Plans []disclose.PlanInfo `json:"plans"`
	}{plans})
}

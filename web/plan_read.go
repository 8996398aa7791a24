package web

import (
	"net/http"
	"strconv"
	"time"

	"luoshu"
	"luoshu/kernel/disclose"
	"luoshu/web/kit"
)

// planRead answers the plans with targets, states and figures.
func planRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	q := disclose.PlanQuery{Seal: r.URL.Query().Get("seal")}
	if on := r.URL.Query().Get("on"); on != "" {
		t, err := time.Parse(time.DateOnly, on)
		if err != nil {
			return &luoshu.Error{Kind: luoshu.Invalid, Field: "on", Msg: luoshu.Text{
				ZH: "日期 " + strconv.Quote(on) + " 应写作 2024-09-20", EN: "date " + strconv.Quote(on) + " must be written 2024-09-20",
			}}
		}
		q.Day = int64(t.Year()*10000 + int(t.Month())*100 + t.Day())
	}
	plans, err := s.Door.PlanOf(r.Context(), actor(r), q)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, struct {
		Plans []disclose.PlanInfo `json:"plans"`
	}{plans})
}

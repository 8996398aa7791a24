// Package readiness answers how near units are to the limits asked of them, what it
// would take, and how they would stand after a change.
package readiness

import (
	"net/http"

	"luoshu/kernel/readiness"
	"luoshu/web/kit"
)

// Config is what the routes work with.
type Config struct{ Desk *readiness.Desk }

// Routes are the lines of the API.
func Routes(c Config) []kit.Route {
	return []kit.Route{
		{Pattern: "GET /api/readiness/measures", Right: "explore", Handle: c.measures},
		{Pattern: "POST /api/readiness", Right: "explore", Rate: "explore", Handle: c.report},
	}
}

func (c Config) measures(w http.ResponseWriter, r *http.Request) error {
	return kit.WriteJSON(w, r, map[string]any{"measures": c.Desk.Measures()})
}

// report is a POST for its list of changes alone; it writes nothing.
func (c Config) report(w http.ResponseWriter, r *http.Request) error {
	var q readiness.Query
	if err := kit.ReadJSON(r, &q); err != nil {
		return err
	}
	out, err := c.Desk.Report(r.Context(), kit.Actor(r), q)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, out)
}

// Package verify answers the API of rounds of verification, of findings and of
// one-time links. What a record shows passes disclose.
package verify

import (
	"context"
	"net/http"
	"strconv"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/charter"
	"luoshu/kernel/disclose"
	"luoshu/kernel/ledger"
	"luoshu/kernel/verify"
	"luoshu/kernel/verify/finding"
	"luoshu/web/kit"
)

// Config is the rooms that the area speaks for.
type Config struct {
	Verify   *verify.Verify
	Findings *finding.Findings
	Door     *disclose.Door
	Access   *access.Access
	Charter  *charter.Charter
	Ledger   *ledger.Ledger
	Works    *kit.Works // keeps the rounds that are being closed; whoever made it closes it
}

// Routes are the addresses of the area.
func Routes(c Config) []kit.Route {
	a := &area{c}
	return []kit.Route{
		{Pattern: "GET /api/verify/rounds", Right: "read", Handle: a.roundList},
		{Pattern: "POST /api/verify/rounds", Right: "rounds", Slow: true, Rate: "whole", Handle: a.roundOpen},
		{Pattern: "GET /api/verify/rounds/{id}", Right: "read", Handle: a.roundRead},
		{Pattern: "POST /api/verify/rounds/{id}/draw", Right: "rounds", Slow: true, Rate: "whole", Handle: a.roundDraw},
		{Pattern: "POST /api/verify/rounds/{id}/close", Right: "seal", Rate: "whole", Handle: a.roundClose},
		{Pattern: "POST /api/verify/rounds/{id}/close/stop", Right: "seal", Handle: a.roundCloseStop},
		{Pattern: "GET /api/verify/rounds/{id}/checks", Right: "rounds", Handle: a.checkList},
		{Pattern: "GET /api/verify/rounds/{id}/checks/{unit}", Right: "rounds", Handle: a.checkRead},
		{Pattern: "POST /api/verify/rounds/{id}/checks/{unit}", Right: "rounds", Handle: a.checkLook},
		{Pattern: "POST /api/verify/rounds/{id}/checks/{unit}/settle", Right: "rounds", Handle: a.checkSettle},
		{Pattern: "GET /api/verify/tasks", Right: "verify", Handle: a.taskList},
		{Pattern: "GET /api/verify/tasks/count", Right: "verify", Handle: a.taskCount},
		{Pattern: "GET /api/verify/tasks/{id}", Right: "verify", Handle: a.taskRead},
		{Pattern: "POST /api/verify/tasks/{id}/answers", Right: "verify", Slow: true, Rate: "read", Handle: a.taskAnswer},
		{Pattern: "POST /api/verify/tasks/{id}/links", Right: "verify", Handle: a.linkMake},
		{Pattern: "GET /api/verify/findings", Right: "verify", Handle: a.findingList},
		{Pattern: "GET /api/verify/findings/count", Right: "verify", Handle: a.findingCount},
		{Pattern: "GET /api/verify/findings/{id}", Right: "verify", Handle: a.findingRead},
		{Pattern: "POST /api/verify/findings/{id}/explain", Right: "verify", Handle: a.findingExplain},
		{Pattern: "POST /api/verify/findings/{id}/reopen", Right: "verify", Handle: a.findingReopen},
		{Pattern: "GET /api/verify/records/{entity}/{rec}", Right: "read", Handle: a.recordRead},
		{Pattern: "POST /api/verify/link/open", Open: true, Handle: a.linkOpen},
		{Pattern: "POST /api/verify/link/answer", Open: true, Handle: a.linkAnswer},
	}
}

type area struct{ Config }

// org is an organisation as answers name it.
type org struct {
	Code  string      `json:"code"`
	Title luoshu.Text `json:"title"`
}

func (a *area) orgs(ctx context.Context) (func(code string) org, error) {
	t, err := a.Access.Tree(ctx)
	if err != nil {
		return nil, err
	}
	return func(code string) org {
		if n := t.Get(code); n != nil {
			return org{code, n.Title}
		}
		return org{code, luoshu.Text{ZH: code, EN: code}}
	}, nil
}

// roundInfo is a round as answers show it.
type roundInfo struct {
	*verify.Round
	Title        luoshu.Text `json:"title"`
	Instructions luoshu.Text `json:"instructions"`
	Holder       string      `json:"holder"`
	Org          org         `json:"org"`
	Spot         bool        `json:"spot"`
	SpotLevel    string      `json:"spot_level,omitempty"`
	Lists        []listInfo  `json:"lists"`
}

type listInfo struct {
	Entity string      `json:"entity"`
	Title  luoshu.Text `json:"title"`
	Fields []string    `json:"fields"`
}

func (a *area) round(r *verify.Round, name func(string) org) roundInfo {
	out := roundInfo{Round: r, Title: r.Spec.Title, Instructions: r.Spec.Instructions, Holder: r.Spec.Holder, Org: name(r.Org), Spot: r.Spec.Spot != nil}
	if out.Spot {
		out.SpotLevel = r.Spec.Spot.Level
	}
	for _, l := range r.Spec.Lists {
		out.Lists = append(out.Lists, listInfo{l.Entity, a.Access.Catalog().Entity(l.Entity).Title, l.Fields})
	}
	return out
}

// numberOf is a number of the path.
func numberOf(r *http.Request) (int64, error) {
	n, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, luoshu.Errorf(luoshu.NotFound, "没有这一项", "there is no such item")
	}
	return n, nil
}

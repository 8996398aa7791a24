// Package account speaks HTTP for accounts: one's own, and those that the system
// and the security administrator look after. What is allowed is access's to say.
package account

import (
	"net/http"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/web/kit"
)

// desk answers the routes of this area.
type desk struct {
	acc *access.Access
	cat *catalog.Catalog
}

// Routes are the routes of accounts.
func Routes(acc *access.Access, cat *catalog.Catalog) []kit.Route {
	d := &desk{acc, cat}
	return []kit.Route{
		{Pattern: "GET /api/me", Handle: d.me},
		{Pattern: "POST /api/me/password", Early: true, Handle: d.password},
		{Pattern: "POST /api/me/factors", Early: true, Handle: d.enrol},
		{Pattern: "POST /api/me/factors/{id}/prove", Early: true, Handle: d.prove},
		{Pattern: "POST /api/me/passkeys", Early: true, Handle: d.offerPasskey},
		{Pattern: "POST /api/me/passkeys/take", Early: true, Handle: d.takePasskey},
		{Pattern: "POST /api/me/factors/{id}/drop", Handle: d.dropFactor},
		{Pattern: "POST /api/me/tokens", Handle: d.makeToken},
		{Pattern: "DELETE /api/me/tokens/{id}", Handle: d.revokeToken},
		{Pattern: "POST /api/me/delegations", Handle: d.delegate},
		{Pattern: "DELETE /api/me/delegations/{id}", Handle: d.endDelegation},
		{Pattern: "GET /api/sessions", Handle: d.sessions},
		{Pattern: "DELETE /api/sessions/{id}", Handle: d.endSession},
		{Pattern: "GET /api/accounts", Handle: d.accounts},
		{Pattern: "POST /api/accounts", Right: "accounts", Handle: d.addAccount},
		{Pattern: "POST /api/accounts/import", Right: "accounts", Slow: true, Rate: "upload", Handle: d.importSheet},
		{Pattern: "POST /api/accounts/{name}/reset", Right: "accounts", Handle: d.reset},
		{Pattern: "POST /api/accounts/{name}/disable", Right: "accounts", Handle: d.disable},
		{Pattern: "POST /api/accounts/{name}/enable", Right: "accounts", Handle: d.enable},
		{Pattern: "POST /api/accounts/{name}/factors", Right: "accounts", Handle: d.resetFactors},
		{Pattern: "POST /api/accounts/{name}/subject", Right: "accounts", Handle: d.subject},
		{Pattern: "GET /api/credentials", Handle: d.requests},
		{Pattern: "POST /api/credentials", Right: "accounts", Handle: d.ask},
		{Pattern: "POST /api/credentials/{id}/decide", Handle: d.agree},
		{Pattern: "POST /api/credentials/{id}/withdraw", Right: "accounts", Handle: d.withdraw},
		{Pattern: "GET /api/roles", Right: "grants", Handle: d.roles},
		{Pattern: "GET /api/grants", Right: "grants", Handle: d.grants},
		{Pattern: "POST /api/grants", Right: "grants", Handle: d.give},
		{Pattern: "POST /api/grants/{id}/end", Right: "grants", Handle: d.end},
		{Pattern: "GET /api/reviews", Right: "grants", Handle: d.reviews},
		{Pattern: "POST /api/reviews", Right: "grants", Handle: d.openReview},
		{Pattern: "GET /api/reviews/{id}", Right: "grants", Handle: d.review},
		{Pattern: "POST /api/reviews/{id}/decide", Right: "grants", Handle: d.decide},
	}
}

// day reads yyyy-mm-dd as yyyymmdd; "" is 0.
func day(field, s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	var y, m, n int64
	for i, c := range []byte(s) {
		if i == 4 || i == 7 {
			if c != '-' {
				return 0, badDay(field)
			}
			continue
		}
		if c < '0' || c > '9' || i > 9 {
			return 0, badDay(field)
		}
		switch d := int64(c - '0'); {
		case i < 4:
			y = y*10 + d
		case i < 7:
			m = m*10 + d
		default:
			n = n*10 + d
		}
	}
	if len(s) != 10 || m < 1 || m > 12 || n < 1 || n > 31 {
		return 0, badDay(field)
	}
	return y*10000 + m*100 + n, nil
}

func badDay(field string) error {
	return &luoshu.Error{Kind: luoshu.Invalid, Field: field, Msg: luoshu.Text{ZH: "日期应写作 2025-09-01", EN: "write the date as 2025-09-01"}}
}

// named adds the titles of role and organisation to a grant.
type named struct {
	access.Grant
	RoleTitle luoshu.Text `json:"role_title"`
	OrgTitle  luoshu.Text `json:"org_title"`
}

func (d *desk) named(r *http.Request, list []access.Grant) ([]named, error) {
	tree, err := d.acc.Tree(r.Context())
	if err != nil {
		return nil, err
	}
	out := make([]named, 0, len(list))
	for _, g := range list {
		n := named{Grant: g}
		if role := d.cat.Role(g.Role); role != nil {
			n.RoleTitle = role.Title
		}
		if o := tree.Get(g.Org); o != nil {
			n.OrgTitle = o.Title
		}
		out = append(out, n)
	}
	return out, nil
}

// done answers a write that has nothing to tell.
func done(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

package account

import (
	"net/http"
	"slices"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/web/kit"
)

// accounts lists accounts, for the system and the security administrator.
func (d *desk) accounts(w http.ResponseWriter, r *http.Request) error {
	offset, limit, err := kit.Page(r)
	if err != nil {
		return err
	}
	list, total, err := d.acc.Accounts(r.Context(), kit.Actor(r), r.URL.Query().Get("q"), offset, limit)
	if err != nil {
		return err
	}
	type row struct {
		access.Account
		Grants  []named `json:"grants"`
		Guarded bool    `json:"guarded"` // an administrator's: two agree before its credentials are given anew
	}
	rows := make([]row, 0, len(list))
	for _, a := range list {
		g, err := d.named(r, a.Grants)
		if err != nil {
			return err
		}
		guarded := slices.ContainsFunc(a.Grants, func(g access.Grant) bool { return !g.Ended && access.IsAdministrator(d.cat.Role(g.Role)) })
		rows = append(rows, row{a, g, guarded})
	}
	return kit.WriteJSON(w, r, map[string]any{"total": total, "rows": rows})
}

func (d *desk) addAccount(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Name, ZH, EN string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	password, err := d.acc.AddAccount(r.Context(), kit.Actor(r), in.Name, luoshu.Text{ZH: in.ZH, EN: in.EN})
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]string{"name": in.Name, "password": password})
}

func (d *desk) reset(w http.ResponseWriter, r *http.Request) error {
	password, err := d.acc.Reset(r.Context(), kit.Actor(r), r.PathValue("name"))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]string{"name": r.PathValue("name"), "password": password})
}

func (d *desk) disable(w http.ResponseWriter, r *http.Request) error {
	return done(w, d.acc.SetDisabled(r.Context(), kit.Actor(r), r.PathValue("name"), true))
}

func (d *desk) enable(w http.ResponseWriter, r *http.Request) error {
	return done(w, d.acc.SetDisabled(r.Context(), kit.Actor(r), r.PathValue("name"), false))
}

func (d *desk) resetFactors(w http.ResponseWriter, r *http.Request) error {
	return done(w, d.acc.ResetFactors(r.Context(), kit.Actor(r), r.PathValue("name")))
}

// subject links an account to a person of the identity provider, or unlinks it.
func (d *desk) subject(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Subject string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	return done(w, d.acc.SetSubject(r.Context(), kit.Actor(r), r.PathValue("name"), in.Subject))
}

// roles lists the roles that can be given.
func (d *desk) roles(w http.ResponseWriter, r *http.Request) error {
	type role struct {
		ID    string      `json:"id"`
		Title luoshu.Text `json:"title"`
		Can   []string    `json:"can"`
		Admin bool        `json:"admin"`
	}
	out := []role{}
	for _, x := range d.cat.Roles {
		out = append(out, role{x.ID, x.Title, x.Can, access.IsAdministrator(x)})
	}
	return kit.WriteJSON(w, r, out)
}

func (d *desk) grants(w http.ResponseWriter, r *http.Request) error {
	offset, limit, err := kit.Page(r)
	if err != nil {
		return err
	}
	list, total, err := d.acc.Grants(r.Context(), kit.Actor(r), r.URL.Query().Get("q"), offset, limit)
	if err != nil {
		return err
	}
	rows, err := d.named(r, list)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]any{"total": total, "rows": rows})
}

func (d *desk) give(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Account, Role, Org, From, To, Reason string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	from, err := day("from", in.From)
	if err != nil {
		return err
	}
	to, err := day("to", in.To)
	if err != nil {
		return err
	}
	id, err := d.acc.Give(r.Context(), kit.Actor(r), access.GrantRequest{Account: in.Account, Role: in.Role, Org: in.Org, From: from, To: to, Reason: in.Reason})
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]string{"id": id})
}

func (d *desk) end(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Reason string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	return done(w, d.acc.End(r.Context(), kit.Actor(r), r.PathValue("id"), in.Reason))
}

func (d *desk) reviews(w http.ResponseWriter, r *http.Request) error {
	list, err := d.acc.Reviews(r.Context(), kit.Actor(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, list)
}

func (d *desk) openReview(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Org, Due, Note string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	due, err := day("due", in.Due)
	if err != nil {
		return err
	}
	id, err := d.acc.OpenReview(r.Context(), kit.Actor(r), in.Org, due, in.Note)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]string{"id": id})
}

func (d *desk) review(w http.ResponseWriter, r *http.Request) error {
	items, err := d.acc.ReviewItems(r.Context(), kit.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	type row struct {
		access.ReviewItem
		Grant named `json:"grant"`
	}
	out := make([]row, 0, len(items))
	for _, x := range items {
		n, err := d.named(r, []access.Grant{x.Grant})
		if err != nil {
			return err
		}
		out = append(out, row{x, n[0]})
	}
	return kit.WriteJSON(w, r, out)
}

func (d *desk) decide(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Grant, Decision, Note string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	return done(w, d.acc.Decide(r.Context(), kit.Actor(r), r.PathValue("id"), in.Grant, in.Decision, in.Note))
}

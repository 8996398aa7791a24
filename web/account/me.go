package account

import (
	"net/http"

	"luoshu/kernel/access"
	"luoshu/web/kit"
)

// me answers what one has: grants, factors, tokens, sessions, delegations.
func (d *desk) me(w http.ResponseWriter, r *http.Request) error {
	ctx, s := r.Context(), kit.Session(r)
	var out struct {
		Name        string               `json:"name"`
		Display     any                  `json:"display"`
		Grants      []named              `json:"grants"`
		Delegations []named              `json:"delegations"`
		Factors     []access.FactorInfo  `json:"factors"`
		Codes       int                  `json:"recovery_codes"`
		Tokens      []access.TokenInfo   `json:"tokens"`
		Sessions    []access.SessionInfo `json:"sessions"`
		Policy      map[string]int       `json:"policy"`
	}
	out.Name, out.Display = s.Actor.Name, s.Display
	held, err := d.acc.Holding(ctx, s)
	if err != nil {
		return err
	}
	if out.Grants, err = d.named(r, held); err != nil {
		return err
	}
	given, err := d.acc.Delegations(ctx, s.Actor.Name)
	if err != nil {
		return err
	}
	if out.Delegations, err = d.named(r, given); err != nil {
		return err
	}
	if out.Factors, out.Codes, err = d.acc.Factors(ctx, s); err != nil {
		return err
	}
	if out.Tokens, err = d.acc.Tokens(ctx, s); err != nil {
		return err
	}
	if out.Sessions, err = d.acc.Sessions(ctx, s, ""); err != nil {
		return err
	}
	p := d.acc.Policy()
	out.Policy = map[string]int{
		"password_length": p.PasswordLength, "password_classes": p.PasswordClasses, "password_days": p.PasswordDays,
		"token_days": p.TokenDays, "delegation_days": p.DelegationDays, "idle_minutes": int(p.Idle.Minutes()),
	}
	return kit.WriteJSON(w, r, out)
}

func (d *desk) password(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Old, Password string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	return done(w, d.acc.ChangePassword(r.Context(), kit.Session(r), in.Old, in.Password))
}

func (d *desk) enrol(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Label string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	e, err := d.acc.EnrolTOTP(r.Context(), kit.Session(r), in.Label)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, e)
}

func (d *desk) prove(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Code string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	codes, _, err := d.acc.Prove(r.Context(), kit.Session(r), r.PathValue("id"), in.Code)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]any{"recovery_codes": codes})
}

func (d *desk) dropFactor(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Password string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	return done(w, d.acc.DropFactor(r.Context(), kit.Session(r), r.PathValue("id"), in.Password))
}

func (d *desk) makeToken(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Label, Org string
		Rights     []string
		Days       int
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	token, info, err := d.acc.MakeToken(r.Context(), kit.Session(r), in.Label, in.Org, in.Rights, in.Days)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]any{"token": token, "info": info})
}

func (d *desk) revokeToken(w http.ResponseWriter, r *http.Request) error {
	return done(w, d.acc.RevokeToken(r.Context(), kit.Session(r), r.PathValue("id")))
}

func (d *desk) delegate(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Account, To, Reason string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	to, err := day("to", in.To)
	if err != nil {
		return err
	}
	id, err := d.acc.Delegate(r.Context(), kit.Session(r), in.Account, to, in.Reason)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]string{"id": id})
}

func (d *desk) endDelegation(w http.ResponseWriter, r *http.Request) error {
	return done(w, d.acc.EndDelegation(r.Context(), kit.Actor(r), r.PathValue("id")))
}

func (d *desk) sessions(w http.ResponseWriter, r *http.Request) error {
	list, err := d.acc.Sessions(r.Context(), kit.Session(r), r.URL.Query().Get("account"))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, list)
}

func (d *desk) endSession(w http.ResponseWriter, r *http.Request) error {
	return done(w, d.acc.EndSession(r.Context(), kit.Session(r), r.PathValue("id")))
}

package account

import (
	"net/http"

	"luoshu"
	"luoshu/kernel/access/foureyes"
	"luoshu/web/kit"
)

// requests lists requests to give an administrator's credentials anew: to who
// administers accounts, and to those who decide. mine marks what the reader may do.
func (d *desk) requests(w http.ResponseWriter, r *http.Request) error {
	actor := kit.Actor(r)
	list, err := d.acc.FourEyes().List(r.Context(), actor)
	if err != nil {
		return err
	}
	type row struct {
		*foureyes.Request
		MayDecide bool `json:"may_decide"`
		Mine      bool `json:"mine"`
	}
	rows := make([]row, 0, len(list))
	for _, q := range list {
		decides := q.State == foureyes.Open && q.By != actor.Name && q.Account != actor.Name && d.acc.Require(actor, q.Needs) == nil
		rows = append(rows, row{q, decides, q.By == actor.Name})
	}
	return kit.WriteJSON(w, r, map[string]any{"rows": rows, "may_ask": d.acc.Require(actor, "accounts") == nil})
}

func (d *desk) ask(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Account, What, Subject, Reason string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	id, err := d.acc.FourEyes().Ask(r.Context(), kit.Actor(r), in.Account, in.What, in.Subject, in.Reason)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]string{"id": id})
}

// agree takes a decision; it must be said, not left out.
func (d *desk) agree(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Agree *bool
		Note  string
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	if in.Agree == nil {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "agree", Msg: luoshu.Text{ZH: "请写明是否同意", EN: "say whether you agree"}}
	}
	return done(w, d.acc.FourEyes().Decide(r.Context(), kit.Actor(r), r.PathValue("id"), *in.Agree, in.Note))
}

func (d *desk) withdraw(w http.ResponseWriter, r *http.Request) error {
	return done(w, d.acc.FourEyes().Withdraw(r.Context(), kit.Actor(r), r.PathValue("id")))
}

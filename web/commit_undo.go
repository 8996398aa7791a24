package web

import (
	"context"
	"net/http"
	"strings"

	"luoshu"

	"luoshu/web/kit"
)

// commitUndo takes a commit of the actor's own scope back. The client leaving
// does not stop it half-way.
func commitUndo(s *Server, w http.ResponseWriter, r *http.Request) error {
	var in struct{ Reason string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	if strings.TrimSpace(in.Reason) == "" || len(in.Reason) > 1000 {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "reason", Msg: luoshu.Text{ZH: "请写明撤销原因", EN: "say why it is taken back"}}
	}
	seq, err := kit.PathNumber(r, "seq")
	if err != nil {
		return err
	}
	kit.Marks(r).Reason = in.Reason
	if _, err := s.Door.Commit(r.Context(), actor(r), seq); err != nil {
		return err
	}
	res, err := s.Ledger.Undo(context.WithoutCancel(r.Context()), actor(r), seq, in.Reason)
	if err != nil {
		return err
	}
	s.Log.Info("commit undone", "request", kit.RequestID(r), "seq", seq, "by_seq", res.Seq)
	return kit.WriteJSON(w, r, res)
}

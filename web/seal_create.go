package web

import (
	"context"
	"net/http"

	"luoshu"

	"luoshu/web/kit"
)

// sealCreate begins a seal and its figures, and answers the job that makes them.
// The whole city is sealed, so only its own organisation may do it.
func sealCreate(s *Server, w http.ResponseWriter, r *http.Request) error {
	var in struct{ Note string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	if len(in.Note) > 1000 {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "note", Msg: luoshu.Text{ZH: "说明太长", EN: "the note is too long"}}
	}
	who := actor(r)
	scope, err := s.Access.Scope(r.Context(), who)
	if err != nil {
		return err
	}
	if !scope.Whole {
		return luoshu.Errorf(luoshu.Denied, "只有全市单位可以封存", "only the whole city's organisation may seal")
	}
	id, err := s.jobs.start(r.Context(), "seal", who.Name, s.explainJob, func(ctx context.Context, p luoshu.Progress) (any, error) {
		seal, err := s.Seal(ctx, who, in.Note, p)
		if err != nil {
			return nil, err
		}
		return s.Door.Seal(ctx, who, seal.ID)
	})
	if err != nil {
		return err
	}
	kit.WriteStatus(w, r, http.StatusAccepted, map[string]string{"job": id})
	return nil
}

// explainJob says what became of failed work, and logs the cause of a fault.
func (s *Server) explainJob(err error) errorDetail {
	status, d := s.explain(http.Header{}, err)
	if status >= http.StatusInternalServerError {
		s.Log.Error("job failed", "status", status, "cause", err)
	}
	return d
}

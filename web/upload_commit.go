package web

import (
	"net/http"

	"luoshu"

	"luoshu/web/kit"
)

// uploadCommit writes a staged upload; its state tells when it is done.
func uploadCommit(s *Server, w http.ResponseWriter, r *http.Request) error {
	u, err := s.upload(r)
	if err != nil {
		return err
	}
	// Who commits becomes answerable for the file and may have it back in clear,
	// so only who handed it in may.
	if u.Actor.Name != actor(r).Name {
		return luoshu.Errorf(luoshu.Denied, "只有上传人可以提交这个文件", "only who handed the file in may commit it")
	}
	if err := s.Desk.CommitUpload(r.Context(), actor(r), u.ID); err != nil {
		return err
	}
	if u, err = s.Desk.Upload(r.Context(), u.ID); err != nil {
		return err
	}
	s.Log.Info("upload committing", "request", kit.RequestID(r), "upload", u.ID, "entity", u.Entity)
	kit.WriteStatus(w, r, http.StatusAccepted, s.uploadBody(u, nil))
	return nil
}

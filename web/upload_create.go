package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/load"

	"luoshu/web/kit"
)

// uploadCreate takes a file in. It goes to disk as it comes; what it would change
// is worked out behind the request.
func uploadCreate(s *Server, w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, s.MaxUpload+maxBody)
	parts, err := r.MultipartReader()
	if err != nil {
		return luoshu.Errorf(luoshu.Invalid, "上传须为 multipart 表单", "an upload is a multipart form")
	}
	sub := load.Submission{Actor: actor(r)}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return &luoshu.Error{Kind: luoshu.Invalid, Field: "file", Msg: luoshu.Text{ZH: "没有收到文件", EN: "no file came"}}
		}
		if err != nil {
			return badForm(err)
		}
		if part.FormName() == "file" {
			return s.stage(w, r, sub, part)
		}
		text, err := io.ReadAll(io.LimitReader(part, 4096))
		if err != nil {
			return badForm(err)
		}
		value := strings.TrimSpace(string(text))
		switch part.FormName() {
		case "entity":
			sub.Entity = value
		case "reason":
			sub.Reason = value
		case "attested":
			if sub.Attested, err = s.attested(value); err != nil {
				return err
			}
		}
	}
}

// badForm tells a form that is broken or too large from a fault of the machine.
func badForm(err error) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return err
	}
	return &luoshu.Error{Kind: luoshu.Invalid, Cause: err, Msg: luoshu.Text{ZH: "上传中断或表单不合规", EN: "the upload broke off or is no form"}}
}

func (s *Server) stage(w http.ResponseWriter, r *http.Request, sub load.Submission, part *multipart.Part) error {
	if sub.Entity == "" {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "entity", Msg: luoshu.Text{ZH: "请先选登记表", EN: "choose the register first"}}
	}
	if !mayUpload(s.Access.Role(actor(r)), sub.Entity) {
		return luoshu.Errorf(luoshu.NotFound, "没有这类数据", "no such data")
	}
	sub.Name, sub.R = part.FileName(), part
	if sub.Name == "" {
		sub.Name = "upload"
	}
	id, err := s.Desk.Stage(r.Context(), sub)
	if err != nil {
		return err
	}
	s.Log.Info("file staged", "request", kit.RequestID(r), "upload", id, "entity", sub.Entity)
	kit.WriteStatus(w, r, http.StatusAccepted, map[string]string{"id": id})
	return nil
}

// attested reads the day on which the holder confirmed the rows; it cannot lie ahead.
func (s *Server) attested(v string) (int64, error) {
	if v == "" {
		return 0, nil
	}
	t, err := time.Parse("2006-01-02", v)
	if err != nil || t.After(s.Now().Add(24*time.Hour)) {
		return 0, &luoshu.Error{
			Kind: luoshu.Invalid, Field: "attested",
			Msg: luoshu.Text{ZH: "核验日期应写作 2024-09-20，且不晚于今天", EN: "the date of confirmation is written 2024-09-20 and not after today"},
		}
	}
	y, m, d := t.Date()
	return int64(y)*10000 + int64(m)*100 + int64(d), nil
}

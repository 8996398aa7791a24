package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"luoshu"
	"luoshu/kernel/access"

	"luoshu/web/kit"
)

// oops is what people are told about a fault of the machine; the cause is logged.
var oops = luoshu.Text{ZH: "服务器出错，请稍后再试", EN: "something went wrong on the server; try again later"}

// errSignedOut answers every request that needs a sign-in and has none.
var errSignedOut = &luoshu.Error{Kind: "signed_out", Msg: luoshu.Text{ZH: "请先登录", EN: "please sign in"}}

type errorBody struct {
	Error errorDetail `json:"error"`
}

type errorDetail struct {
	Kind  string `json:"kind"`
	Field string `json:"field,omitempty"`
	ZH    string `json:"message_zh"`
	EN    string `json:"message_en"`
}

// fail is the one place that turns an error into a status, a message and a log line.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, body := s.explain(w.Header(), err)
	if x, ok := w.(*witness); ok && x.mute {
		return // it has been answered why there is no answer
	}
	switch {
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // nobody is waiting for the answer
	case status >= 500:
		s.Log.Error("request failed", "request", kit.RequestID(r), "method", r.Method, "route", r.Pattern, "status", status, "cause", err)
	default:
		s.Log.Debug("request refused", "request", kit.RequestID(r), "method", r.Method, "route", r.Pattern, "status", status, "kind", body.Kind)
	}
	h := w.Header()
	h.Del("Content-Disposition")
	h.Del("Content-Encoding")
	h.Del("ETag")
	h.Set("Cache-Control", "no-store")
	kit.WriteStatus(w, r, status, errorBody{body})
}

func (s *Server) explain(h http.Header, err error) (int, errorDetail) {
	var many *access.TooManyError
	if errors.As(err, &many) {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(many.Wait.Seconds()))))
		return http.StatusTooManyRequests, errorDetail{Kind: "too_many", ZH: many.Text().ZH, EN: many.Text().EN}
	}
	var soon *kit.TooMany
	if errors.As(err, &soon) {
		h.Set("Retry-After", strconv.Itoa(max(soon.Seconds, 1)))
		return http.StatusTooManyRequests, errorDetail{Kind: "too_many", ZH: soon.Msg.ZH, EN: soon.Msg.EN}
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return http.StatusRequestEntityTooLarge, errorDetail{Kind: "too_large", ZH: "内容过大", EN: "the request is too large"}
	}
	var e *luoshu.Error
	if errors.As(err, &e) {
		d := errorDetail{Kind: string(e.Kind), Field: e.Field, ZH: e.Msg.ZH, EN: e.Msg.EN}
		switch e.Kind {
		case luoshu.Invalid:
			return http.StatusBadRequest, d
		case luoshu.Denied:
			if errors.Is(err, access.ErrSignIn) {
				return http.StatusUnauthorized, d
			}
			return http.StatusForbidden, d
		case luoshu.NotFound:
			return http.StatusNotFound, d
		case luoshu.Conflict:
			return http.StatusConflict, d
		case luoshu.Unavailable:
			return http.StatusServiceUnavailable, d
		case errSignedOut.Kind:
			return http.StatusUnauthorized, d
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return http.StatusServiceUnavailable, errorDetail{
			Kind: string(luoshu.Unavailable),
			ZH:   "处理超时，请缩小范围后再试", EN: "it took too long; narrow the question and try again",
		}
	}
	return http.StatusInternalServerError, errorDetail{Kind: string(luoshu.Internal), ZH: oops.ZH, EN: oops.EN}
}

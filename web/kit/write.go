package kit

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/disclose"
)

// GzipFrom is the size from which an answer is worth compressing.
const GzipFrom = 1400

func takesGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

// WriteJSON answers 200 with a value.
func WriteJSON(w http.ResponseWriter, r *http.Request, v any) error {
	WriteStatus(w, r, http.StatusOK, v)
	return nil
}

// WriteStatus answers with a status and a value.
func WriteStatus(w http.ResponseWriter, r *http.Request, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		// Only a value that cannot be JSON comes here, which is a fault of the code.
		panic(fmt.Errorf("write answer: %w", err))
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	if len(b) >= GzipFrom && takesGzip(r) {
		var z bytes.Buffer
		zw, err := gzip.NewWriterLevel(&z, gzip.BestSpeed)
		if err == nil {
			_, err = zw.Write(b)
			if err = errors.Join(err, zw.Close()); err == nil {
				b = z.Bytes()
				h.Set("Content-Encoding", "gzip")
			}
		}
		h.Add("Vary", "Accept-Encoding")
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // the reader has gone; there is nobody to tell
}

// WritePage sends a ready page, or 304 if the reader has it.
func WritePage(w http.ResponseWriter, r *http.Request, p *disclose.SentPage) error {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", p.ETag)
	h.Add("Vary", "Accept-Encoding, Cookie")
	if r.Header.Get("If-None-Match") == p.ETag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	b := p.JSON
	if takesGzip(r) {
		b = p.Gzip
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) // the reader has gone; there is nobody to tell
	return nil
}

// WriteFile streams a download. An error before the first byte is answered like
// any other; after it the connection is cut, so that half a file is not taken
// for a whole one.
func WriteFile(w http.ResponseWriter, name, kind string, write func(io.Writer) error) error {
	t := &tardy{w: w, header: func() {
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Disposition", "attachment; filename=\"download\"; filename*=UTF-8''"+url.PathEscape(name))
	}}
	if err := write(t); err != nil {
		if t.begun {
			panic(http.ErrAbortHandler)
		}
		return err
	}
	return nil
}

// WritePaper gives what somebody handed in back as a download alone: nothing in it is
// shown or run under this address.
func WritePaper(w http.ResponseWriter, name, kind string, file io.Reader) error {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	return WriteFile(w, name, kind, func(out io.Writer) error {
		_, err := io.Copy(out, file)
		return err
	})
}

// tardy sets the headers at the first byte.
type tardy struct {
	w      http.ResponseWriter
	header func()
	begun  bool
}

func (t *tardy) Write(b []byte) (int, error) {
	if t.begun {
		return t.w.Write(b)
	}
	t.header()
	n, err := t.w.Write(b)
	t.begun = n > 0 || err == nil // a first byte that was not taken leaves room for an answer
	return n, err
}

// The types of files that leave.
const (
	TypeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	TypeCSV  = "text/csv; charset=utf-8"
)

// FileType is the media type of an export format.
func FileType(format string) string {
	if format == "csv" {
		return TypeCSV
	}
	return TypeXLSX
}

// ReadJSON reads a small body; unknown keys are a fault of the caller.
func ReadJSON(r *http.Request, into any) error {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return luoshu.Errorf(luoshu.Invalid, "内容须为 JSON", "the body must be JSON")
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return err
		}
		return luoshu.Errorf(luoshu.Invalid, "JSON 内容不合规", "the JSON cannot be read")
	}
	return nil
}

// Number reads a number of the query; "" is 0.
func Number(r *http.Request, name string) (int, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{ZH: "应为整数", EN: "must be a whole number"}}
	}
	return n, nil
}

// Numbers reads several numbers of the query.
func Numbers(r *http.Request, into map[string]*int) error {
	for name, p := range into {
		n, err := Number(r, name)
		if err != nil {
			return err
		}
		*p = n
	}
	return nil
}

// List reads "a,b"; "" is none.
func List(s string) []string {
	var out []string
	for _, x := range strings.Split(s, ",") {
		if x = strings.TrimSpace(x); x != "" {
			out = append(out, x)
		}
	}
	return out
}

// PathNumber reads a number of the path; anything else is NotFound.
func PathNumber(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || n < 0 {
		return 0, luoshu.Errorf(luoshu.NotFound, "没有这条记录", "no such record")
	}
	return n, nil
}

// File is the file of a multipart form: its name and what it holds, of most bytes.
func File(r *http.Request, w http.ResponseWriter, most int64) (string, io.Reader, error) {
	r.Body = http.MaxBytesReader(w, r.Body, most+64<<10)
	bad := func(err error) error {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return err
		}
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "file", Cause: err, Msg: luoshu.Text{ZH: "没有收到附件", EN: "no paper came"}}
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, bad(err)
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return "", nil, bad(err)
		}
		if part.FormName() == "file" {
			return part.FileName(), part, nil
		}
	}
}

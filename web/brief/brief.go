// Package brief answers for the plan board and hands out briefings as files.
package brief

import (
	"io"
	"net/http"
	"path"
	"strings"

	"luoshu/kernel/audit"
	"luoshu/kernel/brief"
	"luoshu/web/kit"
)

// Config is what the routes work with.
type Config struct{ Desk *brief.Desk }

// Routes are the lines of the API for the board and briefings.
func Routes(c Config) []kit.Route {
	return []kit.Route{
		{Pattern: "GET /api/plan/board", Right: "plan", Rate: "whole", Handle: c.board},
		{Pattern: "GET /api/brief.docx", Right: "export", Slow: true, Kind: audit.KindExport, Rate: "export", Sensitive: true, Handle: c.file},
		{Pattern: "GET /api/brief.pdf", Right: "export", Slow: true, Kind: audit.KindExport, Rate: "export", Sensitive: true, Handle: c.file},
	}
}

func query(r *http.Request) brief.Query {
	v := r.URL.Query()
	q := brief.Query{Kind: v.Get("kind"), Org: v.Get("org"), Seal: v.Get("seal"), Lang: v.Get("lang"), Run: v.Get("run")}
	if q.Kind == "" {
		q.Kind = brief.HalfYear
	}
	return q
}

func (c Config) board(w http.ResponseWriter, r *http.Request) error {
	b, err := c.Desk.Board(r.Context(), kit.Actor(r), query(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, b)
}

var types = map[string]string{
	brief.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	brief.PDF:  "application/pdf",
}

func (c Config) file(w http.ResponseWriter, r *http.Request) error {
	q, format := query(r), strings.TrimPrefix(path.Ext(r.URL.Path), ".")
	return kit.WriteFile(w, "brief-"+q.Kind+"."+format, types[format], func(out io.Writer) error {
		return c.Desk.Write(r.Context(), kit.Actor(r), q, format, out)
	})
}

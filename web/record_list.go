package web

import (
	"context"
	"io"
	"net/http"
	"strings"

	"luoshu"
	"luoshu/kernel/audit"
	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

// recordList answers one page of records, or all of them as a file when the
// address ends in .xlsx or .csv.
func recordList(s *Server, w http.ResponseWriter, r *http.Request) error {
	q, err := recordQuery(r)
	if err != nil {
		return err
	}
	for _, format := range []string{"xlsx", "csv"} {
		if entity, ok := strings.CutSuffix(q.Entity, "."+format); ok {
			return s.recordExport(w, r, q, entity, format)
		}
	}
	if q.Q != "" {
		if err := s.rates.take(s.Now(), RateSearch, kit.Marks(r)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	p, err := s.Door.Records(ctx, actor(r), q)
	if err != nil {
		return err
	}
	if p.Exact {
		kit.Marks(r).Kind = audit.KindFind
	}
	return kit.WriteJSON(w, r, p)
}

func (s *Server) recordExport(w http.ResponseWriter, r *http.Request, q disclose.RecordQuery, entity, format string) error {
	t := kit.Marks(r)
	t.Kind, t.Sensitive = audit.KindExport, true
	if err := s.rates.take(s.Now(), RateExport, t); err != nil {
		return err
	}
	q.Entity = entity
	name := entity
	if e := s.Catalog.Entity(entity); e != nil {
		name = e.Title.ZH
	}
	if q.Seal != "" {
		name += "-" + q.Seal
	}
	return kit.WriteFile(w, name+"."+format, kit.FileType(format), func(out io.Writer) error {
		return s.Door.Export(r.Context(), actor(r), q, format, out, nil)
	})
}

// recordQuery reads q, org, filter=field:value (may repeat), sort, offset, limit, seal.
func recordQuery(r *http.Request) (disclose.RecordQuery, error) {
	v := r.URL.Query()
	q := disclose.RecordQuery{
		Entity: r.PathValue("entity"), Q: v.Get("q"), Org: v.Get("org"), Sort: v.Get("sort"), Seal: v.Get("seal"),
		Filter: map[string]string{},
	}
	for _, f := range v["filter"] {
		if f == "" {
			continue
		}
		field, value, ok := strings.Cut(f, ":")
		if !ok {
			return q, &luoshu.Error{
				Kind: luoshu.Invalid, Field: "filter",
				Msg: luoshu.Text{ZH: "筛选应写作 字段:值", EN: "a filter is written field:value"},
			}
		}
		q.Filter[field] = value
	}
	return q, kit.Numbers(r, map[string]*int{"offset": &q.Offset, "limit": &q.Limit})
}

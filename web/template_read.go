package web

import (
	"io"
	"net/http"
	"strings"

	"luoshu"
	"luoshu/kernel/load"

	"luoshu/web/kit"
)

// templateRead answers the template of an entity the actor's role reaches.
func templateRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	entity, ok := strings.CutSuffix(r.PathValue("file"), ".xlsx")
	e := s.Catalog.Entity(entity)
	if !ok || e == nil {
		return luoshu.Errorf(luoshu.NotFound, "没有这个模板", "no such template")
	}
	if _, err := s.Door.Differ(r.Context(), actor(r), entity, false); err != nil {
		return err
	}
	return kit.WriteFile(w, e.Title.ZH+"-模板.xlsx", kit.TypeXLSX, func(out io.Writer) error {
		return load.Template(out, s.Catalog, entity)
	})
}

package web

import (
	"io"
	"net/http"
	"path"
	"strings"

	"luoshu/web/kit"
)

// exploreExport answers the same as exploreRead as a file.
func exploreExport(s *Server, w http.ResponseWriter, r *http.Request) error {
	q, err := exploreQuery(r)
	if err != nil {
		return err
	}
	if err := s.Access.Require(actor(r), "explore"); err != nil {
		return err
	}
	format := strings.TrimPrefix(path.Ext(r.URL.Path), ".")
	return kit.WriteFile(w, "explore-"+q.Measure+"."+format, kit.FileType(format), func(out io.Writer) error {
		return s.Door.ExploreExport(r.Context(), actor(r), q, format, out)
	})
}

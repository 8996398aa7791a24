package web

import (
	"io"
	"net/http"
	"path"
	"strings"

	"luoshu"

	"luoshu/web/kit"
)

// uploadFaults gives the file back to who handed it in, bad cells coloured.
func uploadFaults(s *Server, w http.ResponseWriter, r *http.Request) error {
	u, err := s.upload(r)
	if err != nil {
		return err
	}
	may := u.Actor.Name == actor(r).Name
	if s.Catalog.Entity(u.Entity) != nil {
		d, err := s.differs(r, u)(u.Entity)
		if err != nil {
			return err
		}
		may = d.MayReturn()
	}
	if !may {
		return luoshu.Errorf(luoshu.Denied, "文件只能退回给提交人；含封闭字段的文件不退回", "a file goes back only to who handed it in, and not if it can hold closed fields")
	}
	name := strings.TrimSuffix(u.Name, path.Ext(u.Name)) + "-错误.xlsx"
	return kit.WriteFile(w, name, kit.TypeXLSX, func(out io.Writer) error {
		return s.Desk.FaultsBook(r.Context(), out, u.ID)
	})
}

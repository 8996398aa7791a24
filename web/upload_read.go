package web

import (
	"net/http"

	"luoshu"

	"luoshu/web/kit"
)

// uploadRead answers where an upload stands and the faults of the file as a whole.
func uploadRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	u, err := s.upload(r)
	if err != nil {
		return err
	}
	rows, _, err := s.Desk.UploadRows(r.Context(), u.ID, "file", 0, 100)
	if err != nil {
		return err
	}
	differ := s.differs(r, u)
	var faults []luoshu.Fault
	for _, row := range rows {
		if s.Catalog.Entity(u.Entity) == nil {
			faults = append(faults, row.Faults...) // a package: these name files and columns, no cells
			continue
		}
		d, err := differ(u.Entity)
		if err != nil {
			return err
		}
		faults = append(faults, d.Faults(row.Faults)...)
	}
	return kit.WriteJSON(w, r, s.uploadBody(u, faults))
}

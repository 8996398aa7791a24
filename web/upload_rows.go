package web

import (
	"context"
	"errors"
	"net/http"

	"luoshu"
	"luoshu/kernel/disclose"
	"luoshu/kernel/load"

	"luoshu/web/kit"
)

type uploadRows struct {
	Total   int64             `json:"total"`
	Columns []disclose.Column `json:"columns"`
	Rows    []uploadRow       `json:"rows"`
}

type uploadRow struct {
	disclose.Change
	Held []heldField `json:"held,omitempty"`
}

// heldField is a field that keeps its value, and why: another source answers for
// it (Source, Org, Days), or it was corrected by hand (By, At).
type heldField struct {
	Field  string          `json:"field"`
	Before *disclose.Shown `json:"before"`
	Wanted *disclose.Shown `json:"wanted"`
	Source luoshu.Text     `json:"source"`
	Org    luoshu.Text     `json:"org"`
	Days   int             `json:"days"`
	ByHand bool            `json:"by_hand"`
	Joined bool            `json:"joined"` // the reader's own, but only together with another that is held
	By     string          `json:"by,omitempty"`
	At     string          `json:"at,omitempty"`
}

// held says of a row what keeps its value and why. The caller vouches for the row
// as for its differences.
func (s *Server) held(ctx context.Context, a luoshu.Actor, u load.Upload, row load.UploadRow) ([]heldField, error) {
	if len(row.Held) == 0 || s.Correct == nil {
		return nil, nil
	}
	entity := row.Entity
	if entity == "" {
		entity = u.Entity
	}
	_, plans, err := s.Correct.Form(ctx, u.Actor, entity, row.Rec)
	if known := (*luoshu.Error)(nil); errors.As(err, &known) {
		plans = nil // the record is gone meanwhile
	} else if err != nil {
		return nil, err
	}
	hands, err := s.Correct.ByHand(ctx, entity, row.Rec)
	if err != nil {
		return nil, err
	}
	tree, err := s.Access.Tree(ctx)
	if err != nil {
		return nil, err
	}
	var out []heldField
	for _, h := range row.Held {
		x := heldField{
			Field: h.Field, Before: s.Door.Value(a, entity, h.Field, h.Before), Wanted: s.Door.Value(a, entity, h.Field, h.Want), ByHand: h.ByHand, Joined: h.Joined,
		}
		if x.Before == nil {
			continue // the field may not leave
		}
		for _, p := range plans {
			if p.Field.Name != h.Field {
				continue
			}
			x.Source, x.Days = p.Source, p.Asks.Days
			if n := tree.Get(p.Asks.Org); n != nil {
				x.Org = n.Title
			}
		}
		for _, k := range hands {
			if k.Field == h.Field {
				x.By, x.At = k.Actor, k.At
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// uploadRowList answers what an upload would change, row by row.
func uploadRowList(s *Server, w http.ResponseWriter, r *http.Request) error {
	u, err := s.upload(r)
	if err != nil {
		return err
	}
	var offset, limit int
	if err := kit.Numbers(r, map[string]*int{"offset": &offset, "limit": &limit}); err != nil {
		return err
	}
	if limit <= 0 || limit > 500 {
		limit = 50
	}
	verdict := r.URL.Query().Get("verdict")
	switch verdict {
	case "new", "changed", "unchanged", "refused", "held":
	default:
		return &luoshu.Error{
			Kind: luoshu.Invalid, Field: "verdict",
			Msg: luoshu.Text{ZH: "verdict 只能是 new、changed、unchanged、refused、held", EN: "verdict is new, changed, unchanged, refused or held"},
		}
	}
	rows, total, err := s.Desk.UploadRows(r.Context(), u.ID, verdict, max(offset, 0), limit)
	if err != nil {
		return err
	}
	out := uploadRows{Total: total, Columns: []disclose.Column{}, Rows: []uploadRow{}}
	differ := s.differs(r, u)
	seen := map[string]bool{}
	for _, row := range rows {
		d, err := differ(row.Entity)
		if err != nil {
			return err
		}
		for _, c := range d.Columns() {
			if !seen[c.Name] {
				seen[c.Name] = true
				out.Columns = append(out.Columns, c)
			}
		}
		var fields []disclose.Stored
		for _, c := range row.Changes {
			fields = append(fields, disclose.Stored(c))
		}
		held, err := s.held(r.Context(), actor(r), u, row)
		if err != nil {
			return err
		}
		out.Rows = append(out.Rows, uploadRow{d.Change(row.Row, row.Verdict, row.Label, fields, row.Faults), held})
	}
	return kit.WriteJSON(w, r, out)
}

package verify

import (
	"context"
	"io"
	"net/http"
	"strings"

	"luoshu"
	"luoshu/kernel/verify"
	"luoshu/web/kit"
)

// linkInfo is a link to hand out. It is shown this once.
type linkInfo struct {
	Record  string `json:"record"`
	Contact string `json:"contact"`
	Path    string `json:"path"` // to be put behind the server's own address
	Expires string `json:"expires"`
}

// linkPath is the page of the one-time links. The token stands behind #, so that no
// server, log or referrer ever sees it.
const linkPath = "/check#"

// linkMake makes links for records or a group, as a list or a sheet to hand out.
func (a *area) linkMake(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Recs   []int64 `json:"recs"`
		Group  string  `json:"group"`
		Format string  `json:"format"` // "" list, xlsx
		Base   string  `json:"base"`   // address of the server as the sheet is to name it
	}
	id, err := numberOf(r)
	if err != nil {
		return err
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	if in.Format != "" && in.Format != "xlsx" {
		return luoshu.Errorf(luoshu.Invalid, "只能导出 xlsx", "a sheet of links is xlsx")
	}
	ctx, who := r.Context(), kit.Actor(r)
	links, t, err := a.Verify.MakeLinks(ctx, who, id, verify.LinkQuery{Recs: in.Recs, Group: in.Group})
	if err != nil {
		return err
	}
	list, err := a.linkLabels(ctx, who, t, links)
	if err != nil {
		return err
	}
	if in.Format == "" {
		return kit.WriteJSON(w, r, map[string]any{"links": list})
	}
	base := in.Base
	if !strings.HasPrefix(base, "http://") && !strings.HasPrefix(base, "https://") {
		base = ""
	}
	rows := make([][]string, len(list))
	for i, l := range list {
		rows[i] = []string{l.Record, l.Contact, strings.TrimSuffix(base, "/") + l.Path, l.Expires}
	}
	head := []string{"记录 Record", "发给 For", "一次性链接 One-time link", "有效至 Valid until"}
	return kit.WriteFile(w, "links-"+t.Round.ID+".xlsx", kit.TypeXLSX, func(out io.Writer) error {
		return a.Door.Sheet(who, out, "xlsx", t.Round.Spec.Title.ZH, head, rows)
	})
}

// linkLabels names the records and persons of links as far as the reader may know.
func (a *area) linkLabels(ctx context.Context, who luoshu.Actor, t *verify.Task, links []verify.Link) ([]linkInfo, error) {
	names := func(entity string, of func(verify.Link) int64) (map[int64]string, error) {
		out := map[int64]string{}
		label := a.Access.Catalog().Entity(entity).Label
		for from := 0; from < len(links); from += 500 {
			var recs []int64
			for _, l := range links[from:min(len(links), from+500)] {
				recs = append(recs, of(l))
			}
			page, err := a.Door.Cards(ctx, who, entity, recs)
			if err != nil {
				return nil, err
			}
			for _, row := range page.Rows {
				if s, ok := row.Display[label].(string); ok {
					out[row.Rec] = s
				}
			}
		}
		return out, nil
	}
	records, err := names(t.Entity, func(l verify.Link) int64 { return l.Rec })
	if err != nil {
		return nil, err
	}
	people, err := names(t.Round.Spec.Guardian.Contact, func(l verify.Link) int64 { return l.Contact })
	if err != nil {
		return nil, err
	}
	out := []linkInfo{}
	for _, l := range links {
		out = append(out, linkInfo{records[l.Rec], people[l.Contact], linkPath + l.Token, l.Expires.Format("2006-01-02 15:04")})
	}
	return out, nil
}

// linkOpen shows the record of a link to whoever holds it, once.
func (a *area) linkOpen(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Token  string `json:"token"`
		Ticket string `json:"ticket"`
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	s, err := a.Verify.OpenLink(r.Context(), kit.Address(r), in.Token, in.Ticket)
	if err != nil {
		return err
	}
	g := s.Task.Round.Spec.Guardian
	fields, err := a.Door.Guest(r.Context(), s.Task.Entity, s.Fields, s.Record)
	if err != nil {
		return err
	}
	who, err := a.Door.Guest(r.Context(), g.Contact, []string{g.Name}, s.Contact)
	if err != nil {
		return err
	}
	name, err := a.orgs(r.Context())
	if err != nil {
		return err
	}
	var greeting any
	if len(who) == 1 {
		greeting = who[0].Display
	}
	return kit.WriteJSON(w, r, map[string]any{
		"ticket": s.Ticket, "until": s.Expires.UTC().Format("2006-01-02T15:04:05Z"), "title": s.Task.Round.Spec.Title, "org": name(s.Task.Org),
		"who": greeting, "fields": fields, "corrects": a.Verify.Corrects(), "notice": a.Access.Catalog().City.Notice, "city": a.Access.Catalog().City.Title,
	})
}

// linkAnswer takes the answer of an opened link.
func (a *area) linkAnswer(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Token   string            `json:"token"`
		Ticket  string            `json:"ticket"`
		Kind    string            `json:"kind"`
		Changes map[string]string `json:"changes"`
		Note    string            `json:"note"`
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	changes := map[string]luoshu.Value{}
	if len(in.Changes) > 0 {
		entity, err := a.Verify.LinkEntity(r.Context(), kit.Address(r), in.Token)
		if err != nil {
			return err
		}
		// Which fields the link is about is seen to once its ticket is known.
		if changes, err = a.parse(entity, in.Changes, func(string) bool { return true }); err != nil {
			return err
		}
	}
	err := a.Verify.AnswerLink(r.Context(), kit.Address(r), verify.LinkAnswer{Token: in.Token, Ticket: in.Ticket, Kind: in.Kind, Changes: changes, Note: in.Note})
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]bool{"ok": true})
}

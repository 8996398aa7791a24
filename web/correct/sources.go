package correct

import (
	"io"
	"net/http"
	"strings"

	"luoshu"
	"luoshu/kernel/correct"
	"luoshu/web/kit"
)

// sources answers the field-to-source map at an organisation.
func (a *area) sources(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	all, err := a.Correct.Map(r.Context(), kit.Actor(r), q.Get("org"), q.Get("entity"))
	if err != nil {
		return err
	}
	tree, err := a.Access.Tree(r.Context())
	if err != nil {
		return err
	}
	scope, err := a.Access.Scope(r.Context(), kit.Actor(r))
	if err != nil {
		return err
	}
	org := q.Get("org")
	if org == "" {
		org = scope.Root
	}
	return kit.WriteJSON(w, r, struct {
		Org       string             `json:"org"`
		OrgTitle  luoshu.Text        `json:"org_title"`
		Registers []correct.Register `json:"registers"`
	}{org, orgTitle(tree, org), all})
}

// sourcesFile answers the same as a table.
func (a *area) sourcesFile(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	all, err := a.Correct.Map(r.Context(), kit.Actor(r), q.Get("org"), q.Get("entity"))
	if err != nil {
		return err
	}
	format := "csv"
	if strings.HasSuffix(r.URL.Path, ".xlsx") {
		format = "xlsx"
	}
	return kit.WriteFile(w, "sources."+format, kit.FileType(format), func(out io.Writer) error {
		return a.Correct.WriteMap(out, format, kit.Actor(r), all)
	})
}

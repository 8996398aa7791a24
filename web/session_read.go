package web

import (
	"net/http"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

type sessionBody struct {
	User    *userBody           `json:"user"`
	Pending *pendingBody        `json:"pending,omitempty"`
	CSRF    string              `json:"csrf,omitempty"`
	City    cityBody            `json:"city"`
	Catalog string              `json:"catalog,omitempty"`
	Seals   []disclose.SealInfo `json:"seals,omitempty"`
}

// pendingBody is what is due before the session acts: factor, enrol, password, grant.
type pendingBody struct {
	Step    string      `json:"step"`
	Name    string      `json:"name"`
	Display luoshu.Text `json:"display"`
	Grants  []grantBody `json:"grants,omitempty"`
}

// grantBody is one thing the account may act as.
type grantBody struct {
	ID        string      `json:"id"`
	Role      string      `json:"role"`
	RoleTitle luoshu.Text `json:"role_title"`
	Org       string      `json:"org"`
	OrgTitle  luoshu.Text `json:"org_title"`
	Owner     string      `json:"owner,omitempty"` // acting for
	To        string      `json:"to,omitempty"`
}

type userBody struct {
	Name      string      `json:"name"`
	Display   luoshu.Text `json:"display"`
	Role      string      `json:"role"`
	RoleTitle luoshu.Text `json:"role_title"`
	Org       string      `json:"org"`
	OrgTitle  luoshu.Text `json:"org_title"`
	OrgLevel  string      `json:"org_level,omitempty"`
	Can       []string    `json:"can"`
	Home      string      `json:"home"`
	Grant     string      `json:"grant"`
	Owner     string      `json:"owner,omitempty"` // acting for
	Grants    []grantBody `json:"grants"`
}

type cityBody struct {
	Title    luoshu.Text  `json:"title"`
	Root     string       `json:"root,omitempty"`
	Notice   luoshu.Text  `json:"notice"`
	Year     *luoshu.Text `json:"year,omitempty"`
	AreaDim  string       `json:"area_dim,omitempty"`
	AreaProp string       `json:"area_property,omitempty"`
	StageDim string       `json:"stage_dim,omitempty"`
}

// sessionRead says who is signed in, and to what.
func sessionRead(s *Server, w http.ResponseWriter, r *http.Request) error {
	b, err := s.sessionBody(r, kit.Session(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, b)
}

func (s *Server) sessionBody(r *http.Request, session *access.Session) (*sessionBody, error) {
	c := s.Catalog.City
	out := &sessionBody{City: cityBody{Title: c.Title, Notice: c.Notice}}
	if session == nil {
		return out, nil
	}
	tree, err := s.Access.Tree(r.Context())
	if err != nil {
		return nil, err
	}
	grants, err := s.grantBodies(r, session, tree)
	if err != nil {
		return nil, err
	}
	if session.Pending != "" {
		out.CSRF = session.CSRF
		out.Pending = &pendingBody{Step: session.Pending, Name: session.Actor.Name, Display: session.Display}
		if session.Pending == "grant" {
			out.Pending.Grants = grants
		}
		return out, nil
	}
	role := s.Access.Role(session.Actor)
	if role == nil {
		return out, nil // the packs no longer know the role: nobody
	}
	out.City.Root, out.City.AreaDim, out.City.AreaProp, out.City.StageDim = c.Root, c.AreaDim, c.AreaProp, c.StageDim
	if c.YearName.ZH != "" {
		y := c.YearName
		out.City.Year = &y
	}
	out.User = &userBody{
		Name: session.Actor.Name, Display: session.Display, Role: role.ID, RoleTitle: role.Title,
		Org: session.Actor.Org, Can: role.Can, Home: role.Home, Grant: session.Grant, Owner: session.Owner, Grants: grants,
	}
	if n := tree.Get(session.Actor.Org); n != nil {
		out.User.OrgTitle, out.User.OrgLevel = n.Title, n.Level
	}
	out.CSRF, out.Catalog = session.CSRF, s.Catalog.Version
	out.Seals, err = s.Door.Seals(r.Context(), session.Actor)
	return out, err
}

func (s *Server) grantBodies(r *http.Request, session *access.Session, tree *access.Tree) ([]grantBody, error) {
	held, err := s.Access.Holding(r.Context(), session)
	if err != nil {
		return nil, err
	}
	out := make([]grantBody, 0, len(held))
	for _, g := range held {
		b := grantBody{ID: g.ID, Role: g.Role, Org: g.Org, Owner: g.Owner, To: g.To}
		if role := s.Catalog.Role(g.Role); role != nil {
			b.RoleTitle = role.Title
		}
		if n := tree.Get(g.Org); n != nil {
			b.OrgTitle = n.Title
		}
		out = append(out, b)
	}
	return out, nil
}

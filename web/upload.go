package web

import (
	"net/http"
	"slices"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	"luoshu/kernel/load"
)

// uploadBody is an upload as pages show it.
type uploadBody struct {
	ID       string         `json:"id"`
	Entity   string         `json:"entity"`
	Title    luoshu.Text    `json:"title"`
	Name     string         `json:"name"`
	At       string         `json:"at"`
	Actor    string         `json:"actor"`
	Org      string         `json:"org"`
	State    string         `json:"state"`
	Progress *jobProgress   `json:"progress"`
	Result   uploadResult   `json:"result"`
	Seq      int64          `json:"seq"`
	Error    *luoshu.Text   `json:"error"`
	Faults   []luoshu.Fault `json:"faults"`
}

type uploadResult struct {
	Rows      int64 `json:"rows"`
	New       int64 `json:"new"`
	Changed   int64 `json:"changed"`
	Unchanged int64 `json:"unchanged"`
	Refused   int64 `json:"refused"`
	Held      int64 `json:"held"` // rows of which something keeps its value
}

func (s *Server) uploadBody(u load.Upload, faults []luoshu.Fault) uploadBody {
	out := uploadBody{
		ID: u.ID, Entity: u.Entity, Name: u.Name, At: u.Created, Actor: u.Actor.Name, Org: u.Actor.Org, State: string(u.State),
		Result: uploadResult{u.Result.Rows, u.Result.New, u.Result.Changed, u.Result.Unchanged, u.Result.Refused, u.Held},
		Seq:    u.Result.Seq, Faults: faults, Title: luoshu.Text{ZH: "OneRoster 数据包", EN: "OneRoster package"},
	}
	if e := s.Catalog.Entity(u.Entity); e != nil {
		out.Title = e.Title
	}
	if out.Faults == nil {
		out.Faults = []luoshu.Fault{}
	}
	if u.State == load.Reading || u.State == load.Committing {
		out.Progress = &jobProgress{u.Progress.Stage, u.Progress.Done, u.Progress.Total}
	}
	if u.Error.ZH != "" {
		msg := u.Error
		out.Error = &msg
	}
	return out
}

// mayUpload reports whether a role may hand in what an upload holds. A package
// holds several entities, so only a role that reaches all may.
func mayUpload(role *catalog.Role, entity string) bool {
	return role != nil && (len(role.Entities) == 0 || slices.Contains(role.Entities, entity))
}

// upload finds an upload of the actor's scope; any other does not exist.
func (s *Server) upload(r *http.Request) (load.Upload, error) {
	none := luoshu.Errorf(luoshu.NotFound, "没有这次上传", "there is no such upload")
	u, err := s.Desk.Upload(r.Context(), r.PathValue("id"))
	if err != nil {
		return u, err
	}
	scope, err := s.Access.Scope(r.Context(), actor(r))
	if err != nil {
		return u, err
	}
	if !mayUpload(s.Access.Role(actor(r)), u.Entity) || !scope.Has(u.Actor.Org) {
		return load.Upload{}, none
	}
	return u, nil
}

// differs gives the judge of differences for each entity of an upload.
func (s *Server) differs(r *http.Request, u load.Upload) func(entity string) (*disclose.Differ, error) {
	held := map[string]*disclose.Differ{}
	return func(entity string) (*disclose.Differ, error) {
		if entity == "" {
			entity = u.Entity
		}
		if d := held[entity]; d != nil {
			return d, nil
		}
		d, err := s.Door.Differ(r.Context(), actor(r), entity, u.Actor.Name == actor(r).Name)
		held[entity] = d
		return d, err
	}
}

package audit

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/audit"

	"luoshu/web/kit"
)

type entryRow struct {
	Seq         int64        `json:"seq"`
	At          string       `json:"at"`
	Person      string       `json:"person"`
	RoleTitle   luoshu.Text  `json:"role_title"`
	Org         string       `json:"org"`
	OrgTitle    luoshu.Text  `json:"org_title"`
	Address     string       `json:"address"`
	Session     string       `json:"session"`
	Request     string       `json:"request"`
	Kind        string       `json:"kind"`
	Entity      string       `json:"entity"`
	EntityTitle *luoshu.Text `json:"entity_title,omitempty"`
	Rec         int64        `json:"rec"`
	Field       string       `json:"field"`
	FieldTitle  *luoshu.Text `json:"field_title,omitempty"`
	Object      string       `json:"object"`
	Outcome     string       `json:"outcome"`
	Reason      string       `json:"reason"`
	Times       int64        `json:"times"`
	Hash        string       `json:"hash"`
}

type listBody struct {
	Rows  []entryRow `json:"rows"`
	Next  int64      `json:"next"` // before= of the next page, 0 at the end
	Kinds []string   `json:"kinds"`
	Head  int64      `json:"head"` // number of the newest entry
	Hash  string     `json:"hash"`
}

// list answers one page of the log, newest first.
func (c Config) list(w http.ResponseWriter, r *http.Request) error {
	q, err := c.query(r)
	if err != nil {
		return err
	}
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	found, err := c.Log.Find(r.Context(), q)
	if err != nil {
		return err
	}
	out := listBody{Rows: []entryRow{}, Kinds: Kinds()}
	if out.Head, out.Hash, err = c.Log.Head(r.Context()); err != nil {
		return err
	}
	for i := range found {
		row, err := c.row(r.Context(), &found[i])
		if err != nil {
			return err
		}
		out.Rows = append(out.Rows, row)
	}
	if len(found) == q.Limit {
		out.Next = found[len(found)-1].Seq
	}
	return kit.WriteJSON(w, r, out)
}

func (c Config) row(ctx context.Context, x *audit.Entry) (entryRow, error) {
	out := entryRow{
		Seq: x.Seq, At: x.At.UTC().Format("2006-01-02T15:04:05.000Z"), Person: x.Actor.Name, Org: x.Actor.Org,
		Address: x.Address, Session: x.Session, Request: x.Request, Kind: x.Kind, Entity: x.Entity, Rec: x.Rec, Field: x.Field,
		Object: x.Object, Outcome: x.Outcome, Reason: x.Reason, Times: x.Times, Hash: x.Hash(),
	}
	var err error
	out.RoleTitle, out.OrgTitle, err = c.who(ctx, x)
	if e := c.Catalog.Entity(x.Entity); e != nil {
		out.EntityTitle = &e.Title
		if f := e.Field(x.Field); f != nil {
			out.FieldTitle = &f.Title
		}
	}
	return out, err
}

// who is what the role and organisation of an entry are called now.
func (c Config) who(ctx context.Context, x *audit.Entry) (role, org luoshu.Text, err error) {
	role, org = luoshu.Text{ZH: x.Actor.Role, EN: x.Actor.Role}, luoshu.Text{ZH: x.Actor.Org, EN: x.Actor.Org}
	if r := c.Access.Role(x.Actor); r != nil {
		role = r.Title
	}
	tree, err := c.Access.Tree(ctx)
	if err != nil {
		return role, org, err
	}
	if n := tree.Get(x.Actor.Org); n != nil {
		org = n.Title
	}
	return role, org, nil
}

// export answers the same search as a file; the entry that tells of it is on disk
// before the first byte leaves.
func (c Config) export(w http.ResponseWriter, r *http.Request) error {
	q, err := c.query(r)
	if err != nil {
		return err
	}
	return kit.WriteFile(w, "audit.csv", kit.TypeCSV, func(out io.Writer) error {
		if _, err := io.WriteString(out, "\ufeff"); err != nil {
			return err
		}
		return WriteCSV(r.Context(), csv.NewWriter(out), c.Log, q)
	})
}

// WriteCSV writes every entry that a query finds, newest first. A cell that a
// spreadsheet would take for a formula gets an apostrophe before it.
func WriteCSV(ctx context.Context, w *csv.Writer, log *audit.Log, q audit.Query) error {
	err := w.Write([]string{
		"seq", "at", "person", "role", "org", "session", "address", "request", "kind", "entity", "rec", "field",
		"object", "outcome", "reason", "times", "sm3",
	})
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	err = log.Each(ctx, q, func(x *audit.Entry) error {
		cells := []string{
			strconv.FormatInt(x.Seq, 10), x.At.UTC().Format("2006-01-02T15:04:05.000Z"), x.Actor.Name, x.Actor.Role, x.Actor.Org,
			x.Session, x.Address, x.Request, x.Kind, x.Entity, strconv.FormatInt(x.Rec, 10), x.Field, x.Object, x.Outcome, x.Reason,
			strconv.FormatInt(x.Times, 10), x.Hash(),
		}
		for i, s := range cells {
			if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
				cells[i] = "'" + s
			}
		}
		return w.Write(cells)
	})
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

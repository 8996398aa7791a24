package disclose

import (
	"context"
	"strings"

	"luoshu"
	"luoshu/kernel/ledger"
)

// Change is one row of an upload beside what is on record.
type Change struct {
	Row     int            `json:"row"`
	Verdict string         `json:"verdict"`
	Label   any            `json:"label"`
	Changes []FieldChange  `json:"changes"`
	Faults  []luoshu.Fault `json:"faults"`
}

// FieldChange is one field before and after.
type FieldChange struct {
	Field  string `json:"field"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// Differ makes differences ready to leave for one actor: fields the actor does
// not see are left out, masked ones masked, and faults of fields that may not
// leave say only that there is one.
type Differ struct {
	d *Door
	g *grant
}

// Differ returns the judge of an entity's differences for an actor.
func (d *Door) Differ(ctx context.Context, actor luoshu.Actor, entity string) (*Differ, error) {
	g, err := d.open(ctx, actor, "load", entity)
	if err != nil {
		return nil, err
	}
	return &Differ{d, g}, nil
}

// Columns describes the fields that differences may name.
func (x *Differ) Columns() []Column { return x.d.columns(x.g, false) }

// Change makes one difference ready. Values are by field index, as the ledger
// gives them; verdict is its name. Values held by an organisation outside the
// actor's scope are not shown, on either side.
func (x *Differ) Change(ctx context.Context, n int, verdict string, before, after []luoshu.Value, faults []luoshu.Fault) (Change, error) {
	out := Change{Row: n, Verdict: verdict, Changes: []FieldChange{}, Faults: x.Faults(faults)}
	for _, side := range []*[]luoshu.Value{&before, &after} {
		if len(*side) == 0 || x.g.scope.Whole || x.g.ent.Org == "" {
			continue
		}
		code, err := x.d.acc.Holder(ctx, x.g.ent, *side)
		if err != nil {
			return out, err
		}
		if !x.g.scope.Has(code) {
			return out, nil
		}
	}
	for _, c := range x.g.cols {
		b, a := valueAt(before, c.Index), valueAt(after, c.Index)
		if c.Name == x.g.ent.Label {
			out.Label = x.show(c, a)
			if a.K == luoshu.Null {
				out.Label = x.show(c, b)
			}
		}
		if a != b {
			out.Changes = append(out.Changes, FieldChange{Field: c.Name, Before: x.show(c, b), After: x.show(c, a)})
		}
	}
	return out, nil
}

func valueAt(values []luoshu.Value, i int) luoshu.Value {
	if i < len(values) {
		return values[i]
	}
	return luoshu.Value{}
}

func (x *Differ) show(c col, v luoshu.Value) any {
	if v.K == luoshu.Null {
		return nil
	}
	if c.masked {
		return masked(c.Field, v)
	}
	return x.d.display(c.Field, v)
}

// Field makes the text of one cell of a named field ready; ok is false if the
// field may not leave.
func (x *Differ) Field(name string, v luoshu.Value) (any, bool) {
	c := x.g.col(name)
	if c == nil {
		return nil, false
	}
	return x.show(*c, v), true
}

// Faults makes faults ready: one about a field that the actor does not see in
// clear keeps its place and rule, but not its words, which may quote the value.
func (x *Differ) Faults(faults []luoshu.Fault) []luoshu.Fault {
	out := make([]luoshu.Fault, 0, len(faults))
	for _, f := range faults {
		if f.Field != "" && x.g.ent.Field(f.Field) != nil {
			if c := x.g.col(f.Field); c == nil || c.masked {
				if c == nil {
					f.Field = ""
				}
				if f.Value != "" && (strings.Contains(f.ZH, f.Value) || strings.Contains(f.EN, f.Value)) {
					f.ZH, f.EN = "此单元格不合规", "this cell is not valid"
				}
			}
		}
		f.Value = ""
		out = append(out, f)
	}
	return out
}

// MayReturn reports whether a file handed in for the entity may be given back to
// the actor as it is: only if the actor sees every field of it in clear.
func (x *Differ) MayReturn() bool {
	for _, f := range x.g.ent.Fields {
		c := x.g.col(f.Name)
		if c == nil || c.masked {
			return false
		}
	}
	return true
}

// CommitInfo is one commit as the list shows it.
type CommitInfo struct {
	Seq      int64  `json:"seq"`
	ID       string `json:"id"`
	At       string `json:"at"`
	Actor    string `json:"actor"`
	Org      string `json:"org"`
	OrgTitle any    `json:"org_title"`
	Entity   string `json:"entity"`
	Title    Text   `json:"title"`
	File     string `json:"file"`
	Reason   string `json:"reason"`
	New      int64  `json:"new"`
	Changed  int64  `json:"changed"`
	Closed   int64  `json:"closed"`
	UndoOf   int64  `json:"undo_of"`
	UndoneBy int64  `json:"undone_by"`
	CanUndo  bool   `json:"can_undo"`
}

// CommitPage is a slice of the ledger, newest first.
type CommitPage struct {
	Total int64        `json:"total"`
	Rows  []CommitInfo `json:"rows"`
}

// Commits lists the commits made for organisations within the actor's scope to
// entities the role reaches.
func (d *Door) Commits(ctx context.Context, actor luoshu.Actor, offset, limit int) (*CommitPage, error) {
	if err := d.acc.Require(actor, "read"); err != nil {
		return nil, err
	}
	offset, limit, err := clampPage(offset, limit)
	if err != nil {
		return nil, err
	}
	cond, args, err := d.commitScope(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := &CommitPage{Rows: []CommitInfo{}}
	if err := d.db.QueryRow(ctx, "SELECT count(*) FROM commit_log c WHERE "+cond, args...).Scan(&out.Total); err != nil {
		return nil, fault("count commits", err)
	}
	out.Rows, err = d.commitRows(ctx, actor, cond+" ORDER BY c.seq DESC LIMIT ? OFFSET ?", append(args, limit, offset))
	return out, err
}

// Commit returns one commit within the actor's scope.
func (d *Door) Commit(ctx context.Context, actor luoshu.Actor, seq int64) (CommitInfo, error) {
	cond, args, err := d.commitScope(ctx, actor)
	if err != nil {
		return CommitInfo{}, err
	}
	rows, err := d.commitRows(ctx, actor, cond+" AND c.seq = ?", append(args, seq))
	if err != nil {
		return CommitInfo{}, err
	}
	if len(rows) == 0 {
		return CommitInfo{}, luoshu.Errorf(luoshu.NotFound, "没有这次提交", "no such commit")
	}
	return rows[0], nil
}

func (d *Door) commitScope(ctx context.Context, actor luoshu.Actor) (string, []any, error) {
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return "", nil, err
	}
	role := d.acc.Role(actor)
	cond, args := "1=1", []any{}
	switch {
	case role == nil || (scope.Root == "" && !scope.Whole):
		return "1=0", nil, nil
	case !scope.Whole:
		codes := scope.Codes()
		cond = "c.org IN (" + marks(len(codes)) + ")"
		for _, c := range codes {
			args = append(args, c)
		}
	}
	if len(role.Entities) > 0 {
		cond += " AND c.entity IN (" + marks(len(role.Entities)) + ")"
		for _, e := range role.Entities {
			args = append(args, e)
		}
	}
	return cond, args, nil
}

func (d *Door) commitRows(ctx context.Context, actor luoshu.Actor, tail string, args []any) ([]CommitInfo, error) {
	rows, err := d.db.Query(ctx, `SELECT c.seq, c.id, c.at, c.actor, c.org, c.entity, c.reason, c.file_name, c.new, c.changed, c.closed, c.undo_of,
		coalesce((SELECT max(u.seq) FROM commit_log u WHERE u.undo_of = c.seq AND u.undo_of <> 0), 0) FROM commit_log c WHERE `+tail, args...)
	if err != nil {
		return nil, fault("list commits", err)
	}
	defer rows.Close()
	tree, err := d.acc.Tree(ctx)
	if err != nil {
		return nil, err
	}
	may := d.acc.Require(actor, "undo") == nil
	out := []CommitInfo{}
	for rows.Next() {
		var c CommitInfo
		if err := rows.Scan(&c.Seq, &c.ID, &c.At, &c.Actor, &c.Org, &c.Entity, &c.Reason, &c.File, &c.New, &c.Changed, &c.Closed, &c.UndoOf, &c.UndoneBy); err != nil {
			return nil, fault("list commits", err)
		}
		if e := d.cat.Entity(c.Entity); e != nil {
			c.Title = e.Title
		}
		if n := tree.Get(c.Org); n != nil {
			c.OrgTitle = n.Title
		}
		c.CanUndo = may && c.UndoneBy == 0
		out = append(out, c)
	}
	return out, fault("list commits", rows.Err())
}

// SealInfo is a seal as pages show it.
type SealInfo struct {
	ID     string `json:"id"`
	Seq    int64  `json:"seq"`
	At     string `json:"at"`
	Note   string `json:"note"`
	Signer string `json:"signer"`
	Hash   string `json:"hash"`
}

// Seals lists the seals, newest first.
func (d *Door) Seals(ctx context.Context, actor luoshu.Actor) ([]SealInfo, error) {
	if d.acc.Role(actor) == nil {
		return nil, noRecord()
	}
	all, err := d.led.Seals(ctx)
	if err != nil {
		return nil, fault("list seals", err)
	}
	out := []SealInfo{}
	for _, s := range all {
		out = append(out, sealInfo(s))
	}
	for i, j := 0, len(out)-1; i < j && out[i].Seq < out[j].Seq; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out, nil
}

// Seal returns one seal.
func (d *Door) Seal(ctx context.Context, actor luoshu.Actor, id string) (SealInfo, error) {
	if d.acc.Role(actor) == nil || id == "" {
		return SealInfo{}, noRecord()
	}
	s, err := d.seal(ctx, id)
	return sealInfo(s), err
}

func sealInfo(s ledger.Seal) SealInfo {
	return SealInfo{ID: s.ID, Seq: s.Seq, At: s.At, Note: s.Note, Signer: s.Signer, Hash: s.Hash}
}

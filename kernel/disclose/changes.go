package disclose

import (
	"context"
	"slices"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
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
	d   *Door
	g   *grant
	own bool
}

// Differ returns the judge of an entity's differences for an actor; own says that
// the actor is who handed the file in.
func (d *Door) Differ(ctx context.Context, actor luoshu.Actor, entity string, own bool) (*Differ, error) {
	g, err := d.open(ctx, actor, "load", entity)
	if err != nil {
		return nil, err
	}
	return &Differ{d, g, own}, nil
}

// Columns describes the fields that differences may name.
func (x *Differ) Columns() []Column { return x.d.columns(x.g, false) }

// Stored is one field of a difference as it is stored.
type Stored struct {
	Field         string
	Before, After luoshu.Value
}

// Change makes one difference ready. The caller vouches that the row is one the
// actor's organisation, or one below it, may write.
func (x *Differ) Change(row int, verdict, label string, fields []Stored, faults []luoshu.Fault) Change {
	out := Change{Row: row, Verdict: verdict, Changes: []FieldChange{}, Faults: x.Faults(faults)}
	if c := x.g.col(x.g.ent.Label); c != nil && label != "" {
		out.Label = x.show(*c, luoshu.TextValue(label))
	}
	for _, f := range fields {
		if c := x.g.col(f.Field); c != nil {
			out.Changes = append(out.Changes, FieldChange{Field: f.Field, Before: x.show(*c, f.Before), After: x.show(*c, f.After)})
		}
	}
	return out
}

func (x *Differ) show(c col, v luoshu.Value) any {
	if v.K == luoshu.Null {
		return nil
	}
	if c.masked {
		return guard.Masked(c.Field, v)
	}
	return x.d.display(c.Field, v)
}

// Faults makes faults ready. Their words may quote the cell, so of a field that
// the actor does not see in clear only place and rule are kept; but who handed
// the file in has the cell anyway and needs the words, unless the field is closed.
func (x *Differ) Faults(faults []luoshu.Fault) []luoshu.Fault {
	out := make([]luoshu.Fault, 0, len(faults))
	for _, f := range faults {
		if field := x.g.ent.Field(f.Field); field != nil {
			c := x.g.col(f.Field)
			quiet := c == nil || c.masked
			if quiet && (!x.own || field.Sensitivity >= catalog.Closed) {
				f.ZH, f.EN = "此单元格不合规", "this cell is not valid"
			}
			if field.Sensitivity >= catalog.Closed {
				f.Field = ""
			}
		}
		f.Value = ""
		out = append(out, f)
	}
	return out
}

// MayReturn reports whether the file may be given back as it came: only to who
// handed it in, and only if it cannot hold closed fields.
func (x *Differ) MayReturn() bool {
	for _, f := range x.g.ent.Fields {
		if f.Sensitivity >= catalog.Closed {
			return false
		}
	}
	return x.own
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
		return nil, guard.Fault("count commits", err)
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
		cond = "c.org IN (" + guard.Marks(len(codes)) + ")"
		for _, c := range codes {
			args = append(args, c)
		}
	}
	if len(role.Entities) > 0 {
		cond += " AND c.entity IN (" + guard.Marks(len(role.Entities)) + ")"
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
		return nil, guard.Fault("list commits", err)
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
			return nil, guard.Fault("list commits", err)
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
	return out, guard.Fault("list commits", rows.Err())
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
		return nil, guard.Fault("list seals", err)
	}
	out := []SealInfo{}
	for _, s := range all {
		out = append(out, sealInfo(s))
	}
	slices.Reverse(out) // newest first
	return out, nil
}

// Seal returns one seal.
func (d *Door) Seal(ctx context.Context, actor luoshu.Actor, id string) (SealInfo, error) {
	if d.acc.Role(actor) == nil || id == "" {
		return SealInfo{}, noRecord()
	}
	s, err := d.base.Seal(ctx, id)
	return sealInfo(s), err
}

// SealOrLast returns a seal, the last one with figures for "", nil where there is none
// yet.
func (d *Door) SealOrLast(ctx context.Context, actor luoshu.Actor, id string) (*SealInfo, error) {
	id, err := d.base.SealOrNone(ctx, id)
	if err != nil || id == "" {
		return nil, err
	}
	s, err := d.Seal(ctx, actor, id)
	return &s, err
}

func sealInfo(s ledger.Seal) SealInfo {
	return SealInfo{ID: s.ID, Seq: s.Seq, At: s.At, Note: s.Note, Signer: s.Signer, Hash: s.Hash}
}

package disclose

import (
	"context"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/store"
)

// Record is one record with where it came from and what leads to and from it.
type Record struct {
	Entity   string         `json:"entity"`
	Title    Text           `json:"title"`
	Rec      int64          `json:"rec"`
	Label    any            `json:"label"`
	Current  bool           `json:"current"`
	Columns  []Column       `json:"columns"`
	Values   map[string]any `json:"values"`
	Display  map[string]any `json:"display"`
	Verified string         `json:"verified"`
	Stale    bool           `json:"stale"`
	Links    []Link         `json:"links"`
	Related  []Related      `json:"related"`
	History  []Version      `json:"history"`
}

// Link leads from a field to the record it refers to.
type Link struct {
	Field  string `json:"field"`
	Entity string `json:"entity"`
	Rec    int64  `json:"rec"`
	Label  any    `json:"label"`
}

// Related counts the records of an entity that refer to this one.
type Related struct {
	Entity string `json:"entity"`
	Title  Text   `json:"title"`
	Field  string `json:"field"`
	Value  string `json:"value"` // filter=field:value lists them
	Total  int64  `json:"total"`
	Capped bool   `json:"total_capped"`
}

// Version is the record as one commit left it, newest first.
type Version struct {
	Seq     int64          `json:"seq"`
	At      string         `json:"at"`
	Actor   string         `json:"actor"`
	Reason  string         `json:"reason"`
	Ended   int64          `json:"ended,omitempty"` // the commit that replaced or took it back
	Values  map[string]any `json:"values"`
	Display map[string]any `json:"display"`
	Changed []string       `json:"changed"`
	Source  VersionSource  `json:"source"`
}

// VersionSource is the row of the file a version was read from.
type VersionSource struct {
	File   string `json:"file"` // SHA-256, "" for a form or the machine
	Name   string `json:"name"`
	Row    int64  `json:"row"`
	Commit string `json:"commit"`
}

// maxVersions bounds a record's history.
const maxVersions = 200

// Record returns one record. A record outside the scope answers like one that
// does not exist; versions that another organisation held are left out.
func (d *Door) Record(ctx context.Context, actor luoshu.Actor, entity string, rec int64) (*Record, error) {
	g, err := d.open(ctx, actor, "read", entity)
	if err != nil {
		return nil, err
	}
	cond, args := g.scope.Reads(d.cat, g.ent, "f")
	args = append([]any{rec, rec}, args...)
	var all []*raw
	tail := " FROM " + store.Table(entity) + " f WHERE f._rid IN (SELECT " + castInt + " UNION ALL SELECT x._rid FROM " + store.Table(entity) +
		" x WHERE x._rec = ? AND x._rec <> x._rid) AND f._rec = " + strconv.FormatInt(rec, 10) + " AND " + cond +
		" ORDER BY f._rid DESC LIMIT " + strconv.Itoa(maxVersions)
	if err := d.read(ctx, g, tail, args, func(r *raw) error {
		all = append(all, r)
		return nil
	}); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, noRecord()
	}
	last, ended, err := d.newest(ctx, entity, rec)
	if err != nil {
		return nil, err
	}
	if all[0].rid != last {
		return nil, noRecord() // it has moved to an organisation outside the scope
	}
	labels, err := d.refLabels(ctx, g, all)
	if err != nil {
		return nil, err
	}
	row := d.row(g, all[0], labels)
	out := &Record{
		Entity: entity, Title: g.ent.Title, Rec: rec, Label: labelOf(g, row), Current: ended == 0,
		Columns: d.columns(g, true), Values: row.Values, Display: row.Display, Verified: row.Verified, Stale: row.Stale,
	}
	if out.Links, err = d.links(ctx, g, all[0], row); err != nil {
		return nil, err
	}
	if out.Related, err = d.related(ctx, g, all[0]); err != nil {
		return nil, err
	}
	out.History, err = d.history(ctx, g, all, labels)
	return out, err
}

// castInt is a placeholder that both databases take for an integer.
const castInt = "CAST(? AS BIGINT)"

// newest is the last version of a record whoever holds it, and what ended it.
func (d *Door) newest(ctx context.Context, entity string, rec int64) (rid, ended int64, err error) {
	err = d.db.QueryRow(ctx, "SELECT f._rid, coalesce(f._to, 0) FROM "+store.Table(entity)+" f WHERE f._rid IN (SELECT "+castInt+
		" UNION ALL SELECT x._rid FROM "+store.Table(entity)+" x WHERE x._rec = ? AND x._rec <> x._rid) ORDER BY f._rid DESC LIMIT 1",
		rec, rec).Scan(&rid, &ended)
	return rid, ended, guard.Fault("find the newest version", err)
}

// labelOf is what a record is called, as far as the reader may know.
func labelOf(g *grant, row Row) any {
	if v, ok := row.Display[g.ent.Label]; ok {
		return v
	}
	return "#" + strconv.FormatInt(row.Rec, 10)
}

func (d *Door) links(ctx context.Context, g *grant, r *raw, row Row) ([]Link, error) {
	out := []Link{}
	for i, c := range g.cols {
		e := d.cat.Entity(c.Ref)
		if c.Ref == "" || c.masked && !c.held() || r.values[i].S == "" || e == nil || len(e.Key) != 1 || !guard.MayEntity(g.role, e) {
			continue
		}
		cond, args := g.scope.Reads(d.cat, e, "t")
		rows, err := d.db.Query(ctx, "SELECT t._rec FROM "+store.Table(e.Name)+" t WHERE t._to IS NULL AND t."+
			store.Col(e.Key[0])+" = ? AND "+cond, append([]any{d.db.Stored(e.Name, e.Key[0], r.values[i].S)}, args...)...)
		if err != nil {
			return nil, guard.Fault("find linked records", err)
		}
		var rec int64
		for rows.Next() {
			if err := rows.Scan(&rec); err != nil {
				rows.Close()
				return nil, guard.Fault("find linked records", err)
			}
		}
		err = rows.Err()
		rows.Close()
		if err != nil {
			return nil, guard.Fault("find linked records", err)
		}
		if rec != 0 {
			out = append(out, Link{Field: c.Name, Entity: e.Name, Rec: rec, Label: row.Display[c.Name]})
		}
	}
	return out, nil
}

// related counts the records that refer to this one, entity by entity, where the
// reader sees both ends of the reference in clear, or masked only because they
// contain an identity number; then filter=field:#record lists them.
func (d *Door) related(ctx context.Context, g *grant, r *raw) ([]Related, error) {
	out := []Related{}
	if len(g.ent.Key) != 1 {
		return out, nil
	}
	key, value := "", ""
	for i, c := range g.cols {
		if c.Name == g.ent.Key[0] && (!c.masked || c.held()) {
			key, value = r.values[i].S, r.values[i].S
			if c.held() {
				value = "#" + strconv.FormatInt(r.rec, 10)
			}
		}
	}
	if key == "" {
		return out, nil
	}
	for _, e := range d.cat.Entities {
		if !guard.MayEntity(g.role, e) {
			continue
		}
		other := newGrant(g.actor, g.role, g.scope, e)
		for _, f := range e.Fields {
			if f.Type != catalog.TypeRef || f.Ref != g.ent.Name || f.Loose {
				continue // a loose reference has no index to count by
			}
			if c := other.col(f.Name); c == nil || c.masked && !c.held() {
				continue
			}
			cond, args := g.scope.Where(d.cat, e, "f")
			n, capped, err := d.countTail(ctx, "SELECT 1 FROM "+store.Table(e.Name)+" f WHERE f._to IS NULL AND f."+
				store.Col(f.Name)+" = ? AND "+cond, append([]any{d.db.Stored(e.Name, f.Name, key)}, args...))
			if err != nil {
				return nil, err
			}
			if n > 0 {
				out = append(out, Related{Entity: e.Name, Title: e.Title, Field: f.Name, Value: value, Total: n, Capped: capped})
			}
		}
	}
	return out, nil
}

// commitNote is what a version tells of the commit that made it.
type commitNote struct{ id, at, actor, reason, file, name string }

func (d *Door) commitNotes(ctx context.Context, seqs []any) (map[int64]commitNote, error) {
	out := map[int64]commitNote{}
	rows, err := d.db.Query(ctx, "SELECT seq, id, at, actor, reason, file, file_name FROM commit_log WHERE seq IN ("+guard.Marks(len(seqs))+")", seqs...)
	if err != nil {
		return nil, guard.Fault("read commits", err)
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var n commitNote
		if err := rows.Scan(&seq, &n.id, &n.at, &n.actor, &n.reason, &n.file, &n.name); err != nil {
			return nil, guard.Fault("read commits", err)
		}
		out[seq] = n
	}
	return out, guard.Fault("read commits", rows.Err())
}

func (d *Door) history(ctx context.Context, g *grant, all []*raw, labels refLabels) ([]Version, error) {
	var seqs []any
	for _, r := range all {
		seqs = append(seqs, r.from)
	}
	notes, err := d.commitNotes(ctx, seqs)
	if err != nil {
		return nil, err
	}
	ended, err := d.ends(ctx, g.ent.Name, all)
	if err != nil {
		return nil, err
	}
	out := make([]Version, 0, len(all))
	for i, r := range all {
		row := d.row(g, r, labels)
		n := notes[r.from]
		v := Version{
			Seq: r.from, At: n.at, Actor: n.actor, Reason: n.reason, Ended: ended[r.rid],
			Values: row.Values, Display: row.Display, Changed: []string{},
			Source: VersionSource{File: n.file, Name: n.name, Row: r.row, Commit: n.id},
		}
		if i+1 < len(all) {
			for j, c := range g.cols {
				if r.values[j] != all[i+1].values[j] {
					v.Changed = append(v.Changed, c.Name)
				}
			}
		}
		out = append(out, v)
	}
	return out, nil
}

func (d *Door) ends(ctx context.Context, entity string, all []*raw) (map[int64]int64, error) {
	var b strings.Builder
	for i, r := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(r.rid, 10))
	}
	rows, err := d.db.Query(ctx, "SELECT _rid, _to FROM "+store.Table(entity)+" WHERE _to IS NOT NULL AND _rid IN ("+b.String()+")")
	if err != nil {
		return nil, guard.Fault("read history", err)
	}
	defer rows.Close()
	out := map[int64]int64{}
	for rows.Next() {
		var rid, to int64
		if err := rows.Scan(&rid, &to); err != nil {
			return nil, guard.Fault("read history", err)
		}
		out[rid] = to
	}
	return out, guard.Fault("read history", rows.Err())
}

package disclose

import (
	"context"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/store"
)

// AsOf names a day in two senses that must not be mixed up. Known is the state of
// the ledger at the end of that day: what the office knew then, mistakes included.
// Valid is the day on which a fact holds by its own dates, as the ledger knows it
// now (or knew it on Known). Both are yyyymmdd, 0 for the present and for any day.
type AsOf struct {
	Known int64 `json:"known,omitempty"`
	Valid int64 `json:"valid,omitempty"`
}

// knownAt is the last commit made by the end of a day; -1 if there was none yet.
func (d *Door) knownAt(ctx context.Context, day int64) (int64, error) {
	here := d.acc.Now().Location()
	next := time.Date(int(day/10000), time.Month(day/100%100), int(day%100)+1, 0, 0, 0, 0, here)
	var seq int64
	err := d.db.QueryRow(ctx, "SELECT coalesce(max(seq), -1) FROM commit_log WHERE at < ?", next.UTC().Format(time.RFC3339)).Scan(&seq)
	return seq, guard.Fault("find the ledger of a day", err)
}

// asOf narrows a selection to a day. Only dates that the actor sees in clear may
// be asked by.
func (d *Door) asOf(ctx context.Context, s *selection, q RecordQuery) error {
	if q.AsOf == (AsOf{}) {
		return nil
	}
	s.plain = false
	if q.AsOf.Known != 0 {
		if q.Seal != "" {
			return luoshu.Errorf(luoshu.Invalid, "封存与“已知于”只能选一个", "either a seal or the day on which it was known, not both")
		}
		var err error
		if s.seq, err = d.knownAt(ctx, q.AsOf.Known); err != nil {
			return err
		}
	}
	if q.AsOf.Valid == 0 {
		return nil
	}
	v := s.g.ent.Valid
	if v == nil {
		return luoshu.Errorf(luoshu.Invalid, "此类数据没有起止日期，不能按有效日期查询", "these records have no dates between which they hold")
	}
	for _, name := range []string{v.From, v.To, v.Within} {
		if name == "" {
			continue
		}
		if _, err := s.g.clear(name); err != nil {
			return err
		}
	}
	day := q.AsOf.Valid
	if v.From != "" {
		s.and("(f."+store.Col(v.From)+" IS NULL OR f."+store.Col(v.From)+" <= ?)", day)
	}
	if v.To != "" {
		s.and("(f."+store.Col(v.To)+" IS NULL OR f."+store.Col(v.To)+" > ?)", day)
	}
	if v.Within != "" { // a fact without an end holds to the end of its year
		s.and("f."+store.Col(v.Within)+" = ?", yearOf(d.cat, day))
	}
	return nil
}

// yearOf is the city's year in which a day lies.
func yearOf(cat *catalog.Catalog, day int64) int64 {
	if day/100%100 < int64(max(1, cat.City.YearStart)) {
		return day/10000 - 1
	}
	return day / 10000
}

// OrgsAsOf finds organisations as Orgs does, as they were known on a day, and of
// those the ones that existed on a day. What the actor reaches is what they reach
// today.
func (d *Door) OrgsAsOf(ctx context.Context, actor luoshu.Actor, q, parent string, on AsOf) ([]OrgInfo, error) {
	if on == (AsOf{}) {
		return d.Orgs(ctx, actor, q, parent)
	}
	if err := d.acc.Require(actor, "read"); err != nil {
		return nil, err
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	tree := scope.Tree()
	if on.Known != 0 {
		seq, err := d.knownAt(ctx, on.Known)
		if err != nil {
			return nil, err
		}
		if tree, err = d.acc.TreeAt(ctx, seq); err != nil {
			return nil, guard.Fault("read the organisations of a day", err)
		}
	}
	keep := func(n *access.Node) bool {
		alive := on.Valid == 0 || (n.Opened <= on.Valid && (n.Closed == 0 || n.Closed > on.Valid))
		under := parent == "" || n.Parent == parent || (q != "" && tree.Within(parent, n.Code))
		return alive && under && scope.Has(n.Code)
	}
	out := []OrgInfo{}
	for _, n := range tree.Find(strings.TrimSpace(q), maxOrgs, keep) {
		out = append(out, guard.OrgOf(n))
	}
	return out, nil
}

// Package records reads versions of records for the other rooms of the house:
// verification, corrections, identity, movements. Nothing it returns may leave
// the process except through disclose.
package records

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// Reader reads the records of one database. It is safe for concurrent use.
type Reader struct {
	db  *store.DB
	cat *catalog.Catalog
}

// New returns a reader of the catalog's entities.
func New(db *store.DB, cat *catalog.Catalog) *Reader { return &Reader{db: db, cat: cat} }

// Query picks versions of one entity.
type Query struct {
	Entity string
	Seq    int64 // as of this commit; 0 is the present
	// Where is a condition over the alias f, "" for all; see Is for equality with a
	// field. The columns of sealed fields hold tokens or nothing.
	Where  string
	Args   []any
	Order  string   // over the alias f; "" is f._rid
	Limit  int      // 0 is no limit
	Fields []string // the fields to read, nil for all; the others are null in Values
}

// Version is one version of a record. Values are by field index.
type Version struct {
	Rid, Rec, From, To int64 // To is 0 while the version is current
	Row, Verified      int64 // row of the source; yyyymmdd, 0 if never attested
	Values             []luoshu.Value
}

// Is is the condition that a text field of the alias f equals a value. A sealed
// field is found so, and in no other way, if it is a key, a reference to one, or
// the catalog says find; one that is not matches nothing.
func (r *Reader) Is(e *catalog.Entity, field, value string) (string, []any) {
	if r.db.Form(e.Name).Rest(field) == catalog.Hidden {
		return "1=0", nil
	}
	return "f." + store.Col(field) + " = ?", []any{r.db.Stored(e.Name, field, value)}
}

// Each calls each for every version in order; the Version and its Values are the
// callee's to keep.
func (r *Reader) Each(ctx context.Context, q Query, each func(*Version) error) error {
	e := r.cat.Entity(q.Entity)
	if e == nil {
		return fmt.Errorf("read records: there is no entity %q", q.Entity)
	}
	text, args, at := r.text(e, q)
	cells, sealed := r.cells(e, q, at)
	rows, err := r.db.Query(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", e.Name, err)
	}
	defer rows.Close()
	got := make([]any, 6+len(at)+2)
	into := make([]any, 0, len(got))
	for i := range got {
		into = append(into, &got[i])
	}
	if !sealed {
		into = into[:6+len(at)]
	}
	vals := make([]luoshu.Value, len(at))
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read %s: %w", e.Name, err)
		}
		n := func(i int) int64 { return luoshu.ValueOf(got[i]).I }
		v := &Version{Rid: n(0), Rec: n(1), From: n(2), To: n(3), Row: n(4), Verified: n(5), Values: make([]luoshu.Value, len(e.Fields))}
		for i := range at {
			vals[i] = luoshu.ValueOf(got[6+i])
		}
		if sealed {
			h, _ := got[6+len(at)].([]byte)
			x, _ := got[7+len(at)].([]byte)
			if _, err := cells.Open(x, h, vals); err != nil {
				return fmt.Errorf("open record #%d of %s: %w", v.Rec, e.Name, err)
			}
		}
		for i, f := range at {
			v.Values[f] = vals[i]
		}
		if err := each(v); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", e.Name, err)
	}
	return nil
}

// cells opens what a query reads; sealed is false if all of it lies in clear.
func (r *Reader) cells(e *catalog.Entity, q Query, at []int) (*store.Cells, bool) {
	names := make([]string, len(at))
	for i, f := range at {
		names[i] = e.Fields[f].Name
	}
	c := r.db.Form(e.Name).Cells(names)
	return c, c.Any()
}

// text writes the statement; at are the field indexes in the order they are read.
func (r *Reader) text(e *catalog.Entity, q Query) (text string, args []any, at []int) {
	var b strings.Builder
	b.WriteString("SELECT f._rid, f._rec, f._from, f._to, f._row, f._verified")
	for _, f := range e.Fields {
		if q.Fields == nil || slices.Contains(q.Fields, f.Name) {
			b.WriteString(", f." + store.Col(f.Name))
			at = append(at, f.Index)
		}
	}
	if _, sealed := r.cells(e, q, at); sealed {
		b.WriteString(", f._h, f." + store.Envelope)
	}
	b.WriteString(" FROM " + store.Table(e.Name) + " f WHERE ")
	if q.Seq == 0 {
		b.WriteString("f._to IS NULL")
	} else {
		b.WriteString("f._from <= ? AND (f._to IS NULL OR f._to > ?)")
		args = append(args, q.Seq, q.Seq)
	}
	if q.Where != "" {
		b.WriteString(" AND (" + q.Where + ")")
		args = append(args, q.Args...)
	}
	if q.Order == "" {
		q.Order = "f._rid"
	}
	b.WriteString(" ORDER BY " + q.Order)
	if q.Limit > 0 {
		b.WriteString(" LIMIT " + strconv.Itoa(q.Limit))
	}
	return b.String(), args, at
}

// Get returns the current version of a record, nil if it has none.
func (r *Reader) Get(ctx context.Context, entity string, rec int64) (*Version, error) {
	where, args := r.Recs(entity, []int64{rec})
	return r.one(ctx, Query{Entity: entity, Where: where, Args: args, Limit: 1})
}

// Recs is the condition that a version of the alias f belongs to one of the given
// records. A record's first version bears its number; only later ones are indexed
// by it, which this makes use of.
func (r *Reader) Recs(entity string, recs []int64) (string, []any) {
	if len(recs) == 0 {
		return "1=0", nil
	}
	marks := strings.Repeat("?,", len(recs)-1) + "?"
	args := make([]any, 0, 2*len(recs))
	for range 2 {
		for _, rec := range recs {
			args = append(args, rec)
		}
	}
	return "f._rid IN (SELECT a._rid FROM " + store.Table(entity) + " a WHERE a._rid IN (" + marks + ") AND a._rid = a._rec UNION ALL SELECT b._rid FROM " +
		store.Table(entity) + " b WHERE b._rec IN (" + marks + ") AND b._rec <> b._rid)", args
}

// ByKey returns the current record with a natural key of one field, nil if there
// is none.
func (r *Reader) ByKey(ctx context.Context, entity, key string) (*Version, error) {
	e := r.cat.Entity(entity)
	if e == nil || len(e.Key) != 1 {
		return nil, fmt.Errorf("read records: %q has no key of one field", entity)
	}
	where, args := r.Is(e, e.Key[0], key)
	return r.one(ctx, Query{Entity: entity, Where: where, Args: args, Limit: 1})
}

func (r *Reader) one(ctx context.Context, q Query) (*Version, error) {
	var out *Version
	err := r.Each(ctx, q, func(v *Version) error {
		out = v
		return nil
	})
	return out, err
}

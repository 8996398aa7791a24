package audit

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Query asks for entries, newest first. Empty members do not narrow it.
type Query struct {
	Person  string
	Kind    string
	Outcome string
	Entity  string
	Rec     int64
	Object  string // part of the object
	Address string
	From    time.Time
	To      time.Time // not included
	Before  int64     // entries below this number: the position of a page
	Limit   int       // 50 unless given, 1000 at most
}

// Bounds of a page.
const (
	pageDefault = 50
	pageMost    = 1000
)

var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

func (q Query) where() (string, []any) {
	cond, args := []string{"1=1"}, []any{}
	and := func(c string, v any) { cond, args = append(cond, c), append(args, v) }
	for _, x := range [][2]string{
		{"person", q.Person},
		{"kind", q.Kind},
		{"outcome", q.Outcome},
		{"entity", q.Entity},
		{"address", q.Address},
	} {
		if x[1] != "" {
			and(x[0]+" = ?", x[1])
		}
	}
	if q.Rec != 0 {
		and("rec = ?", q.Rec)
	}
	if q.Object != "" {
		and("object LIKE ? ESCAPE '!'", "%"+likeEscape.Replace(q.Object)+"%")
	}
	if !q.From.IsZero() {
		and("at >= ?", stamp(q.From))
	}
	if !q.To.IsZero() {
		and("at < ?", stamp(q.To))
	}
	if q.Before > 0 {
		and("seq < ?", q.Before)
	}
	return strings.Join(cond, " AND "), args
}

// Find returns one page of entries, newest first. The next page is asked for with
// Before set to the number of the last one.
func (l *Log) Find(ctx context.Context, q Query) ([]Entry, error) {
	if q.Limit <= 0 {
		q.Limit = pageDefault
	}
	q.Limit = min(q.Limit, pageMost)
	cond, args := q.where()
	rows, err := l.db.Query(ctx, `SELECT `+columns+` FROM audit WHERE `+cond+` ORDER BY seq DESC LIMIT ?`, append(args, q.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("search the audit log: %w", err)
	}
	defer rows.Close()
	out := []Entry{}
	for rows.Next() {
		x, err := scanEntry(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

// Each calls each for every entry that a query finds, newest first, page by page,
// so that a long export holds no transaction open.
func (l *Log) Each(ctx context.Context, q Query, each func(*Entry) error) error {
	q.Limit = pageMost
	for {
		page, err := l.Find(ctx, q)
		if err != nil {
			return err
		}
		for i := range page {
			if err := each(&page[i]); err != nil {
				return err
			}
		}
		if len(page) < pageMost {
			return nil
		}
		q.Before = page[len(page)-1].Seq
	}
}

// Reads is the read log of one record: who opened which value, when and why,
// newest first, all of it. It tells the person concerned, so refused tries are not
// in it.
func (l *Log) Reads(ctx context.Context, entity string, rec int64) ([]Entry, error) {
	out := []Entry{}
	if entity == "" || rec == 0 {
		return out, nil
	}
	err := l.Each(ctx, Query{Kind: KindReveal, Outcome: Done, Entity: entity, Rec: rec}, func(x *Entry) error {
		out = append(out, *x)
		return nil
	})
	return out, err
}

// Count is how often a person did a thing since a moment, refused tries left out.
func (l *Log) Count(ctx context.Context, person, kind string, since time.Time) (int64, error) {
	var n int64
	err := l.db.QueryRow(ctx, `SELECT count(*) FROM audit WHERE person = ? AND kind = ? AND outcome = ? AND at >= ?`,
		person, kind, Done, stamp(since)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count in the audit log: %w", err)
	}
	return n, nil
}

// Package shelf keeps pieces of evidence between the moment they are handed in and
// the step that names them: by the hash of their content, told by what they are, and
// given to nobody but the account that handed them in until then.
package shelf

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/paper"
	"luoshu/kernel/store"
)

// Files keeps what is handed in: the desk's files.
type Files interface {
	Keep(ctx context.Context, r io.Reader, name string) (ledger.Source, error)
	Kept(ctx context.Context, sha string) (io.ReadCloser, error)
}

// Paper is something handed in. Kind is one of kernel/paper's.
type Paper struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"`
	Size int64  `json:"size"` // bytes
	SHA  string `json:"-"`    // SHA-256 of its content
}

// Shelf is one table of papers. Owner is its column that says what a paper belongs
// to: 0 until a step of the same account names it.
type Shelf struct {
	DB           *store.DB
	Files        Files
	Table, Owner string
}

// Take keeps a piece of evidence; one that is too large or nothing that is taken is
// refused. at is RFC 3339, UTC.
func (s *Shelf) Take(ctx context.Context, by luoshu.Actor, name string, r io.Reader, at string) (Paper, error) {
	b, kind, err := paper.Read(r)
	if err != nil {
		return Paper{}, err
	}
	src, err := s.Files.Keep(ctx, bytes.NewReader(b), paper.Name(name, kind))
	if err != nil {
		return Paper{}, err
	}
	p := Paper{ID: strings.ToLower(rand.Text()), Name: paper.Name(name, kind), Kind: kind, Size: int64(len(b)), SHA: src.SHA256}
	_, err = s.DB.Exec(ctx, `INSERT INTO `+s.Table+` (id, `+s.Owner+`, step, sha256, name, kind, size, account, at) VALUES (?, 0, 0, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.SHA, p.Name, p.Kind, p.Size, by.Name, at)
	if err != nil {
		return Paper{}, fmt.Errorf("take paper: %w", err)
	}
	return p, nil
}

// Loose are the papers of some ids: handed in by the account and not used yet. They come
// in the order in which Of reads them again, whatever that of ids is: what is hashed when
// they are given must be found again.
func (s *Shelf) Loose(ctx context.Context, account string, ids []string) ([]Paper, error) {
	var out []Paper
	at := map[string]string{}
	for _, id := range ids {
		p, when := Paper{ID: id}, ""
		err := s.DB.QueryRow(ctx, `SELECT at, sha256, name, kind, size FROM `+s.Table+` WHERE id = ? AND account = ? AND `+s.Owner+` = 0`, id, account).Scan(&when, &p.SHA, &p.Name, &p.Kind, &p.Size)
		if err != nil {
			return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "papers", Cause: err, Msg: luoshu.Text{ZH: "没有这份附件，请重新选择", EN: "there is no such paper; choose it again"}}
		}
		at[id] = when
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Paper) int { return cmp.Or(strings.Compare(at[a.ID], at[b.ID]), strings.Compare(a.ID, b.ID)) })
	return out, nil
}

// Give gives a paper to what it belongs to; false if somebody else was first.
func (s *Shelf) Give(ctx context.Context, tx *store.Tx, id string, owner, step int64) (bool, error) {
	got, err := tx.Exec(ctx, `UPDATE `+s.Table+` SET `+s.Owner+` = ?, step = ? WHERE id = ? AND `+s.Owner+` = 0`, owner, step, id)
	if err != nil {
		return false, fmt.Errorf("write a paper: %w", err)
	}
	n, err := got.RowsAffected()
	return n == 1, err
}

// Of are the papers of an owner, by its steps.
func (s *Shelf) Of(ctx context.Context, owner int64) (map[int64][]Paper, error) {
	rows, err := s.DB.Query(ctx, `SELECT step, id, sha256, name, kind, size FROM `+s.Table+` WHERE `+s.Owner+` = ? ORDER BY at, id`, owner)
	return byNumber(rows, err)
}

// Under are the papers of many owners, by owner: of those that a query of one column
// answers.
func (s *Shelf) Under(ctx context.Context, owners string, args ...any) (map[int64][]Paper, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+s.Owner+`, id, sha256, name, kind, size FROM `+s.Table+` WHERE `+s.Owner+` > 0 AND `+s.Owner+` IN (`+owners+`) ORDER BY at, id`, args...)
	return byNumber(rows, err)
}

// byNumber reads papers by the number that stands before each.
func byNumber(rows *sql.Rows, err error) (map[int64][]Paper, error) {
	if err != nil {
		return nil, fmt.Errorf("read papers: %w", err)
	}
	out := map[int64][]Paper{}
	for rows.Next() {
		var n int64
		var p Paper
		if err := rows.Scan(&n, &p.ID, &p.SHA, &p.Name, &p.Kind, &p.Size); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out[n] = append(out[n], p)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// Open opens a paper of an owner that the reader may see; the caller closes it.
func (s *Shelf) Open(ctx context.Context, owner int64, id string) (Paper, io.ReadCloser, error) {
	p := Paper{ID: id}
	err := s.DB.QueryRow(ctx, `SELECT sha256, name, kind, size FROM `+s.Table+` WHERE id = ? AND `+s.Owner+` = ? AND `+s.Owner+` > 0`, id, owner).Scan(&p.SHA, &p.Name, &p.Kind, &p.Size)
	if errors.Is(err, sql.ErrNoRows) {
		return Paper{}, nil, luoshu.Errorf(luoshu.NotFound, "没有这份附件", "there is no such paper")
	}
	if err != nil {
		return Paper{}, nil, fmt.Errorf("read a paper: %w", err)
	}
	r, err := s.Files.Kept(ctx, p.SHA)
	return p, r, err
}

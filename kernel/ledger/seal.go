package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"luoshu"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/store"
)

// Seal is a moment of the ledger with a name: the state after commit Seq. Hash
// covers the commit's hash, everything here and the seal before.
type Seal struct {
	ID     string
	Seq    int64
	At     string
	Signer string
	Note   string
	Hash   string
}

// sealRow is a seal as stored.
type sealRow struct {
	n, seq                          int64
	id, at, signer, role, org, note string
	head, prev, hash                []byte
}

func (s *sealRow) seal() Seal {
	return Seal{ID: s.id, Seq: s.seq, At: s.at, Signer: s.signer, Note: s.note, Hash: hex.EncodeToString(s.hash)}
}

func (s *sealRow) sum() []byte {
	buf := chain.AppendText(nil, "luoshu seal 1")
	buf = append(buf, s.prev...)
	buf = chain.AppendInt(chain.AppendInt(buf, s.n), s.seq)
	for _, t := range []string{s.id, s.at, s.signer, s.role, s.org, s.note} {
		buf = chain.AppendText(buf, t)
	}
	buf = append(buf, s.head...)
	return chain.Sum(buf)
}

const sealColumns = `n, id, seq, at, signer, role, org, note, head, prev, hash`

func scanSeal(scan func(...any) error) (*sealRow, error) {
	var s sealRow
	err := scan(&s.n, &s.id, &s.seq, &s.at, &s.signer, &s.role, &s.org, &s.note, &s.head, &s.prev, &s.hash)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read seal: %w", err)
	}
	return &s, nil
}

// Seal names the present state. Figures are the caller's to compute. An empty
// ledger cannot be sealed.
func (l *Ledger) Seal(ctx context.Context, actor luoshu.Actor, note string) (Seal, error) {
	var out Seal
	err := l.db.Tx(ctx, func(tx *store.Tx) error {
		seq, hash, err := head(ctx, tx)
		if err != nil {
			return err
		}
		if seq == 0 {
			return luoshu.Errorf(luoshu.Conflict, "还没有任何数据，不能封存；请先导入", "there is nothing to seal yet; load something first")
		}
		last, err := scanSeal(tx.QueryRow(ctx, `SELECT `+sealColumns+` FROM seal ORDER BY n DESC LIMIT 1`).Scan)
		if err != nil {
			return err
		}
		s := &sealRow{
			n: 1, seq: seq, at: l.now().UTC().Format(time.RFC3339), signer: actor.Name, role: actor.Role,
			org: actor.Org, note: note, head: hash, prev: []byte{},
		}
		if last != nil {
			s.n, s.prev = last.n+1, last.hash
		}
		s.id = fmt.Sprintf("S%06d", s.n)
		s.hash = s.sum()
		if _, err := tx.Exec(ctx, `INSERT INTO seal (`+sealColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			s.n, s.id, s.seq, s.at, s.signer, s.role, s.org, s.note, s.head, s.prev, s.hash); err != nil {
			return fmt.Errorf("record seal: %w", err)
		}
		out = s.seal()
		return nil
	})
	return out, err
}

// Seals lists the seals, oldest first.
func (l *Ledger) Seals(ctx context.Context) ([]Seal, error) {
	rows, err := l.db.Query(ctx, `SELECT `+sealColumns+` FROM seal ORDER BY n`)
	if err != nil {
		return nil, fmt.Errorf("list seals: %w", err)
	}
	defer rows.Close()
	var out []Seal
	for rows.Next() {
		s, err := scanSeal(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, s.seal())
	}
	return out, rows.Err()
}

// SealByID returns a seal; NotFound if there is none of that id.
func (l *Ledger) SealByID(ctx context.Context, id string) (Seal, error) {
	s, err := scanSeal(l.db.QueryRow(ctx, `SELECT `+sealColumns+` FROM seal WHERE id = ?`, id).Scan)
	if err != nil {
		return Seal{}, err
	}
	if s == nil {
		return Seal{}, luoshu.Errorf(luoshu.NotFound, "没有封存 %s", "there is no seal %s", id)
	}
	return s.seal(), nil
}

// LastSeal returns the newest seal; NotFound if there is none.
func (l *Ledger) LastSeal(ctx context.Context) (Seal, error) {
	s, err := scanSeal(l.db.QueryRow(ctx, `SELECT `+sealColumns+` FROM seal ORDER BY n DESC LIMIT 1`).Scan)
	if err != nil {
		return Seal{}, err
	}
	if s == nil {
		return Seal{}, luoshu.Errorf(luoshu.NotFound, "还没有封存", "there is no seal yet")
	}
	return s.seal(), nil
}

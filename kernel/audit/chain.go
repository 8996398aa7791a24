package audit

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/emmansun/gmsm/sm3"

	"luoshu"
	"luoshu/kernel/store"
)

// Entry is one entry of the log.
type Entry struct {
	Event
	Seq        int64
	prev, hash []byte
}

// Hash is the entry's place in the chain, in hexadecimal.
func (x *Entry) Hash() string { return hex.EncodeToString(x.hash) }

const columns = `seq, at, person, role, org, session, address, request, kind, entity, rec, field, object, outcome, reason, times, prev, hash`

// sum is SM3 over
//
//	"luoshu audit 1" 0 prev seq { len(text) text } rec times
//
// lengths are unsigned varints, integers 8 bytes big-endian.
func (x *Entry) sum() []byte {
	b := append([]byte("luoshu audit 1\x00"), x.prev...)
	b = binary.BigEndian.AppendUint64(b, uint64(x.Seq))
	for _, s := range []string{
		stamp(x.At), x.Actor.Name, x.Actor.Role, x.Actor.Org, x.Session, x.Address, x.Request,
		x.Kind, x.Entity, x.Field, x.Object, x.Outcome, x.Reason,
	} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(x.Rec))
	b = binary.BigEndian.AppendUint64(b, uint64(x.Times))
	h := sm3.Sum(b)
	return h[:]
}

func scanEntry(scan func(...any) error) (Entry, error) {
	var x Entry
	var at string
	err := scan(&x.Seq, &at, &x.Actor.Name, &x.Actor.Role, &x.Actor.Org, &x.Session, &x.Address, &x.Request,
		&x.Kind, &x.Entity, &x.Rec, &x.Field, &x.Object, &x.Outcome, &x.Reason, &x.Times, &x.prev, &x.hash)
	if err != nil {
		return x, fmt.Errorf("read the audit log: %w", err)
	}
	if x.At, err = time.Parse(time.RFC3339, at); err != nil || stamp(x.At) != at {
		x.At = time.Time{} // not a time that was ever written: the hash will not fit
	}
	return x, nil
}

type querier interface {
	QueryRow(context.Context, string, ...any) *sql.Row
}

// head is the mark at the end of the log; 0 and no hash for an empty one.
func head(ctx context.Context, q querier) (int64, []byte, error) {
	var seq int64
	hash := []byte{}
	err := q.QueryRow(ctx, `SELECT seq, hash FROM audit_head`).Scan(&seq, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, nil, fmt.Errorf("read the head of the audit log: %w", err)
	}
	return seq, hash, nil
}

// Head is the number and hash of the newest entry, 0 and "" if there is none.
func (l *Log) Head(ctx context.Context) (int64, string, error) {
	seq, hash, err := head(ctx, l.db)
	return seq, hex.EncodeToString(hash), err
}

// Problem is one thing that Check found: the entry it concerns and what is wrong.
type Problem struct {
	Seq int64
	Msg Text
}

// maxProblems bounds what Check lists.
const maxProblems = 200

type check struct{ out []Problem }

func (c *check) bad(seq int64, zh, en string, args ...any) {
	if len(c.out) < maxProblems {
		c.out = append(c.out, Problem{seq, luoshu.Errorf(luoshu.Conflict, zh, en, args...).Msg})
	}
}

// Check verifies the chain from the newest anchor to the mark at the end, as of
// one moment, and names the entries that were altered or went missing. An empty
// answer means that everything fits.
func (l *Log) Check(ctx context.Context) ([]Problem, error) {
	c := &check{}
	err := l.db.ReadTx(ctx, func(tx *store.Tx) error {
		from, err := anchorOf(ctx, tx)
		if err != nil {
			return err
		}
		return c.chain(ctx, tx, from)
	})
	return c.out, err
}

func (c *check) chain(ctx context.Context, tx *store.Tx, from Anchor) error {
	next, prev, told := from.Seq+1, from.hash, from.Seq == 0
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM audit ORDER BY seq`)
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		x, err := scanEntry(rows.Scan)
		if err != nil {
			return err
		}
		switch {
		case x.Seq < next:
			c.bad(x.Seq, "审计日志第 %d 条在存档锚点之前，不应还在", "entry %d of the audit log lies before the anchor of its archive", x.Seq)
			continue
		case x.Seq > next:
			c.bad(next, "审计日志第 %d 至 %d 条不见了", "entries %d to %d of the audit log are missing", next, x.Seq-1)
		case !bytes.Equal(x.prev, prev):
			c.bad(x.Seq, "审计日志第 %d 条与前一条接不上：其中之一被改动", "entry %d of the audit log does not follow from the one before: one of them was altered", x.Seq)
		}
		if !bytes.Equal(x.hash, x.sum()) {
			c.bad(x.Seq, "审计日志第 %d 条被改动", "entry %d of the audit log was altered", x.Seq)
		}
		told = told || (x.Kind == KindArchive && x.Object == from.String())
		next, prev = x.Seq+1, x.hash
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	if !told {
		c.bad(from.Seq, "审计日志的存档锚点（第 %d 条）没有对应的存档记录：锚点被改动", "no entry tells of the archive anchor of the audit log at entry %d: the anchor was altered", from.Seq)
	}
	seq, hash, err := head(ctx, tx)
	if err != nil {
		return err
	}
	switch {
	case seq >= next:
		c.bad(next, "审计日志末尾的第 %d 至 %d 条不见了", "the last entries of the audit log, %d to %d, are missing", next, seq)
	case seq != next-1:
		c.bad(next-1, "审计日志的末端应是第 %d 条，却有 %d 条", "the audit log should end with entry %d but has %d", seq, next-1)
	case !bytes.Equal(hash, prev):
		c.bad(seq, "审计日志第 %d 条与末端的记号不符", "entry %d of the audit log differs from the mark at its end", seq)
	}
	return nil
}

package ledger

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"luoshu"
	"luoshu/kernel/ledger/beside"
	"luoshu/kernel/store"
)

// Problem is one thing that Check found: the record and commit it concerns,
// 0 if none, and what is wrong.
type Problem struct {
	Entity string
	Rec    int64
	Seq    int64
	Msg    luoshu.Text
}

// maxProblems bounds what Check lists; the last entry then says that there is more.
const maxProblems = 1000

// Check recomputes the hash of every row, the digest of every commit, the chain
// and the seals, as of one moment, and names what does not fit: altered and
// missing rows, edited headers, commits cut off, rows that no commit wrote. An
// empty answer means that everything fits. p is told "check" with rows.
func (l *Ledger) Check(ctx context.Context, p luoshu.Progress) ([]Problem, error) {
	c := &check{ctx: ctx, tell: p, db: l.db, book: l.book}
	err := l.db.ReadTx(ctx, func(tx *store.Tx) error {
		c.tx = tx
		return c.run(l)
	})
	if err != nil {
		return nil, err
	}
	if c.more {
		c.out = append(c.out, Problem{Msg: luoshu.Text{
			ZH: fmt.Sprintf("问题超过%d处，其余未列出", maxProblems), EN: fmt.Sprintf("there are more than %d problems; the rest is not listed", maxProblems),
		}})
	}
	return c.out, nil
}

type check struct {
	ctx     context.Context
	tx      *store.Tx
	db      *store.DB
	book    beside.Book
	tell    luoshu.Progress
	out     []Problem
	more    bool
	rows    int64
	commits []CommitInfo // by seq, ascending
}

func (c *check) bad(entity string, rec, seq int64, zh, en string, args ...any) {
	if len(c.out) >= maxProblems {
		c.more = true
		return
	}
	c.out = append(c.out, Problem{entity, rec, seq, luoshu.Errorf(luoshu.Conflict, zh, en, args...).Msg})
}

func (c *check) run(l *Ledger) error {
	if err := c.chain(); err != nil {
		return err
	}
	if err := c.seals(); err != nil {
		return err
	}
	tables, err := c.tx.EntityTables(c.ctx)
	if err != nil {
		return err
	}
	for _, com := range c.commits {
		if !slices.Contains(tables, com.Entity) && (com.RidTo != 0 || com.Closed != 0) {
			c.bad(com.Entity, 0, com.Seq, "%s 的数据表不见了", "the table of %s is missing", com.Entity)
		}
	}
	for _, t := range tables {
		e := &entityCheck{check: c, entity: t}
		if err := e.run(); err != nil {
			return fmt.Errorf("check %s: %w", t, err)
		}
	}
	return nil
}

// chain walks the headers and compares the end with the head.
func (c *check) chain() error {
	rows, err := c.tx.Query(c.ctx, `SELECT `+commitColumns+` FROM commit_log ORDER BY seq`)
	if err != nil {
		return fmt.Errorf("read commits: %w", err)
	}
	defer rows.Close()
	next, prev := int64(1), []byte{}
	for rows.Next() {
		com, err := scanCommit(rows.Scan)
		if err != nil {
			return fmt.Errorf("read commits: %w", err)
		}
		if com.Seq != next {
			c.bad("", 0, next, "第 %d 至 %d 次提交的记录不见了", "the headers of commits %d to %d are missing", next, com.Seq-1)
		} else if !bytes.Equal(com.prev, prev) {
			c.bad(com.Entity, 0, com.Seq, "第 %d 次提交与前一次接不上：其中之一被改动", "commit %d does not follow from the one before: one of them was altered", com.Seq)
		}
		if !bytes.Equal(com.hash, com.chain()) {
			c.bad(com.Entity, 0, com.Seq, "第 %d 次提交的说明被改动", "the header of commit %d was altered", com.Seq)
		}
		next, prev = com.Seq+1, com.hash
		c.commits = append(c.commits, com)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read commits: %w", err)
	}
	seq, hash, err := head(c.ctx, c.tx)
	if err != nil {
		return err
	}
	switch {
	case seq >= next:
		c.bad("", 0, next, "末尾的第 %d 至 %d 次提交不见了", "the last commits, %d to %d, are missing", next, seq)
	case seq != next-1:
		c.bad("", 0, next-1, "账本的末端应是第 %d 次提交，却有 %d 次", "the ledger should end with commit %d but has %d", seq, next-1)
	case !bytes.Equal(hash, prev):
		c.bad("", 0, seq, "第 %d 次提交与账本末端的记号不符", "commit %d differs from the mark at the ledger's end", seq)
	}
	return nil
}

// commit finds a header by its number.
func (c *check) commit(seq int64) *CommitInfo {
	i, ok := slices.BinarySearchFunc(c.commits, seq, func(x CommitInfo, s int64) int { return int(x.Seq - s) })
	if !ok {
		return nil
	}
	return &c.commits[i]
}

func (c *check) seals() error {
	rows, err := c.tx.Query(c.ctx, `SELECT `+sealColumns+` FROM seal ORDER BY n`)
	if err != nil {
		return fmt.Errorf("read seals: %w", err)
	}
	defer rows.Close()
	next, prev := int64(1), []byte{}
	for rows.Next() {
		s, err := scanSeal(rows.Scan)
		if err != nil {
			return err
		}
		if s.n != next {
			c.bad("", 0, s.seq, "封存 S%06d 至 S%06d 不见了", "the seals S%06d to S%06d are missing", next, s.n-1)
		} else if !bytes.Equal(s.prev, prev) || !bytes.Equal(s.hash, s.sum()) {
			c.bad("", 0, s.seq, "封存 %s 被改动", "the seal %s was altered", s.id)
		}
		if com := c.commit(s.seq); com == nil || !bytes.Equal(com.hash, s.head) {
			c.bad("", 0, s.seq, "封存 %s 所封的第 %d 次提交已不是当时的样子", "commit %[2]d is no longer what the seal %[1]s sealed", s.id, s.seq)
		}
		next, prev = s.n+1, s.hash
	}
	return rows.Err()
}

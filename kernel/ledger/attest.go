package ledger

import (
	"context"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger/beside"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/store"
)

// Attestation confirms records as they stand: who holds them says that they are
// right on a date.
type Attestation struct {
	// ID makes it repeatable, as that of a Batch does.
	ID     string
	Actor  luoshu.Actor
	Entity string
	Reason string
	On     int64 // yyyymmdd
	// Recs yields the numbers of the records; those that are gone are passed over.
	Recs func(yield func(rec int64) error) error
}

// Attest writes a commit that changes no value: the current versions of the given
// records count as verified on a date, unless they were later. Result.Rows are the
// records found; Seq is 0 when no date moved.
func (l *Ledger) Attest(ctx context.Context, a Attestation) (Result, error) {
	e := l.cat.Entity(a.Entity)
	if e == nil {
		return Result{}, luoshu.Errorf(luoshu.NotFound, "没有名为 %s 的数据类型", "there is no entity %s", a.Entity)
	}
	if err := checkAttested(a.On); err != nil || a.On == 0 {
		return Result{}, luoshu.Errorf(luoshu.Invalid, "核验日期无效", "the date of attestation is not a date")
	}
	var out Result
	err := l.db.Tx(ctx, func(tx *store.Tx) error {
		if a.ID != "" {
			done, err := commitBy(ctx, tx, "id", a.ID)
			if err != nil {
				return err
			}
			if done != nil {
				out = done.result()
				return nil
			}
		}
		seq, prev, err := lastCommit(ctx, tx)
		if err != nil {
			return err
		}
		c := CommitInfo{
			Seq: seq + 1, prev: prev, ID: a.ID, Actor: a.Actor, Entity: e.Name, Reason: a.Reason, Attested: a.On,
			At: l.now().UTC().Format(time.RFC3339), Catalog: l.cat.Version,
		}
		if err := attestRecords(ctx, tx, &c, a.Recs); err != nil {
			return err
		}
		if c.Verified == 0 {
			c.Seq = 0
			out = c.result()
			return nil
		}
		if err := l.record(ctx, tx, &c, chain.NewVersions(), nil); err != nil {
			return err
		}
		out = c.result()
		return nil
	})
	return out, err
}

func checkAttested(on int64) error {
	if on != 0 && (on < 19000101 || on > 99991231) {
		return luoshu.Errorf(luoshu.Invalid, "核验日期无效", "the date of attestation is not a date")
	}
	return nil
}

func attestRecords(ctx context.Context, tx *store.Tx, c *CommitInfo, recs func(func(int64) error) error) error {
	var part []int64
	flush := func() error {
		if len(part) == 0 {
			return nil
		}
		rids, err := beside.CurrentRids(ctx, tx, c.Entity, part)
		if err != nil {
			return err
		}
		part = part[:0]
		c.Rows += int64(len(rids))
		c.Unchanged = c.Rows
		n, err := beside.Attest(ctx, tx, c.Entity, rids, c.Seq, c.Attested)
		c.Verified += n
		return err
	}
	err := recs(func(rec int64) error {
		if part = append(part, rec); len(part) == beside.FetchRows {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// Aliases lists the former keys of a record by its present key.
func (l *Ledger) Aliases(ctx context.Context, entity, key string) ([]string, error) {
	all, err := l.book.Of(ctx, l.db, entity)
	if err != nil {
		return nil, err
	}
	var out []string
	for old, now := range all {
		if now == key {
			out = append(out, old)
		}
	}
	return out, nil
}

// KeyOf answers the present key of a record that may be known by a former one;
// a key that is no alias is answered as it is.
func (l *Ledger) KeyOf(ctx context.Context, entity, key string) (string, error) {
	all, err := l.book.Of(ctx, l.db, entity)
	if err != nil {
		return "", err
	}
	if now, ok := all[key]; ok {
		return now, nil
	}
	return key, nil
}

// Heir is the record that stands in the place of one that was merged into it; a
// record that is there is its own, and 0 is the answer if there is none.
func (l *Ledger) Heir(ctx context.Context, e *catalog.Entity, rec int64) (int64, error) {
	return l.book.Heir(ctx, l.db, e, rec)
}

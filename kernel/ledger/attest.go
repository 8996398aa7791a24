package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
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
		if err := record(ctx, tx, &c, chain.NewVersions(), nil); err != nil {
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
		rids, err := currentRids(ctx, tx, c.Entity, part)
		if err != nil {
			return err
		}
		part = part[:0]
		c.Rows += int64(len(rids))
		c.Unchanged = c.Rows
		n, err := attest(ctx, tx, c.Entity, rids, c.Seq, c.Attested)
		c.Verified += n
		return err
	}
	err := recs(func(rec int64) error {
		if part = append(part, rec); len(part) == fetchRows {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// currentRids finds the current versions of records. A record's first version is
// its own number; only later ones are indexed by it.
func currentRids(ctx context.Context, tx *store.Tx, entity string, recs []int64) ([]int64, error) {
	table := store.Table(entity)
	args := padded(recs, func(r int64) int64 { return r })
	var out []int64
	err := tx.Scan(ctx, `SELECT _rid FROM `+table+` WHERE _rid IN (`+holes(fetchRows)+`) AND _rid = _rec AND _to IS NULL
		UNION ALL SELECT _rid FROM `+table+` WHERE _rec IN (`+holes(fetchRows)+`) AND _rec <> _rid AND _to IS NULL`,
		append(args[:len(args):len(args)], args...), func(r *store.Row) error {
			out = append(out, r.Int(0))
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("find versions of %s: %w", entity, err)
	}
	return out, nil
}

// attest moves the dates of versions forward, keeps what stood there, and says
// how many it moved.
func attest(ctx context.Context, tx *store.Tx, entity string, rids []int64, seq, on int64) (int64, error) {
	var n int64
	table := store.Table(entity)
	const older = `(_verified IS NULL OR _verified < ?) AND _rid IN (`
	for len(rids) > 0 {
		part := rids[:min(len(rids), fetchRows)]
		rids = rids[len(part):]
		ids := padded(part, func(r int64) int64 { return r })
		_, err := tx.Exec(ctx, `INSERT INTO attestation (entity, rid, seq, rec, on_date, was)
			SELECT CAST(? AS TEXT), _rid, CAST(? AS BIGINT), _rec, CAST(? AS BIGINT), coalesce(_verified, 0) FROM `+table+` WHERE `+older+holes(fetchRows)+`)`,
			append([]any{entity, seq, on, on}, ids...)...)
		if err != nil {
			return n, fmt.Errorf("attest %s: %w", entity, err)
		}
		res, err := tx.Exec(ctx, `UPDATE `+table+` SET _verified = ? WHERE `+older+holes(fetchRows)+`)`, append([]any{on, on}, ids...)...)
		if err != nil {
			return n, fmt.Errorf("attest %s: %w", entity, err)
		}
		k, err := res.RowsAffected()
		if err != nil {
			return n, fmt.Errorf("attest %s: %w", entity, err)
		}
		n += k
	}
	return n, nil
}

// unattest takes the attestations of a commit back: a version whose newest it is
// gets the date that stood there before.
func unattest(ctx context.Context, tx *store.Tx, e *catalog.Entity, of, seq int64) (int64, error) {
	table := store.Table(e.Name)
	res, err := tx.Exec(ctx, `INSERT INTO attestation (entity, rid, seq, rec, on_date, was)
		SELECT a.entity, a.rid, CAST(? AS BIGINT), a.rec, a.was, a.on_date FROM attestation a JOIN `+table+` r ON r._rid = a.rid AND r._to IS NULL
		WHERE a.seq = ? AND a.entity = ? AND NOT EXISTS (SELECT 1 FROM attestation b WHERE b.entity = a.entity AND b.rid = a.rid AND b.seq > a.seq)`,
		seq, of, e.Name)
	if err != nil {
		return 0, fmt.Errorf("take attestations of %s back: %w", e.Name, err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return 0, err
	}
	_, err = tx.Exec(ctx, `UPDATE `+table+` SET _verified = (SELECT CASE WHEN a.on_date = 0 THEN NULL ELSE a.on_date END FROM attestation a
		WHERE a.entity = ? AND a.rid = `+table+`._rid AND a.seq = ?)
		WHERE _rid IN (SELECT rid FROM attestation WHERE seq = ?)`, e.Name, seq, seq)
	if err != nil {
		return 0, fmt.Errorf("take attestations of %s back: %w", e.Name, err)
	}
	return n, nil
}

// extras digests what a commit wrote beside versions: attestations and aliases;
// nil if there is none, so that older commits keep their digests.
func extras(ctx context.Context, q scanner, seq int64) ([]byte, error) {
	var buf []byte
	err := q.Scan(ctx, `SELECT rid, rec, on_date, was FROM attestation WHERE seq = ? ORDER BY rid`, []any{seq}, func(r *store.Row) error {
		for i := range 4 {
			buf = chain.AppendInt(buf, r.Int(i))
		}
		if len(buf) > 64<<10 {
			buf = chain.Fold(buf)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read attestations: %w", err)
	}
	if len(buf) > 0 {
		buf = append([]byte("attested"), chain.Fold(buf)...)
	}
	for _, col := range []string{"seq_from", "seq_to"} {
		err := q.Scan(ctx, `SELECT old_key, new_key FROM alias WHERE `+col+` = ? ORDER BY old_key`, []any{seq}, func(r *store.Row) error {
			buf = chain.AppendText(chain.AppendText(append(buf, col...), string(r.Bytes(0))), string(r.Bytes(1)))
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read aliases: %w", err)
		}
	}
	return buf, nil
}

// scanner is a transaction that reads row by row.
type scanner interface {
	Scan(ctx context.Context, q string, args []any, each func(*store.Row) error) error
}

// aliases are the keys that records of an entity used to have.
func aliases(ctx context.Context, q scanner, entity string) (map[string]string, error) {
	var out map[string]string
	err := q.Scan(ctx, `SELECT old_key, new_key FROM alias WHERE entity = ? AND seq_to = 0`, []any{entity}, func(r *store.Row) error {
		if out == nil {
			out = map[string]string{}
		}
		out[strings.Clone(string(r.Bytes(0)))] = strings.Clone(string(r.Bytes(1)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read aliases of %s: %w", entity, err)
	}
	for k, v := range out { // a record merged into one that was merged itself
		for range len(out) {
			next, ok := out[v]
			if !ok || next == k {
				break
			}
			v = next
		}
		out[k] = v
	}
	return out, nil
}

// writeAliases begins and ends aliases with a commit.
func writeAliases(ctx context.Context, tx *store.Tx, entity string, seq int64, add []Alias, end []string) error {
	for _, old := range end {
		if _, err := tx.Exec(ctx, `UPDATE alias SET seq_to = ? WHERE entity = ? AND old_key = ? AND seq_to = 0`, seq, entity, old); err != nil {
			return fmt.Errorf("end alias: %w", err)
		}
	}
	for _, a := range add {
		if a.Old == "" || a.New == "" || a.Old == a.New {
			return fmt.Errorf("an alias of %s needs two different keys", entity)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO alias (entity, old_key, new_key, seq_from, seq_to) VALUES (?, ?, ?, ?, 0)`, entity, a.Old, a.New, seq); err != nil {
			return fmt.Errorf("write alias: %w", err)
		}
	}
	return nil
}

// unalias takes the aliases of a commit back: those it began end, those it ended
// begin again.
func unalias(ctx context.Context, tx *store.Tx, of, seq int64) error {
	if _, err := tx.Exec(ctx, `INSERT INTO alias (entity, old_key, new_key, seq_from, seq_to)
		SELECT entity, old_key, new_key, CAST(? AS BIGINT), 0 FROM alias WHERE seq_to = ?`, seq, of); err != nil {
		return fmt.Errorf("take aliases back: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE alias SET seq_to = ? WHERE seq_from = ? AND seq_to = 0`, seq, of); err != nil {
		return fmt.Errorf("take aliases back: %w", err)
	}
	return nil
}

// Aliases lists the former keys of a record by its present key.
func (l *Ledger) Aliases(ctx context.Context, entity, key string) ([]string, error) {
	all, err := aliases(ctx, l.db, entity)
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
	all, err := aliases(ctx, l.db, entity)
	if err != nil {
		return "", err
	}
	if now, ok := all[key]; ok {
		return now, nil
	}
	return key, nil
}

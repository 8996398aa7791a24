package access

import (
	"context"
	"fmt"
	"time"

	"luoshu/kernel/access/secret"
)

// at stands for an address where tries are counted for one account alone: were it
// shared, the mistakes of some would shut out all.
func at(step, account string) string { return step + "\x00" + account }

// failed counts a failed try here and in the database, so that a lock-out outlives
// a restart.
func (a *Access) failed(account, address string) {
	now := a.now()
	a.limit.Fail(account, address, now)
	since := now.Add(-a.Policy().Lock).Unix()
	a.store(func(ctx context.Context) error {
		for _, k := range secret.Keys(account, address) {
			_, err := a.db.Exec(ctx, `INSERT INTO failure (key, count, since) VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET
				count = CASE WHEN failure.since < ? THEN 1 ELSE failure.count + 1 END, since = CASE WHEN failure.since < ? THEN excluded.since ELSE failure.since END`,
				k, now.Unix(), since, since)
			if err != nil {
				return err
			}
		}
		_, err := a.db.Exec(ctx, `DELETE FROM failure WHERE since < ?`, since)
		return err
	})
}

// passed forgets the failures of a pair after a good try, here and in the database.
func (a *Access) passed(account, address string) {
	a.limit.Clear(account, address)
	a.store(func(ctx context.Context) error {
		_, err := a.db.Exec(ctx, `DELETE FROM failure WHERE key = ?`, secret.Keys(account, address)[0])
		return err
	})
}

// remember loads the failures of a former process. Keys are kept hashed: a name
// that somebody tried is not written down.
func (a *Access) remember(ctx context.Context) error {
	rows, err := a.db.Query(ctx, `SELECT key, count, since FROM failure WHERE since >= ? LIMIT ?`, a.now().Add(-a.Policy().Lock).Unix(), int64(secret.MaxTracking))
	if err != nil {
		return fmt.Errorf("read failed sign-ins: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var since int64
		var count int
		if err := rows.Scan(&key, &count, &since); err != nil {
			return fmt.Errorf("read failed sign-ins: %w", err)
		}
		a.limit.Remember(key, count, time.Unix(since, 0))
	}
	return rows.Err()
}

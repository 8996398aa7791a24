package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"luoshu"
	"luoshu/kernel/vault"
)

// meet holds the keys given against those that the database was sealed with,
// before anything is written. A database that has none yet takes any.
func (db *DB) meet(ctx context.Context) error {
	cols, err := db.Columns(ctx, "vault")
	if err != nil || len(cols) == 0 {
		return err
	}
	var city, mark string
	err = db.QueryRow(ctx, `SELECT city, mark FROM vault WHERE one = 1`).Scan(&city, &mark)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the mark of the keys: %w", err)
	}
	switch {
	case db.keys == nil:
		return luoshu.Errorf(luoshu.Unavailable, "数据已加密，但没有给出密钥，不能打开", "the data are sealed, but no keys were given; they are not opened")
	case db.keys.City() != city:
		return luoshu.Errorf(luoshu.Unavailable, "这份密钥属于另一座城市的数据，不能打开；请换回本城的密钥文件", "these keys belong to another city's data; put this city's key file back")
	case db.keys.Check(0) != mark:
		return luoshu.Errorf(luoshu.Unavailable, "索引密钥与数据不符（被改动或损坏），不能打开；请用备份恢复密钥文件", "the index key does not fit the data (altered or damaged); restore the key file from a backup")
	}
	marks, err := db.keyMarks(ctx)
	if err != nil {
		return err
	}
	for n, mark := range marks {
		switch got := db.keys.Check(n); {
		case got == "":
			return luoshu.Errorf(luoshu.Unavailable, "密钥文件缺少第 %d 号数据密钥，而数据要用它，不能打开；请找回它", "the key file lacks data key %d, which the data use; they are not opened until it is found", n)
		case got != mark:
			return luoshu.Errorf(luoshu.Unavailable, "第 %d 号数据密钥与数据不符（被改动或损坏），不能打开；请用备份恢复密钥文件", "data key %d does not fit the data (altered or damaged); restore the key file from a backup", n)
		}
	}
	return nil
}

func (db *DB) keyMarks(ctx context.Context) (map[uint32]string, error) {
	rows, err := db.Query(ctx, `SELECT number, mark FROM vault_key`)
	if err != nil {
		return nil, fmt.Errorf("read the marks of keys: %w", err)
	}
	defer rows.Close()
	out := map[uint32]string{}
	for rows.Next() {
		var n int64
		var mark string
		if err := rows.Scan(&n, &mark); err != nil {
			return nil, fmt.Errorf("read the marks of keys: %w", err)
		}
		out[uint32(n)] = mark
	}
	return out, rows.Err()
}

// adopt notes the keys in the database: once the index key's mark, and that of
// every data key it does not know yet.
func (db *DB) adopt(ctx context.Context) error {
	if db.keys == nil {
		return nil
	}
	marks, err := db.keyMarks(ctx)
	if err != nil {
		return err
	}
	var n int64
	if err := db.QueryRow(ctx, `SELECT count(*) FROM vault`).Scan(&n); err != nil {
		return fmt.Errorf("read the mark of the keys: %w", err)
	}
	fresh := n == 0
	for _, k := range db.keys.Numbers() {
		fresh = fresh || marks[k.Number] == ""
	}
	if !fresh {
		return nil
	}
	return db.Tx(ctx, func(tx *Tx) error { return tx.NoteKeys(ctx, db.keys) })
}

// NoteKeys notes the marks of keys that the database does not know yet.
func (tx *Tx) NoteKeys(ctx context.Context, v *vault.Vault) error {
	if _, err := tx.Exec(ctx, `INSERT INTO vault (one, city, mark) VALUES (1, ?, ?) ON CONFLICT (one) DO NOTHING`, v.City(), v.Check(0)); err != nil {
		return fmt.Errorf("note the mark of the keys: %w", err)
	}
	for _, k := range v.Numbers() {
		if _, err := tx.Exec(ctx, `INSERT INTO vault_key (number, mark) VALUES (?, ?) ON CONFLICT (number) DO NOTHING`, int64(k.Number), v.Check(k.Number)); err != nil {
			return fmt.Errorf("note the mark of a key: %w", err)
		}
	}
	return nil
}

// KnowsKey reports whether a data key may still be sealed with: it has not been
// retired.
func (tx *Tx) KnowsKey(ctx context.Context, number uint32) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM vault_key WHERE number = ?`, int64(number)).Scan(&n)
	return n > 0, err
}

// RetireKey forgets a data key that nothing is sealed with any more.
func (tx *Tx) RetireKey(ctx context.Context, number uint32) error {
	if _, err := tx.Exec(ctx, `DELETE FROM vault_key WHERE number = ?`, int64(number)); err != nil {
		return fmt.Errorf("retire key: %w", err)
	}
	return nil
}

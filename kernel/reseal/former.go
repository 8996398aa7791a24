package reseal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// filesDone is the setting that says that everything beside the rows is sealed.
const filesDone = "sealed:files"

// Former seals what a former release kept in clear beside the rows: files handed in,
// cubes, and the verdicts on uploads, which are dropped; uploads that wait for a word are
// read again. Texts that a former release wrote in clear are sealed where they are. It
// does so once, and goes on where it was interrupted.
func Former(ctx context.Context, db *store.DB, dir string) error {
	if err := formerFiles(ctx, db, dir); err != nil {
		return err
	}
	return formerTexts(ctx, db)
}

func formerFiles(ctx context.Context, db *store.DB, dir string) error {
	var done string
	err := db.QueryRow(ctx, `SELECT value FROM setting WHERE key = ?`, filesDone).Scan(&done)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	err = eachSealed(ctx, dir, func(path string) error {
		if sealed, err := vault.IsSealed(path); sealed || err != nil {
			return err
		}
		return db.Vault().SealFile(path, filepath.Join(filepath.Dir(path), ".seal-"+filepath.Base(path)))
	})
	if err != nil {
		return fmt.Errorf("seal files: %w", err)
	}
	dropped := int64(0)
	err = db.Tx(ctx, func(tx *store.Tx) error {
		res, err := tx.Exec(ctx, `DELETE FROM upload_row WHERE detail NOT LIKE ? OR label <> ''`, vault.TextPrefix+"%")
		if err != nil {
			return err
		}
		if dropped, err = res.RowsAffected(); err != nil {
			return err
		}
		if dropped > 0 {
			if _, err := tx.Exec(ctx, `UPDATE upload SET state = 'reading' WHERE state = 'staged'`); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES (?, '1') ON CONFLICT (key) DO NOTHING`, filesDone)
		return err
	})
	if err != nil {
		return fmt.Errorf("seal uploads: %w", err)
	}
	if dropped > 0 {
		return db.Rewrite(ctx, []string{"upload_row"})
	}
	return nil
}

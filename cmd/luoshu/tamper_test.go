package main

import (
	"context"
	"errors"
	"path/filepath"

	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// tamper changes a database without the ledger, as an intruder would.
func tamper(path, query string) error {
	ctx := context.Background()
	src, err := vault.Config{}.Source(filepath.Dir(path))
	if err != nil {
		return err
	}
	keys, err := vault.Open(src, nil)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Config{Driver: "sqlite", DSN: path, Keys: keys})
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, query)
	return errors.Join(err, db.Close())
}

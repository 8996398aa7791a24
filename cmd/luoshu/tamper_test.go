package main

import (
	"context"
	"errors"

	"luoshu/kernel/store"
)

// tamper changes a database without the ledger, as an intruder would.
func tamper(path, query string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{Driver: "sqlite", DSN: path})
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, query)
	return errors.Join(err, db.Close())
}

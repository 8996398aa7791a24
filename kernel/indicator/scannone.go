//go:build !cgo || !(amd64 || arm64) || noduckdb

package indicator

import (
	"errors"

	"luoshu/kernel/catalog"
	"luoshu/kernel/parquet"
)

// duckBuilt is false in builds without cgo: the store scans instead.
const duckBuilt = false

func newDuck(*Engine, string, *program, *parquet.Manifest, int64, []int, func(*catalog.Entity) int64) (scanner, error) {
	return nil, errors.New("this build has no DuckDB")
}

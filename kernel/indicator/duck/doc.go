// Package duck puts a seal's Parquet files before DuckDB: a view an entity, with the
// fields that lie in envelopes opened beside it, in bounded memory. It is empty in
// builds without cgo; only the scan of figures uses it.
package duck

//go:build cgo && (amd64 || arm64) && !noduckdb

package indicator

// LimitDuck bounds what DuckDB may hold until the function it returns is called.
func LimitDuck(size string) func() {
	was := duckMemory
	duckMemory = size
	return func() { duckMemory = was }
}

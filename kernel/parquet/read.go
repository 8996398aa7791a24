package parquet

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// Sink takes the rows of a scan, a column at a time.
type Sink interface {
	Dims() int
	Columns() int
	Year(v int64)
	Text(dim int, v []byte)
	Number(dim int, v int64, known bool)
	CodeOf(dim int, v string) uint32
	Code(dim int, k uint32)
	Add(column int, v int64)
}

// ReadScan reads a file whose columns are a year, the sink's dimensions and the
// sink's columns, into the sink.
func ReadScan(ctx context.Context, path string, into Sink) error {
	pf, err := file.OpenParquetFile(path, false)
	if err != nil {
		return fmt.Errorf("read scan: %w", err)
	}
	defer pf.Close()
	props := pqarrow.ArrowReadProperties{BatchSize: rowGroup}
	for i := range into.Dims() {
		props.SetReadDict(i+1, true)
	}
	r, err := pqarrow.NewFileReader(pf, props, memory.NewGoAllocator())
	if err != nil {
		return fmt.Errorf("read scan: %w", err)
	}
	rr, err := r.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return fmt.Errorf("read scan: %w", err)
	}
	defer rr.Release()
	for rr.Next() {
		if err := batch(rr.RecordBatch(), into); err != nil {
			return fmt.Errorf("read scan: %w", err)
		}
	}
	return rr.Err()
}

func batch(rec arrow.RecordBatch, into Sink) error {
	dims := into.Dims()
	year, err := numbers(rec.Column(0))
	if err != nil {
		return fmt.Errorf("year: %w", err)
	}
	for _, y := range year {
		into.Year(y)
	}
	for i := range dims {
		if err := dimension(rec.Column(i+1), i, into); err != nil {
			return fmt.Errorf("%s: %w", rec.ColumnName(i+1), err)
		}
	}
	for i := range into.Columns() {
		vals, err := numbers(rec.Column(1 + dims + i))
		if err != nil {
			return fmt.Errorf("%s: %w", rec.ColumnName(1+dims+i), err)
		}
		for _, v := range vals {
			into.Add(i, v)
		}
	}
	return nil
}

func numbers(col arrow.Array) ([]int64, error) {
	a, ok := col.(*array.Int64)
	if !ok || a.NullN() > 0 {
		return nil, fmt.Errorf("column of %s with %d nulls", col.DataType(), col.NullN())
	}
	return a.Int64Values(), nil
}

func dimension(col arrow.Array, dim int, into Sink) error {
	switch a := col.(type) {
	case *array.Int64:
		for i := range a.Len() {
			into.Number(dim, a.Value(i), a.IsValid(i))
		}
	case *array.Int32:
		for i := range a.Len() {
			into.Number(dim, int64(a.Value(i)), a.IsValid(i))
		}
	case *array.String:
		for i := range a.Len() {
			into.Text(dim, []byte(a.Value(i)))
		}
	case *array.Dictionary:
		dict, ok := a.Dictionary().(*array.String)
		if !ok {
			return fmt.Errorf("dictionary of %s", a.Dictionary().DataType())
		}
		codes, known := make([]uint32, dict.Len()), make([]bool, dict.Len())
		for i := range a.Len() {
			if a.IsNull(i) {
				into.Code(dim, into.CodeOf(dim, ""))
				continue
			}
			k := a.GetValueIndex(i)
			if !known[k] {
				codes[k], known[k] = into.CodeOf(dim, strings.Clone(dict.Value(k))), true
			}
			into.Code(dim, codes[k])
		}
	default:
		return fmt.Errorf("column of %s", col.DataType())
	}
	return nil
}

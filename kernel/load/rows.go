package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// How many verdicts are kept for looking at; the counts are always exact.
const (
	keepBad  = 200_000 // changed and refused rows
	keepNew  = 1_000   // new rows
	keepRest = 10_000  // other rows with a warning
)

// UploadRow is the verdict on one row of an upload.
type UploadRow struct {
	Row     int
	Verdict string
	Entity  string // differs from the upload's in a package
	Label   string
	Changes []Change
	Faults  []luoshu.Fault
}

// Change is one field that a row would change, or gives to a new record. Values
// are as stored and not masked: whoever shows them must know who looks.
type Change struct {
	Field         string
	Before, After luoshu.Value
}

// verdicts keeps the verdicts of a staging pass.
type verdicts struct {
	d      *Desk
	ctx    context.Context
	upload string
	n      int64
	bad    int
	fresh  int
	rest   int
	buf    []wireRow
}

// wireRow is a row of the table upload_row before it is written.
type wireRow struct {
	n       int64
	line    int
	verdict string
	detail  []byte // JSON, to be sealed
	faulty  int64
}

// detail is the JSON of a row. It lies sealed in the table, since it has values.
type detail struct {
	Label   string         `json:"label,omitempty"`
	Entity  string         `json:"entity,omitempty"`
	Changes []wireChange   `json:"changes,omitempty"`
	Faults  []luoshu.Fault `json:"faults,omitempty"`
}

type wireChange struct {
	Field  string `json:"f"`
	Before any    `json:"b,omitempty"`
	After  any    `json:"a,omitempty"`
}

// add keeps a verdict if there is room for its kind.
func (v *verdicts) add(e *catalog.Entity, x Verdict) error {
	switch {
	case x.Verdict == ledger.Changed || x.Verdict == ledger.Refused:
		if v.bad++; v.bad > keepBad {
			return nil
		}
	case x.Verdict == ledger.New && v.fresh < keepNew:
		v.fresh++
	case len(x.Faults) > 0:
		if v.rest++; v.rest > keepRest {
			return nil
		}
	default:
		return nil
	}
	d := detail{Entity: e.Name, Faults: x.Faults}
	for i, f := range e.Fields {
		var before, after luoshu.Value
		if i < len(x.Before) {
			before = x.Before[i]
		}
		if i < len(x.After) {
			after = x.After[i]
		}
		if before != after {
			d.Changes = append(d.Changes, wireChange{f.Name, before.Any(), after.Any()})
		}
	}
	label := ""
	for _, vals := range [][]luoshu.Value{x.After, x.Before} {
		if f := e.Field(e.Label); f != nil && f.Index < len(vals) && label == "" {
			label = vals[f.Index].String()
		}
	}
	return v.put(x.Row, x.Verdict.String(), label, d)
}

func (v *verdicts) put(line int, verdict, label string, d detail) error {
	d.Label = label
	b, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("keep verdicts: %w", err)
	}
	r := wireRow{n: v.n, line: line, verdict: verdict, detail: b}
	if len(d.Faults) > 0 {
		r.faulty = 1
	}
	v.buf = append(v.buf, r)
	if v.n++; len(v.buf) >= 500 {
		return v.flush()
	}
	return nil
}

func (v *verdicts) flush() error {
	rows := v.buf
	v.buf = v.buf[:0]
	if len(rows) == 0 {
		return nil
	}
	return v.d.db.Tx(v.ctx, func(tx *store.Tx) error {
		keys := v.d.db.Vault()
		if err := keys.Refresh(); err != nil {
			return err
		}
		s := keys.Sealer()
		st, err := tx.Prepare(v.ctx, `INSERT INTO upload_row (upload, n, line, verdict, label, detail, faulty) VALUES (?, ?, ?, ?, '', ?, ?)`)
		if err != nil {
			return fmt.Errorf("keep verdicts: %w", err)
		}
		defer st.Close()
		for _, r := range rows {
			text, err := s.SealText(detailPlace(v.upload, r.n), string(r.detail))
			if err != nil {
				return fmt.Errorf("keep verdicts: %w", err)
			}
			if _, err := st.ExecContext(v.ctx, v.upload, r.n, r.line, r.verdict, text, r.faulty); err != nil {
				return fmt.Errorf("keep verdicts: %w", err)
			}
		}
		return nil
	})
}

// detailPlace is what a sealed detail belongs to.
func detailPlace(upload string, n int64) string { return vault.Place("upload_row", upload, n) }

// end keeps the faults of the file as a whole and writes what is left.
func (v *verdicts) end(r Report) error {
	var whole []luoshu.Fault
	for _, f := range r.Faults {
		if f.Blocked || f.Row == 0 || isHeading(f.Rule) {
			whole = append(whole, f)
		}
	}
	if len(whole) > 0 {
		if err := v.put(0, "file", "", detail{Faults: whole}); err != nil {
			return err
		}
	}
	return v.flush()
}

func isHeading(rule string) bool { return len(rule) > 7 && rule[:7] == "header-" }

// UploadRows returns the kept verdicts of an upload, in the order of the file,
// and how many there are. verdict is new, changed, unchanged, refused, file
// (faults of the file as a whole) or "" for all.
func (d *Desk) UploadRows(ctx context.Context, id, verdict string, offset, limit int) ([]UploadRow, int64, error) {
	where, args := `upload = ?`, []any{id}
	if verdict != "" {
		where, args = where+` AND verdict = ?`, append(args, verdict)
	}
	var total int64
	if err := d.db.QueryRow(ctx, `SELECT count(*) FROM upload_row WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("read verdicts: %w", err)
	}
	out := []UploadRow{}
	err := d.rows(ctx, where+` ORDER BY line, n LIMIT ? OFFSET ?`, append(args, limit, offset), func(r UploadRow) error {
		out = append(out, r)
		return nil
	})
	return out, total, err
}

func (d *Desk) rows(ctx context.Context, where string, args []any, each func(UploadRow) error) error {
	rows, err := d.db.Query(ctx, `SELECT upload, n, line, verdict, detail FROM upload_row WHERE `+where, args...)
	if err != nil {
		return fmt.Errorf("read verdicts: %w", err)
	}
	defer rows.Close()
	s := d.db.Vault().Sealer()
	for rows.Next() {
		var r UploadRow
		var upload, text string
		var n int64
		if err := rows.Scan(&upload, &n, &r.Row, &r.Verdict, &text); err != nil {
			return fmt.Errorf("read verdicts: %w", err)
		}
		if text, err = s.OpenText(detailPlace(upload, n), text); err != nil {
			return fmt.Errorf("read verdicts: %w", err)
		}
		var dt detail
		dec := json.NewDecoder(bytes.NewReader([]byte(text)))
		dec.UseNumber()
		if err := dec.Decode(&dt); err != nil {
			return fmt.Errorf("read verdicts: %w", err)
		}
		r.Entity, r.Label, r.Faults = dt.Entity, dt.Label, dt.Faults
		for _, c := range dt.Changes {
			r.Changes = append(r.Changes, Change{c.Field, unwire(c.Before), unwire(c.After)})
		}
		if err := each(r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read verdicts: %w", err)
	}
	return nil
}

func unwire(x any) luoshu.Value {
	switch x := x.(type) {
	case string:
		return luoshu.TextValue(x)
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return luoshu.IntValue(n)
		}
	}
	return luoshu.Value{}
}

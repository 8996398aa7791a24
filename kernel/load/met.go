package load

import (
	"context"
	"errors"

	"luoshu"
	"luoshu/kernel/identity"
	"luoshu/kernel/intake"
)

// mostMet bounds the rows of one file that are warned of and queued one by one; a
// file with more of them is looked at as a whole afterwards.
const mostMet = 10_000

// met is a row that came in although an exact field of it is on record already.
type met struct {
	key   string
	old   int64
	field string
}

// greet lets somebody look at rows that would be new records. The machine's operator
// loads whole registers, which are looked at as a whole afterwards.
func (x *pass) greet() {
	if x.d.known != nil && x.j.writer != nil {
		x.door = x.d.known.Door(x.e.Name)
	}
}

// look warns of a row whose person is on record under another key, or refuses it
// where a pack says so. The warning names no record: it may be another's.
func (x *pass) look(ctx context.Context, row *intake.Row) error {
	if x.door == nil || len(x.met) >= mostMet {
		return nil
	}
	old, name, err := x.door.Look(ctx, row.Values)
	if err != nil || old == 0 {
		return err
	}
	f := x.e.Field(name)
	fault := luoshu.Fault{
		File: x.j.file.Name, Sheet: x.head.Sheet, Row: row.N, Col: x.head.Place[f.Index], Field: name, Rule: "on-record", Grade: "warn",
		ZH: "“" + f.Title.ZH + "”与在册的另一条记录相同，可能是同一人；先查重，确是同一人的请沿用原有编号",
		EN: "“" + f.Title.EN + "” is that of another record: likely the same person. Look under likely duplicates, and use the number there is",
	}
	if x.door.Enforces() {
		fault.Grade = ""
	} else {
		x.met = append(x.met, met{row.Values[x.e.KeyFields()[0].Index].S, old, name})
	}
	row.Faults = append(row.Faults, fault)
	return nil
}

// introduce queues the pairs once the commit is made.
func (x *pass) introduce(ctx context.Context) error {
	if x.j.dry {
		return nil
	}
	var failed error
	for _, m := range x.met {
		failed = errors.Join(failed, x.door.Met(ctx, m.key, m.old, m.field))
	}
	return failed
}

// Know tells the desk who knows whether a new record is somebody on record. Until it
// is called nobody is asked.
func (d *Desk) Know(k *identity.Identity) {
	d.mu.Lock()
	d.known = k
	d.mu.Unlock()
}

package identity

import (
	"context"
	"fmt"

	"luoshu"
	"luoshu/kernel/charter"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// Door looks at rows that would become new records of one entity: is this somebody
// who is on record already? It asks by the exact fields only, which is cheap; what
// is merely alike is found by Find afterwards.
type Door struct {
	d *Identity
	i *charter.Identity
}

// Door returns the door of an entity, nil where no pack asks for one.
func (d *Identity) Door(entity string) *Door {
	i := d.ch.Identity(entity)
	if i == nil || len(i.Exact) == 0 {
		return nil
	}
	return &Door{d, i}
}

// Enforces reports whether a new record of somebody on record is refused.
func (o *Door) Enforces() bool { return o.i.Enforce }

// Look answers the record that has an exact field of a row that would be new, and
// the field; 0 if there is none, or if the row's own record is there already.
func (o *Door) Look(ctx context.Context, values []luoshu.Value) (rec int64, field string, err error) {
	e := o.i.Entity
	key := e.KeyFields()[0]
	own := values[key.Index].S
	for _, name := range o.i.Exact {
		f := e.Field(name)
		v := values[f.Index]
		if v.S == "" {
			continue
		}
		where, args := o.d.rec.Is(e, name, v.S)
		err := o.d.rec.Each(ctx, records.Query{Entity: e.Name, Where: where, Args: args, Fields: []string{key.Name}, Limit: 8}, func(x *records.Version) error {
			if x.Values[key.Index].S == own {
				rec, field = -1, "" // not a new record
			} else if rec == 0 {
				rec, field = x.Rec, name
			}
			return nil
		})
		if err != nil {
			return 0, "", err
		}
		if rec < 0 {
			return 0, "", nil
		}
		if rec > 0 {
			known, err := o.d.led.KeyOf(ctx, e.Name, own)
			if err != nil || known != own {
				return 0, "", err // a former number: the row lands on the survivor
			}
			there, err := o.d.rec.ByKey(ctx, e.Name, own)
			if err != nil || there != nil {
				return 0, "", err
			}
			return rec, field, nil
		}
	}
	return 0, "", nil
}

// Met puts a pair into the queue: the record that came in under a key, and the one
// that was there.
func (o *Door) Met(ctx context.Context, key string, old int64, field string) error {
	d, e := o.d, o.i.Entity
	fresh, err := d.rec.ByKey(ctx, e.Name, key)
	if err != nil || fresh == nil {
		return err
	}
	was, err := d.rec.Get(ctx, e.Name, old)
	if err != nil || was == nil {
		return err
	}
	a, err := d.acc.Holder(ctx, e, was.Values)
	if err != nil {
		return err
	}
	b, err := d.acc.Holder(ctx, e, fresh.Values)
	if err != nil {
		return err
	}
	defer d.lookAgain()
	return d.db.Tx(ctx, func(tx *store.Tx) error {
		_, err := insert(ctx, tx, row{
			entity: e.Name, a: was.Rec, b: fresh.Rec, orgA: a, orgB: b, probability: o.i.Linked.Match, verdict: "exact",
			trace: []Evidence{{Field: field, Level: "exact"}}, found: d.now().Unix(),
		})
		if err != nil {
			return fmt.Errorf("queue pair: %w", err)
		}
		return nil
	})
}

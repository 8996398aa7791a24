package identity

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
)

// side is one record of a pair and the organisation that the queue has for it.
type side struct {
	id, column, org string
}

// follow brings the organisations of pairs to where their records are held now, so
// that a pair goes along with who moved: whoever has lost the record sees the pair no
// longer, whoever received it does. It looks at what was committed since it looked
// last. A record that is gone keeps the organisation that held it last.
func (d *Identity) follow(ctx context.Context) error {
	head, _, err := d.led.Head(ctx)
	if err != nil {
		return err
	}
	d.moves.Lock()
	defer d.moves.Unlock()
	if head == d.looked {
		return nil
	}
	for _, i := range d.ch.Identities() {
		if err := d.followAll(ctx, i.Entity); err != nil {
			return fmt.Errorf("find where the records of pairs are held: %w", err)
		}
	}
	d.looked = head
	return nil
}

// lookAgain makes the next look one at everything.
func (d *Identity) lookAgain() {
	d.moves.Lock()
	defer d.moves.Unlock()
	d.looked = 0
}

// most is how many records are asked for at once.
const most = 400

func (d *Identity) followAll(ctx context.Context, e *catalog.Entity) error {
	if e.Org == "" {
		return nil
	}
	sides := map[int64][]side{}
	rows, err := d.db.Query(ctx, `SELECT id, rec_a, org_a, rec_b, org_b FROM duplicate WHERE entity = ?`, e.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var a, b int64
		x, y := side{column: "org_a"}, side{column: "org_b"}
		if err := rows.Scan(&x.id, &a, &x.org, &b, &y.org); err != nil {
			return err
		}
		y.id = x.id
		sides[a], sides[b] = append(sides[a], x), append(sides[b], y)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var moved []side
	for part := range slices.Chunk(slices.Collect(maps.Keys(sides)), most) {
		if moved, err = d.followSome(ctx, e, part, sides, moved); err != nil {
			return err
		}
	}
	if len(moved) == 0 {
		return nil
	}
	return d.db.Tx(ctx, func(tx *store.Tx) error {
		for _, s := range moved {
			if _, err := tx.Exec(ctx, `UPDATE duplicate SET `+s.column+` = ? WHERE id = ?`, s.org, s.id); err != nil {
				return err
			}
		}
		return nil
	})
}

// followSome adds the sides of some records that another organisation holds now. Where
// the row itself names who holds it, only versions since the last look are read.
func (d *Identity) followSome(ctx context.Context, e *catalog.Entity, recs []int64, sides map[int64][]side, moved []side) ([]side, error) {
	where, args := d.rec.Recs(e.Name, recs)
	first, _, hop := strings.Cut(e.Org, ".")
	if !hop {
		where, args = where+" AND f._from > ?", append(args, d.looked)
	}
	var found []*records.Version
	err := d.rec.Each(ctx, records.Query{Entity: e.Name, Where: where, Args: args, Fields: []string{first}}, func(v *records.Version) error {
		found = append(found, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, v := range found {
		org, err := d.acc.Holder(ctx, e, v.Values)
		if err != nil {
			return nil, err
		}
		for _, s := range sides[v.Rec] {
			if s.org != org {
				moved = append(moved, side{s.id, s.column, org})
			}
		}
	}
	return moved, nil
}

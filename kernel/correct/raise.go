package correct

import (
	"context"
	"slices"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// MostHeld is how many records of one file may be held. A file with more is not
// made of corrections: it is the wrong file, or handed in by the wrong office.
const MostHeld = 50_000

// Held is what a file may not change of one record.
type Held struct {
	Rec    int64
	Row    int // of the file
	Before []luoshu.Value
	Fields []HeldField
}

// HeldField is one of its fields, by index, with the value the file has.
type HeldField struct {
	Field  int
	Wanted luoshu.Value
	Why    Why
}

// Raise makes requests to the sources, and conflicts, of what a commit of a file
// held. The row of the file is the evidence. What is asked for already, or was
// rejected or kept before with these very values, is not raised again, so that
// Raise may be repeated after a crash and a file loaded twice asks once. It
// returns how many it made.
func (c *Correct) Raise(ctx context.Context, actor luoshu.Actor, entity string, file ledger.Source, reason string, held []Held) (int, error) {
	e := c.cat.Entity(entity)
	if e == nil || len(held) == 0 {
		return 0, nil
	}
	g := &Guard{c: c, e: e, actor: actor, own: map[string][]bool{}, holders: map[string]string{}}
	var err error
	if g.tree, err = c.acc.Tree(ctx); err != nil {
		return 0, err
	}
	made := 0
	err = c.db.Tx(ctx, func(tx *store.Tx) error {
		made = 0
		for _, h := range held {
			before, err := c.requests(ctx, tx, `entity = ? AND rec = ?`, entity, h.Rec)
			if err != nil {
				return err
			}
			var joined []Change
			for _, f := range h.Fields {
				if f.Why == Joined {
					joined = append(joined, Change{e.Fields[f.Field].Name, h.Before[f.Field], f.Wanted})
				}
			}
			for _, kind := range []string{KindRequest, KindConflict} {
				var want []Change
				for _, f := range h.Fields {
					ch := Change{e.Fields[f.Field].Name, h.Before[f.Field], f.Wanted}
					if f.Why != Joined && (f.Why == ByHand) == (kind == KindConflict) && !asked(before, kind, actor.Org, ch) {
						want = append(want, ch)
					}
				}
				if len(want) == 0 {
					continue
				}
				reqs, err := g.group(ctx, h.Rec, h.Before, want, joined, Request{Kind: kind, Origin: FromFile, By: actor, Reason: reason, File: file, Row: h.Row})
				if err != nil {
					return err
				}
				joined = nil
				for _, r := range reqs {
					if err := c.insert(ctx, tx, r); err != nil {
						return err
					}
					made++
				}
			}
		}
		return nil
	})
	return made, err
}

// asked reports whether an organisation has asked for a change already that waits
// or that a person has turned down.
func asked(list []*Request, kind, org string, ch Change) bool {
	return slices.ContainsFunc(list, func(r *Request) bool {
		return r.Kind == kind && (kind == KindConflict || r.By.Org == org) &&
			(r.Live() || r.State == Rejected || r.State == Kept) && slices.Contains(r.Fields, ch)
	})
}

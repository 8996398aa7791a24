package attain

import (
	"fmt"
	"slices"
)

// Change is something that might be done to units.
type Change struct {
	// Kind is merge (From goes into To with all it has), close (its heads go to To,
	// and of its amounts the Share), move (Heads go from From to To) or add (Amount
	// of Item at To).
	Kind   string  `json:"kind"`
	From   string  `json:"from,omitempty"`
	To     string  `json:"to"`
	Share  float64 `json:"share,omitempty"` // of what can be taken along, 0 to 1
	Heads  float64 `json:"heads,omitempty"`
	Item   string  `json:"item,omitempty"`
	Amount float64 `json:"amount,omitempty"`
}

// ChangeError says what is wrong with a change.
type ChangeError struct {
	Index  int
	Reason string // unknown-unit same-unit heads item kind share amount
	What   string
}

// Error says it in English.
func (e *ChangeError) Error() string {
	return fmt.Sprintf("change %d: %s %s", e.Index+1, e.Reason, e.What)
}

// Apply makes the changes one after another and returns the units as they would be.
// The units given stay as they are.
func (t Task) Apply(units []Unit, changes []Change) ([]Unit, error) {
	work := make([]Unit, len(units))
	for i, u := range units {
		work[i] = u
		work[i].Amounts = slices.Clone(u.Amounts)
	}
	find := func(id string) *Unit {
		for i := range work {
			if work[i].ID == id {
				return &work[i]
			}
		}
		return nil
	}
	for n, c := range changes {
		bad := func(reason, what string) error { return &ChangeError{n, reason, what} }
		to := find(c.To)
		if to == nil {
			return nil, bad("unknown-unit", c.To)
		}
		if c.Kind == "add" {
			i := slices.IndexFunc(t.Items, func(it Item) bool { return it.ID == c.Item })
			if i < 0 {
				return nil, bad("item", c.Item)
			}
			if !(to.Amounts[i]+c.Amount >= 0) {
				return nil, bad("amount", c.Item)
			}
			to.Amounts[i] += c.Amount
			continue
		}
		from := find(c.From)
		switch {
		case from == nil:
			return nil, bad("unknown-unit", c.From)
		case from == to:
			return nil, bad("same-unit", c.From)
		}
		switch c.Kind {
		case "move":
			if !(c.Heads > 0) || c.Heads > from.Heads {
				return nil, bad("heads", c.From)
			}
			from.Heads, to.Heads = from.Heads-c.Heads, to.Heads+c.Heads
		case "merge", "close":
			share := c.Share
			if c.Kind == "merge" {
				share = 1
			}
			if !(share >= 0 && share <= 1) {
				return nil, bad("share", c.From)
			}
			to.Heads += from.Heads
			for i := range t.Items {
				to.Amounts[i] += from.Amounts[i] * share
			}
			gone := from.ID
			work = slices.DeleteFunc(work, func(u Unit) bool { return u.ID == gone })
		default:
			return nil, bad("kind", c.Kind)
		}
	}
	return work, nil
}

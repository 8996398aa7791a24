package verify

import (
	"context"
	"slices"
	"sort"

	"luoshu"
)

// Status is how far a round is, by counts.
type Status struct {
	Round    *Round `json:"round"`
	Counts   Counts `json:"counts"`
	Units    []Unit `json:"units"`    // by code, never by result
	Answered int    `json:"answered"` // units with nothing open
	Overdue  int    `json:"overdue"`  // units with something open after its deadline
	Waiting  int    `json:"waiting"`  // units with something open before it
}

// Unit is how far one organisation is, over all its tasks.
type Unit struct {
	Org string `json:"org"`
	Counts
	State    string `json:"state"` // answered, open, overdue
	Due      int64  `json:"due"`
	Returned int64  `json:"returned"`
	Children int    `json:"children,omitempty"` // holders counted in it
	Late     int    `json:"late,omitempty"`     // holders of them that are overdue
	Tasks    []Part `json:"tasks,omitempty"`    // of a holder itself
}

// Part is one task of a unit.
type Part struct {
	ID     int64  `json:"id"`
	Entity string `json:"entity"`
	Counts
}

// Status counts a round within the actor's scope. Holders stand for themselves, or,
// with a level given, are added up by the organisations of that level over them.
func (v *Verify) Status(ctx context.Context, actor luoshu.Actor, id, level, under string) (*Status, error) {
	r, err := v.Round(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	scope, err := v.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if scope, err = scope.Under(under); err != nil {
		return nil, err
	}
	list, err := v.tasks(ctx, `t.round = ?`, r.N)
	if err != nil {
		return nil, err
	}
	st := &Status{Round: r, Units: []Unit{}}
	holders := map[string]*Unit{}
	for _, t := range list {
		if !scope.Has(t.Org) {
			continue
		}
		u := holders[t.Org]
		if u == nil {
			u = &Unit{Org: t.Org, State: "answered"}
			holders[t.Org] = u
		}
		u.add(t.Counts)
		u.Due, u.Returned = max(u.Due, t.Due), max(u.Returned, t.Returned)
		u.Tasks = append(u.Tasks, Part{t.ID, t.Entity, t.Counts})
		switch {
		case t.Overdue:
			u.State = "overdue"
		case t.Open > 0 && u.State == "answered":
			u.State = "open"
		}
		st.Counts.add(t.Counts)
	}
	sums := map[string]*Unit{}
	for _, u := range holders {
		switch u.State {
		case "answered":
			st.Answered++
		case "overdue":
			st.Overdue++
		default:
			st.Waiting++
		}
		if level == "" || level == r.Spec.Holder {
			st.Units = append(st.Units, *u)
			continue
		}
		to := over(scope.Tree(), u.Org, level)
		sums[to] = merge(sums[to], u)
	}
	for org, u := range sums {
		u.Org = org
		st.Units = append(st.Units, *u)
	}
	sort.Slice(st.Units, func(i, j int) bool { return st.Units[i].Org < st.Units[j].Org })
	return st, nil
}

// merge adds a holder to the organisation over it.
func merge(to, u *Unit) *Unit {
	if to == nil {
		to = &Unit{State: "answered"}
	}
	to.add(u.Counts)
	to.Children++
	to.Due = max(to.Due, u.Due)
	worse := []string{"answered", "open", "overdue"}
	if u.State == "overdue" {
		to.Late++
	}
	if slices.Index(worse, u.State) > slices.Index(worse, to.State) {
		to.State = u.State
	}
	return to
}

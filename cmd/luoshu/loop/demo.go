package loop

import (
	"fmt"
	"hash/fnv"
	"slices"

	"luoshu/kernel/access"
	"luoshu/kernel/city"
	"luoshu/kernel/duty"
)

// Of ten duties of the demo so many are marked: of periods that are over, of those
// that run, of standing ones. A county has done most, not all.
const (
	demoPast     = 8
	demoRunning  = 4
	demoStanding = 7
)

// DemoDuties marks some duties of the city, its counties and the first units of each as
// done, so that calendar and board have something to show. It may run again: what is
// marked is not marked twice.
func DemoDuties(a App, ct *city.City) error {
	tree, err := ct.Access.Tree(a.Context())
	if err != nil {
		return err
	}
	root := ct.Catalog.City.Root
	orgs := []string{root}
	for _, middle := range tree.Children(root) {
		orgs = append(orgs, middle.Code)
		for i, leaf := range tree.Children(middle.Code) {
			if i < 2 {
				orgs = append(orgs, leaf.Code)
			}
		}
	}
	l, err := ct.Duties.List(a.Context(), access.Operator, duty.Query{States: []string{duty.Overdue, duty.Due, duty.Unknown}})
	if err != nil {
		return err
	}
	n := 0
	for _, x := range l.Rows {
		draw := drawn(x.Duty.ID, x.Org.Code, x.Period.Key)
		on, share := min(x.Period.To, l.On), demoPast
		switch {
		case !slices.Contains(orgs, x.Org.Code):
			continue
		case x.State == duty.Due:
			share = demoRunning
		case x.State == duty.Unknown:
			share = demoStanding
		}
		if int(draw%10) >= share {
			continue
		}
		_, err := ct.Duties.Mark(a.Context(), access.Operator, duty.Request{
			Duty: x.Duty.ID, Org: x.Org.Code, Period: x.Period.Key, On: on, Evidence: fmt.Sprintf("演示〔%d〕%d号", on/10000, draw%90+1),
		})
		if err != nil {
			return fmt.Errorf("mark duty %s of %s: %w", x.Duty.ID, x.Org.Code, err)
		}
		n++
	}
	fmt.Fprintf(a.Out(), "marked %d duties\n", n)
	return nil
}

// drawn is a number that is always the same for the same words.
func drawn(words ...string) uint64 {
	h := fnv.New64a()
	for _, w := range words {
		_, _ = h.Write([]byte(w + "\x00"))
	}
	return h.Sum64() >> 8
}

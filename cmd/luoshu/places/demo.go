package places

import (
	"fmt"

	"luoshu/kernel/access"
	"luoshu/kernel/city"
	"luoshu/kernel/records"
	"luoshu/kernel/run"
)

// DemoRuns forecasts the demo city and lays out the primary schools of its
// largest body in two ways, through the ordinary door, so that there is something to
// compare. What is there already is not made again.
func DemoRuns(a App, ct *city.City) error {
	fc, lay := ct.Runner.Book().Spec("forecast"), ct.Runner.Book().Spec("siting")
	if fc == nil || lay == nil {
		return nil
	}
	n, err := some(a, ct, fc)
	if err != nil || n {
		return err
	}
	f, err := ct.Runner.Forecast(a.Context(), access.Operator, []byte("title: 演示：十年学位推算\nyears: 10\n"), nil)
	if err != nil {
		return fmt.Errorf("forecast the demo city: %w", err)
	}
	if err := ct.Runner.Choose(a.Context(), access.Operator, fc.ID, f.Run); err != nil {
		return err
	}
	org, stage, err := largest(a, ct, lay)
	if err != nil || org == "" {
		return err
	}
	ahead := f.Base + 5
	for _, x := range []struct{ title, more string }{
		{"演示：保留为主", "allow: [extend, build, reopen]\n"},
		{"演示：适度撤并", "allow: [extend, build, close, reopen]\nwhole: true\n"},
	} {
		params := fmt.Sprintf("title: %q\norg: %q\nstage: %s\nyear: %d\nforecast: %s\nnodes: 200\ngap: 0.01\n%s", x.title, org, stage, ahead, f.Run, x.more)
		if _, err := ct.Runner.Layout(a.Context(), access.Operator, []byte(params), nil); err != nil {
			return fmt.Errorf("lay out %s: %w", org, err)
		}
	}
	fmt.Fprintf(a.Out(), "forecast %s and two layouts of %s\n", f.Run, org)
	return nil
}

func some(a App, ct *city.City, s *run.Spec) (found bool, err error) {
	err = ct.Records.Each(a.Context(), records.Query{Entity: s.Out["run"].Entity.Name, Limit: 1}, func(*records.Version) error {
		found = true
		return nil
	})
	return found, err
}

// largest is the body with most primary sites in use.
func largest(a App, ct *city.City, s *run.Spec) (org, stage string, err error) {
	in := s.Inputs["used"]
	count := map[[2]string]int{}
	area, group := in.Fields["area"].Index, in.Fields["group"].Index
	best := 0
	err = ct.Records.Each(a.Context(), records.Query{Entity: in.Entity.Name, Fields: []string{in.Fields["area"].Name, in.Fields["group"].Name}}, func(v *records.Version) error {
		k := [2]string{v.Values[area].S, v.Values[group].S}
		if k[1] != "PRI" {
			return nil
		}
		if count[k]++; count[k] > best {
			best, org, stage = count[k], k[0], k[1]
		}
		return nil
	})
	return org, stage, err
}

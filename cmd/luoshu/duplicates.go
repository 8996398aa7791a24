package main

import (
	"fmt"

	"luoshu"
	"luoshu/kernel/city"
	"luoshu/kernel/identity"
)

type duplicatesCmd struct {
	Data   string   `required:"" type:"path" help:"Data folder."`
	Entity []string `help:"Entities; empty is every one that packs say how to tell apart."`
	List   bool     `help:"Only list what waits in the queue; look for nothing new."`
	Limit  int      `default:"50" help:"Pairs listed at most."`
	Output string   `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// duplicatesReport is what `duplicates -o json` prints.
type duplicatesReport struct {
	Runs    []identity.Report `json:"runs"`
	Waiting int64             `json:"waiting"`
	Pairs   []*identity.Pair  `json:"pairs"`
}

// Run looks for likely duplicates, queues what is new and lists what waits. Pairs
// are named by record numbers; no value of a record is printed.
func (c duplicatesCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		out := duplicatesReport{Runs: []identity.Report{}, Pairs: []*identity.Pair{}}
		entities := c.Entity
		if len(entities) == 0 {
			for _, i := range ct.Identity.Entities() {
				entities = append(entities, i.Entity.Name)
			}
		}
		if len(entities) == 0 {
			return luoshu.Errorf(luoshu.NotFound, "没有业务包设置查重（identity.yaml）", "no pack says how to tell persons apart (identity.yaml)")
		}
		for _, e := range entities {
			if !c.List {
				r, err := ct.Identity.Find(a.ctx, operator(), e, a.progress("duplicates "+e))
				a.endProgress()
				if err != nil {
					return err
				}
				out.Runs = append(out.Runs, r)
			}
			pairs, n, err := ct.Identity.List(a.ctx, operator(), e, "", 0, c.Limit)
			if err != nil {
				return err
			}
			out.Waiting += n
			out.Pairs = append(out.Pairs, pairs...)
		}
		if c.Output == "json" {
			return a.json(out)
		}
		for _, r := range out.Runs {
			fmt.Fprintf(a.out, "%s: %d records, %d pairs compared, %d matches, %d possible, %d new (%.1fs)\n",
				r.Entity, r.Records, r.Compared, r.Matches, r.Possible, r.New, r.Seconds)
			for _, w := range r.Warnings {
				fmt.Fprintln(a.out, "  warning:", w)
			}
		}
		for _, p := range out.Pairs {
			fmt.Fprintf(a.out, "  %s #%d #%d  %s %.4f", p.Entity, p.A, p.B, p.Verdict, p.Probability)
			for _, t := range p.Trace {
				fmt.Fprintf(a.out, "  %s:%s", t.Field, t.Level)
			}
			fmt.Fprintln(a.out)
		}
		fmt.Fprintf(a.out, "%d pairs wait for a person\n", out.Waiting)
		return nil
	})
}

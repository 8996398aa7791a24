package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"luoshu"
	"luoshu/kernel/city"
	"luoshu/kernel/correct"
)

type sourcesCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Org    string `help:"Organisation whose records are counted; the whole city if not given."`
	Entity string `help:"Only this register."`
	Output string `short:"o" enum:"json,csv,xlsx" default:"csv" help:"json, csv or xlsx."`
	File   string `type:"path" help:"Write here instead of to the terminal."`
}

// Run writes the field-to-source map: every field, who answers for it, how far it
// is filled in.
func (c sourcesCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		all, err := ct.Correct.Map(a.ctx, operator(), c.Org, c.Entity)
		if err != nil {
			return err
		}
		if c.File != "" {
			f, err := os.Create(c.File)
			if err != nil {
				return fmt.Errorf("write the map of sources: %w", err)
			}
			b := *a
			b.out = f
			return errors.Join(c.write(&b, ct, all), f.Close())
		}
		return c.write(a, ct, all)
	})
}

func (c sourcesCmd) write(a *app, ct *city.City, all []correct.Register) error {
	if c.Output == "json" {
		return a.json(all)
	}
	return ct.Correct.WriteMap(a.out, c.Output, operator(), all)
}

type correctionsCmd struct {
	List  correctionListCmd  `cmd:"" help:"List correction requests and conflicts, the newest first."`
	Sweep correctionSweepCmd `cmd:"" help:"Remind of terms and let overdue requests rise, as a running server does by itself."`
}

type correctionListCmd struct {
	Data    string `required:"" type:"path" help:"Data folder."`
	State   string `help:"Only in this state: open, returned, accepted, rejected, withdrawn, taken, kept."`
	Entity  string `help:"Only of this register."`
	Overdue bool   `help:"Only those whose answer is late."`
	Limit   int    `default:"100" help:"At most so many."`
	Output  string `short:"o" enum:"table,json" default:"table" help:"table or json."`
}

// correctionLine is what `corrections list -o json` prints of a request: names of
// fields, never values.
type correctionLine struct {
	ID      int64    `json:"id"`
	Kind    string   `json:"kind"`
	Origin  string   `json:"origin"`
	State   string   `json:"state"`
	Entity  string   `json:"entity"`
	Rec     int64    `json:"rec"`
	Fields  []string `json:"fields"`
	Source  string   `json:"source"`
	Org     string   `json:"org"`
	Asked   []string `json:"asked"`
	By      string   `json:"by"`
	ByOrg   string   `json:"by_org"`
	At      string   `json:"at"`
	Due     string   `json:"due"`
	Overdue bool     `json:"overdue"`
	Seq     int64    `json:"seq,omitempty"`
}

// Run lists requests by number, field and organisation; the values stay inside.
func (c correctionListCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		all, total, err := ct.Correct.List(a.ctx, operator(), correct.Query{
			Box: correct.All, State: c.State, Entity: c.Entity, Overdue: c.Overdue, Limit: c.Limit,
		})
		if err != nil {
			return err
		}
		lines := []correctionLine{}
		for _, r := range all {
			l := correctionLine{
				ID: r.ID, Kind: r.Kind, Origin: r.Origin, State: r.State, Entity: r.Entity, Rec: r.Rec, Fields: []string{}, Source: r.Source, Org: r.Org, Asked: r.Asked,
				By: r.By.Name, ByOrg: r.By.Org, At: r.At, Due: luoshu.FormatDate(r.Due), Overdue: r.Overdue(ct.Correct.Today()), Seq: r.Seq,
			}
			for _, f := range r.Fields {
				l.Fields = append(l.Fields, f.Field)
			}
			lines = append(lines, l)
		}
		if c.Output == "json" {
			return a.json(lines)
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tKIND\tSTATE\tRECORD\tFIELDS\tSOURCE\tANSWERS\tASKED BY\tDUE")
		for _, l := range lines {
			due := l.Due
			if l.Overdue {
				due += " late"
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s/%d\t%s\t%s\t%s\t%s (%s)\t%s\n", l.ID, l.Kind, l.State, l.Entity, l.Rec, strings.Join(l.Fields, " "), l.Source,
				l.Asked[len(l.Asked)-1], l.By, l.ByOrg, due)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if int64(len(lines)) < total {
			fmt.Fprintf(a.out, "… %d of %d\n", len(lines), total)
		}
		return nil
	})
}

type correctionSweepCmd struct {
	Data string `required:"" type:"path" help:"Data folder."`
}

// Run looks at what has become due.
func (c correctionSweepCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		n, err := ct.Correct.Sweep(a.ctx, a.now())
		if err == nil {
			fmt.Fprintf(a.out, "%d requests reminded of, risen or moved\n", n)
		}
		return err
	})
}

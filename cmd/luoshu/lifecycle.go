package main

import (
	"fmt"
	"slices"

	"luoshu/kernel/city"
	"luoshu/kernel/lifecycle"
)

type lifeCmd struct {
	Do   lifeDoCmd   `cmd:"" help:"Carry an act out, or plan it if its day lies ahead."`
	List lifeListCmd `cmd:"" help:"List acts, newest first, as JSON lines."`
	Undo lifeUndoCmd `cmd:"" help:"Take an act back, or withdraw a planned one."`
}

type lifeDoCmd struct {
	Data      string   `required:"" type:"path" help:"Data folder."`
	Act       string   `required:"" help:"Kind of act (movement.yaml of the packs)."`
	Org       string   `required:"" help:"Code of the organisation."`
	Date      string   `required:"" help:"Day from which it holds (yyyy-mm-dd)."`
	Name      string   `help:"New name."`
	Address   string   `help:"New address."`
	Parent    string   `help:"New managing body."`
	Successor string   `help:"Who takes over in a merger or split."`
	Groups    []string `help:"Groups that go in a split, comma-separated."`
	Paper     string   `help:"Number of the document."`
	DryRun    bool     `help:"Preview only; write nothing."`
	Output    string   `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run previews or carries out an act.
func (c lifeDoCmd) Run(a *app) error {
	date, err := parseDate(c.Date)
	if err != nil {
		return err
	}
	r := lifecycle.ActRequest{
		Act: c.Act, Org: c.Org, Date: date, Name: c.Name, Address: c.Address, Parent: c.Parent, Successor: c.Successor, Groups: c.Groups, Paper: c.Paper,
	}
	return a.with(c.Data, func(ct *city.City) error {
		p, err := ct.Keeper.PreviewAct(a.ctx, operator(), r)
		if err != nil {
			return err
		}
		n := int64(0)
		state := "preview"
		if !c.DryRun {
			x, err := ct.Keeper.ActNow(a.ctx, operator(), r)
			if err != nil {
				return err
			}
			n, state = x.N, x.State
		}
		if c.Output == "json" {
			return a.json(map[string]any{"n": n, "state": state, "facts": p.Facts, "persons": p.Persons, "groups": p.Groups, "before": p.Before, "after": p.After})
		}
		fmt.Fprintf(a.out, "act %d: %s\n%s → %s\n", n, state, p.Before, p.After)
		for _, m := range []map[string]int{p.Facts, p.Persons} {
			for _, k := range sorted(m) {
				fmt.Fprintf(a.out, "  %s: %d\n", k, m[k])
			}
		}
		return nil
	})
}

type lifeListCmd struct {
	Data string `required:"" type:"path" help:"Data folder."`
	Org  string `help:"Only acts on this organisation."`
}

// Run lists acts.
func (c lifeListCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		all, err := ct.Keeper.Acts(a.ctx, operator(), c.Org)
		if err != nil {
			return err
		}
		for x := range slices.Values(all) {
			if err := a.json(map[string]any{"n": x.N, "state": x.State, "at": x.At, "by": x.Account, "request": x.Request}); err != nil {
				return err
			}
		}
		return nil
	})
}

type lifeUndoCmd struct {
	Data string `required:"" type:"path" help:"Data folder."`
	N    int64  `arg:"" help:"Number of the act (see luoshu lifecycle list)."`
}

// Run takes an act back.
func (c lifeUndoCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		x, err := ct.Keeper.UndoAct(a.ctx, operator(), c.N)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "act %d: %s\n", x.N, x.State)
		return err
	})
}

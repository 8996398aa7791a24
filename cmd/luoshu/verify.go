package main

import (
	"fmt"
	"text/tabwriter"

	"luoshu"
	"luoshu/kernel/city"
	"luoshu/kernel/verify"
	"luoshu/kernel/verify/finding"
)

type verifyCmd struct {
	Open     verifyOpenCmd     `cmd:"" help:"Open a round of the packs: every holder gets its tasks."`
	Status   verifyStatusCmd   `cmd:"" help:"How far rounds are, by counts and never by names."`
	Draw     verifyDrawCmd     `cmd:"" help:"End the answers of a round and draw its spot checks."`
	Close    verifyCloseCmd    `cmd:"" help:"Close a round and seal."`
	Findings verifyFindingsCmd `cmd:"" help:"Run the set rules and count what they find."`
	Sweep    verifySweepCmd    `cmd:"" help:"Make the reminders and escalations that are due."`
}

type verifyOpenCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Round  string `required:"" help:"Round, as in rounds.yaml."`
	Year   int64  `help:"Year of the city's calendar; the present one unless given."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run opens the round over the whole city.
func (c verifyOpenCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		r, err := ct.Verify.OpenRound(a.ctx, operator(), c.Round, c.Year)
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.json(r)
		}
		_, err = fmt.Fprintf(a.out, "%s opened at commit %d: %d tasks, %d records, due %s\n", r.ID, r.Seq, r.Tasks, r.Total, luoshu.FormatDate(r.Due))
		return err
	})
}

type verifyStatusCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Round  string `help:"A round that was opened, such as students-2025; all unless given."`
	By     string `help:"Level to add units up by; the holders themselves unless given."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run prints the counts of one round by unit, or of all rounds.
func (c verifyStatusCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		if c.Round != "" {
			st, err := ct.Verify.Status(a.ctx, operator(), c.Round, c.By, "")
			if err != nil {
				return err
			}
			return a.printStatus([]*verify.Status{st}, c.Output, true)
		}
		rounds, err := ct.Verify.Rounds(a.ctx, operator())
		if err != nil {
			return err
		}
		list := []*verify.Status{}
		for _, r := range rounds {
			st, err := ct.Verify.Status(a.ctx, operator(), r.ID, c.By, "")
			if err != nil {
				return err
			}
			list = append(list, st)
		}
		return a.printStatus(list, c.Output, false)
	})
}

func (a *app) printStatus(list []*verify.Status, output string, units bool) error {
	if output == "json" {
		if units {
			return a.json(list[0])
		}
		return a.json(list)
	}
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "unit\tstate\tdue\trecords\tconfirmed\tcorrected\tdisputed\tcannot\tgone\topen")
	line := func(name, state string, due int64, c verify.Counts) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", name, state, luoshu.FormatDate(due), c.Total, c.Confirmed, c.Corrected, c.Disputed, c.Cannot, c.Gone, c.Open)
	}
	for _, st := range list {
		line(st.Round.ID, st.Round.State, st.Round.Due, st.Counts)
		for _, u := range st.Units {
			if units {
				line(u.Org, u.State, u.Due, u.Counts)
			}
		}
	}
	return w.Flush()
}

type verifyDrawCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Round  string `required:"" help:"A round that was opened."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run draws, and prints seed, population and size of every sample.
func (c verifyDrawCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		r, err := ct.Verify.Draw(a.ctx, operator(), c.Round)
		if err != nil {
			return err
		}
		checks, _, err := ct.Verify.Checks(a.ctx, operator(), c.Round)
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.json(map[string]any{"round": r, "checks": checks})
		}
		fmt.Fprintf(a.out, "%s: head %s, seed %s\n", r.ID, r.Head, r.Seed)
		for _, x := range checks {
			fmt.Fprintf(a.out, "  %s: %d of %d\n", x.Unit, x.Size, x.Population)
		}
		return nil
	})
}

type verifyCloseCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Round  string `required:"" help:"A round that was opened."`
	Note   string `help:"Kept with the round and its seal."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run closes and seals.
func (c verifyCloseCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		st, err := ct.Verify.Close(a.ctx, operator(), c.Round, c.Note, a.progress("seal"))
		a.endProgress()
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.json(st)
		}
		_, err = fmt.Fprintf(a.out, "%s closed, %d units had not answered; seal %s\n", st.Round.ID, st.Round.Overdue, st.Round.Seal)
		return err
	})
}

type verifyFindingsCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Fresh  bool   `name:"run" default:"true" negatable:"" help:"Run the rules first."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run runs every set rule and prints counts.
func (c verifyFindingsCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		if c.Fresh {
			_, err := ct.Findings.RunAll(a.ctx, a.progress("setrules"))
			a.endProgress()
			if err != nil {
				return err
			}
		}
		list, err := ct.Findings.Tallies(a.ctx, operator(), "")
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.json(list)
		}
		return a.printTallies(list)
	})
}

func (a *app) printTallies(list []finding.Tally) error {
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "rule\topen\texplained\tresolved\tms\tfault")
	for _, t := range list {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\n", t.Rule, t.Open, t.Explained, t.Resolved, t.Millis, t.Fault)
	}
	return w.Flush()
}

type verifySweepCmd struct {
	Data string `required:"" type:"path" help:"Data folder."`
}

// Run makes what the dates ask for.
func (c verifySweepCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		n, err := ct.Verify.Sweep(a.ctx)
		if err != nil {
			return err
		}
		lapsed, err := ct.Findings.Lapse(a.ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "%d notices, %d explanations ended\n", n, lapsed)
		return err
	})
}

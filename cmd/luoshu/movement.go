package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"luoshu/kernel/city"
	"luoshu/kernel/movement"
)

type promoteCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Year   int64  `required:"" help:"The year that ends (2024 is 2024-25)."`
	Org    string `help:"Only this organisation and what lies under it."`
	DryRun bool   `xor:"what" help:"Preview only; write nothing."`
	Undo   bool   `xor:"what" help:"Take the runs of the year back. Exit 1 when later changes keep some."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// promoteReport is what `promote -o json` prints.
type promoteReport struct {
	Year    int64               `json:"year"`
	Units   int64               `json:"units"`
	Persons int64               `json:"persons"`
	Acts    map[string]int      `json:"acts,omitempty"`
	Why     map[string]int      `json:"why,omitempty"`
	Groups  int                 `json:"groups,omitempty"`
	Missing int                 `json:"vanished,omitempty"`
	Untold  int                 `json:"untold,omitempty"`
	ByUnit  []*movement.Summary `json:"by_unit,omitempty"`
	Left    []map[string]any    `json:"left,omitempty"`
}

// Run previews, runs or undoes.
func (c promoteCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		defer a.endProgress()
		switch {
		case c.Undo:
			return c.undo(a, ct)
		case c.DryRun:
			return c.preview(a, ct)
		}
		r, err := ct.Mover.Promote(a.ctx, operator(), c.Year, c.Org, a.progress("promote"))
		a.endProgress()
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.json(promoteReport{Year: c.Year, Units: r.Units, Persons: r.Persons})
		}
		_, err = fmt.Fprintf(a.out, "run %d: %d organisations, %d persons\n", r.N, r.Units, r.Persons)
		return err
	})
}

func (c promoteCmd) preview(a *app, ct *city.City) error {
	units, err := ct.Mover.Preview(a.ctx, operator(), c.Year, c.Org, a.progress("preview"))
	a.endProgress()
	if err != nil {
		return err
	}
	sum := promoteReport{Year: c.Year, Units: int64(len(units)), Acts: map[string]int{}, Why: map[string]int{}}
	for _, u := range units {
		for k, n := range u.Acts {
			sum.Acts[k] += n
			sum.Persons += int64(n)
		}
		for k, n := range u.Why {
			sum.Why[k] += n
		}
		sum.Groups += u.Groups
		sum.Missing += u.Vanished
		sum.Untold += u.Untold
	}
	if c.Output == "json" {
		sum.ByUnit = units
		return a.json(sum)
	}
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "organisations\t%d\n", sum.Units)
	for _, k := range sorted(sum.Acts) {
		fmt.Fprintf(w, "%s\t%d\n", k, sum.Acts[k])
	}
	for _, k := range sorted(sum.Why) {
		fmt.Fprintf(w, "  blocked: %s\t%d\n", k, sum.Why[k])
	}
	fmt.Fprintf(w, "new groups\t%d\nnot in the next year\t%d\n  gone by status, without a leaving change\t%d\n", sum.Groups, sum.Missing, sum.Untold)
	return w.Flush()
}

func (c promoteCmd) undo(a *app, ct *city.City) error {
	n, left, err := ct.Mover.Unpromote(a.ctx, operator(), c.Year, c.Org, a.progress("undo"))
	a.endProgress()
	if err != nil {
		return err
	}
	rep := promoteReport{Year: c.Year, Units: n}
	for _, l := range left {
		rep.Left = append(rep.Left, map[string]any{"org": l.Org, "message_zh": l.Why.ZH, "message_en": l.Why.EN})
	}
	if c.Output == "json" {
		err = a.json(rep)
	} else {
		fmt.Fprintf(a.out, "%d organisations taken back, %d left as they are\n", n, len(left))
		for _, l := range left {
			fmt.Fprintf(a.out, "  %s: %s\n  %s\n", l.Org, l.Why.ZH, strings.Repeat(" ", len(l.Org)+2)+l.Why.EN)
		}
	}
	if err == nil && len(left) > 0 {
		return errQuiet
	}
	return err
}

func sorted(m map[string]int) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

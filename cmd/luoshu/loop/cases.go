// Package loop has the commands of the plan loop: cases, duties.
package loop

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/city"
	"luoshu/kernel/flow"
)

// App is what commands need of the program.
type App interface {
	// With opens a data folder for as long as do runs.
	With(dir string, do func(*city.City) error) error
	// JSON writes v as one line.
	JSON(v any) error
	Context() context.Context
	Out() io.Writer
}

// CaseCmd is `luoshu case`.
type CaseCmd struct {
	List caseListCmd `cmd:"" help:"List cases, the newest first."`
	Show caseShowCmd `cmd:"" help:"Show where a case stands, who acts next, and its timeline."`
	Act  caseActCmd  `cmd:"" help:"Take one action in a case, for an organisation and role."`
	Open caseOpenCmd `cmd:"" help:"Open a case, for an organisation and role."`
}

type caseListCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Type   string `help:"Only of this type."`
	State  string `help:"Only in this state."`
	Unit   string `help:"Only about this organisation and those under it."`
	Open   bool   `help:"Only those that go on."`
	Late   bool   `help:"Only those past their due date."`
	Limit  int    `default:"50" help:"At most so many."`
	Output string `short:"o" enum:"table,json" default:"table" help:"table or json."`
}

// caseLine is a case as the command line prints it: never what its record says.
type caseLine struct {
	No     string `json:"no"`
	Type   string `json:"type"`
	Unit   string `json:"unit"`
	State  string `json:"state"`
	Step   int64  `json:"step"`
	Level  int64  `json:"level"`
	Opened string `json:"opened"`
	Due    string `json:"due,omitempty"`
	DueAt  string `json:"due_at,omitempty"` // RFC 3339, where hours are counted
	Closed string `json:"closed,omitempty"`
}

func lineOf(c *flow.Case) caseLine {
	at := ""
	if c.DueAt != 0 {
		at = time.Unix(c.DueAt, 0).UTC().Format(time.RFC3339)
	}
	return caseLine{
		DueAt: at, No: c.No, Type: c.Type.ID, Unit: c.Unit, State: c.State, Step: c.Step, Level: c.Level,
		Opened: luoshu.FormatDate(c.Opened), Due: dateOr(c.Due), Closed: dateOr(c.Closed),
	}
}

func dateOr(day int64) string {
	if day == 0 {
		return ""
	}
	return luoshu.FormatDate(day)
}

// Run lists cases; restricted ones are seen by those only who act in them.
func (c caseListCmd) Run(a App) error {
	return a.With(c.Data, func(ct *city.City) error {
		list, err := ct.Flow.List(a.Context(), access.Operator, flow.Query{Type: c.Type, State: c.State, Unit: c.Unit, Open: c.Open, Late: c.Late, Limit: c.Limit})
		if err != nil {
			return err
		}
		lines := []caseLine{}
		for _, x := range list {
			lines = append(lines, lineOf(x))
		}
		if c.Output == "json" {
			return a.JSON(lines)
		}
		w := tabwriter.NewWriter(a.Out(), 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "NUMBER\tTYPE\tUNIT\tSTATE\tSTEPS\tLEVEL\tOPENED\tDUE\tCLOSED")
		for _, l := range lines {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", l.No, l.Type, l.Unit, l.State, l.Step, l.Level, l.Opened, l.Due, l.Closed)
		}
		return w.Flush()
	})
}

type caseShowCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	No     string `arg:"" help:"Number of the case."`
	Output string `short:"o" enum:"table,json" default:"table" help:"table or json."`
}

// Run shows one case: where it stands and how it came there.
func (c caseShowCmd) Run(a App) error {
	return a.With(c.Data, func(ct *city.City) error {
		x, err := ct.Flow.See(a.Context(), access.Operator, c.No)
		if err != nil {
			return err
		}
		steps, err := ct.Flow.Steps(a.Context(), x)
		if err != nil {
			return err
		}
		seats, err := ct.Flow.Seats(a.Context(), x)
		if err != nil {
			return err
		}
		actions := []string{}
		if s := x.Type.Find(x.State); s != nil {
			for _, y := range s.Actions {
				actions = append(actions, y.ID)
			}
		}
		if c.Output == "json" {
			type seat struct {
				Org    string `json:"org"`
				Role   string `json:"role"`
				Taken  string `json:"taken,omitempty"`
				Unheld bool   `json:"unheld,omitempty"`
			}
			who := []seat{}
			for _, s := range seats {
				who = append(who, seat{s.Org, s.Role, s.Taken, s.Unheld})
			}
			return a.JSON(map[string]any{"case": lineOf(x), "seats": who, "actions": actions, "steps": steps})
		}
		l := lineOf(x)
		fmt.Fprintf(a.Out(), "%s  %s %s  %s  %s  due %s\n", l.No, x.Type.Title.ZH, x.Type.Title.EN, l.Unit, l.State, l.Due)
		for _, s := range seats {
			note := ""
			if s.Unheld {
				note = " (无人担任 nobody holds it)"
			}
			fmt.Fprintf(a.Out(), "  %s@%s%s: %s\n", s.Role, s.Org, note, strings.Join(actions, " "))
		}
		w := tabwriter.NewWriter(a.Out(), 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "STEP\tAT\tBY\tACTION\tTO\tCOMMIT\tPAPERS")
		for _, s := range steps {
			fmt.Fprintf(w, "%d\t%s\t%s@%s\t%s\t%s\t%d\t%d\n", s.Step, s.At, s.Role, s.Org, s.Action, s.State, s.Seq, len(s.Papers))
		}
		return w.Flush()
	})
}

// acting is for whom the machine's operator acts.
type acting struct {
	As    string            `required:"" placeholder:"ROLE@ORG" help:"Role and organisation to act for."`
	Set   map[string]string `help:"Fields of the form: --set field=value, repeated."`
	Paper []string          `type:"existingfile" help:"Papers to attach."`
	Note  string            `help:"Remark."`
	ID    string            `help:"Id of the act: the same one again does nothing more. One is made if not given."`
}

func (x *acting) actor() (luoshu.Actor, error) {
	role, org, ok := strings.Cut(x.As, "@")
	if !ok || role == "" || org == "" {
		return luoshu.Actor{}, luoshu.Errorf(luoshu.Invalid, "--as 应形如 角色@单位代码", "--as looks like ROLE@ORG")
	}
	return luoshu.Actor{Name: "operator", Role: role, Org: org}, nil
}

func (x *acting) handed(a App, ct *city.City, by luoshu.Actor) (flow.Handed, error) {
	h := flow.Handed{Cells: x.Set, Note: x.Note}
	for _, p := range x.Paper {
		f, err := os.Open(p)
		if err != nil {
			return h, err
		}
		got, err := ct.Flow.TakePaper(a.Context(), by, filepath.Base(p), f)
		f.Close()
		if err != nil {
			return h, err
		}
		h.Papers = append(h.Papers, got.ID)
	}
	if x.ID == "" {
		x.ID = "cli:" + strings.ToLower(rand.Text())
	}
	return h, nil
}

type caseActCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	No     string `arg:"" help:"Number of the case."`
	Action string `arg:"" help:"Action, as case show lists them."`
	acting `embed:""`
	Output string `short:"o" enum:"table,json" default:"table" help:"table or json."`
}

// Run takes the action as the case stands now.
func (c caseActCmd) Run(a App) error {
	return a.With(c.Data, func(ct *city.City) error {
		by, err := c.actor()
		if err != nil {
			return err
		}
		now, err := ct.Flow.See(a.Context(), access.Operator, c.No)
		if err != nil {
			return err
		}
		h, err := c.handed(a, ct, by)
		if err != nil {
			return err
		}
		x, err := ct.Flow.Act(a.Context(), by, flow.Act{ID: c.ID, No: c.No, Action: c.Action, Step: now.Step, Handed: h})
		if err != nil {
			return err
		}
		return printLine(a, x, c.Output)
	})
}

type caseOpenCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Type   string `arg:"" help:"Type of case."`
	acting `embed:""`
	Output string `short:"o" enum:"table,json" default:"table" help:"table or json."`
}

// Run opens a case.
func (c caseOpenCmd) Run(a App) error {
	return a.With(c.Data, func(ct *city.City) error {
		by, err := c.actor()
		if err != nil {
			return err
		}
		h, err := c.handed(a, ct, by)
		if err != nil {
			return err
		}
		x, err := ct.Flow.Open(a.Context(), by, flow.Opening{ID: c.ID, Type: c.Type, Handed: h})
		if err != nil {
			return err
		}
		return printLine(a, x, c.Output)
	})
}

func printLine(a App, x *flow.Case, output string) error {
	if output == "json" {
		return a.JSON(lineOf(x))
	}
	_, err := fmt.Fprintf(a.Out(), "%s %s\n", x.No, x.State)
	return err
}

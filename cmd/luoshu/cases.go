package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/city"
	"luoshu/kernel/flow"
)

type caseCmd struct {
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
	Closed string `json:"closed,omitempty"`
}

func lineOf(c *flow.Case) caseLine {
	return caseLine{
		No: c.No, Type: c.Type.ID, Unit: c.Unit, State: c.State, Step: c.Step, Level: c.Level,
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
func (c caseListCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		list, err := ct.Flow.List(a.ctx, operator(), flow.Query{Type: c.Type, State: c.State, Unit: c.Unit, Open: c.Open, Late: c.Late, Limit: c.Limit})
		if err != nil {
			return err
		}
		lines := []caseLine{}
		for _, x := range list {
			lines = append(lines, lineOf(x))
		}
		if c.Output == "json" {
			return a.json(lines)
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
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
func (c caseShowCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		x, err := ct.Flow.See(a.ctx, operator(), c.No)
		if err != nil {
			return err
		}
		steps, err := ct.Flow.Steps(a.ctx, x)
		if err != nil {
			return err
		}
		seats, err := ct.Flow.Seats(a.ctx, x)
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
			return a.json(map[string]any{"case": lineOf(x), "seats": who, "actions": actions, "steps": steps})
		}
		l := lineOf(x)
		fmt.Fprintf(a.out, "%s  %s  %s  %s  due %s\n", l.No, x.Type.Title, l.Unit, l.State, l.Due)
		for _, s := range seats {
			note := ""
			if s.Unheld {
				note = " (无人担任 nobody holds it)"
			}
			fmt.Fprintf(a.out, "  %s@%s%s: %s\n", s.Role, s.Org, note, strings.Join(actions, " "))
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
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

func (x *acting) handed(a *app, ct *city.City, by luoshu.Actor) (flow.Handed, error) {
	h := flow.Handed{Cells: x.Set, Note: x.Note}
	for _, p := range x.Paper {
		f, err := os.Open(p)
		if err != nil {
			return h, err
		}
		got, err := ct.Flow.TakePaper(a.ctx, by, filepath.Base(p), f)
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
func (c caseActCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		by, err := c.actor()
		if err != nil {
			return err
		}
		now, err := ct.Flow.See(a.ctx, operator(), c.No)
		if err != nil {
			return err
		}
		h, err := c.handed(a, ct, by)
		if err != nil {
			return err
		}
		x, err := ct.Flow.Act(a.ctx, by, flow.Act{ID: c.ID, No: c.No, Action: c.Action, Step: now.Step, Handed: h})
		if err != nil {
			return err
		}
		return a.caseLine(x, c.Output)
	})
}

type caseOpenCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Type   string `arg:"" help:"Type of case."`
	acting `embed:""`
	Output string `short:"o" enum:"table,json" default:"table" help:"table or json."`
}

// Run opens a case.
func (c caseOpenCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		by, err := c.actor()
		if err != nil {
			return err
		}
		h, err := c.handed(a, ct, by)
		if err != nil {
			return err
		}
		x, err := ct.Flow.Open(a.ctx, by, flow.Opening{ID: c.ID, Type: c.Type, Handed: h})
		if err != nil {
			return err
		}
		return a.caseLine(x, c.Output)
	})
}

func (a *app) caseLine(x *flow.Case, output string) error {
	if output == "json" {
		return a.json(lineOf(x))
	}
	_, err := fmt.Fprintf(a.out, "%s %s\n", x.No, x.State)
	return err
}

type packGraphCmd struct {
	Pack string   `arg:"" help:"Pack whose case types are drawn."`
	Dirs []string `name:"dir" type:"existingdir" help:"Folders of packs instead of the built-in ones."`
	Case string   `help:"Only this case type."`
}

// Run writes the case types of a pack as a graph in the DOT language.
func (c packGraphCmd) Run(a *app) error {
	sets, err := packSets(c.Dirs)
	if err != nil {
		return err
	}
	for _, s := range sets {
		if !slices.Contains(s.names, c.Pack) && !slices.Contains(s.test, c.Pack) {
			continue
		}
		cat, faults := catalog.Load(catalog.Options{FS: s.layers, Packs: s.names, NoCity: len(c.Dirs) > 0})
		if len(faults) > 0 {
			return luoshu.Errorf(luoshu.Invalid, "业务包有误，请先 pack check", "the packs are faulty; see pack check first")
		}
		ch, _ := charter.Load(cat)
		drawn := 0
		fmt.Fprintln(a.out, "digraph cases {\n  rankdir=LR; node [shape=box, fontname=\"sans-serif\"]; edge [fontname=\"sans-serif\"];")
		for _, t := range ch.Cases {
			if t.Pack == c.Pack && (c.Case == "" || c.Case == t.ID) {
				draw(a, t)
				drawn++
			}
		}
		fmt.Fprintln(a.out, "}")
		if drawn == 0 {
			return luoshu.Errorf(luoshu.NotFound, "这个包没有这种案卷类型", "the pack has no such case type")
		}
		return nil
	}
	return luoshu.Errorf(luoshu.NotFound, "没有业务包 %s", "there is no pack %s", c.Pack)
}

func draw(a *app, t *charter.CaseType) {
	node := func(id string) string { return fmt.Sprintf("%q", t.ID+"/"+id) }
	fmt.Fprintf(a.out, "  subgraph %q {\n    label=%q;\n", "cluster_"+t.ID, t.Title.ZH)
	fmt.Fprintf(a.out, "    %s [shape=circle, label=%q];\n    %s -> %s;\n", node(""), t.Opens.Title.ZH, node(""), node(t.Opens.To))
	for _, s := range t.States {
		var who []string
		for _, p := range s.Places() {
			who = append(who, p.At+": "+strings.Join(p.Roles, ", "))
		}
		shape := "box"
		if s.End {
			shape = "doublecircle"
		}
		fmt.Fprintf(a.out, "    %s [shape=%s, label=%q];\n", node(s.ID), shape, strings.Join(append([]string{s.Title.ZH}, who...), "\n"))
		for _, x := range s.Actions {
			fmt.Fprintf(a.out, "    %s -> %s [label=%q];\n", node(s.ID), node(x.To), x.Title.ZH)
		}
		if s.Then != "" {
			fmt.Fprintf(a.out, "    %s -> %s [style=dashed, label=%q];\n", node(s.ID), node(s.Then), s.Days)
		}
	}
	fmt.Fprintln(a.out, "  }")
}

package loop

import (
	"fmt"
	"text/tabwriter"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/city"
	"luoshu/kernel/duty"
)

// DutyCmd is `luoshu duty`.
type DutyCmd struct {
	Due dutyDueCmd `cmd:"" help:"List what is due, late, or not met on a day."`
}

type dutyDueCmd struct {
	Data   string   `required:"" type:"path" help:"Data folder."`
	On     string   `help:"Day (yyyy-mm-dd); today if not given."`
	Org    string   `help:"Organisation, with all below it; the whole city if not given."`
	Own    bool     `help:"The organisation itself, without those below it."`
	Duty   string   `help:"Only this duty, such as O01."`
	State  []string `help:"Only these states: overdue, due, unmet, unknown, not_yet, quiet, met, done. Without: overdue, due, unmet."`
	All    bool     `help:"Every state."`
	Output string   `short:"o" enum:"json,table" default:"table" help:"json or table."`
}

// dutyLine is what `duty due -o json` prints of an instance.
type dutyLine struct {
	Duty     string      `json:"duty"`
	Title    luoshu.Text `json:"title"`
	Kind     string      `json:"kind"`
	Open     bool        `json:"open"`
	Org      string      `json:"org"`
	OrgTitle luoshu.Text `json:"org_title"`
	Period   string      `json:"period"`
	From     string      `json:"from"`
	To       string      `json:"to"`
	State    string      `json:"state"`
	Due      string      `json:"due"`
	Left     int         `json:"left"`
	WorkLeft int         `json:"work_left"`
	Sure     bool        `json:"sure"`
	Marks    int         `json:"marks"`
	Times    int         `json:"times"`
}

// Day reads a day of the command line as yyyymmdd; 0 if it is not given.
func Day(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, luoshu.Errorf(luoshu.Invalid, "日期 %q 应写作 2024-09-20", "date %q must be written 2024-09-20", s)
	}
	return int64(t.Year()*10000 + int(t.Month())*100 + t.Day()), nil
}

// Run lists instances by state, day, duty and code.
func (c dutyDueCmd) Run(a App) error {
	q := duty.Query{Org: c.Org, Own: c.Own, Duty: c.Duty, States: c.State}
	var err error
	if q.On, err = Day(c.On); err != nil {
		return err
	}
	if len(q.States) == 0 && !c.All {
		q.States = []string{duty.Overdue, duty.Due, duty.Unmet}
	}
	return a.With(c.Data, func(ct *city.City) error {
		l, err := ct.Duties.List(a.Context(), access.Operator, q)
		if err != nil {
			return err
		}
		lines := make([]dutyLine, len(l.Rows))
		for i, x := range l.Rows {
			lines[i] = dutyLine{
				Duty: x.Duty.ID, Title: x.Duty.Title, Kind: x.Duty.Kind, Open: x.Duty.Open, Org: x.Org.Code, OrgTitle: x.Org.Title,
				Period: x.Period.Key, From: luoshu.FormatDate(x.Period.From), To: luoshu.FormatDate(x.Period.To), State: x.State,
				Due: luoshu.FormatDate(x.Due), Left: x.Left, WorkLeft: x.WorkLeft, Sure: x.Sure, Marks: x.Marks + x.Cases, Times: x.Duty.Times,
			}
		}
		if c.Output == "json" {
			return a.JSON(map[string]any{"on": luoshu.FormatDate(l.On), "org": l.Org.Code, "counts": l.Counts, "total": l.Total, "rows": lines})
		}
		w := tabwriter.NewWriter(a.Out(), 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "STATE\tDUE\tDAYS LEFT\tWORKING\tDUTY\tORGANISATION\tPERIOD\tTITLE")
		for _, x := range lines {
			left, work := "-", "-"
			if x.Due != "" {
				left, work = fmt.Sprint(x.Left), fmt.Sprint(x.WorkLeft)
				if !x.Sure {
					work += "?" // by weekends: no calendar of that year
				}
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s %s\t%s\t%s\n", x.State, x.Due, left, work, x.Duty, x.Org, x.OrgTitle.ZH, x.Period, x.Title.ZH)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, s := range duty.States() {
			if l.Counts[s] > 0 {
				fmt.Fprintf(a.Out(), "%s %d  ", s, l.Counts[s])
			}
		}
		fmt.Fprintln(a.Out())
		return nil
	})
}

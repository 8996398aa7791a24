package places

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"luoshu"
	"luoshu/engine/forecast"
	"luoshu/kernel/sheet"
)

// BacktestCmd is `luoshu backtest`.
type BacktestCmd struct {
	Series   string   `required:"" type:"path" help:"CSV of counts: year, school, grade, students; or a column a grade."`
	Births   string   `type:"path" help:"CSV of births: year, births, and area if there are several."`
	Lag      int      `default:"-1" help:"Years from birth to the lowest grade; told by its name if not given."`
	Break    []int    `help:"Years from which on it is counted differently."`
	Exclude  []int    `help:"Years to leave out."`
	Outliers bool     `name:"keep-outliers" help:"Use years that fell out of line and came back."`
	Horizons int      `default:"5" help:"Years ahead, 1 to 15."`
	Area     string   `help:"Column of the area."`
	Grades   []string `help:"Grades from the lowest up, where their names do not tell."`
	Forecast int      `help:"Also forecast so many years."`
	Output   string   `short:"o" enum:"table,json" default:"table" help:"table or json."`
}

// Report is what the command prints as JSON (docs/forecast.md).
type Report struct {
	File     string            `json:"file"`
	Version  string            `json:"version"`
	Units    int               `json:"schools"`
	Areas    int               `json:"areas"`
	Grades   []string          `json:"grades"`
	Years    []int             `json:"years"`
	Breaks   []int             `json:"breaks"`
	Excluded []int             `json:"excluded"`
	Checks   []forecast.Check  `json:"checks"`
	Uses     []forecast.Use    `json:"assumptions"`
	Notes    []forecast.Note   `json:"notes"`
	Faults   []luoshu.Fault    `json:"faults"`
	Forecast *forecast.Outcome `json:"forecast,omitempty"`
	Error    *luoshu.Text      `json:"error,omitempty"`
}

// Run back-tests; it fails when nothing could be tested.
func (c BacktestCmd) Run(a App) error {
	r, err := c.report(a.Context())
	if err != nil {
		return err
	}
	if c.Output == "json" {
		err = a.JSON(r)
	} else {
		err = r.print(a.Out())
	}
	if err == nil && r.Error != nil {
		err = &luoshu.Error{Kind: luoshu.Invalid, Msg: *r.Error}
	}
	return err
}

// open opens a file for as long as do runs.
func open(name string, do func(sheet.File) error) error {
	f, err := os.Open(name)
	if err != nil {
		return &luoshu.Error{Kind: luoshu.NotFound, Msg: luoshu.Text{ZH: "打不开文件 " + name + "。请检查路径。", EN: "cannot open " + name + "; check the path."}, Cause: err}
	}
	defer f.Close()
	i, err := f.Stat()
	if err != nil {
		return err
	}
	return do(sheet.File{Name: filepath.Base(name), R: f, Size: i.Size()})
}

func (c BacktestCmd) report(ctx context.Context) (*Report, error) {
	r := &Report{File: filepath.Base(c.Series), Version: forecast.Version, Grades: []string{}, Years: []int{}, Breaks: []int{}, Excluded: []int{}, Checks: []forecast.Check{}, Uses: []forecast.Use{}, Notes: []forecast.Note{}, Faults: []luoshu.Fault{}}
	var t *table
	err := open(c.Series, func(f sheet.File) (err error) {
		t, err = readSeries(f, c.Area, c.Grades)
		return r.whole(f.Name, err)
	})
	if err != nil {
		return nil, err
	}
	if t == nil || r.Error != nil {
		return r, nil
	}
	r.Units, r.Grades, r.Years, r.Faults = t.units, t.series.Grades, t.years, append(r.Faults, t.faults...)
	s := t.series
	s.Exclude, s.KeepOutliers = c.Exclude, c.Outliers
	s.Breaks = append(s.Breaks, c.Break...)
	slices.Sort(s.Breaks)
	s.Breaks = slices.Compact(s.Breaks)
	r.Breaks, r.Excluded = append(r.Breaks, s.Breaks...), append(r.Excluded, s.Exclude...)
	r.Notes = append(r.Notes, t.notes...)
	if c.Births != "" {
		if err := c.births(r, &s); err != nil || r.Error != nil {
			return r, err
		}
	}
	return r, c.test(ctx, r, s)
}

// whole takes the fault of a whole file as what the report says.
func (r *Report) whole(file string, err error) error {
	if f, ok := sheet.AsFault(err); ok {
		f.File = file
		r.Faults = append(r.Faults, f)
		r.Error = &luoshu.Text{ZH: f.ZH, EN: f.EN}
		return nil
	}
	return err
}

func (c BacktestCmd) births(r *Report, s *forecast.Series) error {
	if s.Lag = c.Lag; c.Lag < 0 {
		lag, ok := 0, false
		if len(s.Grades) > 0 {
			lag, ok = usualLag(s.Grades[0])
		}
		if !ok {
			return luoshu.Errorf(luoshu.Invalid, "看不出从出生到最低年级隔几年。请用 --lag 写明。", "how many years lie between birth and the lowest grade cannot be told; say --lag.")
		}
		s.Lag = lag
	}
	r.Notes = append(r.Notes, forecast.Note{Rule: "births", Text: luoshu.Text{
		ZH: fmt.Sprintf("出生人数隔 %d 年对应最低年级。", s.Lag),
		EN: fmt.Sprintf("births come to the lowest grade %d years later.", s.Lag),
	}})
	return open(c.Births, func(f sheet.File) error {
		list, faults, err := readBirths(f)
		s.Births = list
		r.Faults = append(r.Faults, faults...)
		return r.whole(f.Name, err)
	})
}

// test runs the engine. What it refuses stands in the report, with the faults.
func (c BacktestCmd) test(ctx context.Context, r *Report, s forecast.Series) error {
	out, err := forecast.Backtest(ctx, s, c.Horizons, nil)
	if err == nil && c.Forecast > 0 {
		r.Forecast, err = forecast.Run(ctx, s, forecast.Options{Horizons: c.Forecast})
	}
	if e, ok := err.(*luoshu.Error); ok {
		r.Error = &e.Msg
		return nil
	}
	if err != nil {
		return err
	}
	areas := map[string]bool{}
	for _, n := range s.Counts {
		areas[s.Areas[n.Unit]] = true
	}
	r.Areas = len(areas)
	r.Checks, r.Uses = out.Checks, out.Uses
	r.Notes = append(r.Notes, out.Notes...)
	for _, n := range out.Notes {
		if n.Rule == "outlier" && !s.KeepOutliers {
			r.Excluded = append(r.Excluded, n.Years...)
		}
	}
	for i := range r.Checks {
		r.Checks[i].Grain = grain(r.Checks[i].Grain)
	}
	for i := range r.Uses {
		r.Uses[i].Grain = grain(r.Uses[i].Grain)
	}
	if r.Forecast != nil { // what was tested stands once, above
		r.Forecast.Checks, r.Forecast.Notes = nil, nil
		for i := range r.Forecast.Uses {
			r.Forecast.Uses[i].Grain = grain(r.Forecast.Uses[i].Grain)
		}
	}
	return nil
}

// grain is the engine's word in this business: a unit is a school.
func grain(s string) string { return strings.Replace(s, "unit", "school", 1) }

func (r *Report) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(out, "%s: %d schools, %d areas, %d grades, %d years\n", r.File, r.Units, r.Areas, len(r.Grades), len(r.Years))
	for _, f := range r.Faults {
		fmt.Fprintf(out, "%s:%d %s %s: %s | %s\n", f.File, f.Row, f.Field, f.Rule, f.ZH, f.EN)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(out, "%s: %s | %s\n", n.Rule, n.Text.ZH, n.Text.EN)
	}
	if len(r.Checks) > 0 {
		fmt.Fprintln(w, "grain\tyears\tn\torigins\twape\tno change\tplain school\tplain area\tvs no change\tvs plain\tmase\tin 80\tin 95\tentry")
		for _, c := range r.Checks {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t%+.1f %%\t%+.1f %%\t%.3f\t%s\t%s\t%s\n", c.Grain, c.Horizon, c.N, c.Origins, c.WAPE, c.NoChange, c.PlainUnit, c.PlainArea,
				100*c.VsNoChange, 100*c.VsPlain, c.MASE, share(c.Coverage80, c.Covered), share(c.Coverage95, c.Covered), c.Entry)
		}
	}
	if r.Forecast != nil {
		r.outlook(w)
	}
	return w.Flush()
}

func share(v float64, n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*v)
}

func (r *Report) outlook(w io.Writer) {
	o := r.Forecast
	fmt.Fprintf(w, "\nfrom %d\tyear\tchildren\t80 %%\t95 %%", o.Base)
	for _, s := range o.Scenarios {
		fmt.Fprintf(w, "\t%s", s.ID)
	}
	fmt.Fprintln(w)
	show := func(name string, x forecast.Outlook) {
		for _, y := range x.Years {
			b80, b95 := "–", "–"
			if y.Total != nil {
				b80, b95 = fmt.Sprintf("%.0f–%.0f", y.Total.Low80, y.Total.High80), fmt.Sprintf("%.0f–%.0f", y.Total.Low95, y.Total.High95)
			}
			fmt.Fprintf(w, "%s\t%d\t%.0f\t%s\t%s", name, y.Year, total(y.By[o.Middle]), b80, b95)
			for s := range o.Scenarios {
				fmt.Fprintf(w, "\t%.0f", total(y.By[s]))
			}
			fmt.Fprintln(w)
		}
	}
	show("all", o.All)
	if len(o.Areas) > 1 {
		for _, x := range o.Areas {
			show("area "+x.ID, x)
		}
	}
	for _, x := range o.Units {
		show(x.ID, x)
	}
}

func total(v []float64) (n float64) {
	for _, x := range v {
		n += x
	}
	return n
}

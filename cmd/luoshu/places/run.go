package places

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/audit"
	"luoshu/kernel/city"
	"luoshu/kernel/run"
)

// RunCmd is `luoshu run`: engines fed from a city's records, their answers written as
// records.
type RunCmd struct {
	Forecast forecastCmd `cmd:"" help:"How many children will come, and the places for them."`
	Siting   layoutCmd   `cmd:"" help:"Where schools should be in one managing body, for one stage."`
}

type runFlags struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Params string `required:"" type:"path" help:"Parameters, YAML or JSON; - reads them from the input."`
	Output string `short:"o" enum:"json,text" default:"text" help:"json or text."`
}

const paramsMost = 1 << 20

func (f runFlags) read() ([]byte, error) {
	in := io.Reader(os.Stdin)
	if f.Params != "-" {
		file, err := os.Open(f.Params)
		if errors.Is(err, os.ErrNotExist) {
			return nil, luoshu.Errorf(luoshu.NotFound, "没有参数文件 %s", "there is no file of parameters %s", f.Params)
		}
		if err != nil {
			return nil, fmt.Errorf("read parameters: %w", err)
		}
		defer file.Close()
		in = file
	}
	b, err := io.ReadAll(io.LimitReader(in, paramsMost+1))
	if err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	if len(b) > paramsMost {
		return nil, luoshu.Errorf(luoshu.Invalid, "参数超过 1 MB", "the parameters are larger than 1 MB")
	}
	return b, nil
}

func (f runFlags) do(a App, engine string, do func(*run.Runner, []byte) error) error {
	params, err := f.read()
	if err != nil {
		return err
	}
	return a.With(f.Data, func(ct *city.City) error {
		e := audit.Event{Kind: audit.KindExport, Actor: access.Operator, Object: "luoshu run " + engine}
		if err := ct.Audit.Must(a.Context(), e); err != nil {
			return err
		}
		return do(ct.Runner, params)
	})
}

type forecastCmd struct {
	runFlags `embed:""`
}

// Run forecasts and prints what came out.
func (c forecastCmd) Run(a App) error {
	return c.do(a, "forecast", func(r *run.Runner, params []byte) error {
		out, err := r.Forecast(a.Context(), access.Operator, params, a.Progress())
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.JSON(out)
		}
		w := a.Out()
		fmt.Fprintf(w, "%s %s\n%s, seal %s, base %d, %d records\n%s\n%s\n", out.Run, out.Title, out.Org, out.Seal, out.Base, out.Written, out.Entry.ZH, out.Entry.EN)
		for _, p := range out.Peaks {
			fmt.Fprintf(w, "%s %s peak %d: %.0f children; short %.0f in %d\n", p.Area, p.Stage, p.PeakYear, p.PeakSize, p.Worst, p.WorstYear)
		}
		return nil
	})
}

type layoutCmd struct {
	runFlags `embed:""`
}

// Run lays out and prints what came out. It exits 1 when there is no layout.
func (c layoutCmd) Run(a App) error {
	return c.do(a, "siting", func(r *run.Runner, params []byte) error {
		out, err := r.Layout(a.Context(), access.Operator, params, a.Progress())
		if err != nil {
			return err
		}
		if c.Output == "json" {
			err = a.JSON(out)
		} else {
			w, f := a.Out(), out.Layout.Figures
			fmt.Fprintf(w, "%s %s\n%s, seal %s: %s, gap %.4f\n", out.Run, out.Title, out.Org, out.Seal, out.Layout.Status, out.Layout.Gap)
			fmt.Fprintf(w, "%d children, %d places, mean way %.2f km, farthest %.2f km, %d beyond the limit\n", f.Children, f.Places, f.MeanWay, f.MaxWay, f.OverLimit)
			fmt.Fprintf(w, "ways: %d of %d recorded (%.1f %%); %d differ there and back, %d shorter than the straight line\n", out.Ways.Recorded, out.Ways.Pairs, out.Ways.Share*100, out.Ways.Uneven, out.Ways.Short)
			for _, d := range out.Layout.Decisions {
				fmt.Fprintf(w, "%s\t%s\t%s\n", d.Site, d.Text.ZH, d.Text.EN)
			}
		}
		if err != nil || out.Layout.Value != nil {
			return err
		}
		var zh, en []string
		for _, x := range out.Conflicts {
			zh, en = append(zh, strings.TrimSuffix(x.ZH, "。")), append(en, strings.TrimSuffix(x.EN, "."))
		}
		return luoshu.Errorf(luoshu.Invalid, "没有可行的布局（已记为 %s）：%s", "there is no layout (kept as %s): %s", out.Run, luoshu.Text{ZH: strings.Join(zh, "；"), EN: strings.Join(en, "; ")})
	})
}

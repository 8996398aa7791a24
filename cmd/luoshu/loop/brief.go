package loop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"luoshu/kernel/access"
	"luoshu/kernel/audit"
	"luoshu/kernel/brief"
	"luoshu/kernel/city"
	"luoshu/kernel/run"
)

// What the desk of briefings is told of the packs: by which cases organisations take
// targets on, and which are followed one by one. Where a city has no such cases,
// nothing is said of them.
const (
	tasks  = "plan-task"
	follow = "hearing-decision"
)

// Desk is the desk of briefings and of the plan board of an open city.
func Desk(ct *city.City) *brief.Desk {
	font := ct.Config.Font
	if font != "" && !filepath.IsAbs(font) {
		font = filepath.Join(ct.Dir, font)
	}
	return brief.New(brief.Config{
		Catalog: ct.Catalog, Door: ct.Door, Flow: ct.Flow, Duties: ct.Duties, Access: ct.Access, Now: ct.Access.Now,
		Font: font, Tasks: tasks, Follow: follow, Layouts: layouts(ct.Runner.Book()),
	})
}

// layouts are the registers of layouts and forecasts, as the packs' runs name them.
func layouts(b *run.Book) brief.Layouts {
	var out brief.Layouts
	if s := b.Spec("siting"); s != nil {
		out.Run, out.Sites, out.Blocks = s.Out["run"].Entity.Name, s.Out["sites"].Entity.Name, s.Out["blocks"].Entity.Name
	}
	if s := b.Spec("forecast"); s != nil {
		out.Forecast, out.Outlook = s.Out["run"].Entity.Name, s.Out["rows"].Entity.Name
	}
	return out
}

// BriefCmd is `luoshu brief`.
type BriefCmd struct {
	Data      string `required:"" type:"path" help:"Data folder."`
	Kind      string `enum:"half-year,layout" default:"half-year" help:"Kind of paper: half-year or layout."`
	County    string `help:"Code of a county or any other organisation; the city if not given."`
	LayoutRun string `name:"run" help:"Number of the layout, for the kind layout."`
	Seal      string `help:"Seal; the last one if not given."`
	Lang      string `enum:"zh,en" default:"zh" help:"Language: zh or en."`
	Out       string `required:"" type:"path" help:"Output file, .docx or .pdf."`
}

// Run writes the briefing, whole or not at all.
func (c BriefCmd) Run(a App) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(c.Out)), ".")
	return a.With(c.Data, func(ct *city.City) (err error) {
		e := audit.Event{Kind: audit.KindExport, Actor: access.Operator, Object: "luoshu brief " + c.Kind + " org=" + c.County}
		if err := ct.Audit.Must(a.Context(), e); err != nil {
			return err
		}
		f, err := os.CreateTemp(filepath.Dir(c.Out), ".luoshu-*")
		if err != nil {
			return fmt.Errorf("write %s: %w", c.Out, err)
		}
		defer os.Remove(f.Name())
		q := brief.Query{Kind: c.Kind, Org: c.County, Seal: c.Seal, Lang: c.Lang, Run: c.LayoutRun}
		if err := errors.Join(Desk(ct).Write(a.Context(), access.Operator, q, format, f), f.Close()); err != nil {
			return err
		}
		if err := os.Chmod(f.Name(), 0o640); err != nil {
			return fmt.Errorf("write %s: %w", c.Out, err)
		}
		return os.Rename(f.Name(), c.Out)
	})
}

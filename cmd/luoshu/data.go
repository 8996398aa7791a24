package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"luoshu"
	"luoshu/kernel/audit"
	"luoshu/kernel/city"
	"luoshu/kernel/ledger"
	"luoshu/kernel/load"
)

type initCmd struct {
	Data    string   `required:"" type:"path" help:"Data folder to make."`
	Packs   []string `required:"" help:"Packs of the city, comma-separated; what they need is pulled in."`
	Overlay string   `help:"Folder of packs that override the built-in ones."`
}

// Run makes an empty data folder.
func (c initCmd) Run(a *app) error {
	conf := city.Config{Packs: c.Packs, Overlay: c.Overlay}
	if _, err := city.LoadCatalog(conf, builtin(), c.Data); err != nil {
		return err
	}
	if err := city.Create(c.Data, conf, a.now()); err != nil {
		return err
	}
	return a.with(c.Data, func(*city.City) error { return nil })
}

type loadCmd struct {
	Data     string   `required:"" type:"path" help:"Data folder."`
	Entity   string   `required:"" help:"Entity the files hold; \"oneroster\" for a OneRoster 1.2 package."`
	DryRun   bool     `help:"Check and compare only; write nothing."`
	Output   string   `short:"o" enum:"text,json" default:"text" help:"text or json."`
	Attested string   `help:"Date (yyyy-mm-dd) on which the holder confirmed these rows."`
	Reason   string   `help:"Why; kept in the ledger."`
	Faults   string   `type:"path" help:"Write the same workbook with bad cells coloured here (one file only)."`
	Files    []string `arg:"" type:"path" name:"file" help:"CSV, XLSX or OneRoster zip files."`
}

// loadReport is what `load -o json` prints: the sum over all files.
type loadReport struct {
	Rows      int64          `json:"rows"`
	New       int64          `json:"new"`
	Changed   int64          `json:"changed"`
	Unchanged int64          `json:"unchanged"`
	Refused   int64          `json:"refused"`
	Faults    []luoshu.Fault `json:"faults"`
	FaultsAll int64          `json:"faults_total"`
	Commits   []int64        `json:"commits"`
	Held      int64          `json:"held,omitempty"`     // rows of which something keeps its value
	Requests  int64          `json:"requests,omitempty"` // conflicts made of that
}

// Run loads the files one after the other; each is one commit.
func (c loadCmd) Run(a *app) error {
	attested, err := parseDate(c.Attested)
	if err != nil {
		return err
	}
	if c.Faults != "" && len(c.Files) > 1 {
		return luoshu.Errorf(luoshu.Invalid, "--faults 只能用于一个文件", "--faults takes one file only")
	}
	return a.with(c.Data, func(ct *city.City) error {
		sum := loadReport{Faults: []luoshu.Fault{}, Commits: []int64{}}
		whole := false // a file was refused as a whole
		if len(c.Files) > 1 {
			ct.Ledger.KeepKeys(cityKeys)
		}
		for _, path := range c.Files {
			if err := a.note(ct, audit.Event{Kind: audit.KindWrite, Entity: c.Entity, Object: "luoshu load", Reason: c.Reason}); err != nil {
				return err
			}
			r, err := ct.Desk.Load(a.ctx, load.Request{
				Entity: c.Entity, Path: path, Actor: operator(), Attested: attested, DryRun: c.DryRun, Reason: c.Reason,
			}, a.progress(filepath.Base(path)))
			a.endProgress()
			if err != nil {
				return err
			}
			sum.add(r)
			whole = whole || r.Blocked()
			if c.Output == "text" {
				a.printLoad(path, r)
			}
			if c.Faults != "" && r.FaultCount > 0 {
				if err := writeFaultsBook(c.Faults, path, r.Faults); err != nil {
					return err
				}
			}
		}
		ct.Ledger.KeepKeys(0)
		if len(sum.Commits) > 0 {
			if _, err := ct.Findings.RunAffected(a.ctx, 0, a.progress("setrules")); err != nil {
				return err
			}
			a.endProgress()
		}
		if c.Output == "json" {
			if err := a.json(sum); err != nil {
				return err
			}
		}
		if sum.Refused > 0 || whole {
			return errQuiet
		}
		return nil
	})
}

func (s *loadReport) add(r load.Report) {
	s.Rows += r.Rows
	s.New += r.New
	s.Changed += r.Changed
	s.Unchanged += r.Unchanged
	s.Refused += r.Refused
	s.Held += r.Held
	s.Requests += r.Requests
	s.Faults = append(s.Faults, r.Faults...)
	s.FaultsAll += r.FaultCount
	if r.Seq != 0 {
		s.Commits = append(s.Commits, r.Seq)
	}
}

func (a *app) printLoad(path string, r load.Report) {
	fmt.Fprintf(a.out, "%s: rows %d, new %d, changed %d, unchanged %d, refused %d\n",
		filepath.Base(path), r.Rows, r.New, r.Changed, r.Unchanged, r.Refused)
	if r.Held > 0 {
		fmt.Fprintf(a.out, "  held %d: fields corrected by hand keep their value until a person decides (luoshu corrections list)\n", r.Held)
	}
	const most = 20
	for i, f := range r.Faults {
		if i == most {
			fmt.Fprintf(a.out, "  … %d more (use -o json or --faults FILE)\n", r.FaultCount-most)
			break
		}
		where := ""
		if f.Sheet != "" {
			where = f.Sheet + " "
		}
		fmt.Fprintf(a.out, "  %srow %d, %s [%s]: %s\n    %s\n", where, f.Row, f.Field, f.Rule, f.ZH, f.EN)
	}
}

func writeFaultsBook(out, in string, faults []luoshu.Fault) error {
	w, err := os.Create(out)
	if err != nil {
		return fmt.Errorf("write faults workbook: %w", err)
	}
	return errors.Join(load.ColourFile(w, in, faults), w.Close())
}

// parseDate reads yyyy-mm-dd as yyyymmdd; "" is 0.
func parseDate(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		return 0, luoshu.Errorf(luoshu.Invalid, "日期 %q 应写作 2024-09-20", "date %q must be written 2024-09-20", s)
	}
	return int64(t.Year()*10000 + int(t.Month())*100 + t.Day()), nil
}

type exportCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Entity string `required:"" help:"Entity to write."`
	File   string `required:"" type:"path" help:"Output file: .csv or .xlsx."`
	Seal   string `help:"Seal to read at; empty is the present."`
}

// Run writes the records through the door out. The file appears only when it is whole.
func (c exportCmd) Run(a *app) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(c.File)), ".")
	if format != "csv" && format != "xlsx" {
		return luoshu.Errorf(luoshu.Invalid, "输出文件须以 .csv 或 .xlsx 结尾", "the output file must end in .csv or .xlsx")
	}
	return a.with(c.Data, func(ct *city.City) error {
		if err := a.note(ct, audit.Event{Kind: audit.KindExport, Entity: c.Entity, Object: "luoshu export"}); err != nil {
			return err
		}
		return writeWhole(c.File, func(f *os.File) error {
			return ct.Door.Export(a.ctx, operator(), exportQuery(c.Entity, c.Seal), format, f, a.progress("export"))
		})
	})
}

// writeWhole writes a file aside and renames it into place when do succeeded.
func writeWhole(path string, do func(*os.File) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".luoshu-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name())
	if err := errors.Join(do(tmp), tmp.Close()); err != nil {
		return err
	}
	if err := os.Chmod(tmp.Name(), 0o640); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(tmp.Name(), path)
}

type templCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Entity string `required:"" help:"Entity."`
	File   string `required:"" type:"path" help:"Output file, .xlsx."`
}

// Run writes the template.
func (c templCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		return writeWhole(c.File, func(f *os.File) error { return load.Template(f, ct.Catalog, c.Entity) })
	})
}

type sealCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Note   string `help:"What the seal is for."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run seals and computes figures.
func (c sealCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		s, err := ct.Seal(a.ctx, operator(), c.Note, a.progress("seal"))
		a.endProgress()
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.json(sealReport{Seal: s, Engine: ct.Engine.EngineName(), Timings: timings(ct)})
		}
		fmt.Fprintf(a.out, "%s at commit %d, %s\n", s.ID, s.Seq, s.Hash)
		return nil
	})
}

// sealReport is a seal with what its making cost.
type sealReport struct {
	ledger.Seal
	Engine  string   `json:"engine"`
	Timings []timing `json:"timings"`
}

type timing struct {
	Stage   string  `json:"stage"`
	Seconds float64 `json:"seconds"`
	Rows    int64   `json:"rows"`
}

func timings(ct *city.City) []timing {
	out := []timing{}
	for _, t := range ct.Engine.Timings() {
		out = append(out, timing{Stage: t.Stage, Seconds: t.Took.Seconds(), Rows: t.Rows})
	}
	return out
}

type sealsCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run lists the seals.
func (c sealsCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		seals, err := ct.Ledger.Seals(a.ctx)
		if err != nil {
			return err
		}
		if c.Output == "json" {
			return a.json(seals)
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, s := range seals {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", s.ID, s.Seq, s.At, s.Signer, s.Note)
		}
		return w.Flush()
	})
}

type commitsCmd struct {
	Data  string `required:"" type:"path" help:"Data folder."`
	Limit int    `default:"50" help:"How many."`
}

// Run lists commits as JSON lines.
func (c commitsCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		page, err := ct.Door.Commits(a.ctx, operator(), 0, c.Limit)
		if err != nil {
			return err
		}
		for _, x := range page.Rows {
			if err := a.json(x); err != nil {
				return err
			}
		}
		return nil
	})
}

type undoCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Seq    int64  `arg:"" help:"Commit to undo (see luoshu commits)."`
	Reason string `required:"" help:"Why; kept in the ledger."`
}

// Run undoes a commit.
func (c undoCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		if err := a.note(ct, audit.Event{Kind: audit.KindWrite, Object: fmt.Sprintf("luoshu undo %d", c.Seq), Reason: c.Reason}); err != nil {
			return err
		}
		r, err := ct.Ledger.Undo(a.ctx, operator(), c.Seq, c.Reason)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "commit %d undone by commit %d\n", c.Seq, r.Seq)
		return nil
	})
}

type checkCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run verifies chain, tables and seals.
func (c checkCmd) Run(a *app) error {
	return a.with(c.Data, func(ct *city.City) error {
		problems, err := ct.Check(a.ctx, a.progress("check"))
		a.endProgress()
		if err != nil {
			return err
		}
		if c.Output == "json" {
			if err := a.json(map[string]any{"ok": len(problems) == 0, "problems": problems}); err != nil {
				return err
			}
		} else {
			for _, p := range problems {
				fmt.Fprintf(a.out, "%s record %d commit %d: %s\n  %s\n", p.Entity, p.Rec, p.Seq, p.Msg.ZH, p.Msg.EN)
			}
			if len(problems) == 0 {
				seq, hash, err := ct.Ledger.Head(a.ctx)
				if err != nil {
					return err
				}
				fmt.Fprintf(a.out, "ok: %d commits, head %s\n", seq, hash)
				if seq, hash, err = ct.Audit.Head(a.ctx); err != nil {
					return err
				}
				fmt.Fprintf(a.out, "ok: %d audit entries, head %s\n", seq, hash)
			}
		}
		if len(problems) > 0 {
			return errQuiet
		}
		return nil
	})
}

package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"luoshu"
	"luoshu/kernel/audit"
	"luoshu/kernel/city"
	webaudit "luoshu/web/audit"
)

type auditCmd struct {
	List    auditListCmd    `cmd:"" help:"Search the audit log, newest first."`
	Export  auditExportCmd  `cmd:"" help:"Write entries of the audit log to a .csv file; this is itself noted."`
	Key     auditKeyCmd     `cmd:"" help:"Make a key that signs archives. Keep it off this machine."`
	Archive auditArchiveCmd `cmd:"" help:"Move old entries into a signed file and cut them off the log."`
	Verify  auditVerifyCmd  `cmd:"" help:"Check an archive file, and that this log was cut with it."`
}

// auditFilter is what list and export may be narrowed by.
type auditFilter struct {
	Person  string `help:"Account."`
	Kind    string `help:"Kind of entry, such as reveal or export."`
	Outcome string `help:"done, refused or failed."`
	Entity  string `help:"Entity."`
	Rec     int64  `help:"Record number."`
	From    string `help:"First day (yyyy-mm-dd)."`
	To      string `help:"Last day (yyyy-mm-dd)."`
}

func (f auditFilter) query(at *time.Location) (audit.Query, error) {
	q := audit.Query{Person: f.Person, Kind: f.Kind, Outcome: f.Outcome, Entity: f.Entity, Rec: f.Rec}
	var err error
	q.From, q.To, err = webaudit.Days(f.From, f.To, at)
	return q, err
}

type auditListCmd struct {
	Data  string `required:"" type:"path" help:"Data folder."`
	Limit int    `default:"50" help:"How many."`
	// Before is the position of the next page: the number of the last entry shown.
	Before int64  `help:"Only entries below this number."`
	Output string `short:"o" enum:"text,json" default:"text" help:"text, or json lines."`
	auditFilter
}

// Run lists entries. That the operator reads the log is an entry of the log.
func (c auditListCmd) Run(a *app) error {
	q, err := c.query(a.now().Location())
	if err != nil {
		return err
	}
	q.Before, q.Limit = c.Before, c.Limit
	return a.with(c.Data, func(ct *city.City) error {
		if err := ct.Audit.Must(a.ctx, audit.Event{Actor: operator(), Kind: audit.KindRead}); err != nil {
			return err
		}
		found, err := ct.Audit.Find(a.ctx, q)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for i := range found {
			x := &found[i]
			if c.Output == "json" {
				if err := a.json(x); err != nil {
					return err
				}
				continue
			}
			what := x.Entity
			if x.Rec != 0 {
				what += " " + strconv.FormatInt(x.Rec, 10)
			}
			if x.Field != "" {
				what += " " + x.Field
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.Seq, x.At.In(a.now().Location()).Format(time.DateTime),
				x.Actor.Name, x.Kind, x.Outcome, what, x.Object, x.Reason)
		}
		return w.Flush()
	})
}

type auditExportCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	File   string `required:"" type:"path" help:"Output file, .csv."`
	Reason string `required:"" help:"Why; kept in the log."`
	auditFilter
}

// Run writes entries to a file, noted before the first is read.
func (c auditExportCmd) Run(a *app) error {
	q, err := c.query(a.now().Location())
	if err != nil {
		return err
	}
	return a.with(c.Data, func(ct *city.City) error {
		if err := ct.Audit.Must(a.ctx, audit.Event{Actor: operator(), Kind: audit.KindAudit, Reason: c.Reason}); err != nil {
			return err
		}
		return writeWhole(c.File, func(f *os.File) error {
			w := csv.NewWriter(f)
			return webaudit.WriteCSV(a.ctx, w, ct.Audit, q)
		})
	})
}

type auditKeyCmd struct {
	File string `required:"" type:"path" help:"Where to write the key; must not exist."`
}

// Run makes a key and prints its fingerprint.
func (c auditKeyCmd) Run(a *app) error {
	k, err := audit.NewKey(c.File)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.out, k.Fingerprint())
	return nil
}

type auditArchiveCmd struct {
	Data   string `required:"" type:"path" help:"Data folder."`
	Before string `required:"" help:"Entries before this day (yyyy-mm-dd) are moved."`
	File   string `required:"" type:"path" help:"Archive to write; must not exist."`
	Key    string `required:"" type:"path" help:"Key that signs (luoshu audit key)."`
	Reason string `required:"" help:"Why; kept in the log."`
}

// Run archives what is older than the packs' parameter audit-months demands.
func (c auditArchiveCmd) Run(a *app) error {
	before, err := time.ParseInLocation(time.DateOnly, c.Before, a.now().Location())
	if err != nil {
		return luoshu.Errorf(luoshu.Invalid, "日期 %q 应写作 2024-09-20", "date %q must be written 2024-09-20", c.Before)
	}
	key, err := audit.ReadKey(c.Key)
	if err != nil {
		return err
	}
	return a.with(c.Data, func(ct *city.City) error {
		months, err := webaudit.Months(ct.Catalog, a.now())
		if err != nil {
			return err
		}
		got, err := ct.Audit.Archive(a.ctx, c.File, before, months, key, audit.Event{Actor: operator(), Reason: c.Reason})
		if err != nil {
			return err
		}
		if got.Seq == 0 {
			fmt.Fprintln(a.out, "没有可存档的条目 nothing to archive")
			return nil
		}
		fmt.Fprintf(a.out, "archived up to entry %d, sm3 %s, key %s\n", got.Seq, got.Digest, got.Signer)
		return nil
	})
}

type auditVerifyCmd struct {
	Data string `required:"" type:"path" help:"Data folder."`
	File string `arg:"" type:"path" help:"Archive file."`
}

// Run checks the archive by itself and against the anchors of the log.
func (c auditVerifyCmd) Run(a *app) error {
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open the archive: %w", err)
	}
	defer f.Close()
	got, err := audit.VerifyArchive(f)
	if err != nil {
		return err
	}
	return a.with(c.Data, func(ct *city.City) error {
		held, err := ct.Audit.Holds(a.ctx, got)
		if err != nil {
			return err
		}
		if !held {
			return luoshu.Errorf(luoshu.Conflict, "此存档不是本日志截断时所留", "the log was not cut with this archive")
		}
		fmt.Fprintf(a.out, "ok: entries %d to %d, key %s\n", got.From, got.To, got.Anchor.Signer)
		return nil
	})
}

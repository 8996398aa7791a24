package places

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"luoshu"
	"luoshu/engine/siting"
	"luoshu/engine/siting/cfl"
	"luoshu/engine/siting/orlib"
	"luoshu/engine/siting/pmedian"
)

// SitingCmd is `luoshu siting`.
type SitingCmd struct {
	Instance     string        `required:"" type:"path" help:"Problem file: JSON (docs/siting.md), or OR-Library cap or pmed."`
	Format       string        `enum:"auto,json,cap,pmed" default:"auto" help:"Format: auto, json, cap or pmed."`
	SingleSource bool          `help:"Serve every client of a cap instance whole from one site."`
	Capacity     float64       `help:"Capacity where a cap instance has the word \"capacity\"."`
	Time         time.Duration `default:"60s" help:"Most time to take; the best so far is then the answer."`
	Gap          float64       `help:"Relative gap between value and bound that suffices; 0 is until proven."`
	Seed         uint64        `default:"1" help:"Seed of the search."`
	Present      bool          `help:"Also describe the layout as it stands, and compare (JSON problems)."`
	Output       string        `short:"o" enum:"json,text" default:"text" help:"Output: json or text."`
}

// answer is what is printed.
type answer struct {
	Instance string     `json:"instance"`
	Format   string     `json:"format"`
	Status   cfl.Status `json:"status"`
	Value    *float64   `json:"value"`
	Bound    *float64   `json:"bound"`
	Gap      *float64   `json:"gap"`
	Seconds  float64    `json:"seconds"`
	Nodes    int        `json:"nodes"`
	// Open lists open sites, counted from 1 as in the file; of a JSON problem their ids.
	Open any `json:"open"`
	// Assignment lists who is served where and how much of the demand.
	Assignment any               `json:"assignment"`
	Layout     *siting.Layout    `json:"layout,omitempty"`
	Compare    []siting.Column   `json:"compare,omitempty"`
	Conflicts  []siting.Conflict `json:"conflicts"`
	Faults     []luoshu.Fault    `json:"faults,omitempty"`
}

// served is one entry of an assignment, counted from 1.
type served struct {
	Client int     `json:"client"`
	Site   int     `json:"site"`
	Amount float64 `json:"amount,omitempty"`
}

// Run solves the instance and prints the answer.
func (c SitingCmd) Run(a App) error {
	data, err := os.ReadFile(c.Instance)
	if errors.Is(err, os.ErrNotExist) {
		return luoshu.Errorf(luoshu.NotFound, "没有文件 %s", "there is no file %s", c.Instance)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", c.Instance, err)
	}
	ctx, cancel := context.WithTimeout(a.Context(), c.Time)
	defer cancel()
	out := answer{Instance: filepath.Base(c.Instance), Format: c.Format, Conflicts: []siting.Conflict{}}
	if out.Format == "auto" {
		out.Format = detect(data)
	}
	began := time.Now()
	switch out.Format {
	case "json":
		err = c.layout(ctx, data, &out)
	case "pmed":
		err = c.median(ctx, data, &out)
	default:
		err = c.cap(ctx, data, &out)
	}
	if err != nil {
		return err
	}
	out.Seconds = time.Since(began).Seconds()
	if out.Value != nil && out.Bound != nil {
		gap := 0.0
		if out.Status != cfl.Optimal {
			gap = (*out.Value - *out.Bound) / max(1e-12, *out.Value, -*out.Value)
		}
		out.Gap = &gap
	}
	if c.Output == "json" {
		return a.JSON(out)
	}
	return text(a, out)
}

// detect tells the formats apart: JSON starts with a brace; a pmed file has three
// numbers in its first line, a cap file two.
func detect(data []byte) string {
	if strings.HasPrefix(strings.TrimLeft(string(data[:min(len(data), 4096)]), " \t\r\n\ufeff"), "{") {
		return "json"
	}
	s := bufio.NewScanner(bytes.NewReader(data))
	for s.Scan() {
		if w := strings.Fields(s.Text()); len(w) == 3 {
			return "pmed"
		} else if len(w) > 0 {
			return "cap"
		}
	}
	return "cap"
}

func (c SitingCmd) cap(ctx context.Context, data []byte, out *answer) error {
	p, err := orlib.Cap(bytes.NewReader(data), out.Instance, c.Capacity)
	if err != nil {
		return err
	}
	p.Single = c.SingleSource
	r, err := cfl.Solve(ctx, p, cfl.Limits{Seed: c.Seed, Gap: c.Gap})
	if err != nil {
		return err
	}
	out.Status, out.Nodes = r.Status, r.Nodes
	open, list := []int{}, []served{}
	for i, v := range r.Choice {
		if v >= 0 {
			open = append(open, i+1)
		}
	}
	for _, s := range r.Shares {
		list = append(list, served{s.Client + 1, p.Options[s.Option].Site + 1, float64(s.Amount) / p.Scale})
	}
	out.Open, out.Assignment = open, list
	out.bounds(r.Choice != nil, r.Value, r.Bound)
	if r.Status == cfl.Infeasible {
		out.Conflicts = append(out.Conflicts, short(p))
	}
	return nil
}

// bounds fills value and bound where there are any.
func (o *answer) bounds(found bool, value, bound float64) {
	if found {
		o.Value = &value
	}
	if bound < 1e300 && bound > -1e300 {
		o.Bound = &bound
	}
}

// short says why a cap instance has no solution.
func short(p *cfl.Problem) siting.Conflict {
	if n, clients := p.Shortage(0); n > 0 {
		missing := float64(n) / p.Scale
		return siting.Conflict{Rule: "places", Short: missing, Text: luoshu.Text{
			ZH: fmt.Sprintf("总容量比 %d 个客户的需求少 %v", len(clients), missing),
			EN: fmt.Sprintf("capacity is short of the demand of %d clients by %v", len(clients), missing),
		}}
	}
	widest, most := int64(0), int64(0)
	for _, o := range p.Options {
		widest = max(widest, o.Capacity[0])
	}
	for _, d := range p.Demand {
		most = max(most, d)
	}
	if most > widest {
		return siting.Conflict{Rule: "whole", Short: float64(most-widest) / p.Scale, Text: luoshu.Text{
			ZH: fmt.Sprintf("最大的客户需求 %v 超过最大的容量 %v：须允许拆分，或扩容 %v", float64(most)/p.Scale, float64(widest)/p.Scale, float64(most-widest)/p.Scale),
			EN: fmt.Sprintf("the largest client needs %v and the largest site has %v: allow splitting, or add %v", float64(most)/p.Scale, float64(widest)/p.Scale, float64(most-widest)/p.Scale),
		}}
	}
	return siting.Conflict{Rule: "whole", Text: luoshu.Text{ZH: "整个客户装不进各点：允许拆分就有解", EN: "whole clients do not fit: with splitting there is a solution"}}
}

func (c SitingCmd) median(ctx context.Context, data []byte, out *answer) error {
	p, err := orlib.PMedian(bytes.NewReader(data), out.Instance)
	if err != nil {
		return err
	}
	r, err := pmedian.Solve(ctx, *p, pmedian.Options{Seed: c.Seed})
	if err != nil {
		return err
	}
	switch {
	case r.Found && r.Proven:
		out.Status = cfl.Optimal
	case r.Found:
		out.Status = cfl.Feasible
	case r.Proven || r.Bound >= pmedian.Unreachable:
		out.Status = cfl.Infeasible
	default:
		out.Status = cfl.Stopped
	}
	out.Nodes = r.Nodes
	open, list := []int{}, []served{}
	if r.Found {
		for _, i := range r.Open {
			open = append(open, i+1)
		}
		for j, i := range r.Assign {
			list = append(list, served{Client: j + 1, Site: i + 1})
		}
	}
	out.Open, out.Assignment = open, list
	out.bounds(r.Found, float64(r.Value), float64(r.Bound))
	if out.Status == cfl.Infeasible {
		out.Bound = nil
		out.Conflicts = append(out.Conflicts, siting.Conflict{Rule: "limit", Text: luoshu.Text{
			ZH: fmt.Sprintf("图不连通，%d 个点不够每个连通部分一个", p.P), EN: fmt.Sprintf("the graph falls into more parts than the %d sites to open", p.P),
		}})
	}
	return nil
}

func (c SitingCmd) layout(ctx context.Context, data []byte, out *answer) error {
	p, faults, err := siting.Read(bytes.NewReader(data), out.Instance)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return refused(faults)
	}
	l, err := siting.Solve(ctx, p, siting.Limits{Seed: c.Seed, Gap: c.Gap})
	if err != nil {
		return err
	}
	out.Layout, out.Status, out.Value, out.Bound, out.Nodes, out.Conflicts = l, l.Status, l.Value, l.Bound, l.Nodes, l.Conflicts
	open := []string{}
	for _, s := range l.Sites {
		if len(s.Places) > 0 {
			open = append(open, s.Site)
		}
	}
	out.Open, out.Assignment = open, l.Assign
	if c.Present {
		now, err := siting.Present(p)
		if err != nil {
			return err
		}
		now.Name = "present"
		l.Name = "proposed"
		out.Compare = siting.Compare(now, l)
	}
	return nil
}

// refused is the error of a problem file with faults: each with its line.
func refused(faults []luoshu.Fault) error {
	var zh, en strings.Builder
	for i, f := range faults {
		if i == 20 {
			fmt.Fprintf(&zh, "\n……共 %d 处", len(faults))
			fmt.Fprintf(&en, "\n… %d in all", len(faults))
			break
		}
		fmt.Fprintf(&zh, "\n%s 第 %d 行 %s：%s", f.File, f.Row, f.Field, f.ZH)
		fmt.Fprintf(&en, "\n%s line %d %s: %s", f.File, f.Row, f.Field, f.EN)
	}
	return luoshu.Errorf(luoshu.Invalid, "问题文件有 %d 处错误：%s", "the problem file has %d faults: %s", len(faults), luoshu.Text{ZH: zh.String(), EN: en.String()})
}

// text prints the answer for people.
func text(a App, o answer) error {
	w := bufio.NewWriter(a.Out())
	fmt.Fprintf(w, "%s  %s  %.2f s\n", o.Instance, o.Status, o.Seconds)
	if o.Value != nil {
		fmt.Fprintf(w, "value %.4f", *o.Value)
		if o.Bound != nil {
			fmt.Fprintf(w, "  bound %.4f", *o.Bound)
		}
		if o.Gap != nil {
			fmt.Fprintf(w, "  gap %.4f %%", *o.Gap*100)
		}
		fmt.Fprintf(w, "\nopen %v\n", o.Open)
	}
	if o.Layout != nil {
		for _, d := range o.Layout.Decisions {
			fmt.Fprintf(w, "%s\n  %s\n", d.Text.ZH, d.Text.EN)
		}
	}
	for _, c := range o.Conflicts {
		fmt.Fprintf(w, "%s\n  %s\n", c.Text.ZH, c.Text.EN)
	}
	for _, c := range o.Compare {
		f := c.Figures
		fmt.Fprintf(w, "%-9s annual %s invest %s places %d moved %d boarders %d way mean %.2f p95 %.2f max %.2f over-limit %d classes-over %d sites-over %d\n",
			c.Name, luoshu.FormatDecimal(f.Annual, 2), luoshu.FormatDecimal(f.Invest, 2), f.Places, f.Moved, f.Boarders, f.MeanWay, f.P95Way, f.MaxWay, f.OverLimit, f.ClassesOver, f.SitesOver)
	}
	return w.Flush()
}

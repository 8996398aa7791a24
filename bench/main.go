// Command bench measures Luoshu beside its peers on this machine and writes a
// table and JSON lines. Speed is compared as ratios within one run.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// result is one measurement: a value, or a ratio of two of them.
type result struct {
	Bench   string  `json:"bench"`
	What    string  `json:"what"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Scale   float64 `json:"scale,omitempty"`
	Limit   string  `json:"limit,omitempty"` // what the project holds itself to
	At      string  `json:"at"`
	Machine string  `json:"machine"`
}

// env is what every measurement shares.
type env struct {
	ctx     context.Context
	bin     string // luoshu, built with cgo if there is a C++ compiler
	nocgo   string // luoshu, built without cgo
	tools   string // folder with peers
	work    string
	scale   float64
	results []result
	out     *os.File
}

type step struct {
	name, help string
	run        func(*env) error
}

func steps() []step {
	return []step{
		{"load", "full student file against sqlite3 .import and PocketBase's batch API", benchLoad},
		{"city", "demo city: load, seal, figures; both engines; start of serve", benchCity},
		{"figures", "figures of a seal against the same questions by hand in DuckDB", benchFigures},
		{"dashboard", "100 concurrent dashboard requests of every role against PocketBase's list", benchDashboard},
		{"explore", "new cuts of the whole city", benchExplore},
		{"linkage", "duplicates in public data sets and in a population of a city's size", benchLinkage},
		{"cases", "a step of a case beside a bare commit; an inbox page over a million cases (adds them to the city: run it last)", benchFlow},
		{"backtest", "forecast of children against real series, and 4,000 schools in one run", benchBacktest},
		{"siting", "where places should be: the same instances with CBC and GLPK", benchSiting},
		{"growth", "load, seal and figures at growing scale", benchGrowth},
	}
}

func main() {
	var (
		scale = flag.Float64("scale", 0.05, "scale of the city (1 is the full city)")
		rows  = flag.Int("rows", 1_420_000, "rows of the student file")
		only  = flag.String("only", "", "comma-separated steps; empty is all")
		keep  = flag.String("work", "", "work folder, kept (a temporary one otherwise)")
		grow  = flag.String("growth", "0.05,0.25", "scales of the growth table")
	)
	flag.StringVar(&linkageData, "linkage-data", "", "folder with febrl2.csv and RLdata500.csv for the step linkage")
	flag.IntVar(&linkageRows, "linkage-rows", 1_420_000, "persons of the generated population of the step linkage")
	flag.StringVar(&backtestSeries, "series", "", "comma-separated files of counts to back-test besides the pack's")
	flag.StringVar(&sitingData, "siting-data", "", "folder with cap/ and pmed/ of the OR-Library for the step siting")
	flag.DurationVar(&sitingTime, "siting-time", time.Minute, "most time of each solver for an instance of the step siting")
	flag.StringVar(&sitingOnly, "siting-only", "", "only instances of the step siting whose name has this in it")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "bench [flags]\nsteps:")
		for _, s := range steps() {
			fmt.Fprintf(os.Stderr, "  %-10s %s\n", s.name, s.help)
		}
		flag.PrintDefaults()
	}
	flag.Parse()
	studentRows, growthScales = *rows, *grow
	if err := run(*scale, *only, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// Set once from the flags before any step runs.
var (
	studentRows  int
	growthScales string
)

func run(scale float64, only, work string) error {
	if err := os.MkdirAll("bench/out", 0o755); err != nil {
		return err
	}
	if work == "" {
		dir, err := os.MkdirTemp("", "luoshu-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		work = dir
	}
	out, err := os.Create(filepath.Join("bench/out", time.Now().UTC().Format("20060102-150405")+".jsonl"))
	if err != nil {
		return err
	}
	defer out.Close()
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	e := &env{
		ctx: context.Background(), work: work, scale: scale, out: out,
		bin: filepath.Join(cwd, "bin/luoshu"), nocgo: filepath.Join(cwd, "bin/luoshu-nocgo"), tools: filepath.Join(cwd, "bin/tools"),
	}
	for _, s := range steps() {
		if only != "" && !strings.Contains(","+only+",", ","+s.name+",") {
			continue
		}
		fmt.Printf("\n== %s: %s\n", s.name, s.help)
		if err := s.run(e); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	fmt.Printf("\n%-10s %-58s %12s  %-8s %s\n", "step", "what", "value", "unit", "goal")
	for _, r := range e.results {
		fmt.Printf("%-10s %-58s %12.3f  %-8s %s\n", r.Bench, r.What, r.Value, r.Unit, r.Limit)
	}
	fmt.Println("\nwritten to", out.Name())
	return nil
}

// add records and prints one measurement.
func (e *env) add(bench, what string, value float64, unit, limit string) {
	r := result{
		Bench: bench, What: what, Value: value, Unit: unit, Limit: limit, Scale: e.scale,
		At: time.Now().UTC().Format(time.RFC3339), Machine: machine(),
	}
	e.results = append(e.results, r)
	b, _ := json.Marshal(r)
	fmt.Fprintln(e.out, string(b))
	fmt.Printf("   %-58s %12.3f %s  %s\n", what, value, unit, limit)
}

func machine() string {
	model := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for _, l := range strings.Split(string(b), "\n") {
			if k, v, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(k) == "model name" {
				model = strings.TrimSpace(v)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s, %s", model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// usage is what a command cost.
type usage struct {
	seconds float64
	rssMiB  float64
	out     []byte
}

// command runs a program to its end; okExit lists exit codes beside 0 that are fine.
func (e *env) command(okExit int, name string, args ...string) (usage, error) {
	cmd := exec.CommandContext(e.ctx, name, args...)
	var out, errb bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errb
	began := time.Now()
	err := cmd.Run()
	u := usage{seconds: time.Since(began).Seconds(), out: out.Bytes()}
	if cmd.ProcessState != nil {
		if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			u.rssMiB = float64(ru.Maxrss) / 1024
		}
		if cmd.ProcessState.ExitCode() == okExit {
			err = nil
		}
	}
	if err != nil {
		return u, fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out.Bytes(), errb.Bytes())
	}
	return u, nil
}

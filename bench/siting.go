package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"luoshu/engine/siting/cfl"
	"luoshu/engine/siting/drawn"
	"luoshu/engine/siting/orlib"
	"luoshu/engine/siting/pmedian"
)

// sitingData is a folder with cap/ and pmed/ of the OR-Library, each with
// optima.tsv; they are free for research only and not in this repository. sitingTime
// is what each solver gets for an instance.
var (
	sitingData string
	sitingTime time.Duration
	sitingOnly string
)

// run of one solver on one instance.
type siteRun struct {
	seconds      float64
	value, bound float64 // NaN unknown
	status       string
}

func (r siteRun) String() string {
	num := func(x float64) string {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return "–"
		}
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	if r.status == "absent" || r.status == "not run" {
		return r.status
	}
	return fmt.Sprintf("%.2f s, %s, bound %s (%s)", r.seconds, num(math.Round(r.value*1e4)/1e4), num(math.Round(r.bound*1e4)/1e4), r.status)
}

// benchSiting solves the same instances with Luoshu, CBC and GLPK, one after
// another, each within the same time.
func benchSiting(e *env) error {
	fmt.Printf("   %-28s | %-58s | %-58s | %s\n", "instance", "luoshu", "cbc", "glpk")
	if sitingData != "" {
		if err := e.sitingCap(); err != nil {
			return err
		}
		if err := e.sitingMedian(); err != nil {
			return err
		}
	}
	for _, g := range generated() {
		for _, single := range []bool{false, true} {
			name := g.name
			if single {
				name += " whole"
			}
			if err := e.siteCompare(name, g.problem(single), math.NaN()); err != nil {
				return err
			}
		}
	}
	for _, i := range drawn.Instances() {
		if err := e.siteCompare(i.String(), i.Problem(), math.NaN()); err != nil {
			return err
		}
	}
	for _, n := range []int{500, 700, 900, 1500} {
		for _, p := range []int{5, n / 10, n / 3} {
			if err := e.medianCompare(fmt.Sprintf("graph %d, p %d", n, p), beasley(uint64(n), n, p), math.NaN()); err != nil {
				return err
			}
		}
	}
	return nil
}

// optima reads name → optimum.
func optima(dir string) (map[string]float64, []string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "optima.tsv"))
	if err != nil {
		return nil, nil, err
	}
	best := map[string]float64{}
	var names []string
	for _, l := range strings.Split(string(b), "\n")[1:] {
		if w := strings.Fields(l); len(w) == 2 {
			x, err := strconv.ParseFloat(w[1], 64)
			if err != nil {
				return nil, nil, err
			}
			best[w[0]] = x
			names = append(names, w[0])
		}
	}
	return best, names, nil
}

func (e *env) sitingCap() error {
	dir := filepath.Join(sitingData, "cap")
	best, names, err := optima(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		for _, single := range []bool{false, true} {
			f, err := os.Open(filepath.Join(dir, n+".txt"))
			if err != nil {
				return err
			}
			p, err := orlib.Cap(f, n, 0)
			f.Close()
			if err != nil {
				return err
			}
			p.Single = single
			name, want := n, best[n]
			if single {
				name, want = n+" whole", math.NaN()
			}
			if err := e.siteCompare(name, p, want); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *env) sitingMedian() error {
	dir := filepath.Join(sitingData, "pmed")
	best, names, err := optima(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		f, err := os.Open(filepath.Join(dir, n+".txt"))
		if err != nil {
			return err
		}
		p, err := orlib.PMedian(f, n)
		f.Close()
		if err != nil {
			return err
		}
		if err := e.medianCompare(n, *p, best[n]); err != nil {
			return err
		}
	}
	return nil
}

func skipped(name string) bool {
	return sitingOnly != "" && !strings.Contains(name, sitingOnly)
}

// siteCompare runs all three on a facility location problem.
func (e *env) siteCompare(name string, p *cfl.Problem, want float64) error {
	if skipped(name) {
		return nil
	}
	ctx, cancel := context.WithTimeout(e.ctx, sitingTime)
	defer cancel()
	began := time.Now()
	r, err := cfl.Solve(ctx, p, cfl.Limits{})
	if err != nil {
		return err
	}
	ours := siteRun{time.Since(began).Seconds(), r.Value, r.Bound, string(r.Status)}
	if len(p.Cost)*len(p.Demand) > 20_000 { // the general solvers get nowhere in the time
		return e.siteReport(name, ours, want, nil)
	}
	return e.siteReport(name, ours, want, func(w *bufio.Writer) { writeLocation(w, p) })
}

func (e *env) medianCompare(name string, p pmedian.Problem, want float64) error {
	if skipped(name) {
		return nil
	}
	ctx, cancel := context.WithTimeout(e.ctx, sitingTime)
	defer cancel()
	began := time.Now()
	r, err := pmedian.Solve(ctx, p, pmedian.Options{})
	if err != nil {
		return err
	}
	status := "feasible"
	if r.Proven {
		status = "optimal"
	}
	ours := siteRun{time.Since(began).Seconds(), float64(r.Value), float64(r.Bound), status}
	if p.Sites > 200 { // millions of binaries: the general solvers only read for minutes
		return e.siteReport(name, ours, want, nil)
	}
	return e.siteReport(name, ours, want, func(w *bufio.Writer) { writeMedian(w, p) })
}

// siteReport checks ours against the known optimum, runs the others and prints.
func (e *env) siteReport(name string, ours siteRun, want float64, write func(*bufio.Writer)) error {
	if !math.IsNaN(want) && math.Abs(ours.value-want) > 1e-6*want {
		return fmt.Errorf("siting: %s: %v, the optimum is %v", name, ours.value, want)
	}
	cbc, glpk := siteRun{status: "not run"}, siteRun{status: "not run"}
	if write != nil {
		path := filepath.Join(e.work, "instance.lp")
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		write(w)
		if err := w.Flush(); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		cbc, glpk = e.cbc(path), e.glpk(path)
	}
	fmt.Printf("   %-28s | %-58s | %-58s | %s\n", name, ours, cbc, glpk)
	e.add("siting", name+": seconds", ours.seconds, "s", "≤ CBC, GLPK at equal quality")
	if gap := (ours.value - ours.bound) / ours.value; !math.IsNaN(gap) && !math.IsInf(gap, 0) {
		e.add("siting", name+": gap", 100*gap, "%", "")
	}
	for who, r := range map[string]siteRun{"CBC": cbc, "GLPK": glpk} {
		if r.status != "absent" && r.status != "not run" {
			e.add("siting", name+": seconds of "+who+" ("+r.status+")", r.seconds, "s", "")
		}
	}
	return nil
}

// solver runs a program of its own on an LP file, with a minute more than its limit
// for reading and writing.
func (e *env) solver(name string, args ...string) (siteRun, string) {
	bin, err := exec.LookPath(name)
	if err != nil {
		return siteRun{status: "absent"}, ""
	}
	ctx, cancel := context.WithTimeout(e.ctx, sitingTime+time.Minute)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	err = cmd.Run()
	r := siteRun{seconds: time.Since(began).Seconds(), value: math.NaN(), bound: math.NaN(), status: "stopped"}
	if err != nil {
		r.status = "failed"
	}
	return r, out.String()
}

var (
	cbcValue = regexp.MustCompile(`Objective value:\s+([-+0-9.e]+)`)
	cbcBound = regexp.MustCompile(`Lower bound:\s+([-+0-9.e]+)`)
	glpValue = regexp.MustCompile(`(?m)^Objective:\s+\S+ = ([-+0-9.e]+)`)
	glpBound = regexp.MustCompile(`>=\s+([-+0-9.e]+)`)
)

func found(re *regexp.Regexp, text string) float64 {
	m := re.FindAllStringSubmatch(text, -1)
	if len(m) == 0 {
		return math.NaN()
	}
	x, err := strconv.ParseFloat(m[len(m)-1][1], 64)
	if err != nil {
		return math.NaN()
	}
	return x
}

func (e *env) cbc(path string) siteRun {
	r, out := e.solver("cbc", path, "-threads", "2", "-ratioGap", "1e-9", "-allowableGap", "1e-6", "-seconds", fmt.Sprint(sitingTime.Seconds()), "-solve", "-quit")
	r.value, r.bound = found(cbcValue, out), found(cbcBound, out)
	switch {
	case strings.Contains(out, "Result - Optimal solution found"):
		r.status, r.bound = "optimal", r.value
	case strings.Contains(out, "infeasible"):
		r.status, r.value = "infeasible", math.NaN()
	case !math.IsNaN(r.value) && r.status == "stopped":
		r.status = "feasible"
	}
	return r
}

func (e *env) glpk(path string) siteRun {
	sol := path + ".sol"
	r, out := e.solver("glpsol", "--lp", path, "--cuts", "--mipgap", "1e-9", "--tmlim", fmt.Sprint(int(sitingTime.Seconds())), "-o", sol)
	b, err := os.ReadFile(sol)
	if err != nil {
		return r
	}
	os.Remove(sol)
	text := string(b)
	switch {
	case strings.Contains(text, "INTEGER OPTIMAL"):
		r.status = "optimal"
	case strings.Contains(out, "HAS NO") && strings.Contains(out, "FEASIBLE SOLUTION"):
		r.status = "infeasible"
		return r
	case strings.Contains(text, "INTEGER NON-OPTIMAL"):
		r.status = "feasible"
	default:
		return r
	}
	r.value = found(glpValue, text)
	if r.bound = found(glpBound, out); r.status == "optimal" {
		r.bound = r.value
	}
	return r
}

// writeLocation writes the strong formulation as CPLEX LP: x is the share of a
// client's demand.
func writeLocation(w *bufio.Writer, p *cfl.Problem) {
	fmt.Fprintln(w, "Minimize\n obj:")
	for v, o := range p.Options {
		fmt.Fprintf(w, " + %v y%d\n", o.Fixed, v)
		for j, c := range p.Cost[o.Row] {
			fmt.Fprintf(w, " + %v x%d_%d\n", c, v, j)
		}
	}
	fmt.Fprintln(w, "Subject To")
	for j := range p.Demand {
		fmt.Fprintf(w, " s%d:", j)
		for v := range p.Options {
			fmt.Fprintf(w, " + x%d_%d\n", v, j)
		}
		fmt.Fprintln(w, " = 1")
	}
	for v, o := range p.Options {
		fmt.Fprintf(w, " c%d:", v)
		for j, d := range p.Demand {
			fmt.Fprintf(w, " + %d x%d_%d\n", d, v, j)
		}
		fmt.Fprintf(w, " - %d y%d <= 0\n", o.Capacity[0], v)
		for j := range p.Demand {
			fmt.Fprintf(w, " v%d_%d: x%d_%d - y%d <= 0\n", v, j, v, j, v)
		}
	}
	fmt.Fprintln(w, "Binary")
	for v := range p.Options {
		fmt.Fprintf(w, " y%d\n", v)
		for j := range p.Demand {
			if p.Single {
				fmt.Fprintf(w, " x%d_%d\n", v, j)
			}
		}
	}
	fmt.Fprintln(w, "End")
}

func writeMedian(w *bufio.Writer, p pmedian.Problem) {
	fmt.Fprintln(w, "Minimize\n obj:")
	for i := range p.Sites {
		for j := range p.Clients {
			fmt.Fprintf(w, " + %d x%d_%d\n", p.Cost[i*p.Clients+j], i, j)
		}
	}
	fmt.Fprintln(w, "Subject To\n p:")
	for i := range p.Sites {
		fmt.Fprintf(w, " + y%d\n", i)
	}
	fmt.Fprintf(w, " = %d\n", p.P)
	for j := range p.Clients {
		fmt.Fprintf(w, " s%d:", j)
		for i := range p.Sites {
			fmt.Fprintf(w, " + x%d_%d\n", i, j)
		}
		fmt.Fprintln(w, " = 1")
	}
	for i := range p.Sites {
		for j := range p.Clients {
			fmt.Fprintf(w, " v%d_%d: x%d_%d - y%d <= 0\n", i, j, i, j, i)
		}
	}
	fmt.Fprintln(w, "Binary")
	for i := range p.Sites {
		fmt.Fprintf(w, " y%d\n", i)
	}
	fmt.Fprintln(w, "End")
}

// town is a generated instance: blocks gathered in towns, sites likewise, costs of
// ways with a detour, capacity loose times the demand.
type town struct {
	name     string
	seed     uint64
	sites, n int
	loose    float64
	even     bool // spread evenly instead of in towns
}

func generated() []town {
	return []town{
		{"30 × 200, loose 2", 1, 30, 200, 2, true},
		{"50 × 200, loose 3", 2, 50, 200, 3, true},
		{"100 × 1000, loose 8", 3, 100, 1000, 8, true},
		{"80 × 2000, loose 1.1", 4, 80, 2000, 1.1, false},
		{"80 × 2000, loose 1.5", 5, 80, 2000, 1.5, false},
		{"80 × 2000, loose 3", 6, 80, 2000, 3, false},
		{"80 × 2000 even, loose 1.3", 7, 80, 2000, 1.3, true},
	}
}

func (t town) problem(single bool) *cfl.Problem {
	rng := rand.New(rand.NewPCG(t.seed, 99))
	var centres [25][3]float64
	for i := range centres {
		centres[i] = [3]float64{rng.Float64() * 40, rng.Float64() * 40, 0.5 + rng.Float64()*4}
	}
	point := func() (float64, float64) {
		if t.even || rng.Float64() < 0.2 {
			return rng.Float64() * 40, rng.Float64() * 40
		}
		c := centres[rng.IntN(len(centres))]
		return c[0] + rng.NormFloat64()*c[2], c[1] + rng.NormFloat64()*c[2]
	}
	p := &cfl.Problem{Single: single, Scale: 1}
	x, y, total := make([]float64, t.sites+t.n), make([]float64, t.sites+t.n), 0.0
	for i := range x {
		x[i], y[i] = point()
	}
	for range t.n {
		d := 3 + rng.Int64N(58)
		p.Demand = append(p.Demand, d)
		total += float64(d)
	}
	sizes := []float64{270, 540, 810, 1080, 1620}
	base, sum := make([]float64, t.sites), 0.0
	for i := range base {
		base[i] = sizes[rng.IntN(len(sizes))]
		sum += base[i]
	}
	for i := range t.sites {
		row := make([]float64, t.n)
		for j := range row {
			row[j] = math.Round(130 * float64(p.Demand[j]) * math.Hypot(x[i]-x[t.sites+j], y[i]-y[t.sites+j]))
		}
		c := math.Floor(total * t.loose * base[i] / sum)
		p.Cost = append(p.Cost, row)
		p.Options = append(p.Options, cfl.Option{Site: i, Row: i, Fixed: math.Round(400 * math.Pow(c, 0.8)), Capacity: []int64{int64(c)}})
	}
	return p
}

// beasley makes a graph as the p-median instances of the OR-Library were made: a
// spanning tree and random edges, n²/50 in all, of lengths 1 to 100.
func beasley(seed uint64, n, p int) pmedian.Problem {
	rng := rand.New(rand.NewPCG(seed, 17))
	var edges []pmedian.Edge
	for i := 1; i < n; i++ {
		edges = append(edges, pmedian.Edge{A: i, B: rng.IntN(i), Cost: int32(1 + rng.IntN(100))})
	}
	for len(edges) < n*n/50 {
		if a, b := rng.IntN(n), rng.IntN(n); a != b {
			edges = append(edges, pmedian.Edge{A: a, B: b, Cost: int32(1 + rng.IntN(100))})
		}
	}
	sort.SliceStable(edges, func(i, j int) bool { return edges[i].A < edges[j].A })
	return pmedian.Graph(n, edges, p)
}

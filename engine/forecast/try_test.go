package forecast

import (
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
)

func loadNYC(t testing.TB, district bool, keep func(int) bool) *grid {
	f, _ := os.Open(os.Getenv("BT") + "/nyc_school_grade_2005_2017.csv")
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil { t.Fatal(err) }
	years := []int{}
	for y := 2005; y <= 2017; y++ { years = append(years, y) }
	known := make([]bool, 13); seg := make([]int, 13)
	for i := range known { known[i] = years[i] != 2012; if years[i] >= 2012 { seg[i] = 1 } }
	ids := map[string]int{}
	areas := map[string]int{}
	for _, r := range rows[1:] { if _, ok := ids[r[2]]; !ok { ids[r[2]] = len(ids) } }
	list := make([]string, len(ids))
	for k, v := range ids { list[v] = k }
	m := map[int]int{}
	for i := range list { if keep(i) { m[i] = len(m) } }
	x := newGrid(years, known, seg, len(m), 14)
	for _, r := range rows[1:] {
		u, ok := m[ids[r[2]]]
		if !ok { continue }
		y, _ := strconv.Atoi(r[0]); y -= 2005
		x.has[u*x.y+y] = true
		for g := range 14 { v, _ := strconv.ParseFloat(r[5+g], 64); x.row(u, y)[g] += v }
		if district {
			a := r[2][:2]
			if _, ok := areas[a]; !ok { areas[a] = len(areas) }
			x.area[u] = areas[a]; x.areas = len(areas)
		}
	}
	return x
}

func loadEC(t testing.TB) *grid {
	f, _ := os.Open(os.Getenv("BT") + "/ecasd_school_grade_section_1998_2024.csv")
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil { t.Fatal(err) }
	years := []int{}
	for y := 1998; y <= 2024; y++ { years = append(years, y) }
	known := make([]bool, 27); seg := make([]int, 27)
	for i := range known { known[i] = years[i] != 2020 }
	ids := map[string]int{}
	for _, r := range rows[1:] { if _, ok := ids[r[2]]; !ok { ids[r[2]] = len(ids) } }
	x := newGrid(years, known, seg, len(ids), 6)
	for _, r := range rows[1:] {
		y, _ := strconv.Atoi(r[0]); y -= 1998
		u := ids[r[2]]
		g := slices.Index([]string{"K","1","2","3","4","5"}, r[3])
		v, _ := strconv.ParseFloat(r[5], 64)
		x.has[u*x.y+y] = true
		x.row(u, y)[g] += v
	}
	return x
}

func env(name string, p *float64) { if v, err := strconv.ParseFloat(os.Getenv(name), 64); err == nil { *p = v } }
var grp string; var tot, tn = map[string]float64{}, map[string]float64{}
func TestTry(t *testing.T) {
	if os.Getenv("BT") == "" { t.Skip() }
	env("ES", &entrySharp); env("BS", &blendSharp); env("SS", &stackSharp); env("FG", &forget); env("PN", &priorN); env("EW", &entrySlow); env("SW", &stackSlow); env("RC", &recency); env("AW", &areaWeight); env("MF", &mostFed); for i, n := range []string{"P0","P1","P2","P3","P4","P5","P6","P7"} { env(n, &entryPrior[i]) };env("PC", &priorC); env("PS", &priorS)
	for _, c := range []struct{ name string; x *grid; H int }{
		{"EC", loadEC(t), 10},
		{"NYC even district", loadNYC(t, true, func(i int) bool { return i%2 == 0 }), 6},
		{"NYC odd district", loadNYC(t, true, func(i int) bool { return i%2 == 1 }), 6},
		{"NYC all", loadNYC(t, false, func(i int) bool { return true }), 6},
	} {
		grp = c.name[:2]; fmt.Println("==", c.name, c.x.n, "units", c.x.areas, "areas")
		try(c.x, c.H)
	}
	for _, f := range families { for seed := range uint64(3) {
		grp = "syn"; if f.years < 9 { grp = "short" }; fmt.Println("==", f.name)
		try(f.draw(seed+1), 5)
	} }
	for _, k := range slices.Sorted(maps.Keys(tn)) { fmt.Printf("TOT %s %.1f/%.1f", k, 100*tot[k]/tn[k], 100*tot[k+"nc"]/tn[k]) }; fmt.Println()
}

func try(x *grid, H int) {
	grids := []*grid{x}
	if x.areas > 1 || true { grids = append(grids, x.byArea()) }
	if x.areas > 1 { grids = append(grids, grids[1].byArea()) }
	ws := make([]*walker, len(grids))
	for i := len(grids) - 1; i >= 0; i-- {
		var up *walker
		if i+1 < len(grids) { up = ws[i+1] }
		ws[i] = newWalker(grids[i], up, H)
	}
	
	res := map[[3]int]*acc{}
	for _, t := range x.origins() {
		for i := len(ws) - 1; i >= 0; i-- { ws[i].step(t) }
		var low *walker
		var ownSum [][]float64
		for i, w := range ws {
			own := w.own
			if i > 0 { own = ws[i-1].x.sums(ownSum, w.x) }
			ownSum = own
			w.stack(t, low)
			low = w
			for h := 1; h <= H; h++ {
				if !w.x.reaches(t, t+h) { continue }
				for c := range 2 {
					k := [3]int{i, c, h}
					r := res[k]
					if r == nil { r = &acc{}; res[k] = r }
					r.w = w.weights[h-1]; r.as = w.assumed[h-1]
					for u := range w.x.n {
						if !w.x.there(u, t) || !w.x.there(u, t+h) { continue }
						var s [6]float64
						for g := range w.x.g {
							j := u*w.x.g + g
							v := [6]float64{w.x.row(u, t+h)[g], w.final[h-1][j], w.cohort[h-1][j], w.rivals[byNoChange][h-1][j], own[h-1][j], w.rivals[byArea][h-1][j]}
							for q := range s { s[q] += v[q] }
							if c == 1 { r.add(v) }
						}
						if c == 0 { r.add(s) }
					}
				}
			}
		}
	}
	for i := range ws { for c := range 2 { for h := 1; h <= H; h++ {
		r := res[[3]int{i, c, h}]
		if r == nil || r.n == 0 { continue }
		best := math.Min(r.a, r.b)
		if os.Getenv("SUM") != "" {
			if h <= 5 && r.n > 3 { k := fmt.Sprintf("%s L%d", grp, i); tot[k] += math.Log(r.f/best); tn[k]++; tot[k+"nc"] += math.Log(r.f/r.nc) }
			continue
		}
		fmt.Printf("L%d c%d h%2d n%6d wape %.4f cohort %.4f nc %.4f own %.4f area %.4f | gain %.1f%% vs nc %.1f%% w %.2f e %.2f %.2f\n", i, c, h, r.n, r.f/r.y, r.co/r.y, r.nc/r.y, r.a/r.y, r.b/r.y, 100*(1-r.f/best), 100*(1-r.f/r.nc), r.w, r.as[0], r.as[1])
	}}}
}


type acc struct{ n int; y, f, co, nc, a, b float64; w []float64; as [2][]float64 }
func (r *acc) add(v [6]float64) { r.n++; r.y += v[0]; r.f += math.Abs(v[0]-v[1]); r.co += math.Abs(v[0]-v[2]); r.nc += math.Abs(v[0]-v[3]); r.a += math.Abs(v[0]-v[4]); r.b += math.Abs(v[0]-v[5]) }

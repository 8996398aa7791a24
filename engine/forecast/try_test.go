package forecast

import (
	"context"
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
	if err != nil {
		t.Fatal(err)
	}
	years := []int{}
	for y := 2005; y <= 2017; y++ {
		years = append(years, y)
	}
	known := make([]bool, 13)
	seg := make([]int, 13)
	for i := range known {
		known[i] = years[i] != 2012
		if years[i] >= 2012 {
			seg[i] = 1
		}
	}
	ids := map[string]int{}
	areas := map[string]int{}
	for _, r := range rows[1:] {
		if _, ok := ids[r[2]]; !ok {
			ids[r[2]] = len(ids)
		}
	}
	list := make([]string, len(ids))
	for k, v := range ids {
		list[v] = k
	}
	m := map[int]int{}
	for i := range list {
		if keep(i) {
			m[i] = len(m)
		}
	}
	x := newGrid(years, known, seg, len(m), 14)
	for _, r := range rows[1:] {
		u, ok := m[ids[r[2]]]
		if !ok {
			continue
		}
		y, _ := strconv.Atoi(r[0])
		y -= 2005
		x.has[u*x.y+y] = true
		for g := range 14 {
			v, _ := strconv.ParseFloat(r[5+g], 64)
			x.row(u, y)[g] += v
		}
		if district {
			a := r[2][:2]
			if _, ok := areas[a]; !ok {
				areas[a] = len(areas)
			}
			x.area[u] = areas[a]
			x.areas = len(areas)
		}
	}
	return x
}

func loadEC(t testing.TB) *grid {
	f, _ := os.Open(os.Getenv("BT") + "/ecasd_school_grade_section_1998_2024.csv")
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	years := []int{}
	for y := 1998; y <= 2024; y++ {
		years = append(years, y)
	}
	known := make([]bool, 27)
	seg := make([]int, 27)
	for i := range known {
		known[i] = years[i] != 2020
	}
	ids := map[string]int{}
	for _, r := range rows[1:] {
		if _, ok := ids[r[2]]; !ok {
			ids[r[2]] = len(ids)
		}
	}
	x := newGrid(years, known, seg, len(ids), 6)
	for _, r := range rows[1:] {
		y, _ := strconv.Atoi(r[0])
		y -= 1998
		u := ids[r[2]]
		g := slices.Index([]string{"K", "1", "2", "3", "4", "5"}, r[3])
		v, _ := strconv.ParseFloat(r[5], 64)
		x.has[u*x.y+y] = true
		x.row(u, y)[g] += v
	}
	return x
}

func env(name string, p *float64) {
	if v, err := strconv.ParseFloat(os.Getenv(name), 64); err == nil {
		*p = v
	}
}

var (
	cv      = map[string]float64{}
	grp     string
	tot, tn = map[string]float64{}, map[string]float64{}
)

func TestTry(t *testing.T) {
	if os.Getenv("BT") == "" {
		t.Skip()
	}
	for _, c := range []struct {
		name string
		x    *grid
		H    int
	}{
		{"EC", loadEC(t), 10},
		{"NYC even district", loadNYC(t, true, func(i int) bool { return i%2 == 0 }), 6},
		{"NYC odd district", loadNYC(t, true, func(i int) bool { return i%2 == 1 }), 6},
		{"NYC all", loadNYC(t, false, func(i int) bool { return true }), 6},
	} {
		grp = c.name[:2]
		fmt.Println("==", c.name, c.x.n, "units", c.x.areas, "areas")
		try(c.x, c.H)
	}
	for _, f := range families {
		for seed := range uint64(3) {
			grp = "syn"
			if f.years < 9 {
				grp = "short"
			}
			fmt.Println("==", f.name)
			try(f.draw(seed+1), 5)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(tn)) {
		fmt.Printf("TOT %-18s %.1f/%.1f cov %.1f %.1f\n", k, 100*tot[k]/tn[k], 100*tot[k+"nc"]/tn[k], cv[k+"80"]/tn[k], cv[k+"95"]/tn[k])
	}
	fmt.Println()
}

func try(x *grid, H int) {
	cs, _ := newModel(x, H).backtest(context.Background(), nil)
	for _, c := range cs {
		if os.Getenv("SUM") != "" {
			if c.Horizon <= 5 && c.Covered > 3 {
				k := grp + " " + c.Grain
				tot[k] += math.Log(1 - c.VsPlain)
				tn[k]++
				tot[k+"nc"] += math.Log(1 - c.VsNoChange)
				cv[k+"80"] += 100 * c.Coverage80
				cv[k+"95"] += 100 * c.Coverage95
			}
			continue
		}
		fmt.Printf("%-10s h%2d n%6d wape %.4f nc %.4f own %.4f area %.4f | gain %.1f%% nc %.1f%% | n %d cov %.1f %.1f width %.3f %.3f\n", c.Grain, c.Horizon, c.N, c.WAPE, c.NoChange, c.PlainUnit, c.PlainArea, 100*c.VsPlain, 100*c.VsNoChange, c.Covered, 100*c.Coverage80, 100*c.Coverage95, c.Width80, c.Width95)
	}
}

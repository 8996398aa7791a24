// Package way says how far it is from where people live to sites, from what was
// measured, and which places are neighbours. Plain numbers, no I/O; ways are in
// kilometres, positions in degrees.
package way

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"luoshu"
	"luoshu/engine/siting"
)

// Pair is a block and a site.
type Pair struct{ Block, Site string }

// Known is a way that was measured, there and back; 0 where it was not.
type Known struct{ There, Back float64 }

// Told is what of the ways was measured, and what is odd about it.
type Told struct {
	Pairs    int     `json:"pairs"`
	Recorded int     `json:"recorded"` // of Pairs, the rest are straight lines with the detour
	Share    float64 `json:"share"`
	Uneven   int     `json:"uneven"` // there and back differ by more than the tolerance: the mean is taken
	Short    int     `json:"short"`  // shorter than the straight line: not taken
	examples map[bool][]string
}

// slack is how much shorter than the straight line a way may be: positions stand for
// whole blocks.
const slack = 0.95

// Matrix gives a problem the ways that are known. Blocks of the problem are those of
// the records by of. What is not known stays to the straight line.
func Matrix(p *siting.Problem, of map[string]string, known map[Pair]Known, tolerance float64) Told {
	told := Told{examples: map[bool][]string{}}
	p.Matrices = nil
	blocks := map[string]bool{}
	for _, b := range p.Blocks {
		blocks[of[b.ID]] = true
	}
	told.Pairs = len(blocks) * len(p.Sites)
	if len(known) == 0 {
		return told
	}
	seen := map[Pair]bool{}
	rows := make([][]*float64, len(p.Blocks))
	for i, b := range p.Blocks {
		rows[i] = make([]*float64, len(p.Sites))
		for j, s := range p.Sites {
			at := Pair{of[b.ID], s.ID}
			k, ok := known[at]
			if !ok {
				continue
			}
			name, _, _ := strings.Cut(b.Name, "（") // without the grades of who is meant
			if w := told.take(k, siting.Straight(b.X, b.Y, s.X, s.Y), tolerance, name+" → "+s.Name, seen[at]); w > 0 {
				rows[i][j] = &w
				if !seen[at] {
					told.Recorded++
				}
			}
			seen[at] = true
		}
	}
	if told.Recorded == 0 {
		return told
	}
	told.Share = float64(told.Recorded) / float64(told.Pairs)
	var modes []string
	for _, b := range p.Blocks {
		if !slices.Contains(modes, b.Mode) {
			modes = append(modes, b.Mode)
			p.Matrices = append(p.Matrices, siting.Matrix{Mode: b.Mode, Ways: rows, Missing: "straight"})
		}
	}
	return told
}

// take is the way of a pair, 0 if it cannot be. A pair that was seen is not told of
// twice.
func (t *Told) take(k Known, line, tolerance float64, name string, seen bool) float64 {
	w := max(k.There, k.Back)
	if k.There > 0 && k.Back > 0 {
		if math.Abs(k.There-k.Back) > tolerance*w && !seen {
			t.Uneven++
			t.example(true, fmt.Sprintf("%s %.2f / %.2f km", name, k.There, k.Back))
		}
		w = (k.There + k.Back) / 2
	}
	if w < slack*line {
		if !seen {
			t.Short++
			t.example(false, fmt.Sprintf("%s %.2f < %.2f km", name, w, line))
		}
		return 0
	}
	return w
}

func (t *Told) example(uneven bool, s string) {
	if len(t.examples[uneven]) < 3 {
		t.examples[uneven] = append(t.examples[uneven], s)
	}
}

// Words say where the ways come from.
func (t *Told) Words(detour float64) luoshu.Text {
	if t.Recorded == 0 && t.Short == 0 {
		return luoshu.Text{
			ZH: fmt.Sprintf("没有登记路程，按直线×%.2f 估计。", detour),
			EN: fmt.Sprintf("No ways are recorded; straight lines × %.2f stand for them.", detour),
		}
	}
	out := luoshu.Text{
		ZH: fmt.Sprintf("%d 对片区与校舍中 %d 对（%.1f%%）的路程来自登记，其余按直线×%.2f 估计。", t.Pairs, t.Recorded, t.Share*100, detour),
		EN: fmt.Sprintf("Of %d pairs of block and site %d (%.1f %%) have a recorded way; straight lines × %.2f stand for the rest.", t.Pairs, t.Recorded, t.Share*100, detour),
	}
	if t.Uneven > 0 {
		list := strings.Join(t.examples[true], "; ")
		out.ZH += fmt.Sprintf("%d 对去程与回程相差过大，取平均，请核对登记（%s）。", t.Uneven, list)
		out.EN += fmt.Sprintf(" Pairs that differ too much there and back: %d; the mean is taken, check the records (%s).", t.Uneven, list)
	}
	if t.Short > 0 {
		list := strings.Join(t.examples[false], "; ")
		out.ZH += fmt.Sprintf("%d 对登记的路程短于直线距离，没有采用，请核对路程或位置（%s）。", t.Short, list)
		out.EN += fmt.Sprintf(" Recorded ways shorter than the straight line: %d, not taken; check the way or the positions (%s).", t.Short, list)
	}
	return out
}

// Point is a position in degrees.
type Point struct{ Lon, Lat float64 }

// Neighbours are the pairs of points in the circle over which no other lies (a Gabriel
// graph): all hang together, and only near ones touch.
func Neighbours(list []Point) [][2]int {
	var out [][2]int
	for i, a := range list {
		for j := i + 1; j < len(list); j++ {
			b := list[j]
			mid, r := Point{(a.Lon + b.Lon) / 2, (a.Lat + b.Lat) / 2}, flat(a, b)/4
			if !slices.ContainsFunc(list, func(c Point) bool { return c != a && c != b && flat(c, mid) < r*(1-1e-9) }) {
				out = append(out, [2]int{i, j})
			}
		}
	}
	return out
}

// flat is the squared distance of two near points on a plane.
func flat(a, b Point) float64 {
	dx, dy := (a.Lon-b.Lon)*math.Cos((a.Lat+b.Lat)/2*math.Pi/180), a.Lat-b.Lat
	return dx*dx + dy*dy
}

// Nearest is the point nearest to a position.
func Nearest(list []Point, to Point) int {
	best := 0
	for i := range list {
		if flat(list[i], to) < flat(list[best], to) {
			best = i
		}
	}
	return best
}

// Package orlib reads instances of the OR-Library (Beasley 1990): capacitated
// facility location and p-median. It is strict: what is missing, left over or out
// of range is a fault with its line.
package orlib

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/engine/siting/cfl"
	"luoshu/engine/siting/pmedian"
)

// Limits of what is read: a file beyond them is refused before memory is taken.
const (
	maxSites   = 20_000
	maxClients = 100_000
	maxPairs   = 50_000_000
)

// token is a word of the file and its line, counted from 1.
type token struct {
	text string
	line int
}

// reader hands out the words of a file.
type reader struct {
	name  string
	scan  *bufio.Scanner
	words []string
	line  int
}

func newReader(r io.Reader, name string) *reader {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), 16<<20)
	return &reader{name: name, scan: s}
}

// fault is an error of the file with its line and what mends it.
func (r *reader) fault(line int, zh, en string) error {
	return luoshu.Errorf(luoshu.Invalid, "%s 第 %d 行：%s", "%s line %d: %s", r.name, line, luoshu.Text{ZH: zh, EN: en})
}

// next returns the next word.
func (r *reader) next(zh, en string) (token, error) {
	for len(r.words) == 0 {
		if !r.scan.Scan() {
			if err := r.scan.Err(); errors.Is(err, bufio.ErrTooLong) {
				return token{}, r.fault(r.line+1, "一行超过 16 MB", "a line is longer than 16 MB")
			} else if err != nil {
				return token{}, fmt.Errorf("read %s: %w", r.name, err)
			}
			return token{}, r.fault(r.line, "文件到此结束，还缺“"+zh+"”；请补全文件", "the file ends here; the "+en+" is missing; complete the file")
		}
		r.line++
		r.words = strings.Fields(r.scan.Text())
	}
	t := token{r.words[0], r.line}
	r.words = r.words[1:]
	return t, nil
}

// number returns the next word as a finite number ≥ 0.
func (r *reader) number(zh, en string) (float64, int, error) {
	t, err := r.next(zh, en)
	if err != nil {
		return 0, 0, err
	}
	return r.parse(t, zh, en)
}

func (r *reader) parse(t token, zh, en string) (float64, int, error) {
	x, err := strconv.ParseFloat(t.text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, t.line, r.fault(t.line, fmt.Sprintf("%s“%.40s”不是数", zh, t.text), fmt.Sprintf("%s %.40q is not a number", en, t.text))
	}
	if x < 0 || x > 1e12 {
		return 0, t.line, r.fault(t.line, fmt.Sprintf("%s %s 不在 0 到 1e12 之间", zh, t.text), fmt.Sprintf("%s %s is not between 0 and 1e12", en, t.text))
	}
	return x, t.line, nil
}

// count returns the next word as a whole number between low and high.
func (r *reader) count(zh, en string, low, high int) (int, error) {
	x, line, err := r.number(zh, en)
	if err != nil {
		return 0, err
	}
	if x != math.Trunc(x) || x < float64(low) || x > float64(high) {
		return 0, r.fault(line, fmt.Sprintf("%s %v 不是 %d 到 %d 的整数", zh, x, low, high), fmt.Sprintf("%s %v is not a whole number from %d to %d", en, x, low, high))
	}
	return int(x), nil
}

// end refuses what is left over.
func (r *reader) end() error {
	for len(r.words) == 0 {
		if !r.scan.Scan() {
			if err := r.scan.Err(); err != nil {
				return fmt.Errorf("read %s: %w", r.name, err)
			}
			return nil
		}
		r.line++
		r.words = strings.Fields(r.scan.Text())
	}
	return r.fault(r.line, fmt.Sprintf("多出内容“%.40s”；数目与首行不符", r.words[0]), fmt.Sprintf("%.40q is left over; the counts of the first line do not match", r.words[0]))
}

// Cap reads a capacitated facility location instance: sites and clients; for each
// site its capacity and fixed cost; for each client its demand and the cost of
// serving all of it from each site. The word "capacity" may stand where a site's
// capacity stands; it means capacity, which must then be above 0. The name stands
// in faults.
func Cap(in io.Reader, name string, capacity float64) (*cfl.Problem, error) {
	r := newReader(in, name)
	m, err := r.count("设施数", "number of sites", 1, maxSites)
	if err != nil {
		return nil, err
	}
	n, err := r.count("客户数", "number of clients", 1, maxClients)
	if err != nil {
		return nil, err
	}
	if m*n > maxPairs {
		return nil, r.fault(1, fmt.Sprintf("%d × %d 太大", m, n), fmt.Sprintf("%d × %d is too large", m, n))
	}
	room, fixed := make([]float64, m), make([]float64, m)
	for i := range m {
		if room[i], err = r.capacity(capacity); err != nil {
			return nil, err
		}
		if fixed[i], _, err = r.number("固定成本", "fixed cost"); err != nil {
			return nil, err
		}
	}
	demand, rows := make([]float64, n), make([][]float64, 0, min(m, 1024))
	for range m {
		rows = append(rows, make([]float64, n))
	}
	for j := range n {
		if demand[j], _, err = r.number("需求量", "demand"); err != nil {
			return nil, err
		}
		for i := range m {
			if rows[i][j], _, err = r.number("服务成本", "cost of serving"); err != nil {
				return nil, err
			}
		}
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return whole(r, room, fixed, demand, rows)
}

func (r *reader) capacity(given float64) (float64, error) {
	t, err := r.next("容量", "capacity")
	if err != nil {
		return 0, err
	}
	if t.text == "capacity" {
		if given <= 0 {
			return 0, r.fault(t.line, "容量写作 capacity；请用 --capacity 给出数值", `the capacity is the word "capacity"; give its number with --capacity`)
		}
		return given, nil
	}
	x, _, err := r.parse(t, "容量", "capacity")
	return x, err
}

// whole scales amounts to whole numbers: up to four decimals are kept exactly.
func whole(r *reader, room, fixed, demand []float64, rows [][]float64) (*cfl.Problem, error) {
	scale := 1.0
	for _, xs := range [][]float64{room, demand} {
		for _, x := range xs {
			for scale < 1e4 && math.Abs(x*scale-math.Round(x*scale)) > 1e-9*math.Max(1, x*scale) {
				scale *= 10
			}
			if math.Abs(x*scale-math.Round(x*scale)) > 1e-6*math.Max(1, x*scale) {
				return nil, r.fault(1, fmt.Sprintf("数量 %v 的小数多于四位", x), fmt.Sprintf("amount %v has more than four decimals", x))
			}
		}
	}
	p := &cfl.Problem{Scale: scale, Cost: rows, Demand: make([]int64, len(demand))}
	for i := range room {
		p.Options = append(p.Options, cfl.Option{Site: i, Row: i, Fixed: fixed[i], Capacity: []int64{int64(math.Round(room[i] * scale))}})
	}
	for j, d := range demand {
		p.Demand[j] = int64(math.Round(d * scale))
	}
	return p, nil
}

// PMedian reads a p-median instance on a graph: vertices, edges and p; then for
// each edge its two vertices, counted from 1, and its cost.
func PMedian(in io.Reader, name string) (*pmedian.Problem, error) {
	r := newReader(in, name)
	n, err := r.count("顶点数", "number of vertices", 1, 7000)
	if err != nil {
		return nil, err
	}
	m, err := r.count("边数", "number of edges", 0, maxPairs)
	if err != nil {
		return nil, err
	}
	p, err := r.count("p", "p", 1, n)
	if err != nil {
		return nil, err
	}
	var edges []pmedian.Edge
	for range m {
		a, err := r.count("边的起点", "first vertex of an edge", 1, n)
		if err != nil {
			return nil, err
		}
		b, err := r.count("边的终点", "second vertex of an edge", 1, n)
		if err != nil {
			return nil, err
		}
		c, err := r.count("边的长度", "cost of an edge", 0, 1_000_000)
		if err != nil {
			return nil, err
		}
		edges = append(edges, pmedian.Edge{A: a - 1, B: b - 1, Cost: int32(c)})
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	out := pmedian.Graph(n, edges, p)
	return &out, nil
}

package pmedian

import (
	"container/heap"
	"slices"
)

// Edge joins two vertices, counted from 0, both ways.
type Edge struct {
	A, B int
	Cost int32
}

type arc struct {
	to   int32
	cost int32
}

// Graph makes the p-median problem of a graph whose every vertex is site and
// client: costs are shortest paths. When a pair is given twice the last one
// counts, as the OR-Library has it.
func Graph(vertices int, edges []Edge, p int) Problem {
	last := make(map[[2]int]int32, len(edges))
	for _, e := range edges {
		last[[2]int{min(e.A, e.B), max(e.A, e.B)}] = e.Cost
	}
	adj := make([][]arc, vertices)
	for k, c := range last {
		adj[k[0]] = append(adj[k[0]], arc{int32(k[1]), c})
		adj[k[1]] = append(adj[k[1]], arc{int32(k[0]), c})
	}
	for i := range adj {
		slices.SortFunc(adj[i], func(a, b arc) int { return int(a.to - b.to) })
	}
	out := Problem{Sites: vertices, Clients: vertices, P: p, Cost: make([]int32, vertices*vertices)}
	for i := range vertices {
		paths(adj, i, out.Cost[i*vertices:(i+1)*vertices])
	}
	return out
}

// paths writes the shortest distances from a vertex (Dijkstra).
func paths(adj [][]arc, from int, dist []int32) {
	for i := range dist {
		dist[i] = Unreachable
	}
	dist[from] = 0
	q := frontier{{int32(from), 0}}
	for len(q) > 0 {
		x := heap.Pop(&q).(arc)
		if x.cost > dist[x.to] {
			continue
		}
		for _, a := range adj[x.to] {
			if d := min(int64(x.cost)+int64(a.cost), Unreachable); d < int64(dist[a.to]) {
				dist[a.to] = int32(d)
				heap.Push(&q, arc{a.to, int32(d)})
			}
		}
	}
}

type frontier []arc

func (f frontier) Len() int           { return len(f) }
func (f frontier) Less(i, j int) bool { return f[i].cost < f[j].cost }
func (f frontier) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)        { *f = append(*f, x.(arc)) }
func (f *frontier) Pop() any {
	n := len(*f) - 1
	x := (*f)[n]
	*f = (*f)[:n]
	return x
}

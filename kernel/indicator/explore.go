package indicator

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"luoshu"
	"luoshu/kernel/cube"
	"luoshu/kernel/indicator/opened"
)

// ExploreQuery asks for any indicator over any cut: up to four dimensions, under
// filters on dimensions or "year". Years always cut.
type ExploreQuery struct {
	Seal      string
	Indicator string
	Cuts      []string
	Filters   map[string][]string
}

// maxCuts is how many dimensions one question may cut by.
const maxCuts = 4

// Explore rolls a seal's cubes up into a cut that nobody declared. The same cut
// of the same seal gives the same digits as a stored figure.
func (e *Engine) Explore(ctx context.Context, q ExploreQuery) ([]Figure, error) {
	prog, err := e.ready()
	if err != nil {
		return nil, fmt.Errorf("explore: %w", err)
	}
	pl := prog.plans[q.Indicator]
	if pl == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有指标“%s”", "no indicator %q", q.Indicator)
	}
	cut := slices.Compact(slices.Sorted(slices.Values(q.Cuts)))
	cut = slices.DeleteFunc(cut, func(d string) bool { return d == "year" })
	if len(cut) > maxCuts {
		return nil, luoshu.Errorf(luoshu.Invalid, "最多可按 %d 个维度分组", "at most %d dimensions in one cut", maxCuts)
	}
	filters := map[string][]string{}
	for d, v := range q.Filters {
		if d != "year" && len(v) > 0 {
			filters[d] = v
		}
	}
	w := &work{prog: prog, views: map[string]*cube.View{}, lex: cube.NewLexicon()}
	if err := e.open(w, q.Seal, pl.grains(), filters); err != nil {
		return nil, err
	}
	figs, err := w.figures(pl, cut)
	if err != nil {
		return nil, err
	}
	years := q.Filters["year"]
	figs = slices.DeleteFunc(figs, func(f Figure) bool {
		return len(years) > 0 && !slices.Contains(years, fmt.Sprint(f.Year))
	})
	for i := range figs {
		figs[i].Seal = q.Seal
	}
	return figs, ctx.Err()
}

// open gives a piece of work its views of a seal's cubes.
func (e *Engine) open(w *work, seal string, grains []string, filters map[string][]string) error {
	for _, g := range grains {
		c, err := e.cube(seal, g)
		if err != nil {
			return err
		}
		if w.views[g], err = cube.NewView(c, w.lex, filters); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) cube(seal, grain string) (*cube.Cube, error) {
	c, err := e.cubes.get(seal, grain, func() (*cube.Cube, error) { return cube.Load(e.cubePath(seal, grain), opened.Cover(e.db)) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil, luoshu.Errorf(luoshu.NotFound, "封存 %s 尚未计算指标", "the figures of seal %s have not been computed", seal)
	}
	return c, err
}

// DimValues lists the values that a dimension has in a seal, sorted; "" is "not
// known". It reads the head of the cube file only.
func (e *Engine) DimValues(ctx context.Context, seal, grain, dim string) ([]string, error) {
	g := e.cat.Grain(grain)
	if g == nil || g.Dim(dim) == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有维度“%s”", "no dimension %q", dim)
	}
	h, err := cube.ReadHeader(e.cubePath(seal, grain), opened.Cover(e.db))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, luoshu.Errorf(luoshu.NotFound, "封存 %s 尚未计算指标", "the figures of seal %s have not been computed", seal)
	}
	if err != nil {
		return nil, err
	}
	for _, d := range h.Dims {
		if d.ID == dim {
			return d.Values, ctx.Err()
		}
	}
	return nil, nil
}

// cubeCache keeps the cubes used last, up to a number of bytes. A cube that is
// being read is read once.
type cubeCache struct {
	mu    sync.Mutex
	order list.List // of *cachedCube, the last used in front
	held  int64
}

type cachedCube struct {
	seal, grain string
	load        func() (*cube.Cube, error)
	size        int64
}

// cacheBytes bounds the cubes held in memory.
const cacheBytes = 300 << 20

func (cc *cubeCache) find(seal, grain string) *list.Element {
	for el := cc.order.Front(); el != nil; el = el.Next() {
		if c := el.Value.(*cachedCube); c.seal == seal && c.grain == grain {
			return el
		}
	}
	return nil
}

func (cc *cubeCache) get(seal, grain string, load func() (*cube.Cube, error)) (*cube.Cube, error) {
	cc.mu.Lock()
	el := cc.find(seal, grain)
	if el == nil {
		el = cc.order.PushFront(&cachedCube{seal: seal, grain: grain, load: sync.OnceValues(load)})
	} else {
		cc.order.MoveToFront(el)
	}
	entry := el.Value.(*cachedCube)
	cc.mu.Unlock()
	c, err := entry.load()
	cc.mu.Lock()
	defer cc.mu.Unlock()
	if err != nil {
		if again := cc.find(seal, grain); again == el {
			cc.order.Remove(el)
		}
		return nil, err
	}
	if entry.size == 0 && cc.find(seal, grain) == el {
		entry.size = max(c.Bytes(), 1)
		cc.held += entry.size
		cc.trim(el)
	}
	return c, nil
}

// trim drops the cubes used least until the rest fits; keep stays.
func (cc *cubeCache) trim(keep *list.Element) {
	for el := cc.order.Back(); el != nil && cc.held > cacheBytes; {
		prev := el.Prev()
		if c := el.Value.(*cachedCube); el != keep && c.size > 0 {
			cc.held -= c.size
			cc.order.Remove(el)
		}
		el = prev
	}
}

// drop forgets a cube whose file was replaced.
func (cc *cubeCache) drop(seal, grain string) {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	if el := cc.find(seal, grain); el != nil {
		cc.held -= el.Value.(*cachedCube).size
		cc.order.Remove(el)
	}
}

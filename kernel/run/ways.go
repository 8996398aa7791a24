package run

import (
	"context"
	"fmt"

	"luoshu"
	"luoshu/engine/siting"
	"luoshu/kernel/run/way"
	"luoshu/kernel/store"
)

// ofBody picks the records of an input whose block is of the organisation.
func (l *layouting) ofBody(in *Input, field string) (string, []any) {
	b := l.spec.Inputs["blocks"]
	return fmt.Sprintf("f.%s IN (SELECT b_.%s FROM %s b_ WHERE b_.%s = ?)", store.Col(in.Fields[field].Name), store.Col(b.Fields["code"].Name),
		store.Table(b.Entity.Name), store.Col(b.Fields["area"].Name)), []any{l.node.Code}
}

// measured reads the ways of the mode asked for. A way that is given in minutes alone is
// as far as the mode goes in that time.
func (l *layouting) measured(ctx context.Context) error {
	in := l.spec.Inputs["ways"]
	if in == nil {
		return nil
	}
	modes := l.r.cat.List(in.Fields["mode"].Codes)
	if l.q.Mode == "" {
		l.q.Mode = modes.Codes[0].Code
	} else if modes.Code(l.q.Mode) == nil {
		return param("mode", luoshu.Errorf(luoshu.Invalid, "没有上学方式“%s”（代码表 %s）", "there is no mode %q (code list %s)", l.q.Mode, modes.Name))
	}
	when := map[string]string{in.Fields["mode"].Codes: l.q.Mode}
	speed, err := l.parameter("speed", when)
	if err != nil {
		return err
	}
	if l.uneven, err = l.parameter("uneven", when); err != nil {
		return err
	}
	l.known = map[way.Pair]way.Known{}
	where, args := l.ofBody(in, "block")
	return l.r.eachWhere(ctx, in, l.seq, where, args, func(x row) error {
		if x.text("mode") != l.q.Mode {
			return nil
		}
		k := way.Known{There: float64(x.whole("metres")) / kilometre, Back: float64(x.whole("back")) / kilometre}
		if m, ok := x.number("minutes"); ok && k.There == 0 {
			k.There = m / 60 * speed
		}
		l.known[way.Pair{Block: x.text("block"), Site: x.text("site")}] = k
		return nil
	})
}

// touching gives a problem with catchments that hang together its neighbours: as
// recorded, or by where the blocks lie.
func (l *layouting) touching(ctx context.Context) error {
	p := &l.problem
	if !p.Contiguous {
		return nil
	}
	at := map[string][]string{} // the blocks of the problem by code
	var codes []string
	var points []way.Point
	for _, b := range p.Blocks {
		code := l.block[b.ID]
		if at[code] == nil {
			codes, points = append(codes, code), append(points, way.Point{Lon: b.X, Lat: b.Y})
		}
		at[code] = append(at[code], b.ID)
	}
	join := func(a, b string) {
		for _, x := range at[a] {
			for _, y := range at[b] {
				if x != y {
					p.Adjacent = append(p.Adjacent, [2]string{x, y})
				}
			}
		}
	}
	recorded := 0
	if in := l.spec.Inputs["next"]; in != nil {
		where, args := l.ofBody(in, "block")
		err := l.r.eachWhere(ctx, in, l.seq, where, args, func(x row) error {
			if a, b := x.text("block"), x.text("next"); a != b && at[a] != nil && at[b] != nil {
				recorded++
				join(a, b)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if recorded == 0 {
		for _, n := range way.Neighbours(points) {
			join(codes[n[0]], codes[n[1]])
		}
		l.say("没有登记片区相邻，按位置推定哪些片区相邻。", "No neighbours of blocks are recorded; where they lie says which are.")
	} else {
		l.say(fmt.Sprintf("片区相邻按登记（%d 对）。", recorded), fmt.Sprintf("Neighbours of blocks as recorded (%d pairs).", recorded))
	}
	for _, ids := range at {
		if len(ids) == 2 { // the younger and the older live in one place
			p.Adjacent = append(p.Adjacent, [2]string{ids[0], ids[1]})
		}
	}
	for i := range p.Sites {
		p.Sites[i].Block = at[codes[way.Nearest(points, way.Point{Lon: p.Sites[i].X, Lat: p.Sites[i].Y})]][0]
	}
	return nil
}

// say adds a sentence to the note of the run.
func (l *layouting) say(zh, en string) {
	l.note.ZH += zh
	if l.note.EN != "" {
		en = " " + en
	}
	l.note.EN += en
}

// measure gives a problem the ways that are known.
func (l *layouting) measure(p *siting.Problem) way.Told {
	return way.Matrix(p, l.block, l.known, l.uneven)
}

package city

import (
	"context"
	"errors"
	"slices"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"
	"luoshu/kernel/duty"
)

// duties puts the keeper of duties together.
func (c *City) duties(book *duty.Book) *duty.Keeper {
	return duty.New(duty.Config{
		DB: c.DB, Catalog: c.Catalog, Book: book, Days: c.Days, Access: c.Access, Records: c.Records, Cases: c.Flow.Settled, Files: c.Desk,
		Figures: Figures(c.Catalog, c.Door), Now: c.Access.Now,
	})
}

// Figures reads an indicator's newest figures by organisation through the door: the
// city's own, and those of every cut by organisations.
func Figures(cat *catalog.Catalog, door *disclose.Door) duty.Figures {
	return func(ctx context.Context, actor luoshu.Actor, id string, where map[string]string, on int64) (map[string]duty.Measure, error) {
		ind := cat.Indicator(id)
		if ind == nil {
			return nil, nil
		}
		filter, fixed := map[string][]string{}, []string{}
		for k, v := range where {
			filter[k] = []string{v}
			fixed = append(fixed, k)
		}
		slices.Sort(fixed)
		cuts := [][]string{fixed}
		for _, cut := range ind.By {
			if len(cut) == len(fixed)+1 && nodeDim(cat, cut, fixed) != "" {
				cuts = append(cuts, cut)
			}
		}
		figs, err := door.Figures(ctx, actor, disclose.FigureQuery{Indicators: []string{id}, By: cuts, Where: filter})
		if e := new(luoshu.Error); errors.As(err, &e) && e.Kind == luoshu.NotFound {
			return nil, nil // nothing is sealed yet
		}
		if err != nil {
			return nil, err
		}
		latest := int(on / 10000)
		if on/100%100 < int64(max(cat.City.YearStart, 1)) {
			latest--
		}
		out := map[string]duty.Measure{}
		for _, f := range figs {
			code := cat.City.Root
			for k, v := range f.By {
				if where[k] == "" {
					code = v
				}
			}
			if f.Year > latest || f.Year < out[code].Year {
				continue
			}
			out[code] = duty.Measure{Value: f.Value, Suppressed: f.Suppressed, Year: f.Year, Seal: f.Seal}
		}
		return out, nil
	}
}

// nodeDim is the dimension of a cut, beside the fixed ones, whose values are
// organisations; "" if there is none.
func nodeDim(cat *catalog.Catalog, cut, fixed []string) string {
	for _, id := range cut {
		if slices.Contains(fixed, id) {
			continue
		}
		for _, g := range cat.Grains {
			if d := g.Dim(id); d != nil && d.Ref != "" {
				if e := cat.Entity(d.Ref); e != nil && e.Node != nil {
					return id
				}
			}
		}
	}
	return ""
}

package indicator

import "luoshu/kernel/parquet"

// yearsOf lists the years of calendars: those for which organisations hold rows
// of entities with a year; without such entities, from the earliest date of a
// calendar to the seal. No year before the city's trends begin.
func (p *program) yearsOf(m *parquet.Manifest, at string) []int {
	lo, hi := int64(0), int64(0)
	widen := func(c *parquet.Column, unit int64) {
		if c == nil || c.Min == nil {
			return
		}
		if lo == 0 || *c.Min/unit < lo {
			lo = *c.Min / unit
		}
		hi = max(hi, *c.Max/unit)
	}
	for _, f := range m.Files {
		if e := p.cat.Entity(f.Entity); e != nil && e.Year != "" && e.Org != "" {
			widen(f.Column(e.Year), 1)
		}
	}
	if lo == 0 {
		for _, s := range p.scans {
			if f := m.File(s.fact.Name); s.grain.Cal != nil && f != nil {
				widen(f.Column(s.grain.Cal.From), 10000)
			}
		}
		hi = parseInt(at[:min(len(at), 4)])
	}
	if from := int64(p.cat.City.TrendsFrom); from > 0 {
		lo = max(lo, from)
	}
	var out []int
	for y := lo; y <= hi && lo > 0 && hi-lo < 300; y++ {
		out = append(out, int(y))
	}
	return out
}

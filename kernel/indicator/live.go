package indicator

import "luoshu/kernel/parquet"

// yearsOf lists the years of calendars: those for which organisations hold rows
// of entities with a year; without such entities, from the earliest date of a
// calendar to the seal. No year before the city's trends begin.
func (p *program) yearsOf(m *parquet.Manifest, at string) []int {
	var span parquet.Span
	for _, f := range m.Files {
		if e := p.cat.Entity(f.Entity); e != nil && e.Year != "" && e.Org != "" {
			span.Widen(f.Column(e.Year), 1)
		}
	}
	if span.Lo == 0 {
		for _, s := range p.scans {
			if f := m.File(s.fact.Name); s.grain.Cal != nil && f != nil {
				span.Widen(f.Column(s.grain.Cal.From), 10000)
			}
		}
		span.Hi = parseInt(at[:min(len(at), 4)])
	}
	return span.Whole(int64(p.cat.City.TrendsFrom))
}

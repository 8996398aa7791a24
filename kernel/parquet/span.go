package parquet

// Span is the range of values of several columns; the zero Span is empty.
type Span struct{ Lo, Hi int64 }

// Widen takes a column in, its values divided by unit; nil is passed over.
func (s *Span) Widen(c *Column, unit int64) {
	if c == nil || c.Min == nil {
		return
	}
	if s.Lo == 0 || *c.Min/unit < s.Lo {
		s.Lo = *c.Min / unit
	}
	s.Hi = max(s.Hi, *c.Max/unit)
}

// Whole lists the whole numbers of the span, none below from; nothing where it is
// wider than any calendar.
func (s *Span) Whole(from int64) []int {
	lo := s.Lo
	if from > 0 {
		lo = max(lo, from)
	}
	var out []int
	for y := lo; y <= s.Hi && lo > 0 && s.Hi-lo < 300; y++ {
		out = append(out, int(y))
	}
	return out
}

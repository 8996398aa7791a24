package flow

import (
	"context"
	"errors"
	"math"

	"luoshu"
	"luoshu/kernel/flow"
)

// prefill is a sealed figure that a field begins with.
type prefill struct {
	Value     string       `json:"value"`
	Seal      string       `json:"seal"`
	Indicator string       `json:"indicator,omitempty"`
	Title     *luoshu.Text `json:"title,omitempty"` // of the indicator
	Year      int          `json:"year,omitempty"`
}

// prefilled gives the fields of an action the figures that their type names: those of
// the case's organisation at the last seal, as the reader may see them.
func (a *area) prefilled(ctx context.Context, who luoshu.Actor, c *flow.Case, fields []fieldBody) error {
	p := c.Type.Figures
	if p == nil {
		return nil
	}
	seal, err := a.Door.SealOrLast(ctx, who, "")
	if err != nil || seal == nil {
		return err
	}
	for i := range fields {
		b := &fields[i]
		if p.Seal != nil && p.Seal.Name == b.Name {
			b.Prefill = &prefill{Value: seal.ID, Seal: seal.ID}
		}
		for _, f := range p.Fields {
			if f.Field.Name != b.Name {
				continue
			}
			fig, err := a.Door.Newest(ctx, who, seal.ID, c.Unit, f.Indicator, f.Where)
			if unseen(err) {
				continue
			}
			if err != nil {
				return err
			}
			if ind := a.Flow.Catalog.Indicator(f.Indicator); fig != nil && fig.Value != nil && !fig.Suppressed {
				b.Prefill = &prefill{
					Value: luoshu.FormatDecimal(int64(math.Round(*fig.Value*math.Pow10(f.Field.Scale))), f.Field.Scale), Seal: seal.ID,
					Indicator: f.Indicator, Title: &ind.Title, Year: fig.Year,
				}
			}
		}
	}
	return nil
}

// unseen reports whether somebody may not see what was asked for: then the field
// begins empty.
func unseen(err error) bool {
	var e *luoshu.Error
	return errors.As(err, &e) && (e.Kind == luoshu.Denied || e.Kind == luoshu.NotFound)
}

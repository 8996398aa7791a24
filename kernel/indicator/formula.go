package indicator

import (
	"slices"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator/notation"
)

// Symbols writes an indicator as a formula made from the catalog, as it is
// computed: "Σ[stage = 'PRI' ∧ size ≥ big-class-min] ÷ Σ[stage = 'PRI'] × 100".
// Σ[…] counts the records for which … holds, "Σ x [ … ]" adds x up over them.
func (e *Engine) Symbols(id string) (string, error) {
	prog, err := e.ready()
	if err != nil {
		return "", err
	}
	pl := prog.plans[id]
	if pl == nil {
		return "", luoshu.Errorf(luoshu.NotFound, "没有指标“%s”", "no indicator %q", id)
	}
	return pl.symbols(), nil
}

func (p *plan) symbols() string {
	switch p.ind.Kind {
	case catalog.KindCV:
		weight := "Pᵢ = den(xᵢ)"
		if p.ind.Unweighted {
			weight = "Pᵢ = 1"
		}
		return "√(Σᵢ Pᵢ(xᵢ − X̄)² ÷ Σᵢ Pᵢ) ÷ X̄" + times(p.scale) + "; X̄ = Σᵢ xᵢPᵢ ÷ Σᵢ Pᵢ; " + weight +
			"; xᵢ = " + p.items[0].ind.ID + " = " + p.items[0].symbols() + "; i ∈ " + p.ind.Over
	case catalog.KindPasses:
		var items []string
		for _, it := range p.items {
			sign := " ≥ "
			if it.ind.Better == "lower" {
				sign = " ≤ "
			}
			items = append(items, it.ind.ID+sign+it.ind.Limit)
		}
		return "Σᵢ[#{" + strings.Join(items, ", ") + "} ≥ " + strconv.Itoa(p.ind.AtLeast) + "] ÷ Σᵢ 1" + times(p.scale) + "; i ∈ " + strings.Join(p.units, " × ")
	}
	if p.per == nil {
		return p.of.symbols() + times(p.scale)
	}
	return p.of.symbols() + " ÷ " + p.per.symbols() + times(p.scale)
}

func times(scale int64) string {
	if scale == 1 {
		return ""
	}
	return " × " + strconv.FormatInt(scale, 10)
}

func (s *side) symbols() string {
	var conds []string
	for _, w := range s.wheres {
		for _, part := range notation.Conjuncts(w) {
			if x := notation.Mathematical(part); !slices.Contains(conds, x) {
				conds = append(conds, x)
			}
		}
	}
	out := "Σ"
	if s.measure.Sum != "" {
		out += " " + notation.Mathematical(s.measure.Sum) + " "
	}
	inside := strings.Join(conds, " ∧ ")
	if inside == "" {
		inside = s.grain.ID
	} else {
		inside = s.grain.ID + ": " + inside
	}
	out += "[" + inside + "]"
	if s.lag != 0 {
		out += " (t − " + strconv.Itoa(s.lag) + ")"
	}
	return out
}

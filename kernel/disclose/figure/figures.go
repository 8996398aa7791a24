package figure

import (
	"context"
	"sort"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/indicator"
)

// Figure is a figure that may leave. A suppressed one has neither value nor
// numerator nor denominator.
type Figure struct {
	Indicator   string            `json:"indicator"`
	Year        int               `json:"year"`
	By          map[string]string `json:"by"`
	Labels      map[string]any    `json:"labels"`
	Numerator   *float64          `json:"numerator"`
	Denominator *float64          `json:"denominator"`
	Value       *float64          `json:"value"`
	Unit        Text              `json:"unit"`
	N           *int64            `json:"n"`
	Verified    *float64          `json:"verified_share"`
	Suppressed  bool              `json:"suppressed"`
	Seal        string            `json:"seal"`
	Formula     Text              `json:"formula"`
}

// FigureQuery asks for stored figures of a seal.
type FigureQuery struct {
	Seal       string // "" is the last one
	Indicators []string
	By         [][]string // nil is every declared cut
	Where      map[string][]string
	Years      []int
}

// Figures returns stored figures within the actor's scope, in a fixed order.
func (d *Window) Figures(ctx context.Context, actor luoshu.Actor, q FigureQuery) ([]Figure, error) {
	if err := d.acc.Require(actor, "read"); err != nil {
		return nil, err
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	seal, err := d.base.Seal(ctx, q.Seal)
	if err != nil {
		return nil, err
	}
	ids := q.Indicators
	if len(ids) == 0 {
		for _, i := range d.cat.Indicators {
			ids = append(ids, i.ID)
		}
	}
	for _, id := range ids {
		if d.cat.Indicator(id) == nil {
			return nil, luoshu.Errorf(luoshu.NotFound, "没有这个指标：%s", "no such indicator: %s", id)
		}
	}
	out := []Figure{}
	for _, id := range ids {
		figs, err := d.figures(ctx, d.acc.Role(actor), scope, indicator.Query{
			Seal: seal.ID, Indicators: []string{id}, By: q.By, Where: q.Where, Years: q.Years,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, figs...)
	}
	return out, nil
}

// figures asks the engine for one indicator's stored figures, leaves out what is
// outside the scope and withholds small groups. Groups are judged over a whole
// cut, not over the part that was asked for, so that the answer to one question
// does not depend on the next.
func (d *Window) figures(ctx context.Context, role *catalog.Role, scope *access.Scope, q indicator.Query) ([]Figure, error) {
	ind := d.cat.Indicator(q.Indicators[0])
	least := guarded(ind, role)
	all, err := d.eng.Figures(ctx, q)
	if err != nil {
		return nil, guard.Fault("read figures", err)
	}
	out := []Figure{}
	for _, f := range all {
		if !d.visible(scope, ind, f.By) {
			continue
		}
		hidden := false
		if least > 0 {
			withheld, err := d.withheld(ctx, q.Seal, ind, guard.SortedKeys(f.By), least)
			if err != nil {
				return nil, err
			}
			hidden = withheld[figureKey(f)]
		}
		out = append(out, d.figure(ctx, scope, ind, f, hidden))
	}
	sortFigures(out)
	return out, nil
}

// withheld is the set of a cut's figures that are kept from readers without the
// small-group right, judged once per seal.
func (d *Window) withheld(ctx context.Context, seal string, ind *catalog.Indicator, cut []string, least int64) (map[string]bool, error) {
	key := seal + "\x00" + ind.ID + "\x00" + strings.Join(cut, ",") + "\x00" + strconv.FormatInt(least, 10)
	d.smallMu.Lock()
	got, ok := d.small[key]
	d.smallMu.Unlock()
	if ok {
		return got, nil
	}
	all, err := d.eng.Figures(ctx, indicator.Query{Seal: seal, Indicators: []string{ind.ID}, By: [][]string{cut}})
	if err != nil {
		return nil, guard.Fault("read figures", err)
	}
	got = map[string]bool{}
	for i, hide := range suppress(ind, all, least) {
		if hide {
			got[figureKey(all[i])] = true
		}
	}
	if len(all) == 0 {
		return got, nil // not made yet, or nothing to withhold: ask again next time
	}
	d.smallMu.Lock()
	if len(d.small) > 5000 || d.small == nil {
		d.small = map[string]map[string]bool{}
	}
	d.small[key] = got
	d.smallMu.Unlock()
	return got, nil
}

func figureKey(f indicator.Figure) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(f.Year))
	for _, k := range guard.SortedKeys(f.By) {
		b.WriteString("\x00" + k + "=" + f.By[k])
	}
	return b.String()
}

// figure makes an engine's figure ready to leave.
func (d *Window) figure(ctx context.Context, scope *access.Scope, ind *catalog.Indicator, f indicator.Figure, hidden bool) Figure {
	out := Figure{
		Indicator: ind.ID, Year: f.Year, By: f.By, Unit: ind.Unit, Seal: f.Seal, Formula: ind.Formula,
		Labels: map[string]any{}, Suppressed: hidden,
	}
	if out.By == nil {
		out.By = map[string]string{}
	}
	for id, code := range f.By {
		if l := d.dimLabel(ctx, scope, d.DimOf(ind, id), code); l != nil {
			out.Labels[id] = l
		}
	}
	if hidden {
		return out
	}
	num := unscaled(f.Num, f.NumScale)
	n := f.N
	out.Numerator, out.Value, out.N = &num, f.Value, &n
	if ind.Per != nil || (ind.Kind != catalog.KindCount && ind.Kind != catalog.KindSum) {
		den := unscaled(f.Den, f.DenScale)
		out.Denominator = &den
	}
	if f.Verified >= 0 {
		v := f.Verified
		out.Verified = &v
	}
	return out
}

// dimLabel is what a dimension's value is called: an organisation, a code, or the
// label of a public reference record.
func (d *Window) dimLabel(ctx context.Context, scope *access.Scope, x *catalog.Dim, code string) any {
	if x == nil || code == "" {
		return nil
	}
	if x.Codes != "" {
		if l := d.cat.List(x.Codes); l != nil {
			if c := l.Code(code); c != nil {
				return c.Title
			}
		}
		return nil
	}
	e := d.cat.Entity(x.Ref)
	if e == nil || x.Ref == "" {
		return nil
	}
	if e.Node != nil {
		if n := scope.Tree().Get(code); n != nil {
			return n.Title
		}
		return nil
	}
	return d.base.ReferenceLabel(ctx, e, code)
}

func sortFigures(figs []Figure) {
	sort.SliceStable(figs, func(i, j int) bool {
		a, b := figs[i], figs[j]
		if a.Year != b.Year {
			return a.Year < b.Year
		}
		ka, kb := guard.SortedKeys(a.By), guard.SortedKeys(b.By)
		if len(ka) != len(kb) {
			return len(ka) < len(kb)
		}
		for k := range ka {
			if ka[k] != kb[k] {
				return ka[k] < kb[k]
			}
			if a.By[ka[k]] != b.By[kb[k]] {
				return a.By[ka[k]] < b.By[kb[k]]
			}
		}
		return false
	})
}

func yearKey(y int) string { return strconv.Itoa(y) }

// Newest is an indicator's newest figure of an organisation within the actor's reach
// at a seal ("" is the last), at fixed values of further dimensions; nil where there is
// none, or it is not made for such a cut.
func (d *Window) Newest(ctx context.Context, actor luoshu.Actor, seal, org, id string, with map[string]string) (*Figure, error) {
	if err := d.acc.Require(actor, "read"); err != nil {
		return nil, err
	}
	scope, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if scope, err = scope.Under(org); err != nil {
		return nil, err
	}
	ind := d.cat.Indicator(id)
	if ind == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这个指标：%s", "no such indicator: %s", id)
	}
	if seal, err = d.base.SealOrNone(ctx, seal); err != nil || seal == "" {
		return nil, err
	}
	figs, err := d.series(ctx, d.acc.Role(actor), scope, seal, ind, with)
	if err != nil {
		return nil, err
	}
	return latest(figs, 0), nil
}

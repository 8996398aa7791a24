package figure

import (
	"context"
	"fmt"
	"sort"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/indicator"
)

// Dashboard is one organisation's page, whole.
type Dashboard struct {
	Org       guard.Org   `json:"org"`
	Crumbs    []guard.Org `json:"crumbs"`
	Children  []guard.Org `json:"children"`
	Seal      string      `json:"seal"`
	SealAt    string      `json:"seal_at"`
	Year      int         `json:"year"`
	Years     []int       `json:"years"`
	Headlines []Headline  `json:"headlines"`
	Map       *MapValues  `json:"map"`
	Trends    []Trend     `json:"trends"`
	Stale     []Freshness `json:"stale"`
	Counts    []RowCount  `json:"counts"`
	Pending   bool        `json:"pending"` // some records are still being counted
}

// passing reports whether the page will soon be different: figures or counts are
// still being made. Such a page is not kept.
func (p *Dashboard) passing() bool { return p.Pending || len(p.Years) == 0 }

// Headline is one figure of the dashboard beside its target.
type Headline struct {
	Indicator   string            `json:"indicator"`
	Title       Text              `json:"title"`
	Unit        Text              `json:"unit"`
	Decimals    int               `json:"decimals"`
	Better      string            `json:"better"`
	Where       map[string]string `json:"where"`
	WhereLabels map[string]any    `json:"where_labels"`
	Value       *float64          `json:"value"`
	Numerator   *float64          `json:"numerator"`
	Denominator *float64          `json:"denominator"`
	N           *int64            `json:"n"`
	Verified    *float64          `json:"verified_share"`
	Suppressed  bool              `json:"suppressed"`
	Previous    *float64          `json:"previous"`
	Target      *HeadlineTarget   `json:"target"`
}

// HeadlineTarget is what a headline is held against.
type HeadlineTarget struct {
	ID           string   `json:"id"`
	Title        Text     `json:"title"`
	Baseline     *float64 `json:"baseline"`
	BaselineYear int      `json:"baseline_year,omitempty"`
	Target       *float64 `json:"target"`
	TargetMin    *float64 `json:"target_min,omitempty"`
	TargetMax    *float64 `json:"target_max,omitempty"`
	Direction    string   `json:"direction"`
	Deadline     string   `json:"deadline"`
	State        string   `json:"state"`
	Quote        string   `json:"quote"`
	Truncated    bool     `json:"truncated"`
	Version      int64    `json:"version,omitempty"`  // of the target, 0 for the plan's own
	Decision     string   `json:"decision,omitempty"` // the document by which it holds
}

// MapValues is one headline by area.
type MapValues struct {
	Indicator string              `json:"indicator"`
	Where     map[string]string   `json:"where"`
	Title     Text                `json:"title"`
	Unit      Text                `json:"unit"`
	Decimals  int                 `json:"decimals"`
	Values    map[string]*float64 `json:"values"`
}

// Trend is one headline through the years.
type Trend struct {
	Indicator string            `json:"indicator"`
	Where     map[string]string `json:"where"`
	Title     Text              `json:"title"`
	Unit      Text              `json:"unit"`
	Decimals  int               `json:"decimals"`
	Points    [][2]any          `json:"points"`
}

// Freshness is how much of an entity its holders have verified in time.
type Freshness struct {
	Entity   string  `json:"entity"`
	Title    Text    `json:"title"`
	Rows     int64   `json:"rows"`
	Verified int64   `json:"verified"`
	Share    float64 `json:"share"`
	Last     string  `json:"last"`
}

// RowCount is how many current records of an entity the organisation holds.
type RowCount struct {
	Entity string `json:"entity"`
	Title  Text   `json:"title"`
	Rows   int64  `json:"rows"`
}

// DashboardQuery asks for one page; empty fields are the actor's own
// organisation, the last seal and its newest year.
type DashboardQuery struct {
	Org, Seal string
	Year      int
}

// Dashboard returns the page as JSON, ready to send. Pages are kept: they depend
// only on organisation, seal, year, role and the counts of records.
func (d *Window) Dashboard(ctx context.Context, actor luoshu.Actor, q DashboardQuery) (*SentPage, error) {
	if err := d.acc.Require(actor, "read"); err != nil {
		return nil, err
	}
	own, err := d.acc.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	scope, err := own.Under(q.Org)
	if err != nil {
		return nil, err
	}
	if scope.Tree().Get(scope.Root) == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这个单位", "no such organisation")
	}
	holding, err := d.aimsOf(ctx, scope, q.Seal, 0)
	if err != nil {
		return nil, err
	}
	if q.Seal, err = d.base.SealOrNone(ctx, q.Seal); err != nil {
		return nil, err
	}
	role := d.acc.Role(actor)
	counts, err := d.countPage(ctx, role, scope)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%s|%s|%s|%d|%s|%d|%s|%s", scope.Root, own.Root, q.Seal, q.Year, role.ID, scope.Tree().Seq, counts.mark, d.aimMark(holding))
	return d.pages.get(ctx, key, func() (any, error) {
		return d.dashboard(ctx, role, own, scope, q, counts, holding)
	})
}

func (d *Window) dashboard(ctx context.Context, role *catalog.Role, own, scope *access.Scope, q DashboardQuery, counts *countPage, holding aims) (*Dashboard, error) {
	tree := scope.Tree()
	out := &Dashboard{
		Org: guard.OrgOf(tree.Get(scope.Root)), Crumbs: crumbs(own, scope), Children: []guard.Org{}, Seal: q.Seal, Years: []int{},
		Headlines: []Headline{}, Trends: []Trend{}, Stale: counts.stale, Counts: counts.counts, Pending: counts.pending,
	}
	for _, n := range tree.Children(scope.Root) {
		out.Children = append(out.Children, guard.OrgOf(n))
	}
	if q.Seal == "" {
		return out, nil
	}
	seal, err := d.base.Seal(ctx, q.Seal)
	if err != nil {
		return nil, err
	}
	out.SealAt = seal.At
	all := make([][]Figure, len(d.cat.City.Headlines))
	for i, h := range d.cat.City.Headlines {
		if ind := d.cat.Indicator(h.Indicator); ind != nil {
			if all[i], err = d.series(ctx, role, scope, q.Seal, ind, h.Where); err != nil {
				return nil, err
			}
		}
	}
	out.Year, out.Years = chooseYear(all, q.Year)
	for i, h := range d.cat.City.Headlines {
		if ind := d.cat.Indicator(h.Indicator); ind != nil {
			out.Headlines = append(out.Headlines, d.headline(ind, h, all[i], out.Year, holding))
			if t := trend(ind, h, all[i]); len(t.Points) > 0 {
				out.Trends = append(out.Trends, t)
			}
		}
	}
	out.Map, err = d.mapValues(ctx, role, scope, q.Seal, out.Year)
	return out, err
}

// crumbs is the way down to an organisation, as far as the actor reaches up.
func crumbs(own, scope *access.Scope) []guard.Org {
	out := []guard.Org{}
	for _, n := range scope.Tree().Path(scope.Root) {
		if own.Has(n.Code) {
			out = append(out, guard.OrgOf(n))
		}
	}
	return out
}

// chooseYear gives the years that any headline has, and the wanted one of them,
// or else the newest for which the most headlines have a value.
func chooseYear(all [][]Figure, want int) (int, []int) {
	count := map[int]int{}
	for _, figs := range all {
		for _, f := range figs {
			if f.Value != nil || f.Suppressed {
				count[f.Year]++
			}
		}
	}
	years := []int{}
	best := 0
	for y := range count {
		years = append(years, y)
	}
	sort.Ints(years)
	for _, y := range years {
		if best == 0 || count[y] >= count[best] {
			best = y
		}
	}
	if want != 0 {
		return want, years
	}
	return best, years
}

func (d *Window) headline(ind *catalog.Indicator, h catalog.Headline, figs []Figure, year int, holding aims) Headline {
	out := Headline{
		Indicator: ind.ID, Title: ind.Title, Unit: ind.Unit, Decimals: ind.Decimals, Better: ind.Better,
		Where: h.Where, WhereLabels: map[string]any{},
	}
	if out.Where == nil {
		out.Where = map[string]string{}
	}
	for id, code := range h.Where {
		if x := d.DimOf(ind, id); x != nil && x.Codes != "" {
			if c := d.cat.List(x.Codes).Code(code); c != nil {
				out.WhereLabels[id] = c.Title
			}
		}
	}
	if f := latest(figs, year); f != nil && year != 0 {
		out.Value, out.Numerator, out.Denominator, out.N = f.Value, f.Numerator, f.Denominator, f.N
		out.Verified, out.Suppressed = f.Verified, f.Suppressed
	}
	if f := latest(figs, year-1); f != nil && year != 0 {
		out.Previous = f.Value
	}
	out.Target = d.headlineTarget(ind.ID, h.Where, out.Value, holding)
	return out
}

func (d *Window) headlineTarget(id string, where map[string]string, value *float64, holding aims) *HeadlineTarget {
	t := d.targetOf(id, where)
	if t == nil {
		return nil
	}
	t, stands := holding.standing(t)
	out := &HeadlineTarget{
		ID: t.ID, Title: t.Title, Direction: t.Direction, Deadline: t.Deadline, Quote: t.Quote,
		Truncated: t.Truncated, State: state(t, inUnit(t, value)),
	}
	if stands.Holding != nil {
		out.Version, out.Decision = stands.Holding.No, stands.Holding.Decision
	}
	if t.Baseline != nil {
		out.Baseline, out.BaselineYear = t.Baseline.Value, t.Baseline.Year
	}
	if t.Target != nil {
		out.Target, out.TargetMin, out.TargetMax = t.Target.Value, t.Target.Min, t.Target.Max
	}
	return out
}

// targetOf finds the plan's target that an indicator answers at given cut values;
// one of the main targets first.
func (d *Window) targetOf(id string, where map[string]string) *catalog.Target {
	var found *catalog.Target
	for _, p := range d.cat.Plans {
		for _, t := range p.Targets {
			if t.Indicator != id || len(t.IndicatorWhere) != len(where) || t.Status == "fact" {
				continue
			}
			same := true
			for k, v := range where {
				same = same && t.IndicatorWhere[k] == v
			}
			if same && (found == nil || (found.Headline == 0 && t.Headline > 0)) {
				found = t
			}
		}
	}
	return found
}

func trend(ind *catalog.Indicator, h catalog.Headline, figs []Figure) Trend {
	out := Trend{Indicator: ind.ID, Where: h.Where, Title: ind.Title, Unit: ind.Unit, Decimals: ind.Decimals, Points: [][2]any{}}
	for _, f := range figs {
		if f.Value != nil {
			out.Points = append(out.Points, [2]any{f.Year, *f.Value})
		}
	}
	return out
}

// mapValues is the first headline that is made by area, for the areas in scope.
func (d *Window) mapValues(ctx context.Context, role *catalog.Role, scope *access.Scope, seal string, year int) (*MapValues, error) {
	area := d.cat.City.AreaDim
	if area == "" || year == 0 {
		return nil, nil
	}
	for _, h := range d.cat.City.Headlines {
		ind := d.cat.Indicator(h.Indicator)
		cut := append([]string{area}, guard.SortedKeys(h.Where)...)
		if ind == nil || !declared(ind, cut) {
			continue
		}
		where := map[string][]string{}
		for k, v := range h.Where {
			where[k] = []string{v}
		}
		figs, err := d.figures(ctx, role, scope, indicator.Query{
			Seal: seal, Indicators: []string{ind.ID}, By: [][]string{cut}, Where: where, Years: []int{year},
		})
		if err != nil {
			return nil, err
		}
		out := &MapValues{Indicator: ind.ID, Where: h.Where, Title: ind.Title, Unit: ind.Unit, Decimals: ind.Decimals, Values: map[string]*float64{}}
		for _, f := range figs {
			out.Values[f.By[area]] = f.Value
		}
		if len(out.Values) > 0 {
			return out, nil
		}
	}
	return nil, nil
}

// countPage is the part of a dashboard that follows the present, not the seal.
type countPage struct {
	stale   []Freshness
	counts  []RowCount
	pending bool
	mark    string // changes when the counts do
}

func (d *Window) countPage(ctx context.Context, role *catalog.Role, scope *access.Scope) (*countPage, error) {
	head, err := d.acc.Head(ctx)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%s|%s|%d|%d|%d", scope.Root, role.ID, head, guard.DayOf(d.acc.Now()), scope.Tree().Seq)
	d.countMu.Lock()
	held := d.counts[key]
	d.countMu.Unlock()
	if held != nil {
		return held, nil
	}
	out := &countPage{stale: []Freshness{}, counts: []RowCount{}}
	fresh := true
	patience, cancel := guard.Patience(ctx)
	defer cancel()
	for _, e := range d.cat.Entities {
		if !guard.MayEntity(role, e) || e.Org == "" {
			continue
		}
		t, known, current := d.base.TallyWait(ctx, patience, e, scope)
		fresh = fresh && current
		if !known {
			out.pending = true
			continue
		}
		out.add(e, t)
	}
	if out.pending {
		out.mark += "?"
	}
	if fresh {
		d.countMu.Lock()
		if d.counts == nil || len(d.counts) > pagesHeld {
			d.counts = map[string]*countPage{}
		}
		d.counts[key] = out
		d.countMu.Unlock()
	}
	return out, nil
}

func (p *countPage) add(e *catalog.Entity, t guard.Tally) {
	p.mark += fmt.Sprintf("%d,%d,%d;", t.Rows, t.Verified, t.Last)
	p.counts = append(p.counts, RowCount{Entity: e.Name, Title: e.Title, Rows: t.Rows})
	if e.Months > 0 && t.Rows > 0 {
		p.stale = append(p.stale, Freshness{
			Entity: e.Name, Title: e.Title, Rows: t.Rows, Verified: t.Verified,
			Share: float64(t.Verified) / float64(t.Rows), Last: luoshu.FormatDate(t.Last),
		})
	}
}

package figure

import (
	"context"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/indicator"
)

// IndicatorInfo is one line of the list of indicators.
type IndicatorInfo struct {
	ID        string     `json:"id"`
	Title     Text       `json:"title"`
	Kind      string     `json:"kind"`
	Unit      Text       `json:"unit"`
	Pack      string     `json:"pack"`
	By        [][]string `json:"by"`
	Better    string     `json:"better"`
	Decimals  int        `json:"decimals"`
	Formula   Text       `json:"formula"`
	Sensitive bool       `json:"sensitive"`
}

// IndicatorDetail describes an indicator in words and in symbols.
type IndicatorDetail struct {
	IndicatorInfo
	Symbols string      `json:"symbols"`
	Of      *MeasureOf  `json:"of,omitempty"`
	Per     *MeasureOf  `json:"per,omitempty"`
	Items   []ItemInfo  `json:"items,omitempty"`
	Basis   []BasisInfo `json:"basis"`
	Note    Text        `json:"note"`
	Limit   *LimitInfo  `json:"limit,omitempty"`
	Dims    []DimInfo   `json:"dims"`
	MinSize int64       `json:"min_group,omitempty"`
}

// MeasureOf is one side of an indicator.
type MeasureOf struct {
	Grain string `json:"grain"`
	Title Text   `json:"title"`
	Note  Text   `json:"note"`
	Where string `json:"where"`
	Sum   string `json:"sum,omitempty"`
	Lag   int    `json:"lag,omitempty"`
}

// ItemInfo is an indicator that another is made of.
type ItemInfo struct {
	ID    string `json:"id"`
	Title Text   `json:"title"`
}

// BasisInfo is what an indicator rests on.
type BasisInfo struct {
	Text
	Ref       string `json:"ref"`
	Certainty string `json:"certainty"`
}

// LimitInfo is the number an indicator is held against.
type LimitInfo struct {
	ID       string  `json:"id"`
	Title    Text    `json:"title"`
	Value    float64 `json:"value"`
	Unit     Text    `json:"unit"`
	Source   Text    `json:"source"`
	Verified bool    `json:"verified"`
}

// DimInfo is a dimension an indicator can be cut by.
type DimInfo struct {
	ID     string         `json:"id"`
	Title  Text           `json:"title"`
	Values []guard.Option `json:"values,omitempty"`
}

// IndicatorPage is one indicator at one organisation.
type IndicatorPage struct {
	Indicator IndicatorDetail `json:"indicator"`
	Org       guard.Org       `json:"org"`
	Crumbs    []guard.Org     `json:"crumbs"`
	Seal      string          `json:"seal"`
	Year      int             `json:"year"`
	Years     []int           `json:"years"`
	By        []string        `json:"by"`
	Total     *Figure         `json:"total"`
	OwnPast   []Figure        `json:"own_past"`
	Rows      []Figure        `json:"rows"`
	Target    *HeadlineTarget `json:"target"`
}

// IndicatorQuery asks for one indicator's page.
type IndicatorQuery struct {
	ID, Org, Seal string
	Year          int
	By            []string
	Where         map[string]string
}

// Indicators lists all indicators.
func (d *Window) Indicators(_ context.Context, actor luoshu.Actor) ([]IndicatorInfo, error) {
	if err := d.acc.Require(actor, "read"); err != nil {
		return nil, err
	}
	out := []IndicatorInfo{}
	for _, i := range d.cat.Indicators {
		out = append(out, indicatorInfo(i))
	}
	return out, nil
}

func indicatorInfo(i *catalog.Indicator) IndicatorInfo {
	by := i.By
	if by == nil {
		by = [][]string{}
	}
	return IndicatorInfo{
		ID: i.ID, Title: i.Title, Kind: i.Kind, Unit: i.Unit, Pack: i.Pack, By: by, Better: i.Better,
		Decimals: i.Decimals, Formula: i.Formula, Sensitive: i.Sensitive,
	}
}

// Indicator returns one indicator at an organisation of the actor's scope: its
// figure, the organisation's own past, and the parts along one cut, ordered by
// code. There is no order by value.
func (d *Window) Indicator(ctx context.Context, actor luoshu.Actor, q IndicatorQuery) (*IndicatorPage, error) {
	if err := d.acc.Require(actor, "read"); err != nil {
		return nil, err
	}
	ind := d.cat.Indicator(q.ID)
	if ind == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这个指标", "no such indicator")
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
	role := d.acc.Role(actor)
	out := &IndicatorPage{
		Indicator: d.indicatorDetail(ind), Org: guard.OrgOf(scope.Tree().Get(scope.Root)), Years: []int{},
		OwnPast: []Figure{}, Rows: []Figure{}, By: q.By, Crumbs: crumbs(own, scope),
	}
	if out.By == nil {
		out.By = []string{}
	}
	if out.Seal, err = d.base.SealOrNone(ctx, q.Seal); err != nil || out.Seal == "" {
		return out, err
	}
	past, err := d.series(ctx, role, scope, out.Seal, ind, q.Where)
	if err != nil {
		return nil, err
	}
	out.OwnPast = append(out.OwnPast, past...)
	out.Year, out.Years = chooseYear([][]Figure{past}, q.Year)
	if len(q.By) > 0 {
		if out.Rows, err = d.parts(ctx, role, scope, out.Seal, ind, q, out.Year); err != nil {
			return nil, err
		}
		if out.Year == 0 && len(out.Rows) > 0 {
			out.Year = out.Rows[len(out.Rows)-1].Year
		}
	}
	if out.Year != 0 {
		out.Total = latest(past, out.Year)
	}
	var value *float64
	if out.Total != nil {
		value = out.Total.Value
	}
	holding, err := d.aimsOf(ctx, scope, q.Seal, 0)
	if err != nil {
		return nil, err
	}
	out.Target = d.headlineTarget(ind.ID, q.Where, value, holding)
	out.Indicator.Limit = d.limit(ind, out.Year, q.Where, scope.Root)
	return out, nil
}

// parts is an indicator along a cut within a scope's organisation.
func (d *Window) parts(ctx context.Context, role *catalog.Role, scope *access.Scope, seal string, ind *catalog.Indicator, q IndicatorQuery, year int) ([]Figure, error) {
	cut, where, ok := d.partsCut(scope, ind, q)
	if !ok {
		return []Figure{}, nil
	}
	query := indicator.Query{Seal: seal, Indicators: []string{ind.ID}, By: [][]string{cut}, Where: where}
	if year != 0 {
		query.Years = []int{year}
	}
	return d.figures(ctx, role, scope, query)
}

func (d *Window) partsCut(scope *access.Scope, ind *catalog.Indicator, q IndicatorQuery) ([]string, map[string][]string, bool) {
	where := map[string][]string{}
	cut := append([]string{}, q.By...)
	for _, k := range guard.SortedKeys(q.Where) {
		where[k] = []string{q.Where[k]}
		if !has(cut, k) {
			cut = append(cut, k)
		}
	}
	if scope.Root == d.cat.City.Root {
		return cut, where, declared(ind, cut)
	}
	// A cut by organisations lists those of the scope, whichever area they stand in.
	for _, id := range cut {
		if x := d.DimOf(ind, id); x != nil && d.isNodeDim(x) && declared(ind, cut) {
			return cut, where, true
		}
	}
	for _, id := range d.placeDims(ind, scope.Tree().Get(scope.Root)) {
		with := cut
		if !has(cut, id) {
			with = append(append([]string{}, cut...), id)
		}
		if declared(ind, with) {
			where[id] = []string{scope.Root}
			return with, where, true
		}
	}
	return nil, nil, false
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func (d *Window) indicatorDetail(ind *catalog.Indicator) IndicatorDetail {
	out := IndicatorDetail{
		IndicatorInfo: indicatorInfo(ind), Note: ind.Note, Basis: []BasisInfo{}, Dims: []DimInfo{}, MinSize: ind.MinGroup,
	}
	if s, err := d.eng.Symbols(ind.ID); err == nil {
		out.Symbols = s
	}
	if ind.Of != nil {
		out.Of = d.measureOf(ind.Of, "")
		if ind.Per != nil {
			out.Per = d.measureOf(ind.Per, ind.Of.Grain)
		}
	}
	for _, id := range ind.Items {
		if x := d.cat.Indicator(id); x != nil {
			out.Items = append(out.Items, ItemInfo{ID: id, Title: x.Title})
		}
	}
	for _, b := range ind.Basis {
		out.Basis = append(out.Basis, BasisInfo{Text: b.Text, Ref: b.Ref, Certainty: b.Certainty})
	}
	for _, x := range d.dimsOf(ind) {
		out.Dims = append(out.Dims, DimInfo{ID: x.ID, Title: x.Title})
	}
	return out
}

func (d *Window) measureOf(m *catalog.Measure, fallback string) *MeasureOf {
	id := m.Grain
	if id == "" {
		id = fallback
	}
	out := &MeasureOf{Grain: id, Where: m.Where, Sum: m.Sum, Lag: m.Lag}
	if g := d.cat.Grain(id); g != nil {
		out.Title, out.Note = g.Title, g.Note
	}
	return out
}

func (d *Window) limit(ind *catalog.Indicator, year int, where map[string]string, area string) *LimitInfo {
	p := d.cat.Parameter(ind.Limit)
	if ind.Limit == "" || p == nil || year == 0 {
		return nil
	}
	month := d.cat.City.YearStart
	if month == 0 {
		month = 9
	}
	v, ok := p.Value(int64(year)*10000+int64(month)*100+1, where, area)
	if !ok {
		return nil
	}
	return &LimitInfo{ID: p.ID, Title: p.Title, Value: v.Float(), Unit: p.Unit, Source: v.Source.Text, Verified: v.Verified}
}

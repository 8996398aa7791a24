package siting

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"luoshu"
	"luoshu/engine/siting/cfl"
)

// Conflict is a constraint that cannot be met and the least change that would do,
// as computed.
type Conflict struct {
	Rule   string      `json:"rule"` // limit, places, budget, least, idle_first, whole, contiguous, unknown
	Stage  string      `json:"stage,omitempty"`
	Blocks []string    `json:"blocks,omitempty"`
	Sites  []string    `json:"sites,omitempty"`
	Short  float64     `json:"short"`  // places, fen or children that are missing; 0 where it does not apply
	Needed float64     `json:"needed"` // the limit or budget that would do; 0 where it does not apply
	Text   luoshu.Text `json:"text"`
}

// diagnose finds what makes a problem infeasible: first what cannot be met by any
// choice of options, then which constraint alone stands in the way.
func (m *model) diagnose(ctx context.Context, lim Limits) ([]Conflict, error) {
	out := m.unreached()
	for k := range m.Stages {
		if c, ok := m.shortage(k); ok {
			out = append(out, c)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	d := &diagnosis{m, ctx, cfl.Limits{Seed: lim.Seed, Nodes: min(lim.Nodes, 3000)}, nil}
	for _, try := range []func() (Conflict, bool, error){d.budget, d.least, d.idleFirst, d.whole, d.contiguous} {
		c, ok, err := try()
		if err != nil {
			return nil, err
		}
		if ok {
			d.found = append(d.found, c)
		}
	}
	if len(d.found) == 0 {
		d.found = append(d.found, Conflict{Rule: "unknown", Text: luoshu.Text{
			ZH: "几项约束合在一起无解，或在给定的计算量内没有找到解；单独放宽预算、最小规模、闲置优先、整片或成片中的任何一项都不够。",
			EN: "Several constraints together leave nothing, or nothing was found within the work allowed; relaxing budget, least size, idle first, whole blocks or contiguity alone is not enough.",
		}})
	}
	return d.found, nil
}

// unreached lists blocks that no option of any site may serve.
func (m *model) unreached() (out []Conflict) {
	for j, c := range m.clients {
		served, near, least := false, -1, math.Inf(1)
		for _, o := range m.core.Options {
			if o.Capacity[c.stage] == 0 {
				continue
			}
			served = served || !math.IsInf(m.core.Cost[o.Row][j], 1)
			if w := m.ways[c.block][o.Site]; w < least {
				near, least = o.Site, w
			}
		}
		if served {
			continue
		}
		b, st := m.Blocks[c.block], m.Stages[c.stage]
		x := Conflict{Rule: "limit", Stage: st.ID, Blocks: []string{b.ID}, Needed: least}
		if near < 0 {
			x.Rule, x.Needed, x.Short = "places", 0, float64(m.children(c))
			x.Text = luoshu.Text{ZH: fmt.Sprintf("没有任何校点办%s：%s的 %d 名儿童无处可去。", st.Name.ZH, m.called(c.block), m.children(c)), EN: fmt.Sprintf("no site offers %s: the %d children of %s have nowhere to go.", st.Name.EN, m.children(c), m.called(c.block))}
		} else {
			u := m.unit()
			x.Sites = []string{m.Sites[near].ID}
			x.Text = luoshu.Text{
				ZH: fmt.Sprintf("%s（%s %d 人）最近的%s也有 %.2f %s，上限是 %.2f %s：把上限提高到 %.2f %s，或在可达处增设校点，或允许寄宿。", m.called(c.block), st.Name.ZH, m.children(c), m.title(near), least, u.ZH, m.limit[c.block][c.stage].Most, u.ZH, least, u.ZH),
				EN: fmt.Sprintf("%s (%s, %d children): even the nearest, %s, is %.2f %s away and the limit is %.2f %s: raise it to %.2f %s, add a site in reach, or allow boarding.", m.called(c.block), st.Name.EN, m.children(c), m.title(near), least, u.EN, m.limit[c.block][c.stage].Most, u.EN, least, u.EN),
			}
		}
		out = append(out, x)
	}
	return out
}

func (m *model) called(block int) string {
	if m.Blocks[block].Name != "" {
		return m.Blocks[block].Name
	}
	return m.Blocks[block].ID
}

// shortage says where places are missing even if every site took its largest
// option, and how far limits would have to be raised instead.
func (m *model) shortage(stage int) (Conflict, bool) {
	short, clients := m.core.Shortage(stage)
	if short == 0 {
		return Conflict{}, false
	}
	st := m.Stages[stage]
	c := Conflict{Rule: "places", Stage: st.ID, Short: float64(short)}
	for _, j := range clients {
		c.Blocks = append(c.Blocks, m.Blocks[m.clients[j].block].ID)
	}
	c.Text = luoshu.Text{
		ZH: fmt.Sprintf("%s：片区 %s 能到的校点即使全部取最大规模，仍缺 %d 个学位", st.Name.ZH, some(c.Blocks, "、"), short),
		EN: fmt.Sprintf("%s: even if every site in reach of blocks %s took its largest option, %d places are missing", st.Name.EN, some(c.Blocks, ", "), short),
	}
	if c.Needed = m.raised(stage); c.Needed > 0 {
		c.Text.ZH += fmt.Sprintf("；或把出行上限提高到 %.2f %s。", c.Needed, m.unit().ZH)
		c.Text.EN += fmt.Sprintf("; or raise the limit to %.2f %s.", c.Needed, m.unit().EN)
	} else {
		c.Text.ZH += "；提高出行上限也不够。"
		c.Text.EN += "; raising the limit would not do."
	}
	return c, true
}

// some names at most eight.
func some(ids []string, sep string) string {
	if len(ids) > 8 {
		return strings.Join(ids[:8], sep) + "…"
	}
	return strings.Join(ids, sep)
}

// raised is the least limit of a stage under which all its children find places
// when every site takes its largest option; 0: no limit would do.
func (m *model) raised(stage int) float64 {
	var ways []float64
	for _, c := range m.clients {
		if c.stage == stage {
			ways = append(ways, m.ways[c.block]...)
		}
	}
	slices.Sort(ways)
	ways = slices.Compact(ways)
	fits := func(limit float64) bool {
		p := m.core
		p.Cost = make([][]float64, len(m.core.Cost))
		for r, row := range m.core.Cost {
			p.Cost[r] = slices.Clone(row)
			for j, c := range m.clients {
				if m.ways[c.block][r/2] <= limit {
					p.Cost[r][j] = 0
				}
			}
		}
		n, _ := p.Shortage(stage)
		return n == 0
	}
	low, high := 0, len(ways)
	for low < high {
		if mid := (low + high) / 2; fits(ways[mid]) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	if low == len(ways) {
		return 0
	}
	return ways[low]
}

// diagnosis tries what happens without one constraint.
type diagnosis struct {
	*model
	ctx   context.Context
	lim   cfl.Limits
	found []Conflict
}

// without solves the problem for feasibility alone, changed.
func (d *diagnosis) without(change func(*cfl.Problem, *cfl.Limits)) (cfl.Result, error) {
	p, lim := d.core, d.lim
	p.Options = slices.Clone(d.core.Options)
	for v := range p.Options {
		p.Options[v].Fixed = 0
	}
	p.Cost = make([][]float64, len(d.core.Cost))
	for r, row := range d.core.Cost {
		p.Cost[r] = make([]float64, len(row))
		for j, c := range row {
			if math.IsInf(c, 1) {
				p.Cost[r][j] = c
			}
		}
	}
	if d.Contiguous {
		lim.Accept = d.joined
	}
	change(&p, &lim)
	return cfl.Solve(d.ctx, &p, lim)
}

// budget finds the least investment.
func (d *diagnosis) budget() (Conflict, bool, error) {
	if d.Budget == 0 {
		return Conflict{}, false, nil
	}
	r, err := d.without(func(p *cfl.Problem, _ *cfl.Limits) {
		p.Budget = 0
		for v := range p.Options {
			p.Options[v].Fixed = p.Options[v].Invest
		}
	})
	if err != nil || r.Choice == nil {
		return Conflict{}, false, err
	}
	least, short := int64(math.Round(r.Value)), int64(math.Round(r.Value))-d.Budget
	zh, en := "至少需要", "at least"
	if r.Status != cfl.Optimal {
		zh, en = "已知的最省做法需要", "the cheapest way known takes"
	}
	yuan := func(fen int64) string { return luoshu.FormatDecimal(fen, 2) }
	return Conflict{Rule: "budget", Short: float64(short), Needed: float64(least), Text: luoshu.Text{
		ZH: fmt.Sprintf("预算 %s 元不够：%s %s 元，缺 %s 元。", yuan(d.Budget), zh, yuan(least), yuan(short)),
		EN: fmt.Sprintf("The budget of %s yuan is too small: %s %s yuan, %s more.", yuan(d.Budget), en, yuan(least), yuan(short)),
	}}, true, nil
}

// least finds the fewest children by which least sizes are missed.
func (d *diagnosis) least() (Conflict, bool, error) {
	r, err := d.without(func(p *cfl.Problem, _ *cfl.Limits) { p.Penalty = 1 })
	if err != nil || r.Choice == nil || r.Value < 0.5 {
		return Conflict{}, false, err
	}
	load := map[[2]int]int64{}
	for _, s := range r.Shares {
		load[[2]int{s.Option, d.clients[s.Client].stage}] += s.Amount
	}
	c := Conflict{Rule: "least", Short: r.Value}
	var zh, en []string
	for _, v := range r.Choice {
		if v < 0 {
			continue
		}
		for k, st := range d.Stages {
			if least, n := d.core.Options[v].Least[k], load[[2]int{v, k}]; n < least {
				site := d.core.Options[v].Site
				c.Sites = append(c.Sites, d.Sites[site].ID)
				zh = append(zh, fmt.Sprintf("%s（%s）%d 人，应有 %d 人", d.title(site), st.Name.ZH, n, least))
				en = append(en, fmt.Sprintf("%s (%s) %d children of %d", d.title(site), st.Name.EN, n, least))
			}
		}
	}
	c.Text = luoshu.Text{
		ZH: fmt.Sprintf("最小规模达不到，合计至少差 %.0f 人：%s。放宽这些校点的最小规模，或允许关闭。", r.Value, strings.Join(zh, "；")),
		EN: fmt.Sprintf("Least sizes cannot be met, by %.0f children at least: %s. Lower them, or allow closing.", r.Value, strings.Join(en, "; ")),
	}
	return c, true, nil
}

func (d *diagnosis) idleFirst() (Conflict, bool, error) {
	if d.IdleFirst == 0 {
		return Conflict{}, false, nil
	}
	return d.alone("idle_first", func(p *cfl.Problem, _ *cfl.Limits) {
		for v := range p.Options {
			p.Options[v].Needs = nil
		}
	}, "闲置校舍优先使用的要求无法满足：不计这一项就有解。", "Idle buildings cannot all be used first: without that rule there is a layout.")
}

func (d *diagnosis) whole() (Conflict, bool, error) {
	if !d.Whole {
		return Conflict{}, false, nil
	}
	return d.alone("whole", func(p *cfl.Problem, lim *cfl.Limits) { p.Single, lim.Accept = false, nil },
		"整片分配装不下：允许一个片区分到几个校点就有解。", "Whole blocks do not fit: when a block may be split there is a layout.")
}

func (d *diagnosis) contiguous() (Conflict, bool, error) {
	if !d.Contiguous {
		return Conflict{}, false, nil
	}
	return d.alone("contiguous", func(_ *cfl.Problem, lim *cfl.Limits) { lim.Accept = nil },
		"没有找到成片的学区：不要求成片就有解；请检查相邻关系。", "No contiguous catchments were found: without that rule there is a layout; check which blocks adjoin.")
}

func (d *diagnosis) alone(rule string, change func(*cfl.Problem, *cfl.Limits), zh, en string) (Conflict, bool, error) {
	r, err := d.without(change)
	return Conflict{Rule: rule, Text: luoshu.Text{ZH: zh, EN: en}}, r.Choice != nil, err
}

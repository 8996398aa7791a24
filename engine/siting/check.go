package siting

import (
	"fmt"
	"math"
	"slices"
)

// largest bounds: beyond them a problem is refused.
const (
	maxBlocks = 20_000
	maxSites  = 2_000
	maxAmount = 1_000_000_000
	maxMoney  = 1_000_000_000_000_000
)

// check notes everything that contradicts itself.
func (f *faults) check(p *Problem) {
	if p.Unit != "km" && p.Unit != "min" {
		f.add("unit", "choice", "距离单位“%s”应为 km 或 min", `unit %q must be "km" or "min"`, p.Unit)
	}
	if len(p.Blocks) == 0 || len(p.Sites) == 0 || len(p.Stages) == 0 {
		f.add("", "required", "需要至少一个需求片区、一个校点、一个学段", "at least one block, one site and one stage are needed")
		return
	}
	if len(p.Blocks) > maxBlocks || len(p.Sites) > maxSites || len(p.Stages) > 16 {
		f.add("", "size", "太大：最多 %d 个片区、%d 个校点、16 个学段", "too large: at most %d blocks, %d sites and 16 stages", maxBlocks, maxSites)
		return
	}
	f.numbers(p)
	stages := f.stages(p)
	blocks := f.blocks(p, stages)
	f.sites(p, stages, blocks)
	f.links(p, stages, blocks)
	f.matrices(p)
}

// real notes a number that is not one, or out of range.
func (f *faults) real(path string, x, low, high float64) {
	if math.IsNaN(x) || x < low || x > high {
		f.add(path, "range", "%v 不在 %v 到 %v 之间", "%v is not between %v and %v", x, low, high)
	}
}

func (f *faults) numbers(p *Problem) {
	f.real("per_way", p.PerWay, 0, maxAmount)
	f.real("per_over", p.PerOver, 0, maxAmount)
	f.real("per_boarder", float64(p.PerBoarder), 0, maxMoney)
	f.real("per_weekly", p.PerWeekly, 0, maxAmount)
	f.real("per_moved", float64(p.PerMoved), 0, maxMoney)
	f.real("capital_rate", p.Capital, 0, 1)
	f.real("idle_first", p.IdleFirst, 0, maxAmount)
	f.real("budget", float64(p.Budget), 0, maxMoney)
	f.real("max_classes", float64(p.MaxClasses), 0, 10_000)
	f.real("class_over", float64(p.ClassOver), 0, 10_000)
	if p.Contiguous && !p.Whole {
		f.add("contiguous", "together", "成片（contiguous）要求整片分配（whole）", "contiguous needs whole")
	}
}

func (f *faults) stages(p *Problem) map[string]int {
	at := map[string]int{}
	for i, s := range p.Stages {
		path := fmt.Sprintf("stages[%d]", i)
		if _, ok := at[s.ID]; ok || s.ID == "" {
			f.add(path+".id", "unique", "学段编号“%s”为空或重复", "stage id %q is empty or repeated", s.ID)
		}
		at[s.ID] = i
		f.real(path+".class_size", float64(s.ClassSize), 1, 1000)
	}
	return at
}

func (f *faults) blocks(p *Problem, stages map[string]int) map[string]int {
	at, total := map[string]int{}, int64(0)
	for i, b := range p.Blocks {
		path := fmt.Sprintf("blocks[%d]", i)
		if _, ok := at[b.ID]; ok || b.ID == "" {
			f.add(path+".id", "unique", "片区编号“%s”为空或重复", "block id %q is empty or repeated", b.ID)
		}
		at[b.ID] = i
		f.point(p, path, b.X, b.Y)
		f.real(path+".weight", b.Weight, 0, 1000)
		for _, s := range sorted(b.Children) {
			f.real(path+".children."+s, float64(b.Children[s]), 0, maxAmount)
			total += min(b.Children[s], maxAmount)
			if _, ok := stages[s]; !ok {
				f.add(path+".children."+s, "reference", "没有学段“%s”", "there is no stage %q", s)
			}
		}
	}
	if total == 0 {
		f.add("blocks", "required", "所有片区都没有儿童", "no block has any children")
	}
	return at
}

func (f *faults) point(p *Problem, path string, x, y float64) {
	if p.LonLat {
		f.real(path+".x", x, -180, 180)
		f.real(path+".y", y, -90, 90)
		return
	}
	f.real(path+".x", x, -maxAmount, maxAmount)
	f.real(path+".y", y, -maxAmount, maxAmount)
}

func (f *faults) sites(p *Problem, stages, blocks map[string]int) {
	at := map[string]bool{}
	for i, s := range p.Sites {
		path := fmt.Sprintf("sites[%d]", i)
		if at[s.ID] || s.ID == "" {
			f.add(path+".id", "unique", "校点编号“%s”为空或重复", "site id %q is empty or repeated", s.ID)
		}
		at[s.ID] = true
		f.point(p, path, s.X, s.Y)
		if _, ok := blocks[s.Block]; !ok && (s.Block != "" || p.Contiguous) {
			f.add(path+".block", "reference", "没有片区“%s”；成片分配须写明校点所在片区", "there is no block %q; contiguous catchments need the block a site lies in", s.Block)
		}
		if len(s.Options) == 0 {
			f.add(path+".options", "required", "校点“%s”没有任何可选做法", "site %q has no option", s.ID)
		}
		if s.Idle && !s.Existing {
			f.add(path+".idle", "together", "闲置（idle）的必须是现有的（existing）", "what is idle must be existing")
		}
		for j, o := range s.Options {
			f.option(p, fmt.Sprintf("%s.options[%d]", path, j), s, o, stages)
		}
	}
}

func (f *faults) option(p *Problem, path string, s Site, o Option, stages map[string]int) {
	if !slices.Contains([]string{Keep, Extend, Build, Close, Board, Reopen}, o.Kind) {
		f.add(path+".kind", "choice", "做法“%s”应为 keep、extend、build、close、board 或 reopen", "kind %q must be keep, extend, build, close, board or reopen", o.Kind)
	}
	if fresh := o.Kind == Build; fresh == s.Existing && o.Kind != Board {
		f.add(path+".kind", "together", "新建（build）只用于新校点，其他做法只用于现有校点", "build is for new sites, and nothing else but board is")
	}
	f.real(path+".annual", float64(o.Annual), -maxMoney, maxMoney)
	f.real(path+".invest", float64(o.Invest), 0, maxMoney)
	sum := 0
	for _, st := range sorted(o.Classes) {
		f.real(path+".classes."+st, float64(o.Classes[st]), 0, 10_000)
		sum += o.Classes[st]
		if _, ok := stages[st]; !ok {
			f.add(path+".classes."+st, "reference", "没有学段“%s”", "there is no stage %q", st)
		}
	}
	for _, st := range sorted(o.Places) {
		f.real(path+".places."+st, float64(o.Places[st]), 0, maxAmount)
		if o.Classes[st] == 0 {
			f.add(path+".places."+st, "together", "学段“%s”有学位却没有班", "stage %q has places but no classes", st)
		}
	}
	for _, st := range sorted(o.Least) {
		f.real(path+".least."+st, float64(o.Least[st]), 0, maxAmount)
		if i, ok := stages[st]; ok && o.Least[st] > p.places(o, i) {
			f.add(path+".least."+st, "range", "最小规模 %d 大于学位 %d", "the least size %d is above the %d places", o.Least[st], p.places(o, i))
		}
	}
	if o.Kind == Close && sum > 0 {
		f.add(path+".classes", "together", "关闭（close）的做法不能有班", "a closed site has no classes")
	}
	if (o.Kind == Extend || o.Kind == Build) && p.MaxClasses > 0 && sum > p.MaxClasses {
		f.add(path+".classes", "most", "%d 个班超过上限 %d", "%d classes are above the limit of %d", sum, p.MaxClasses)
	}
}

// links checks limits, present sites and neighbours.
func (f *faults) links(p *Problem, stages, blocks map[string]int) {
	for i, l := range p.Limits {
		path := fmt.Sprintf("limits[%d]", i)
		if _, ok := stages[l.Stage]; !ok {
			f.add(path+".stage", "reference", "没有学段“%s”", "there is no stage %q", l.Stage)
		}
		f.real(path+".most", l.Most, 0, maxAmount)
		f.real(path+".board", l.Board, 0, maxAmount)
		for _, o := range p.Limits[:i] {
			if o.Stage == l.Stage && o.Mode == l.Mode {
				f.add(path, "unique", "学段“%s”、方式“%s”的上限出现两次", "stage %q and mode %q have two limits", l.Stage, l.Mode)
			}
		}
	}
	sites := map[string]bool{}
	for _, s := range p.Sites {
		sites[s.ID] = true
	}
	for i, b := range p.Blocks {
		for _, st := range sorted(b.Now) {
			if !sites[b.Now[st]] {
				f.add(fmt.Sprintf("blocks[%d].now.%s", i, st), "reference", "没有校点“%s”", "there is no site %q", b.Now[st])
			}
		}
	}
	for i, a := range p.Adjacent {
		for _, id := range a {
			if _, ok := blocks[id]; !ok {
				f.add(fmt.Sprintf("adjacent[%d]", i), "reference", "没有片区“%s”", "there is no block %q", id)
			}
		}
	}
}

// matrices checks their shapes and entries, and that every mode has ways.
func (f *faults) matrices(p *Problem) {
	have := map[string]bool{}
	for i, m := range p.Matrices {
		path := fmt.Sprintf("matrices[%d]", i)
		if have[m.Mode] {
			f.add(path+".mode", "unique", "方式“%s”有两个矩阵", "mode %q has two matrices", m.Mode)
		}
		have[m.Mode] = true
		if m.Missing != "" && m.Missing != "straight" {
			f.add(path+".missing", "choice", "missing 只能为空或 straight", `missing must be empty or "straight"`)
		}
		f.shape(p, path+".ways", m.Ways)
		if m.Back != nil {
			f.shape(p, path+".back", m.Back)
		}
		if len(f.list) == 0 {
			f.entries(p, path, m)
		}
	}
	straight := p.Detour >= 1 && p.Detour <= 10 && p.Unit == "km"
	if p.Detour != 0 && (p.Detour < 1 || p.Detour > 10) {
		f.add("detour", "range", "绕行系数 %v 不在 1 到 10 之间", "detour %v is not between 1 and 10", p.Detour)
	}
	for i, b := range p.Blocks {
		if !have[b.Mode] && !straight {
			f.add(fmt.Sprintf("blocks[%d].mode", i), "required", "方式“%s”没有矩阵；请给出矩阵，或以 km 为单位并给出绕行系数 detour", "mode %q has no matrix; give one, or km as unit and a detour factor", b.Mode)
			return
		}
	}
	for i, m := range p.Matrices {
		if m.Missing == "straight" && !straight {
			f.add(fmt.Sprintf("matrices[%d].missing", i), "together", "以直线补缺需要 km 单位和绕行系数 detour", "straight lines need km as unit and a detour factor")
		}
	}
}

func (f *faults) shape(p *Problem, path string, rows [][]*float64) {
	if len(rows) != len(p.Blocks) {
		f.add(path, "shape", "矩阵有 %d 行，片区有 %d 个", "the matrix has %d rows for %d blocks", len(rows), len(p.Blocks))
		return
	}
	for i, r := range rows {
		if len(r) != len(p.Sites) {
			f.add(fmt.Sprintf("%s[%d]", path, i), "shape", "第 %d 行有 %d 项，校点有 %d 个", "row %d has %d entries for %d sites", i+1, len(r), len(p.Sites))
		}
	}
}

func (f *faults) entries(p *Problem, path string, m Matrix) {
	for i, row := range m.Ways {
		for j, w := range row {
			at := fmt.Sprintf("%s.ways[%d]", path, i)
			if w == nil {
				if m.Missing == "" {
					f.add(at, "missing", "片区“%s”到校点“%s”没有距离；请补上，或写 missing: straight 以直线乘绕行系数代替", `block %q to site %q has no way; give it, or "missing": "straight"`, p.Blocks[i].ID, p.Sites[j].ID)
				}
				continue
			}
			f.real(at, *w, 0, maxAmount)
			if m.Back == nil || m.Back[i][j] == nil {
				continue
			}
			back := *m.Back[i][j]
			f.real(at, back, 0, maxAmount)
			if d := math.Abs(back - *w); d > m.Tolerance*math.Max(back, *w) {
				f.add(at, "asymmetric", "片区“%s”与校点“%s”去程 %v、回程 %v，相差超过 %v", "block %q and site %q: %v there, %v back, which differs by more than %v", p.Blocks[i].ID, p.Sites[j].ID, *w, back, m.Tolerance)
			}
		}
	}
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

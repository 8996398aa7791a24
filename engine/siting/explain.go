package siting

import (
	"fmt"
	"slices"
	"strings"

	"luoshu"
)

// Decision is what is done with a site, and why, in words made of figures.
type Decision struct {
	Site string      `json:"site"`
	Kind string      `json:"kind"`
	Text luoshu.Text `json:"text"`
}

// words for kinds of option.
func doing(kind string) luoshu.Text {
	switch kind {
	case Keep:
		return luoshu.Text{ZH: "保留", EN: "Keep"}
	case Extend:
		return luoshu.Text{ZH: "扩建", EN: "Extend"}
	case Build:
		return luoshu.Text{ZH: "新建", EN: "Build"}
	case Close:
		return luoshu.Text{ZH: "关闭", EN: "Close"}
	case Board:
		return luoshu.Text{ZH: "办成寄宿制：", EN: "Board at "}
	case Reopen:
		return luoshu.Text{ZH: "启用闲置校舍：", EN: "Reopen "}
	}
	return luoshu.Text{ZH: "不动用", EN: "Leave"}
}

// explain says every decision.
func (m *model) explain(l *Layout) []Decision {
	out := []Decision{}
	for i, c := range l.Sites {
		var zh, en string
		switch name := m.title(i); {
		case c.Kind == Close:
			zh, en = m.leaving(l, i)
			zh, en = "关闭"+name+"："+zh, "Close "+name+": "+en
		case c.Option < 0 && m.Sites[i].Idle:
			zh, en = name+"继续闲置：周边现有学位够用。", name+" stays idle: the places around it suffice."
		case c.Option < 0:
			zh, en = m.unbuilt(l, i)
			zh, en = "不建"+name+"："+zh, "Do not build "+name+": "+en
		default:
			d := doing(c.Kind)
			zh, en = m.coming(l, i)
			zh, en = d.ZH+name+"："+zh, strings.TrimSpace(d.EN)+" "+name+": "+en
		}
		out = append(out, Decision{c.Site, c.Kind, luoshu.Text{ZH: zh, EN: en}})
	}
	return out
}

func (m *model) title(i int) string {
	if m.Sites[i].Name != "" {
		return m.Sites[i].Name
	}
	return m.Sites[i].ID
}

// group sums assignments.
type group struct {
	n, over, board, moved int64
	most                  float64 // longest way
	limit                 float64
	to                    map[int]int64
}

func (m *model) group(l *Layout, take func(Assignment) bool) group {
	g := group{to: map[int]int64{}}
	for _, a := range l.Assign {
		if !take(a) {
			continue
		}
		g.n += a.Children
		g.to[m.site[a.Site]] += a.Children
		g.most = max(g.most, a.Way)
		if a.Moved {
			g.moved += a.Children
		}
		switch {
		case a.Boards:
			g.board += a.Children
		case a.Over > 0:
			g.over += a.Children
		}
		if a.Over > 0 {
			g.limit = max(g.limit, a.Way-a.Over)
		}
	}
	return g
}

// beyond says who goes too far.
func (m *model) beyond(g group) (zh, en string) {
	if g.board > 0 {
		zh += fmt.Sprintf("；%d 人超过 %.1f %s：寄宿", g.board, g.limit, m.unit().ZH)
		en += fmt.Sprintf("; %d beyond %.1f %s: board", g.board, g.limit, m.unit().EN)
	}
	if g.over > 0 {
		zh += fmt.Sprintf("；%d 人每天超过 %.1f %s", g.over, g.limit, m.unit().ZH)
		en += fmt.Sprintf("; %d go beyond %.1f %s daily", g.over, g.limit, m.unit().EN)
	}
	return zh, en
}

func (m *model) unit() luoshu.Text {
	if m.Unit == "min" {
		return luoshu.Text{ZH: "分钟", EN: "min"}
	}
	return luoshu.Text{ZH: "km", EN: "km"}
}

// leaving says where the children of a closed site go.
func (m *model) leaving(l *Layout, i int) (zh, en string) {
	id := m.Sites[i].ID
	g := m.group(l, func(a Assignment) bool { return m.Blocks[m.block[a.Block]].Now[a.Stage] == id })
	if g.n == 0 {
		return "目前没有登记的儿童在这里。", "no child is recorded as going there now."
	}
	z, e := m.list(g.to)
	bz, be := m.beyond(g)
	return fmt.Sprintf("%d 名儿童最远 %.1f %s 到%s%s。", g.n, g.most, m.unit().ZH, z, bz),
		fmt.Sprintf("%d children move by at most %.1f %s to %s%s.", g.n, g.most, m.unit().EN, e, be)
}

// list names sites with the children they take, the most first.
func (m *model) list(to map[int]int64) (zh, en string) {
	var sites []int
	for s := range to {
		sites = append(sites, s)
	}
	slices.SortFunc(sites, func(a, b int) int {
		if to[a] != to[b] {
			return int(to[b] - to[a])
		}
		return a - b
	})
	var z, e []string
	for _, s := range sites {
		z = append(z, fmt.Sprintf("%s（%d）", m.title(s), to[s]))
		e = append(e, fmt.Sprintf("%s (%d)", m.title(s), to[s]))
	}
	return strings.Join(z, "、"), strings.Join(e, ", ")
}

// coming says who goes to a site that is used, and what that takes.
func (m *model) coming(l *Layout, i int) (zh, en string) {
	c := l.Sites[i]
	g := m.group(l, func(a Assignment) bool { return a.Site == c.Site })
	classes, places := 0, int64(0)
	for _, st := range m.Stages {
		classes += c.Classes[st.ID]
		places += c.Places[st.ID]
	}
	bz, be := m.beyond(g)
	zh = fmt.Sprintf("%d 个班、%d 个学位，收 %d 名儿童，最远 %.1f %s%s", classes, places, g.n, g.most, m.unit().ZH, bz)
	en = fmt.Sprintf("%d classes, %d places, takes %d children by at most %.1f %s%s", classes, places, g.n, g.most, m.unit().EN, be)
	if g.moved > 0 {
		zh += fmt.Sprintf("；%d 人从别处转来", g.moved)
		en += fmt.Sprintf("; %d come from elsewhere", g.moved)
	}
	o := m.Sites[i].Options[c.Option]
	if o.Invest > 0 {
		zh += "；投资 " + luoshu.FormatDecimal(o.Invest, 2) + " 元"
		en += "; invests " + luoshu.FormatDecimal(o.Invest, 2) + " yuan"
	}
	if needs := m.idle(i, o); c.Kind == Build && len(needs) > 0 {
		z, e := m.names(needs)
		zh += "；" + z + "的闲置校舍已先行启用"
		en += "; the idle buildings of " + e + " are used first"
	}
	return zh + "。", en + "."
}

func (m *model) names(sites []int) (zh, en string) {
	var n []string
	for _, s := range sites {
		n = append(n, m.title(s))
	}
	return strings.Join(n, "、"), strings.Join(n, ", ")
}

// unbuilt says why a new site is not built.
func (m *model) unbuilt(l *Layout, i int) (zh, en string) {
	var idle []int
	for _, o := range m.Sites[i].Options {
		for _, e := range m.idle(i, o) {
			if len(l.Sites[e].Places) == 0 && !slices.Contains(idle, e) {
				idle = append(idle, e)
			}
		}
	}
	if len(idle) > 0 {
		z, e := m.names(idle)
		return fmt.Sprintf("%.1f %s 内的%s尚有闲置校舍，须先用于义务教育。", m.IdleFirst, m.unit().ZH, z),
			fmt.Sprintf("within %.1f %s %s stands idle and must serve compulsory education first.", m.IdleFirst, m.unit().EN, e)
	}
	return "其他校点以更低的总成本容纳所有儿童。", "the other sites take all children at less cost in all."
}

package loop

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"

	"luoshu"
	"luoshu/kernel/access/reach"
	"luoshu/kernel/catalog"
	"luoshu/kernel/flow"
)

// Of the demo's targets one in so many is left without anybody, so that the error is
// seen; of the others one in so many is taken on by two units below the root, the rest
// by the root.
const (
	demoNobody = 16
	demoBelow  = 3
)

// step is one act of a case that is played: by whom, what, and with which cells.
type step struct {
	who    luoshu.Actor
	action string
	paper  bool
	cells  map[string]string
}

// plans plays the work plans of the root and of the units below it, and who takes
// which target on.
func (p *play) plans(root string, below []*reach.Node) {
	if p.ct.Charter.Case("work-plan") == nil || p.ct.Charter.Case(tasks) == nil {
		return
	}
	planner := luoshu.Actor{Name: "planner", Role: "planner", Org: root}
	department := luoshu.Actor{Name: "department", Role: "department", Org: root}
	numbers := map[string]string{}
	plan := func(by luoshu.Actor, name string) {
		c := p.open("demo-plan-"+by.Org, "work-plan", step{who: by, paper: true, cells: map[string]string{
			"body": by.Org, "plan_title": "演示：" + name + "“十四五”教育工作计划", "from_year": "2021", "to_year": "2025",
			"summary": "演示：逐项落实规划目标，按年登记里程碑。",
		}})
		if c = p.run(c, "demo-plan-"+by.Org, []step{{who: planner, action: "approve", cells: map[string]string{"document_no": "演示〔2022〕" + by.Org + "号"}}}); c != nil {
			numbers[by.Org] = c.No
		}
	}
	plan(department, "市级部门")
	for _, n := range below {
		plan(luoshu.Actor{Name: "county", Role: "county", Org: n.Code}, n.Title.ZH)
	}
	for _, of := range p.ct.Catalog.Plans {
		for _, t := range of.Targets {
			known := p.ct.Catalog.List("plan_target").Code(t.ID) != nil
			draw := drawn("owner", t.ID)
			if !known || !t.Numbered || t.Status != "target" || draw%demoNobody == 0 {
				continue
			}
			owners := []luoshu.Actor{department}
			if draw%demoBelow == 0 && len(below) > 1 {
				at := int(draw / demoNobody % uint64(len(below)))
				owners = nil
				for _, n := range []*reach.Node{below[at], below[(at+1)%len(below)]} {
					owners = append(owners, luoshu.Actor{Name: "county", Role: "county", Org: n.Code})
				}
			}
			for _, by := range owners {
				p.task(planner, by, of, t, numbers[by.Org])
			}
		}
	}
}

// task plays that a unit takes a target on, with what it plans for the years.
func (p *play) task(planner, by luoshu.Actor, of *catalog.Plan, t *catalog.Target, no string) {
	id := "demo-task-" + by.Org + "-" + t.ID
	due := strconv.Itoa(of.To) + "-12-31"
	c := p.open(id, tasks, step{who: by, cells: map[string]string{
		"body": by.Org, "target": t.ID, "plan_no": no, "lead": by.Org, "measure": "演示：分年推进，年底自查", "due": due,
	}})
	steps := []step{{who: planner, action: "approve"}}
	for year := of.To - 1; year <= of.To; year++ {
		cells := map[string]string{"milestone_year": strconv.Itoa(year), "milestone_text": fmt.Sprintf("演示：%d年阶段任务", year)}
		if v, ok := between(t, year, of.To); ok {
			cells["milestone_value"] = v
			cells["milestone_text"] = fmt.Sprintf("演示：基期到目标值直线分解到%d年", year)
		}
		steps = append(steps, step{who: by, action: "milestone", cells: cells})
	}
	p.run(c, id, steps)
}

// between is where a straight line from a target's baseline to its value is in a year,
// with two decimals; ok is false where one of them is not a plain number.
func between(t *catalog.Target, year, end int) (string, bool) {
	if t.Baseline == nil || t.Baseline.Value == nil || t.Baseline.Year == 0 || t.Baseline.Year >= end ||
		t.Target == nil || t.Target.Value == nil || year > end {
		return "", false
	}
	share := float64(year-t.Baseline.Year) / float64(end-t.Baseline.Year)
	v := *t.Baseline.Value + share*(*t.Target.Value-*t.Baseline.Value)
	return luoshu.FormatDecimal(int64(math.Round(v*100)), 2), true
}

// open opens a case, or finds the one that an earlier run opened.
func (p *play) open(id, kind string, s step) *flow.Case {
	if p.err != nil {
		return nil
	}
	h, err := p.handed(s)
	if err == nil {
		var c *flow.Case
		if c, err = p.ct.Flow.Open(p.a.Context(), s.who, flow.Opening{ID: id, Type: kind, Handed: h}); err == nil {
			p.n++
			return c
		}
	}
	p.err = errors.Join(p.err, fmt.Errorf("open %s: %w", id, err))
	return nil
}

// run takes the steps of a case that an earlier run has not taken.
func (p *play) run(c *flow.Case, id string, steps []step) *flow.Case {
	for i, s := range steps {
		if p.err != nil || c == nil {
			return c
		}
		if c.Step != int64(i)+1 {
			continue
		}
		h, err := p.handed(s)
		if err == nil {
			c, err = p.ct.Flow.Act(p.a.Context(), s.who, flow.Act{ID: fmt.Sprintf("%s-%d", id, i), No: c.No, Action: s.action, Step: c.Step, Handed: h})
		}
		if err != nil {
			p.err = errors.Join(p.err, fmt.Errorf("%s of %s: %w", s.action, id, err))
		}
	}
	return c
}

func (p *play) handed(s step) (flow.Handed, error) {
	h := flow.Handed{Cells: s.cells}
	if !s.paper {
		return h, nil
	}
	b, err := picture()
	if err != nil {
		return h, err
	}
	paper, err := p.ct.Flow.TakePaper(p.a.Context(), s.who, "演示照片.png", bytes.NewReader(b))
	if err != nil {
		return h, err
	}
	h.Papers = []string{paper.ID}
	return h, nil
}

package run

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"luoshu"
	"luoshu/engine/siting"
	"luoshu/engine/siting/cfl"
	"luoshu/kernel/access"
	"luoshu/kernel/records"
	"luoshu/kernel/run/way"
	"luoshu/kernel/store"
)

// SitingVersion stands on every layout.
const SitingVersion = "siting 1"

// LayoutAnswer is what a layout came to.
type LayoutAnswer struct {
	Run      string          `json:"run"`
	Title    string          `json:"title"`
	Org      string          `json:"org"`
	Stage    string          `json:"stage"`
	Year     int             `json:"year"`
	Seal     string          `json:"seal"`
	Engine   string          `json:"engine_version"`
	Layout   *siting.Layout  `json:"layout"`
	Present  *siting.Figures `json:"present,omitempty"` // as it stands, if it can be described
	Note     luoshu.Text     `json:"note"`
	Written  int             `json:"records"`
	Children int64           `json:"children"`
	Ways     way.Told        `json:"ways"` // how many were measured

	Conflicts []luoshu.Text `json:"conflicts"` // what stands in the way, in short
}

// Layout works a layout out and writes it. One without a solution is written too: with
// what conflicts, so that it can be seen beside the others.
func (r *Runner) Layout(ctx context.Context, actor luoshu.Actor, params []byte, p luoshu.Progress) (*LayoutAnswer, error) {
	var q LayoutParams
	spec, node, seal, err := r.asked(ctx, actor, "siting", params, &q)
	if err != nil {
		return nil, err
	}
	l := &layouting{r: r, spec: spec, q: q, seq: seal.Seq, node: node, progress: p}
	if err := l.gather(ctx); err != nil {
		return nil, err
	}
	present, err := l.present(ctx)
	if err != nil {
		return nil, err
	}
	lay, err := siting.Solve(ctx, &l.problem, siting.Limits{Nodes: q.Nodes, Gap: q.Gap, Progress: l.tell})
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return l.answer(ctx, actor, params, lay, present)
}

type layouting struct {
	r        *Runner
	spec     *Spec
	q        LayoutParams
	seq      int64
	node     *access.Node
	progress luoshu.Progress

	problem siting.Problem
	users   map[string]string // who is in a site
	state   map[string]string // used, idle or planned, of a site
	year    int
	note    luoshu.Text
	size    int
	costs   map[string]float64
	old     float64 // share of the children who are old enough to board
	above   int     // sites that hold more classes than a school may have
	known   map[way.Pair]way.Known
	uneven  float64 // share by which there and back may differ
	ways    way.Told
	split   []string          // what the younger and the older of a block are called, after its code
	block   map[string]string // block of the problem → code of the record
}

const kilometre = 1000.0

// grounds are the inputs that are pieces of ground.
var grounds = []string{"used", "idle", "planned"}

// tell puts the progress of the solver into words of people: what is known to be the
// least, and the best so far, in 10,000 yuan.
func (l *layouting) tell(stage string, done, total int64) {
	if stage == "bound" {
		done, total = done/fen(1), total/fen(1)
	}
	l.progress.Tell(stage, done, total)
}

// fen are 10,000 yuan in fen.
func fen(v float64) int64 { return int64(math.Round(v * 1e6)) }

func (l *layouting) parameter(name string, when map[string]string) (float64, error) {
	day := int64(l.year)*10000 + int64(max(l.r.cat.City.YearStart, 1))*100 + 1
	return l.r.parameter(l.spec, name, day, when, l.node.Code)
}

// gather puts the problem together.
func (l *layouting) gather(ctx context.Context) error {
	counted, err := l.children(ctx)
	if err != nil {
		return err
	}
	if err := l.settings(); err != nil {
		return err
	}
	if err := l.boarding(ctx); err != nil {
		return err
	}
	p := &l.problem
	err = l.r.each(ctx, l.spec.Inputs["blocks"], l.seq, func(x row) error {
		if x.text("area") != l.node.Code {
			return nil
		}
		lon, _ := x.number("lon")
		lat, _ := x.number("lat")
		p.Blocks = append(p.Blocks, l.homes(x.text("code"), x.text("name"), lon, lat, counted[x.text("code")])...)
		return nil
	})
	if err != nil {
		return err
	}
	nobody := func(b siting.Block) bool { return b.Children[l.q.Stage] == 0 }
	if !p.Contiguous { // otherwise they join what lies on either side of them
		p.Blocks = slices.DeleteFunc(p.Blocks, nobody)
	}
	if !slices.ContainsFunc(p.Blocks, func(b siting.Block) bool { return !nobody(b) }) {
		return param("org", luoshu.Errorf(luoshu.Invalid, "%s 没有 %s 学段的片区儿童数，无从布局；请先登记片区和片区儿童数，或改选登记了片区的管理单位", "%[1]s has no children of stage %[2]s in its blocks, so there is nothing to lay out; enter blocks and their children first, or choose a body that has blocks", l.node.Title, l.q.Stage))
	}
	l.users, l.state = map[string]string{}, map[string]string{}
	err = l.r.eachOf(ctx, l.spec, grounds, l.seq, func(name string, x row) error {
		if x.text("area") != l.node.Code || x.text("group") != l.q.Stage || x.whole("gone") != 0 {
			return nil
		}
		return l.site(name, x)
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(p.Sites, func(a, b siting.Site) int {
		return slices.Index(grounds, l.state[a.ID]) - slices.Index(grounds, l.state[b.ID])
	})
	if len(p.Sites) == 0 {
		return param("stage", luoshu.Errorf(luoshu.Invalid, "%s 没有登记 %s 学段的校舍", "%[1]s has no premises of stage %[2]s", l.node.Title, l.q.Stage))
	}
	for _, f := range l.q.Fixed {
		if _, ok := l.state[f]; !ok {
			return param("fixed", luoshu.Errorf(luoshu.Invalid, "没有校舍 %s", "there are no premises %s", f))
		}
	}
	if l.above > 0 {
		l.say(fmt.Sprintf("%d 处在用校舍现有班数已超过 %d 班：可以保留，不能扩建。", l.above, l.q.MaxClasses),
			fmt.Sprintf("Premises in use with more than %[2]d classes already: %[1]d; they may stay and may not grow.", l.above, l.q.MaxClasses))
	}
	if err := l.measured(ctx); err != nil {
		return err
	}
	l.ways = l.measure(p)
	w := l.ways.Words(p.Detour)
	l.say(w.ZH, w.EN)
	l.remote()
	return l.touching(ctx)
}

// children are those of each block in the year asked for: as last counted, and turned
// by what the forecast says of the organisation.
func (l *layouting) children(ctx context.Context) (map[string]int64, error) {
	counted := map[int]map[string]int64{}
	newest := 0
	err := l.r.each(ctx, l.spec.Inputs["counts"], l.seq, func(x row) error {
		if x.text("group") != l.q.Stage {
			return nil
		}
		y := int(x.whole("year"))
		newest = max(newest, y)
		if counted[y] == nil {
			counted[y] = map[string]int64{}
		}
		counted[y][x.text("block")] = x.whole("children")
		return nil
	})
	if err != nil {
		return nil, err
	}
	if newest == 0 {
		return nil, param("stage", luoshu.Errorf(luoshu.Invalid, "没有 %s 学段的片区儿童数；请先登记（实体 %s）", "no block has children of stage %s; enter them first (entity %s)", l.q.Stage, l.spec.Inputs["counts"].Entity.Name))
	}
	l.year = newest
	if l.q.Year == 0 {
		l.q.Year = newest
	}
	out := counted[l.q.Year]
	if out != nil {
		l.year = l.q.Year
		return out, nil
	}
	if l.q.Forecast == "" {
		return nil, param("year", luoshu.Errorf(luoshu.Invalid, "%d 年没有片区儿童数；请用 forecast 指明一次推算，或改用 %d 年", "the children of blocks were not counted in %d; name a forecast run, or take %d", l.q.Year, newest))
	}
	by, err := l.growth(ctx, newest)
	if err != nil {
		return nil, err
	}
	out = map[string]int64{}
	for code, n := range counted[newest] {
		out[code] = int64(math.Round(float64(n) * by))
	}
	l.note = luoshu.Text{
		ZH: fmt.Sprintf("片区儿童数按推算 %s 由 %d 年推到 %d 年，各片区同比例（×%.3f）。", l.q.Forecast, newest, l.q.Year, by),
		EN: fmt.Sprintf("Children of blocks were taken from %[2]d to %[3]d by forecast %[1]s, every block alike (×%.3[4]f).", l.q.Forecast, newest, l.q.Year, by),
	}
	return out, nil
}

// growth is the children of the organisation in the year asked for over those of the
// year counted, by a forecast run.
func (l *layouting) growth(ctx context.Context, from int) (float64, error) {
	e := l.spec.Inputs["outlook"]
	if e == nil {
		return 0, luoshu.Errorf(luoshu.Invalid, "业务包没有说明推算结果在哪里", "the packs do not say where forecasts are kept")
	}
	scenario := l.q.Scenario
	if scenario == "" {
		scenario = "middle"
	}
	at := map[int]float64{}
	col := func(name string) string { return "f." + store.Col(e.Fields[name].Name) + " = ?" }
	err := l.r.records.Each(ctx, records.Query{
		Entity: e.Entity.Name,
		Where:  strings.Join([]string{col("run"), col("scenario"), col("unit"), col("group")}, " AND "),
		Args:   []any{l.q.Forecast, scenario, l.node.Code, l.q.Stage},
	}, func(v *records.Version) error {
		at[int(v.Values[e.Fields["year"].Index].I)] = float64(v.Values[e.Fields["children"].Index].I)
		return nil
	})
	if err != nil {
		return 0, err
	}
	now := float64(0)
	figs, err := l.r.counts(ctx, l.spec.Counts, l.q.Seal, map[string][]string{l.spec.Counts.Area: {l.node.Code}})
	if err != nil {
		return 0, err
	}
	lad := l.r.ladder(l.spec.Ladder)
	for _, c := range figs {
		if c.year == from && lad.group[c.grade] == l.q.Stage {
			now += float64(c.n)
		}
	}
	if at[l.q.Year] == 0 || now == 0 {
		return 0, param("forecast", luoshu.Errorf(luoshu.Invalid, "推算 %s 没有 %s 在 %d 年的 %s 结果", "forecast %s says nothing of %s in %d at stage %s", l.q.Forecast, l.node.Title, l.q.Year, l.q.Stage))
	}
	return at[l.q.Year] / now, nil
}

// settings takes numbers from the parameters of the run and, what it leaves out, of
// the packs.
func (l *layouting) settings() error {
	when := map[string]string{"stage": l.q.Stage}
	take := func(into *float64, name string) error {
		if *into != 0 {
			return nil
		}
		v, err := l.parameter(name, when)
		*into = v
		return err
	}
	size, most, over := 0.0, float64(l.q.MaxClasses), 0.0
	grade := float64(l.q.BoardGrade)
	for name, into := range map[string]*float64{
		"size": &size, "limit": &l.q.Limit, "detour": &l.q.Detour, "classes_max": &most, "class_over": &over, "board_limit": &l.q.BoardLimit, "board_grade": &grade,
	} {
		if err := take(into, name); err != nil {
			return err
		}
	}
	if l.q.Least == nil {
		v, err := l.parameter("least", when)
		if err != nil {
			return err
		}
		l.q.Least = pointer(int64(v))
	}
	l.size, l.q.MaxClasses, l.q.BoardGrade = int(size), int(most), int(grade)
	l.costs = map[string]float64{}
	for _, item := range costItems {
		v, err := l.parameter("cost", map[string]string{"stage": l.q.Stage, "layout_item": item})
		if err != nil {
			return err
		}
		l.costs[item] = v
	}
	if l.q.IdleFirst == nil {
		l.q.IdleFirst = &l.q.Limit
	}
	l.problem = siting.Problem{
		Name: l.q.Title, Unit: "km", LonLat: true, Detour: l.q.Detour, MaxClasses: l.q.MaxClasses, ClassOver: int(over),
		Stages:     []siting.Stage{{ID: l.q.Stage, Name: l.stage(), ClassSize: l.size, Compulsory: true}},
		Limits:     l.limits(l.q.Hard),
		Budget:     l.budget(),
		PerWay:     float64(fen(l.costs["way"])),
		PerOver:    float64(fen(l.costs["over"])),
		PerBoarder: fen(l.costs["boarder"]),
		PerWeekly:  float64(fen(l.costs["weekly"])),
		PerMoved:   fen(l.costs["moved"]),
		Capital:    l.costs["capital"],
		IdleFirst:  *l.q.IdleFirst / kilometre, Whole: l.q.Whole || l.q.Contiguous, Contiguous: l.q.Contiguous,
	}
	return nil
}

// costItems are what the parameter of costs is asked for, by `when: {layout_item: …}`: new
// places (build, extend, reopen) and beds once; a site, a class and a boarder a
// year; a boarder and kilometre of way, a child and kilometre of way, and squared
// kilometre beyond the limit, a year; a child that changes site; the share of what is built that counts a year.
var costItems = []string{"build", "extend", "reopen", "bed", "site", "class", "boarder", "weekly", "way", "over", "moved", "capital"}

func (l *layouting) stage() luoshu.Text {
	if list := l.r.cat.List(l.spec.Ladder.Group); list != nil {
		if c := list.Code(l.q.Stage); c != nil {
			return c.Title
		}
	}
	return luoshu.Text{ZH: l.q.Stage, EN: l.q.Stage}
}

func (l *layouting) may(what, site string) bool {
	return !(what == siting.Board && l.old == 0) && (len(l.q.Allow) == 0 || slices.Contains(l.q.Allow, what)) && !(what == siting.Close && slices.Contains(l.q.Fixed, site))
}

// site adds a piece of ground with what can be done there.
func (l *layouting) site(state string, x row) error {
	lon, _ := x.number("lon")
	lat, _ := x.number("lat")
	code, rooms := x.text("code"), int(x.whole("rooms"))
	s := siting.Site{ID: code, Name: x.text("name"), X: lon, Y: lat, Existing: state != "planned", Idle: state == "idle"}
	l.users[code], l.state[code] = x.text("unit"), state
	places := int64(rooms * l.size)
	if n, ok := x.number("places"); ok && n > 0 {
		places = int64(n)
	}
	option := func(kind string, classes int, places int64, each string) siting.Option {
		o := siting.Option{
			Kind: kind, Classes: map[string]int{l.q.Stage: classes}, Places: map[string]int64{l.q.Stage: places},
			Annual: fen(l.costs["site"] + l.costs["class"]*float64(classes)),
		}
		if kind != siting.Keep {
			o.Least = map[string]int64{l.q.Stage: *l.q.Least}
		}
		if each != "" {
			o.Invest = fen(l.costs[each] * float64(places))
		}
		return o
	}
	switch state {
	case "used":
		if rooms > l.q.MaxClasses {
			l.above++
		}
		if rooms > 0 {
			s.Options = append(s.Options, option(siting.Keep, rooms, places, ""))
		}
		if l.may(siting.Extend, code) {
			for _, more := range l.sizes(rooms) {
				o := option(siting.Extend, more, places+int64((more-rooms)*l.size), "")
				o.Invest = fen(l.costs["extend"] * float64((more-rooms)*l.size))
				s.Options = append(s.Options, o)
			}
		}
		if beds := x.whole("beds"); l.may(siting.Board, code) && rooms > 0 {
			o := option(siting.Board, rooms, places, "")
			o.Invest = fen(l.costs["bed"] * math.Max(0, math.Round(float64(places)*l.old)-float64(beds))) // a bed for each that is old enough
			s.Options = append(s.Options, o)
		}
		if l.may(siting.Close, code) {
			s.Options = append(s.Options, siting.Option{Kind: siting.Close})
		}
	case "idle":
		if l.may(siting.Reopen, code) && rooms > 0 {
			s.Options = append(s.Options, option(siting.Reopen, rooms, places, "reopen"))
		}
	case "planned":
		if l.may(siting.Build, code) {
			for _, n := range []int{rooms, rooms / 2} {
				if n > 0 && n <= l.q.MaxClasses {
					s.Options = append(s.Options, option(siting.Build, n, int64(n*l.size), "build"))
				}
			}
		}
	}
	if len(s.Options) > 0 { // nothing can be done with ground without a room
		l.problem.Sites = append(l.problem.Sites, s)
	}
	return nil
}

// sizes are what a site of so many classes can be extended to: half as many again, and
// as many as a school may have.
func (l *layouting) sizes(rooms int) []int {
	var out []int
	for _, n := range []int{(rooms*3 + 1) / 2, l.q.MaxClasses} {
		if n > rooms && n <= l.q.MaxClasses && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// present works out where children go now: by the counts of blocks alone that is not
// known, so that they are taken to fill the schools in use with the least way in sum.
// It is nil where the schools in use have too few places for all.
func (l *layouting) present(ctx context.Context) (*siting.Figures, error) {
	p := l.problem
	p.Budget, p.IdleFirst, p.Contiguous, p.Whole, p.PerMoved = 0, 0, false, false, 0
	p.Limits = l.limits(false)
	p.Sites = nil
	for _, s := range l.problem.Sites {
		s.Options = slices.DeleteFunc(slices.Clone(s.Options), func(o siting.Option) bool { return o.Kind != siting.Keep })
		if len(s.Options) > 0 {
			p.Sites = append(p.Sites, s)
		}
	}
	if len(p.Sites) == 0 {
		return nil, nil
	}
	l.measure(&p)
	lay, err := siting.Solve(ctx, &p, siting.Limits{Nodes: 200, Gap: 0.01})
	if err != nil {
		return nil, err
	}
	if lay.Value == nil {
		return nil, nil
	}
	most := map[string]int64{}
	for _, a := range lay.Assign {
		if a.Children > most[a.Block] {
			most[a.Block] = a.Children
			i := slices.IndexFunc(l.problem.Blocks, func(b siting.Block) bool { return b.ID == a.Block })
			l.problem.Blocks[i].Now[l.q.Stage] = a.Site
		}
	}
	l.say("现状按“在用校舍、总路程最短”推定：片区登记没有写明儿童现在去哪里。", "The present is taken to be the least way in sum to the sites in use: the counts of blocks do not say where children go now.")
	return &lay.Figures, nil
}

var layoutStatus = map[cfl.Status]string{cfl.Optimal: "proven", cfl.Feasible: "bounded", cfl.Stopped: "bounded", cfl.Infeasible: "infeasible"}

// answer writes the records of a layout.
func (l *layouting) answer(ctx context.Context, actor luoshu.Actor, params []byte, lay *siting.Layout, present *siting.Figures) (*LayoutAnswer, error) {
	out := &LayoutAnswer{
		Run: l.r.number("L"), Title: l.q.Title, Org: l.node.Code, Stage: l.q.Stage, Year: l.q.Year, Seal: l.q.Seal, Engine: SitingVersion,
		Layout: lay, Present: present, Note: l.note, Ways: l.ways, Conflicts: conflicts(lay.Conflicts, l.block),
	}
	for _, b := range l.problem.Blocks {
		out.Children += b.Children[l.q.Stage]
	}
	if out.Title == "" {
		out.Title = fmt.Sprintf("%s%d年%s布局", l.node.Title.ZH, l.q.Year, l.stage().ZH)
	}
	status := layoutStatus[lay.Status]
	if lay.Value == nil {
		status = "infeasible"
	}
	note := l.q.Note
	for _, c := range out.Conflicts {
		note += "\n" + c.ZH + "\n" + c.EN
	}
	note += "\n" + l.note.ZH + "\n" + l.note.EN // last: what it rests on
	f := lay.Figures
	head := record{
		"number": out.Run, "title": out.Title, "body": out.Org, "seal": out.Seal, "sequence": l.seq, "engine_version": SitingVersion,
		"made_on": l.r.day(), "stage": out.Stage, "year": out.Year, "status": status, "params": orDash(string(params)), "note": clip(note, 6000), "chosen": false,
		"ways_share": l.ways.Share,
	}
	var sites, blocks []record
	if lay.Value != nil {
		maps := map[string]any{
			"value": *lay.Value / 1e6, "gap": lay.Gap, "cost": float64(f.Invest) / 1e6, "places": f.Places, "moved": f.Moved,
			"mean_m": f.MeanWay * kilometre, "p95_m": f.P95Way * kilometre, "max_m": f.MaxWay * kilometre, "over_limit": f.OverLimit,
			"classes_over": f.ClassesOver, "schools_over": f.SitesOver,
		}
		if lay.Bound != nil {
			maps["bound"] = *lay.Bound / 1e6
		}
		for k, v := range maps {
			head[k] = v
		}
		sites, blocks = l.siteRecords(out.Run, lay), l.blockRecords(out.Run, lay)
	}
	if err := l.r.write(ctx, l.spec, actor, out.Run, []part{{"run", []record{head}}, {"sites", sites}, {"blocks", blocks}}, l.progress); err != nil {
		return nil, err
	}
	out.Written = 1 + len(sites) + len(blocks)
	return out, nil
}

func (l *layouting) siteRecords(run string, lay *siting.Layout) []record {
	text := map[string]luoshu.Text{}
	for _, d := range lay.Decisions {
		text[d.Site] = d.Text
	}
	var out []record
	for i, c := range lay.Sites {
		action := c.Kind
		switch {
		case c.Kind == siting.Reopen:
			action = "reuse"
		case c.Option < 0 && l.state[c.Site] == "idle":
			action = "idle"
		case c.Option < 0:
			continue // ground on which nothing is built
		}
		invest := int64(0)
		if c.Option >= 0 {
			invest = l.problem.Sites[i].Options[c.Option].Invest
		}
		out = append(out, record{
			"run": run, "site": c.Site, "body": l.node.Code, "at_school": l.users[c.Site], "action": action,
			"classes": c.Classes[l.q.Stage], "places": c.Places[l.q.Stage], "children": c.Children[l.q.Stage], "cost": float64(invest) / 1e6,
			"words_zh": clip(text[c.Site].ZH, 1000), "words_en": clip(text[c.Site].EN, 1000),
		})
	}
	return out
}

func (l *layouting) blockRecords(run string, lay *siting.Layout) []record {
	type key struct{ block, site string }
	at := map[key]int{}
	var out []record
	for _, a := range lay.Assign {
		k := key{l.block[a.Block], a.Site}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, record{"run": run, "block": k.block, "site": a.Site, "body": l.node.Code, "children": int64(0), "metres": a.Way * kilometre, "over_limit": int64(0), "board": false})
		}
		out[i]["children"] = out[i]["children"].(int64) + a.Children
		if a.Over > 0 && !a.Boards {
			out[i]["over_limit"] = out[i]["over_limit"].(int64) + a.Children
		}
		if a.Boards {
			out[i]["board"] = true
		}
	}
	return out
}

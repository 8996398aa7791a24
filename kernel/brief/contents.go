package brief

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/disclose"
	"luoshu/kernel/duty"
	"luoshu/kernel/flow"
)

// numerals number the parts as official papers do.
var numerals = []string{"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"}

// writer fills a document in one language.
type writer struct {
	*Desk
	ctx   context.Context
	actor luoshu.Actor
	lang  string
	day   int64
	from  int64
	board *Board
	doc   *document
	seal  string // source line of figures
}

func (w *writer) say(zh, en string, args ...any) string {
	if w.lang == "en" {
		return fmt.Sprintf(en, args...)
	}
	return fmt.Sprintf(zh, args...)
}

// part adds a numbered section.
func (w *writer) part(zh, en string) *part {
	n := len(w.doc.parts)
	head := numerals[n] + "、" + zh
	if w.lang == "en" {
		head = strconv.Itoa(n+1) + ". " + en
	}
	w.doc.parts = append(w.doc.parts, part{head: head})
	return &w.doc.parts[n]
}

// contents makes a briefing of what the actor may see.
func (d *Desk) contents(ctx context.Context, actor luoshu.Actor, q Query) (*document, error) {
	if q.Kind == Layout {
		return d.layoutContents(ctx, actor, q)
	}
	if q.Kind != HalfYear {
		return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "kind", Msg: Text{ZH: "没有这种材料；可用：half-year（半年汇报）、layout（布局方案）", EN: "there is no such briefing; there are half-year and layout"}}
	}
	if err := d.Access.Require(actor, "export"); err != nil {
		return nil, err
	}
	b, err := d.Board(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	if b.Seal == nil {
		return nil, luoshu.Errorf(luoshu.Conflict, "尚未封存数据；请先封存（luoshu seal），汇报材料只用封存的数据", "nothing has been sealed yet; seal first (luoshu seal), a briefing takes sealed figures only")
	}
	w := &writer{Desk: d, ctx: ctx, actor: actor, lang: q.Lang, day: d.day(), board: b, doc: &document{day: d.day(), lang: q.Lang}}
	w.heading()
	w.standing()
	w.targets(true)
	w.targets(false)
	w.behind()
	w.adjusted()
	for _, do := range []func() error{w.cases, w.duties, w.followed} {
		if err := do(); err != nil {
			return nil, err
		}
	}
	w.sources()
	return w.doc, nil
}

func (w *writer) heading() {
	from, name := half(w.day)
	w.from = from
	org, s := w.board.Org, w.board.Seal
	w.doc.title = w.say("%s规划实施情况半年汇报材料", "Half-year briefing on the plan: %s", org.Title.In(w.lang))
	if n := w.Catalog.City.Notice; n.ZH != "" {
		w.doc.notice = n.In(w.lang)
	}
	w.doc.lead = []string{
		w.say("期间：%s（%s 至 %s）", "Period: %s (%s to %s)", name.In(w.lang), luoshu.FormatDate(from), luoshu.FormatDate(w.day)),
		w.say("单位：%s（%s）", "Organisation: %s (%s)", org.Title.In(w.lang), org.Code),
		w.say("数据：封存批次 %s，封存时间 %s", "Figures: seal %s of %s", s.ID, s.At),
		w.say("封存哈希（SM3）：%s", "Hash of the seal (SM3): %s", s.Hash),
	}
	w.seal = w.say("来源：封存批次 %s（%s）", "Source: seal %s (%s)", s.ID, s.At)
}

var stateWords = map[string]Text{
	"met": {ZH: "已达到", EN: "met"}, "not_met": {ZH: "未达到", EN: "not met"}, "no_data": {ZH: "尚无数据", EN: "no data"},
	"no_target": {ZH: "目标值缺失", EN: "no target value"}, "not_numbered": {ZH: "无数值", EN: "not numbered"},
}

// standing says how many targets stand how.
func (w *writer) standing() {
	p := w.part("总体情况", "Where the plan stands")
	for _, x := range w.board.Plans {
		if len(x.Lines) == 0 {
			continue
		}
		words := []string{}
		for _, s := range []string{"met", "not_met", "no_data", "no_target", "not_numbered"} {
			if n := x.States[s]; n > 0 {
				words = append(words, w.say("%s %d 项", "%s %d", stateWords[s].In(w.lang), n))
			}
		}
		name := w.say("《%s》（%s）", "“%s” (%s)", x.Title.In(w.lang), x.Number)
		if x.Number == "" {
			name = w.say("《%s》", "“%s”", x.Title.In(w.lang))
		}
		p.text = append(p.text, w.say("%s有数值的目标 %d 项：%s。没有责任单位的目标 %d 项。", "%s has %d numbered targets: %s. Without an owner: %d.",
			name, len(x.Lines), strings.Join(words, w.say("，", ", ")), x.Unowned))
	}
	p.source = w.seal
}

// targets lists the headline targets, or all that are numbered.
func (w *writer) targets(headlines bool) {
	var lines []Line
	for _, x := range w.board.Plans {
		for _, l := range x.Lines {
			if !headlines || l.Headline > 0 {
				lines = append(lines, l)
			}
		}
	}
	if headlines {
		slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Compare(a.Headline, b.Headline) })
	}
	var p *part
	if headlines {
		if len(lines) == 0 {
			return
		}
		p = w.part("主要指标", "Headline targets")
	} else {
		p = w.part("各项目标", "All numbered targets")
	}
	t := &table{widths: []int{5, 26, 16, 15, 16, 12, 9, 22}, right: []bool{true, false, true, true, true, false, true, false}}
	if w.lang == "en" {
		t.head = []string{"No.", "Target", "Now (year)", "Change", "Aim (by)", "State", "Verified", "Source"}
	} else {
		t.head = []string{"序号", "目标", "现值（年度）", "比上年", "目标值（期限）", "状态", "核实率", "来源"}
	}
	for i, l := range lines {
		n := i + 1
		if headlines {
			n = l.Headline
		}
		t.add(strconv.Itoa(n), l.Title.In(w.lang), w.now(l), w.change(l), w.aim(l), stateWords[l.State].In(w.lang), w.verified(l), w.origin(l))
	}
	p.table, p.source = t, w.seal+w.say("；“登记”指业务包登记的观测值及其出处。", "; “observed” is a value that a pack gives with its origin.")
}

func (w *writer) verified(l Line) string {
	if l.Figure == nil || l.Figure.Verified == nil || l.Figure.Suppressed {
		return "—"
	}
	return number(*l.Figure.Verified*100) + "%"
}

func (w *writer) origin(l Line) string {
	switch {
	case l.Figure != nil && (l.Figure.Value != nil || l.Figure.Suppressed):
		return w.say("封存指标 ", "figure ") + l.Figure.Indicator
	case len(l.Observations) > 0:
		o := l.Observations[len(l.Observations)-1]
		return w.say("登记：", "observed: ") + cmp.Or(o.Ref, o.Source.In(w.lang))
	}
	return "—"
}

func (w *writer) cases() error {
	if !w.board.Cases {
		return nil
	}
	list, err := w.Flow.Counts(w.ctx, w.actor, flow.CountQuery{Unit: w.board.Org.Code, From: w.from, To: w.day})
	if err != nil {
		return err
	}
	p := w.part("案卷办理", "Cases")
	p.source = w.say("来源：案卷台账，截至 %s；只列数量，不含内容。", "Source: the cases as of %s; counts only.", luoshu.FormatDate(w.day))
	if len(list) == 0 {
		p.text = []string{w.say("本期没有案卷。", "There are no cases.")}
		return nil
	}
	t := &table{widths: []int{40, 15, 15, 15, 15}, right: []bool{false, true, true, true, true}}
	if w.lang == "en" {
		t.head = []string{"Type", "Open", "Late", "Closed in the period", "Reopened"}
	} else {
		t.head = []string{"类型", "在办", "逾期", "本期办结", "本期再发重开"}
	}
	var sum flow.Count
	for _, n := range list {
		t.add(n.Type.Title.In(w.lang), itoa(n.Open), itoa(n.Late), itoa(n.Closed), itoa(n.Reopened))
		sum.Open, sum.Late, sum.Closed, sum.Reopened = sum.Open+n.Open, sum.Late+n.Late, sum.Closed+n.Closed, sum.Reopened+n.Reopened
	}
	t.add(w.say("合计", "Together"), itoa(sum.Open), itoa(sum.Late), itoa(sum.Closed), itoa(sum.Reopened))
	p.table = t
	return nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// duties counts what is late or due by duty, for the organisation and all below it.
func (w *writer) duties() error {
	if w.Duties == nil || len(w.Duties.Book.Duties) == 0 || w.Access.Require(w.actor, duty.Read) != nil {
		return nil
	}
	l, err := w.Duties.List(w.ctx, w.actor, duty.Query{Org: w.board.Org.Code, On: w.day, States: []string{duty.Overdue, duty.Due, duty.Unmet}})
	if err != nil {
		return err
	}
	type count struct {
		d                  *duty.Duty
		late, due, unmet   int64
		lateFrom, nextDate int64
	}
	by := map[string]*count{}
	for _, x := range l.Rows {
		c := by[x.Duty.ID]
		if c == nil {
			c = &count{d: x.Duty}
			by[x.Duty.ID] = c
		}
		switch x.State {
		case duty.Overdue:
			c.late++
			if c.lateFrom == 0 || x.Due < c.lateFrom {
				c.lateFrom = x.Due
			}
		case duty.Due:
			c.due++
			if x.Due > 0 && (c.nextDate == 0 || x.Due < c.nextDate) {
				c.nextDate = x.Due
			}
		default:
			c.unmet++
		}
	}
	p := w.part("规划职责", "Duties")
	p.source = w.say("来源：规划职责日历，截至 %s；按职责编号排列。", "Source: the calendar of duties as of %s, by number of the duty.", luoshu.FormatDate(w.day))
	if len(by) == 0 {
		p.text = []string{w.say("没有逾期或到期的职责。", "Nothing is late or due.")}
		return nil
	}
	t := &table{widths: []int{10, 44, 9, 9, 9, 19}, right: []bool{false, false, true, true, true, false}}
	if w.lang == "en" {
		t.head = []string{"No.", "Duty", "Late", "Due", "Not met", "Late since; next due"}
	} else {
		t.head = []string{"编号", "职责", "逾期", "期内", "未达到", "最早逾期；最近到期"}
	}
	for _, d := range w.Duties.Book.Duties {
		if c := by[d.ID]; c != nil {
			t.add(d.ID, d.Title.In(w.lang), itoa(c.late), itoa(c.due), itoa(c.unmet), date(c.lateFrom)+w.say("；", "; ")+date(c.nextDate))
		}
	}
	p.table = t
	return nil
}

func date(day int64) string {
	if day == 0 {
		return "—"
	}
	return luoshu.FormatDate(day)
}

// followed lists what was decided before and how it stands: the records of one type
// of case as the actor may see them.
func (w *writer) followed() error {
	if !w.board.Cases || w.Follow == "" {
		return nil
	}
	t := w.Flow.Charter.Case(w.Follow)
	if t == nil {
		return nil
	}
	page, err := w.Door.Records(w.ctx, w.actor, disclose.RecordQuery{Entity: t.Entity.Name, Org: w.board.Org.Code, Limit: 500})
	if is(err, luoshu.NotFound, luoshu.Denied) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(page.Rows) == 0 {
		return nil
	}
	pick := []string{t.Entity.Key[0], t.Entity.Label, t.Entity.Org, t.State.Name}
	x := &table{}
	var names []string
	for _, c := range page.Columns {
		if !slices.Contains(pick, c.Name) && c.Type != "date" {
			continue
		}
		names = append(names, c.Name)
		x.head, x.right = append(x.head, c.Title.In(w.lang)), append(x.right, false)
		n := 15
		if c.Name == t.Entity.Label {
			n = 30
		}
		x.widths = append(x.widths, n)
	}
	for _, r := range page.Rows {
		cells := make([]string, len(names))
		for i, n := range names {
			cells[i] = w.shown(r.Display[n])
		}
		x.rows = append(x.rows, cells)
	}
	p := w.part("此前议定事项落实情况", "What was decided before")
	p.table = x
	p.source = w.say("来源：%s台账，截至 %s。", "Source: register “%s” as of %s.", page.Title.In(w.lang), luoshu.FormatDate(w.day))
	if page.Total > int64(len(page.Rows)) {
		p.source += w.say("共 %d 项，此处列 %d 项。", " %d in all, %d listed.", page.Total, len(page.Rows))
	}
	return nil
}

func (w *writer) shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "—"
	case Text:
		return v.In(w.lang)
	}
	return fmt.Sprint(v)
}

// sources names the formula of every figure above.
func (w *writer) sources() {
	p := w.part("指标口径", "How the figures are made")
	t := &table{widths: []int{26, 26, 48}, right: []bool{false, false, false}}
	if w.lang == "en" {
		t.head = []string{"Figure", "Name", "Formula"}
	} else {
		t.head = []string{"指标", "名称", "口径"}
	}
	seen := map[string]bool{}
	for _, x := range w.board.Plans {
		for _, l := range x.Lines {
			if l.Figure == nil || seen[l.Figure.Indicator] {
				continue
			}
			seen[l.Figure.Indicator] = true
			if ind := w.Catalog.Indicator(l.Figure.Indicator); ind != nil {
				t.add(ind.ID, ind.Title.In(w.lang), ind.Formula.In(w.lang))
			}
		}
	}
	p.text = []string{w.say("以上数值均由封存批次 %s 的记录计算，可在系统内逐项打开到记录和来源文件。核实率指指标分母所涉记录中在规定期限内经责任单位核实的比例。", "All figures above are computed from the records of seal %s and open down to records and files in the system. Verified is the share of the records under a figure that their holders confirmed in time.", w.board.Seal.ID)}
	if len(t.rows) > 0 {
		p.table = t
	}
	p.source = w.seal
}

package brief

import (
	"context"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/disclose"
)

// Layout is the kind of paper that sets out one layout of an organisation.
const Layout = "layout"

// Layouts names the entities that layouts and forecasts are kept in, as a pack's runs
// say; empty names leave their part out.
type Layouts struct{ Run, Sites, Blocks, Forecast, Outlook string }

// layoutFigures are the fields of a layout that it is judged by, in order.
var layoutFigures = []string{"status", "cost", "places", "moved", "mean_m", "p95_m", "max_m", "over_limit", "classes_over", "schools_over", "value", "bound", "gap"}

// mostRows is how many rows of one register a paper lists.
const mostRows = 500

// layoutContents sets out a layout: what it comes to, beside the others of the same
// organisation, stage and year; what is done where and why; how far children go; what
// children are expected; what it rests on.
func (d *Desk) layoutContents(ctx context.Context, actor luoshu.Actor, q Query) (*document, error) {
	if err := d.Access.Require(actor, "export"); err != nil {
		return nil, err
	}
	missing := luoshu.Errorf(luoshu.NotFound, "没有布局方案 %s", "there is no layout %s", q.Run)
	if d.Layouts.Run == "" || q.Run == "" {
		return nil, missing
	}
	w := &writer{Desk: d, ctx: ctx, actor: actor, lang: q.Lang, day: d.day(), doc: &document{day: d.day(), lang: q.Lang}}
	page, err := w.records(d.Layouts.Run, map[string]string{"number": q.Run})
	if err != nil {
		return nil, err
	}
	if len(page.Rows) == 0 {
		return nil, missing
	}
	run := page.Rows[0]
	w.doc.title = w.say("布局方案：%s", "Layout: %s", w.cell(run, "title"))
	if n := d.Catalog.City.Notice; n.ZH != "" {
		w.doc.notice = n.In(w.lang)
	}
	for _, name := range []string{"body", "stage", "year", "number", "made_on", "engine_version"} {
		if c := column(page, name); c != nil {
			w.doc.lead = append(w.doc.lead, c.Title.In(w.lang)+w.say("：", ": ")+w.cell(run, name))
		}
	}
	w.seal = w.say("来源：%s %s，封存 %v", "Source: %s %s, seal %v", page.Title.In(w.lang), q.Run, run.Values["seal"])
	for _, do := range []func(*disclose.Page, disclose.Row) error{w.judged, w.decided, w.ways, w.expected} {
		if err := do(page, run); err != nil {
			return nil, err
		}
	}
	w.restsOn(run)
	return w.doc, nil
}

// records reads a register through the door; one that the actor may not read is empty.
func (w *writer) records(entity string, filter map[string]string) (*disclose.Page, error) {
	p, err := w.Door.Records(w.ctx, w.actor, disclose.RecordQuery{Entity: entity, Filter: filter, Limit: mostRows})
	if is(err, luoshu.NotFound, luoshu.Denied) {
		return &disclose.Page{}, nil
	}
	return p, err
}

func column(p *disclose.Page, name string) *disclose.Column {
	i := slices.IndexFunc(p.Columns, func(c disclose.Column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Columns[i]
}

func (w *writer) cell(r disclose.Row, name string) string { return w.shown(r.Display[name]) }

// judged puts the layout's figures beside those of the others.
func (w *writer) judged(page *disclose.Page, run disclose.Row) error {
	others, err := w.records(w.Layouts.Run, map[string]string{"body": text(run.Values["body"]), "stage": text(run.Values["stage"]), "year": text(run.Values["year"])})
	if err != nil {
		return err
	}
	rows := []disclose.Row{run}
	for _, r := range others.Rows {
		if r.Rec != run.Rec && len(rows) < 4 {
			rows = append(rows, r)
		}
	}
	t := &table{head: []string{w.say("项目", "Figure")}, widths: []int{28}, right: []bool{false}}
	for _, r := range rows {
		t.head, t.widths, t.right = append(t.head, w.cell(r, "title")), append(t.widths, 24), append(t.right, true)
	}
	for _, name := range layoutFigures {
		c := column(page, name)
		if c == nil {
			continue
		}
		head := c.Title.In(w.lang)
		if c.Unit != nil {
			head += w.say("（%s）", " (%s)", c.Unit.In(w.lang))
		}
		cells := []string{head}
		for _, r := range rows {
			cells = append(cells, w.cell(r, name))
		}
		t.add(cells...)
	}
	p := w.part("方案结果与比较", "What it comes to, beside others")
	p.table, p.source = t, w.seal
	return nil
}

// decided lists what is done with each site, and why.
func (w *writer) decided(_ *disclose.Page, run disclose.Row) error {
	page, err := w.records(w.Layouts.Sites, map[string]string{"run": text(run.Values["number"])})
	if err != nil || len(page.Rows) == 0 {
		return err
	}
	words := "words_zh"
	if w.lang == "en" {
		words = "words_en"
	}
	t := w.columns(page, []string{"site", "action", "classes", "places", "children", "cost"}, []int{30, 14, 12, 14, 14, 16})
	p := w.part("逐处安排", "Site by site")
	for _, r := range page.Rows {
		w.row(t, page, r)
		if s := w.cell(r, words); s != "—" {
			p.text = append(p.text, s)
		}
	}
	p.table, p.source = t, w.seal
	return nil
}

// ways lists the blocks from which some go beyond the limit, or board.
func (w *writer) ways(_ *disclose.Page, run disclose.Row) error {
	q := disclose.RecordQuery{Entity: w.Layouts.Blocks, Filter: map[string]string{"run": text(run.Values["number"])}, Limit: mostRows}
	page, err := w.beyond(q)
	if err != nil || len(page.Columns) == 0 {
		return err
	}
	p := w.part("超出距离上限的片区", "Blocks beyond the limit")
	p.source = w.seal
	if len(page.Rows) == 0 {
		p.text = []string{w.say("没有。", "None.")}
		return nil
	}
	p.table = w.columns(page, []string{"block", "site", "children", "metres", "over_limit"}, []int{28, 30, 14, 14, 14})
	for _, r := range page.Rows {
		w.row(p.table, page, r)
	}
	return nil
}

// beyond are the blocks of a layout from which some go beyond the limit: at most
// mostRows. How many do is not asked for by a filter, since not every reader may.
func (w *writer) beyond(q disclose.RecordQuery) (*disclose.Page, error) {
	out := &disclose.Page{}
	for ; len(out.Rows) < mostRows; q.Offset += mostRows {
		page, err := w.Door.Records(w.ctx, w.actor, q)
		if is(err, luoshu.NotFound, luoshu.Denied) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out.Columns = page.Columns
		for _, r := range page.Rows {
			if v := text(r.Display["over_limit"]); v != "" && v != "0" {
				out.Rows = append(out.Rows, r)
			}
		}
		if len(page.Rows) < mostRows {
			break
		}
	}
	out.Rows = out.Rows[:min(len(out.Rows), mostRows)]
	return out, nil
}

// expected is the outlook of the organisation by the chosen forecast.
func (w *writer) expected(_ *disclose.Page, run disclose.Row) error {
	if w.Layouts.Outlook == "" {
		return nil
	}
	chosen, err := w.records(w.Layouts.Forecast, map[string]string{"chosen": "1"})
	if err != nil {
		return err
	}
	for _, f := range chosen.Rows {
		page, err := w.records(w.Layouts.Outlook, map[string]string{
			"run": text(f.Values["number"]), "unit": text(run.Values["body"]), "stage": text(run.Values["stage"]), "scenario": "middle",
		})
		if err != nil {
			return err
		}
		if len(page.Rows) == 0 {
			continue
		}
		p := w.part("学龄人口与学位推算", "Children and places to come")
		p.table = w.columns(page, []string{"year", "children", "low80", "high80", "places", "short"}, []int{18, 16, 18, 18, 15, 15})
		for _, r := range page.Rows {
			w.row(p.table, page, r)
		}
		p.source = w.say("来源：%s %s，封存 %v", "Source: %s %s, seal %v", chosen.Title.In(w.lang), w.cell(f, "number"), f.Values["seal"])
		return nil
	}
	return nil
}

func (w *writer) restsOn(run disclose.Row) {
	p := w.part("依据与参数", "What it rests on")
	for _, name := range []string{"note", "params"} {
		if s := w.cell(run, name); s != "—" {
			p.text = append(p.text, strings.Split(s, "\n")...)
		}
	}
	p.source = w.seal
}

// columns begins a table of some columns of a page.
func (w *writer) columns(page *disclose.Page, names []string, widths []int) *table {
	t := &table{}
	for i, n := range names {
		if c := column(page, n); c != nil {
			t.head, t.widths = append(t.head, c.Title.In(w.lang)), append(t.widths, widths[i])
			t.right = append(t.right, c.Type == "int" || c.Type == "decimal")
		}
	}
	t.names = names
	return t
}

func (w *writer) row(t *table, page *disclose.Page, r disclose.Row) {
	var cells []string
	for _, n := range t.names {
		if column(page, n) != nil {
			cells = append(cells, w.cell(r, n))
		}
	}
	t.add(cells...)
}

// text is a stored value as a filter takes it.
func text(v any) string {
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	return luoshu.ValueOf(v).String()
}

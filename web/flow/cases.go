package flow

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"luoshu"
	"luoshu/kernel/flow"
	"luoshu/kernel/flow/clock"
	"luoshu/kernel/flow/public"
	"luoshu/kernel/paper"
	"luoshu/web/kit"
)

// caseBody is a case as answers show it.
type caseBody struct {
	*flow.Case
	Type   string      `json:"type"`
	Title  luoshu.Text `json:"title"`
	State  stateHead   `json:"state"`
	Unit   org         `json:"unit"`
	Opener org         `json:"opener"`
	Label  any         `json:"label,omitempty"`
	Late   bool        `json:"late"`
	Left   *int64      `json:"left,omitempty"` // days or hours until it is due, below 0 when late
	Worked bool        `json:"worked"`         // they are working days
	Hours  bool        `json:"hours"`          // they are hours
	DueAt  string      `json:"due_at"`         // RFC 3339, UTC; "" where days are counted
}

func (a *area) body(c *flow.Case, name func(string) org) caseBody {
	b := caseBody{Case: c, Type: c.Type.ID, Title: c.Type.Title, Unit: name(c.Unit), Opener: name(c.Opener), State: stateHead{ID: c.State}}
	if s := c.Type.Find(c.State); s != nil {
		b.State = stateHead{s.ID, s.Title, s.End}
	}
	if r, u, ok := a.Flow.Clock(c); ok {
		n := r.Left - r.Late
		b.Late, b.Left, b.Worked, b.Hours = r.Over, &n, u == clock.Worked, u == clock.Hours
	}
	if c.DueAt != 0 {
		b.DueAt = time.Unix(c.DueAt, 0).UTC().Format(time.RFC3339)
	}
	return b
}

// labels are what the registers call the cases of a list, as far as the reader may
// know.
func (a *area) labels(ctx context.Context, who luoshu.Actor, list []*caseBody) {
	byEntity := map[string][]int64{}
	for _, b := range list {
		if !b.Case.Type.Private {
			byEntity[b.Entity] = append(byEntity[b.Entity], b.Rec)
		}
	}
	for entity, recs := range byEntity {
		page, err := a.Door.Cards(ctx, who, entity, recs)
		if err != nil {
			continue // a list without labels is still a list
		}
		for _, row := range page.Rows {
			for _, b := range list {
				if b.Entity == entity && b.Rec == row.Rec {
					if label := b.Case.Type.Entity.Label; label != b.Case.Type.Entity.Key[0] {
						b.Label = row.Display[label]
					}
				}
			}
		}
	}
}

type taskBody struct {
	caseBody
	Org    org         `json:"org"`
	Role   luoshu.Text `json:"role"`
	Taken  string      `json:"taken"`
	Unheld bool        `json:"unheld"`
}

func (a *area) inbox(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), kit.Actor(r)
	q := flow.InboxQuery{Type: r.FormValue("type")}
	var due, id int
	if err := kit.Numbers(r, map[string]*int{"after_due": &due, "after": &id, "limit": &q.Limit}); err != nil {
		return err
	}
	q.AfterDue, q.AfterID = int64(due), int64(id)
	list, err := a.Flow.Inbox(ctx, who, q)
	if err != nil {
		return err
	}
	tallies, err := a.Flow.Tallies(ctx, who)
	if err != nil {
		return err
	}
	name, err := a.orgs(ctx)
	if err != nil {
		return err
	}
	rows := make([]taskBody, len(list))
	heads := make([]*caseBody, len(list))
	for i, t := range list {
		rows[i] = taskBody{a.body(t.Case, name), name(t.Org), a.roleTitle(t.Role), t.Taken, t.Unheld}
		heads[i] = &rows[i].caseBody
	}
	a.labels(ctx, who, heads)
	return kit.WriteJSON(w, r, map[string]any{"rows": rows, "tallies": tallies, "today": a.Flow.Today()})
}

func (a *area) inboxCount(w http.ResponseWriter, r *http.Request) error {
	tallies, err := a.Flow.Tallies(r.Context(), kit.Actor(r))
	if err != nil {
		return err
	}
	var open, late int64
	for _, t := range tallies {
		open, late = open+t.Open, late+t.Late
	}
	return kit.WriteJSON(w, r, map[string]int64{"count": open, "late": late})
}

func (a *area) list(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), kit.Actor(r)
	q := flow.Query{
		Type: r.FormValue("type"), State: r.FormValue("state"), Unit: r.FormValue("unit"), Parent: r.FormValue("parent"), Target: r.FormValue("target"),
		Open: r.FormValue("open") == "1", Late: r.FormValue("late") == "1",
	}
	var before int
	if err := kit.Numbers(r, map[string]*int{"before": &before, "limit": &q.Limit}); err != nil {
		return err
	}
	q.Before = int64(before)
	list, err := a.Flow.List(ctx, who, q)
	if err != nil {
		return err
	}
	name, err := a.orgs(ctx)
	if err != nil {
		return err
	}
	rows := make([]caseBody, len(list))
	heads := make([]*caseBody, len(list))
	for i, c := range list {
		rows[i] = a.body(c, name)
		heads[i] = &rows[i]
	}
	a.labels(ctx, who, heads)
	return kit.WriteJSON(w, r, map[string]any{"rows": rows, "today": a.Flow.Today()})
}

type handed struct {
	ID     string            `json:"id"`
	Type   string            `json:"type"`
	Action string            `json:"action"`
	Step   int64             `json:"step"`
	Cells  map[string]string `json:"cells"`
	Papers []string          `json:"papers"`
	Note   string            `json:"note"`

	Missing []flow.Missing `json:"missing"`
}

func (h *handed) act(no string) flow.Act {
	return flow.Act{ID: h.ID, No: no, Action: h.Action, Step: h.Step, Missing: h.Missing, Handed: flow.Handed{Cells: h.Cells, Papers: h.Papers, Note: h.Note}}
}

func (a *area) open(w http.ResponseWriter, r *http.Request) error {
	var in handed
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	c, err := a.Flow.Open(r.Context(), kit.Actor(r), flow.Opening{ID: in.ID, Type: in.Type, Handed: flow.Handed{Cells: in.Cells, Papers: in.Papers, Note: in.Note}})
	if err != nil {
		return err
	}
	name, err := a.orgs(r.Context())
	if err != nil {
		return err
	}
	kit.WriteStatus(w, r, http.StatusCreated, a.body(c, name))
	return nil
}

func (a *area) act(w http.ResponseWriter, r *http.Request) error {
	var in handed
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	c, err := a.Flow.Act(r.Context(), kit.Actor(r), in.act(r.PathValue("no")))
	if err != nil {
		return err
	}
	name, err := a.orgs(r.Context())
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, a.body(c, name))
}

// most bounds how many cases one request acts in.
const most = 200

// actMany takes one action each in many cases; each stands by itself, and those
// that could not be done are named with the reason.
func (a *area) actMany(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Acts []struct {
			No string `json:"no"`
			handed
		} `json:"acts"`
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	if len(in.Acts) == 0 || len(in.Acts) > most {
		return luoshu.Errorf(luoshu.Invalid, "一次办理 1 到 %d 个案卷", "between 1 and %d cases at once", most)
	}
	type failure struct {
		No string `json:"no"`
		ZH string `json:"message_zh"`
		EN string `json:"message_en"`
	}
	done, failed := []string{}, []failure{}
	for _, x := range in.Acts {
		if _, err := a.Flow.Act(r.Context(), kit.Actor(r), x.act(x.No)); err != nil {
			var e *luoshu.Error
			if !errors.As(err, &e) {
				return err
			}
			failed = append(failed, failure{x.No, e.Msg.ZH, e.Msg.EN})
			continue
		}
		done = append(done, x.No)
	}
	return kit.WriteJSON(w, r, map[string]any{"done": done, "failed": failed})
}

type stepBody struct {
	*flow.Step
	Org    org          `json:"org"`
	Role   luoshu.Text  `json:"role"`
	Title  luoshu.Text  `json:"title"` // of the action
	Was    *luoshu.Text `json:"was,omitempty"`
	State  luoshu.Text  `json:"state"`
	Papers []flow.Paper `json:"papers"`
}

// words of the steps that no definition names.
var own = map[string]luoshu.Text{
	"open": {ZH: "立案", EN: "Opened"}, "lapse": {ZH: "到期转入", EN: "Time over"}, "reopen": {ZH: "问题反弹，重新打开", EN: "Come back, reopened"},
	"migrate": {ZH: "按新版业务包转换", EN: "Moved to the pack's new version"}, "withdraw": {ZH: "撤回", EN: "Withdrawn"},
}

func (a *area) steps(c *flow.Case, list []*flow.Step, name func(string) org) []stepBody {
	out := []stepBody{}
	for _, s := range list {
		b := stepBody{Step: s, Org: name(s.Org), Role: a.roleTitle(s.Role), Title: own[s.Action], Papers: s.Papers}
		if b.Papers == nil {
			b.Papers = []flow.Paper{}
		}
		if was := c.Type.Find(s.Was); was != nil {
			b.Was = &was.Title
			if x := was.Action(s.Action); x != nil {
				b.Title = x.Title
			}
		}
		if now := c.Type.Find(s.State); now != nil {
			b.State = now.Title
		}
		out = append(out, b)
	}
	return out
}

func (a *area) read(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), kit.Actor(r)
	c, err := a.Flow.See(ctx, who, r.PathValue("no"))
	if err != nil {
		return err
	}
	name, err := a.orgs(ctx)
	if err != nil {
		return err
	}
	steps, err := a.Flow.Steps(ctx, c)
	if err != nil {
		return err
	}
	record, err := a.Door.Filed(ctx, who, c.Entity, c.Rec)
	if err != nil {
		return err
	}
	seats, err := a.Flow.Seats(ctx, c)
	if err != nil {
		return err
	}
	type seat struct {
		Org    org         `json:"org"`
		Role   luoshu.Text `json:"role"`
		Taken  string      `json:"taken"`
		Unheld bool        `json:"unheld"`
	}
	who2 := []seat{}
	for _, s := range seats {
		who2 = append(who2, seat{name(s.Org), a.roleTitle(s.Role), s.Taken, s.Unheld})
	}
	next, back, err := a.next(ctx, who, c)
	if err != nil {
		return err
	}
	parts, err := a.Flow.Parts(ctx, c)
	if err != nil {
		return err
	}
	head := a.body(c, name)
	a.labels(ctx, who, []*caseBody{&head})
	out := map[string]any{
		"case": head, "own": []string{c.Type.Entity.Key[0], c.Type.State.Name, c.Type.Step.Name}, "record": record, "steps": a.steps(c, steps, name), "seats": who2, "next": next, "withdraw": back,
		"private": c.Type.Private, "parts": parts, "parent": a.Flow.NumberOf(ctx, c.Parent), "today": a.Flow.Today(),
	}
	if s := c.Type.Find(c.State); s != nil {
		out["note"] = s.Note
	}
	return kit.WriteJSON(w, r, out)
}

// next are the actions that the reader may take now, with what they ask for, and
// whether the case may be withdrawn.
func (a *area) next(ctx context.Context, who luoshu.Actor, c *flow.Case) ([]actionBody, bool, error) {
	actions, back, err := a.Flow.Next(ctx, who, c)
	if err != nil {
		return nil, false, err
	}
	out := []actionBody{}
	for _, x := range actions {
		form, err := a.Flow.AskedFor(ctx, c, x)
		if err != nil {
			return nil, false, err
		}
		does := a.action(x, form)
		var apart *luoshu.Error
		if err := a.Flow.Apart(ctx, who, c, x); errors.As(err, &apart) {
			does.Barred = &apart.Msg
		} else if err != nil {
			return nil, false, err
		}
		if err := a.prefilled(ctx, who, c, does.Fields); err != nil {
			return nil, false, err
		}
		out = append(out, does)
	}
	return out, back, nil
}

func (a *area) take(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Mine bool `json:"mine"`
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	if err := a.Flow.Take(r.Context(), kit.Actor(r), r.PathValue("no"), in.Mine); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *area) paperCreate(w http.ResponseWriter, r *http.Request) error {
	name, file, err := kit.File(r, w, paper.Max)
	if err != nil {
		return err
	}
	p, err := a.Flow.TakePaper(r.Context(), kit.Actor(r), name, file)
	if err != nil {
		return err
	}
	kit.WriteStatus(w, r, http.StatusCreated, p)
	return nil
}

func (a *area) paperRead(w http.ResponseWriter, r *http.Request) error {
	p, file, err := a.Flow.OpenPaper(r.Context(), kit.Actor(r), r.PathValue("no"), r.PathValue("paper"))
	if err != nil {
		return err
	}
	defer file.Close()
	return kit.WritePaper(w, p.Name, paper.Types[p.Kind], file)
}

func (a *area) noticeList(w http.ResponseWriter, r *http.Request) error {
	list, fresh, err := a.notices.Newest(r.Context(), kit.Actor(r), 50)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]any{"rows": list, "new": fresh})
}

func (a *area) noticeRead(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Upto int64 `json:"upto"`
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	if err := a.notices.Read(r.Context(), kit.Actor(r), in.Upto); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *area) burden(w http.ResponseWriter, r *http.Request) error {
	code := r.FormValue("org")
	if code == "" {
		code = kit.Actor(r).Org
	}
	list, err := a.Flow.Burdens(r.Context(), kit.Actor(r), code)
	if err != nil {
		return err
	}
	name, err := a.orgs(r.Context())
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]any{"org": name(code), "rows": list})
}

// publicTypes lists the types of cases that publish anything.
func (a *area) publicTypes(w http.ResponseWriter, r *http.Request) error {
	out := []stateHead{}
	for _, t := range a.Flow.Charter.Cases {
		if t.Publishes() {
			out = append(out, stateHead{ID: t.ID, Title: t.Title})
		}
	}
	return kit.WriteJSON(w, r, map[string]any{"types": out})
}

func (a *area) published(w http.ResponseWriter, r *http.Request) error {
	t := a.Flow.Charter.Case(r.PathValue("type"))
	if t == nil || !t.Publishes() {
		return luoshu.Errorf(luoshu.NotFound, "没有这一类公开信息", "nothing of this kind is published")
	}
	before, err := strconv.ParseInt("0"+r.FormValue("before"), 10, 64)
	if err != nil {
		return luoshu.Errorf(luoshu.Invalid, "分页参数无效", "the page is out of bounds")
	}
	list, err := public.Published(r.Context(), a.Flow.DB, t.ID, before, 50)
	if err != nil {
		return err
	}
	name, err := a.orgs(r.Context())
	if err != nil {
		return err
	}
	type entry struct {
		public.Publication
		Org org `json:"org"`
	}
	rows := []entry{}
	for _, p := range list {
		rows = append(rows, entry{p, name(p.Org)})
	}
	return kit.WriteJSON(w, r, map[string]any{"type": stateHead{ID: t.ID, Title: t.Title}, "rows": rows})
}

func (a *area) permit(w http.ResponseWriter, r *http.Request) error {
	p, err := public.PermitByCode(r.Context(), a.Flow.DB, r.PathValue("code"), a.Flow.Today())
	if err != nil {
		return err
	}
	name, err := a.orgs(r.Context())
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]any{"permit": p, "issuer": name(p.Issuer), "org": name(p.Org)})
}

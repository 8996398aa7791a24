package verify

import (
	"context"
	"net/http"

	"luoshu"
	"luoshu/kernel/disclose"
	"luoshu/kernel/verify"
	"luoshu/web/kit"
)

// taskInfo is a task as lists show it.
type taskInfo struct {
	*verify.Task
	Round roundInfo   `json:"round"`
	Title luoshu.Text `json:"title"` // of the entity
	Org   org         `json:"org"`
}

// taskList answers the open tasks of the reader's own organisation, and what it
// has been reminded of.
func (a *area) taskList(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), kit.Actor(r)
	list, err := a.Verify.Mine(ctx, who)
	if err != nil {
		return err
	}
	notices, err := a.Verify.Notices(ctx, who)
	if err != nil {
		return err
	}
	out := []taskInfo{}
	for _, t := range list {
		x, err := a.task(ctx, t)
		if err != nil {
			return err
		}
		out = append(out, x)
	}
	return kit.WriteJSON(w, r, map[string]any{"tasks": out, "notices": notices, "today": a.Verify.Today()})
}

func (a *area) task(ctx context.Context, t *verify.Task) (taskInfo, error) {
	name, err := a.orgs(ctx)
	if err != nil {
		return taskInfo{}, err
	}
	return taskInfo{t, a.round(t.Round, name), a.Access.Catalog().Entity(t.Entity).Title, name(t.Org)}, nil
}

// taskCount answers how many tasks wait for the reader.
func (a *area) taskCount(w http.ResponseWriter, r *http.Request) error {
	n, err := a.Verify.Waits(r.Context(), kit.Actor(r))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]int{"count": n})
}

// taskRead answers a page of a task's records with their answers.
func (a *area) taskRead(w http.ResponseWriter, r *http.Request) error {
	ctx, who, q := r.Context(), kit.Actor(r), r.URL.Query()
	id, err := numberOf(r)
	if err != nil {
		return err
	}
	t, err := a.Verify.Task(ctx, who, id)
	if err != nil {
		return err
	}
	// The head is read before the records: what changes between is taken as not seen.
	seen, _, err := a.Ledger.Head(ctx)
	if err != nil {
		return err
	}
	offset, limit, err := kit.Page(r)
	if err != nil {
		return err
	}
	list := verify.ListQuery{Kind: q.Get("kind"), Offset: offset, Limit: limit}
	if s := q.Get("q"); s != "" {
		found, err := a.Door.Records(ctx, who, disclose.RecordQuery{Entity: t.Entity, Q: s, Limit: 500})
		if err != nil {
			return err
		}
		list.Among = []int64{}
		for _, row := range found.Rows {
			list.Among = append(list.Among, row.Rec)
		}
	}
	items, total, err := a.Verify.List(ctx, t, list)
	if err != nil {
		return err
	}
	recs := make([]int64, len(items))
	for i, x := range items {
		recs[i] = x.Rec
	}
	page, err := a.Door.Cards(ctx, who, t.Entity, recs)
	if err != nil {
		return err
	}
	info, err := a.task(ctx, t)
	if err != nil {
		return err
	}
	groups, err := a.Verify.Groups(ctx, t)
	if err != nil {
		return err
	}
	made, opened, confirmed, corrected, err := a.Verify.Links(ctx, t.ID)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]any{
		"task": info, "fields": t.Fields(), "may_answer": a.Verify.MayAnswer(who, t), "corrects": a.Verify.Corrects(), "seen": seen, "items": items, "total": total,
		"columns": page.Columns, "rows": page.Rows, "groups": groups, "asks": t.Asks(),
		"links": map[string]int64{"made": made, "opened": opened, "confirmed": confirmed, "corrected": corrected}, "today": a.Verify.Today(),
	})
}

// taskAnswer takes an answer.
func (a *area) taskAnswer(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Rev     int64             `json:"rev"`
		Seen    int64             `json:"seen"`
		Kind    string            `json:"kind"`
		Rest    bool              `json:"rest"`
		Recs    []int64           `json:"recs"`
		Note    string            `json:"note"`
		Changes map[string]string `json:"changes"`
	}
	id, err := numberOf(r)
	if err != nil {
		return err
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	ctx, who := r.Context(), kit.Actor(r)
	t, err := a.Verify.Task(ctx, who, id)
	if err != nil {
		return err
	}
	changes, err := a.parse(t.Entity, in.Changes, func(field string) bool { return a.Door.Value(who, t.Entity, field, luoshu.Value{}) != nil })
	if err != nil {
		return err
	}
	out, err := a.Verify.Answer(ctx, who, id, verify.Answer{
		Rev: in.Rev, Seen: in.Seen, Kind: in.Kind, Rest: in.Rest, Recs: in.Recs, Note: in.Note, Changes: changes,
	})
	if err != nil {
		return err
	}
	info, err := a.task(ctx, out.Task)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]any{"task": info, "records": out.Records, "changed": out.Changed, "requests": out.Requests})
}

// parse reads proposed values. may says which fields somebody may propose one for: an
// answer to another would tell what stands there.
func (a *area) parse(entity string, in map[string]string, may func(field string) bool) (map[string]luoshu.Value, error) {
	out := map[string]luoshu.Value{}
	for field, s := range in {
		if !may(field) {
			return nil, &luoshu.Error{Kind: luoshu.Invalid, Field: field, Msg: luoshu.Text{ZH: "没有这个字段", EN: "there is no such field"}}
		}
		v, err := a.Door.Parse(entity, field, s)
		if err != nil {
			return nil, err
		}
		out[field] = v
	}
	return out, nil
}

// recordRead answers what verification knows of a record the reader may see.
func (a *area) recordRead(w http.ResponseWriter, r *http.Request) error {
	ctx, who, entity := r.Context(), kit.Actor(r), r.PathValue("entity")
	rec, err := kit.PathNumber(r, "rec")
	if err != nil {
		return err
	}
	card, err := a.Door.Cards(ctx, who, entity, []int64{rec})
	if err != nil {
		return err
	}
	if len(card.Rows) == 0 {
		return luoshu.Errorf(luoshu.NotFound, "没有这条记录", "no such record")
	}
	st, err := a.Verify.OfRecord(ctx, entity, rec)
	if err != nil {
		return err
	}
	findings, err := a.findingsOf(ctx, who, entity, rec)
	if err != nil {
		return err
	}
	name, err := a.orgs(ctx)
	if err != nil {
		return err
	}
	type attested struct {
		verify.Attested
		Org org `json:"org"`
	}
	list := []attested{}
	for _, x := range st.Attested {
		list = append(list, attested{x, name(x.Org)})
	}
	return kit.WriteJSON(w, r, map[string]any{"attested": list, "answers": st.Answers, "disputed": st.Disputed, "findings": findings})
}

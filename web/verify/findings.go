package verify

import (
	"context"
	"net/http"

	"luoshu"
	"luoshu/kernel/charter"
	"luoshu/kernel/disclose"
	"luoshu/kernel/verify/finding"
	"luoshu/web/kit"
)

// findingInfo is a finding as answers show it.
type findingInfo struct {
	*finding.Finding
	Title    luoshu.Text         `json:"title"`
	Message  luoshu.Text         `json:"message"`
	Remedy   luoshu.Text         `json:"remedy"`
	Label    string              `json:"label"` // of the record
	Entity   luoshu.Text         `json:"entity_title"`
	Org      org                 `json:"org"`
	Evidence []disclose.Evidence `json:"evidence"`
}

// show makes findings ready to leave: labels and evidence through the door.
func (a *area) show(ctx context.Context, who luoshu.Actor, list []*finding.Finding) ([]findingInfo, error) {
	name, err := a.orgs(ctx)
	if err != nil {
		return nil, err
	}
	labels, err := a.labels(ctx, who, list)
	if err != nil {
		return nil, err
	}
	out := []findingInfo{}
	for _, f := range list {
		if f.Rule == nil {
			continue
		}
		x := findingInfo{Finding: f, Title: f.Rule.Title, Remedy: f.Rule.Remedy, Label: labels[f.Entity][f.Rec], Org: name(f.Org)}
		if e := a.Access.Catalog().Entity(f.Entity); e != nil {
			x.Entity = e.Title
		}
		x.Evidence = a.Door.Evidence(ctx, who, evidenceColumns(f.Rule), f.Evidence)
		x.Message = message(f.Rule, x.Evidence)
		out = append(out, x)
	}
	return out, nil
}

func evidenceColumns(r *charter.SetRule) []disclose.EvidenceColumn {
	var out []disclose.EvidenceColumn
	for _, v := range r.Evidence {
		out = append(out, disclose.EvidenceColumn{Name: v.Name, Title: v.Title, Codes: v.Codes, Ref: v.Ref, Class: v.Class})
	}
	return out
}

// message fills a rule's words with the evidence that the reader may see.
func message(r *charter.SetRule, list []disclose.Evidence) luoshu.Text {
	in := func(lang string) func(string) string {
		return func(place string) string {
			for _, v := range list {
				if v.Name != place {
					continue
				}
				switch x := v.Display.(type) {
				case luoshu.Text:
					return x.In(lang)
				case string:
					if x != "" {
						return x
					}
				}
			}
			return "—"
		}
	}
	return luoshu.Text{ZH: charter.FillPlaces(r.Message.ZH, in("zh")), EN: charter.FillPlaces(r.Message.EN, in("en"))}
}

// labels are what the records of findings are called, as far as the reader may know.
func (a *area) labels(ctx context.Context, who luoshu.Actor, list []*finding.Finding) (map[string]map[int64]string, error) {
	recs := map[string][]int64{}
	for _, f := range list {
		recs[f.Entity] = append(recs[f.Entity], f.Rec)
	}
	out := map[string]map[int64]string{}
	for entity, ids := range recs {
		out[entity] = map[int64]string{}
		page, err := a.Door.Cards(ctx, who, entity, ids)
		if err != nil {
			return nil, err
		}
		label := a.Access.Catalog().Entity(entity).Label
		for _, row := range page.Rows {
			switch x := row.Display[label].(type) {
			case string:
				out[entity][row.Rec] = x
			case luoshu.Text:
				out[entity][row.Rec] = x.ZH
			}
		}
	}
	return out, nil
}

func (a *area) findingsOf(ctx context.Context, who luoshu.Actor, entity string, rec int64) ([]findingInfo, error) {
	list, _, err := a.Findings.List(ctx, who, finding.Query{Entity: entity, Rec: rec, Limit: 50})
	if err != nil {
		return nil, err
	}
	live := list[:0]
	for _, f := range list {
		if f.State != finding.Resolved {
			live = append(live, f)
		}
	}
	return a.show(ctx, who, live)
}

// findingList answers findings within the reader's scope and counts by rule.
func (a *area) findingList(w http.ResponseWriter, r *http.Request) error {
	ctx, who, q := r.Context(), kit.Actor(r), r.URL.Query()
	offset, limit, err := kit.Page(r)
	if err != nil {
		return err
	}
	list, total, err := a.Findings.List(ctx, who, finding.Query{
		State: q.Get("state"), Rule: q.Get("rule"), Severity: q.Get("severity"), Org: q.Get("org"), Offset: offset, Limit: limit,
	})
	if err != nil {
		return err
	}
	rows, err := a.show(ctx, who, list)
	if err != nil {
		return err
	}
	tallies, err := a.Findings.Tallies(ctx, who, q.Get("org"))
	if err != nil {
		return err
	}
	type ruleInfo struct {
		finding.Tally
		Title    luoshu.Text `json:"title"`
		Severity string      `json:"severity"`
		Remedy   luoshu.Text `json:"remedy"`
	}
	rules := []ruleInfo{}
	for _, t := range tallies {
		if x := a.Charter.SetRule(t.Rule); x != nil {
			rules = append(rules, ruleInfo{t, x.Title, x.Severity, x.Remedy})
		}
	}
	return kit.WriteJSON(w, r, map[string]any{"total": total, "rows": rows, "rules": rules})
}

// findingCount answers how many findings are open for the reader's scope.
func (a *area) findingCount(w http.ResponseWriter, r *http.Request) error {
	_, n, err := a.Findings.List(r.Context(), kit.Actor(r), finding.Query{State: finding.Open, Limit: 1})
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]int64{"count": n})
}

// findingRead answers one finding and what happened to it.
func (a *area) findingRead(w http.ResponseWriter, r *http.Request) error {
	id, err := numberOf(r)
	if err != nil {
		return err
	}
	f, events, err := a.Findings.Get(r.Context(), kit.Actor(r), id)
	if err != nil {
		return err
	}
	list, err := a.show(r.Context(), kit.Actor(r), []*finding.Finding{f})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return luoshu.Errorf(luoshu.NotFound, "没有这项发现", "there is no such finding")
	}
	return kit.WriteJSON(w, r, map[string]any{"finding": list[0], "events": events})
}

// findingExplain lets a finding rest.
func (a *area) findingExplain(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason string `json:"reason"`
		Until  int64  `json:"until"`
	}
	id, err := numberOf(r)
	if err != nil {
		return err
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	if err := a.Findings.Explain(r.Context(), kit.Actor(r), id, in.Reason, in.Until); err != nil {
		return err
	}
	return a.findingRead(w, r)
}

// findingReopen takes an explanation back.
func (a *area) findingReopen(w http.ResponseWriter, r *http.Request) error {
	id, err := numberOf(r)
	if err != nil {
		return err
	}
	if err := a.Findings.Reopen(r.Context(), kit.Actor(r), id); err != nil {
		return err
	}
	return a.findingRead(w, r)
}

package verify

import (
	"context"
	"net/http"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/verify"
	"luoshu/web/kit"
)

// source is a number of the packs with where it comes from.
type source struct {
	Title luoshu.Text    `json:"title"`
	Value float64        `json:"value"`
	Unit  luoshu.Text    `json:"unit"`
	From  catalog.Source `json:"-"`
	Text  luoshu.Text    `json:"source"`
	Ref   string         `json:"ref"`
	Class string         `json:"certainty"`
}

// kind is a round that the packs declare.
type kind struct {
	ID      string      `json:"id"`
	Title   luoshu.Text `json:"title"`
	Holder  string      `json:"holder"`
	Opens   int64       `json:"opens"` // mmdd
	Numbers []source    `json:"numbers"`
	Basis   []source    `json:"basis"`
	// Opened says that the round of this year is open or over, over the reader's
	// organisation.
	Opened bool `json:"opened"`
}

// roundList answers the rounds that touch the reader's scope and those that the
// packs declare.
func (a *area) roundList(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), kit.Actor(r)
	list, err := a.Verify.Rounds(ctx, who)
	if err != nil {
		return err
	}
	name, err := a.orgs(ctx)
	if err != nil {
		return err
	}
	type entry struct {
		roundInfo
		Counts   verify.Counts `json:"counts"`
		Answered int           `json:"answered"`
		Overdue  int           `json:"late"`
		Waiting  int           `json:"waiting"`
	}
	out := struct {
		Rounds []entry `json:"rounds"`
		Kinds  []kind  `json:"kinds"`
		Year   int64   `json:"year"`
	}{Rounds: []entry{}, Kinds: []kind{}, Year: a.Verify.Year()}
	opened := map[string]bool{}
	for _, x := range list {
		st, err := a.Verify.Status(ctx, who, x.ID, "", "")
		if err != nil {
			return err
		}
		if x.Org == who.Org && x.Year == out.Year {
			opened[x.SpecID] = true
		}
		out.Rounds = append(out.Rounds, entry{a.round(x, name), st.Counts, st.Answered, st.Overdue, st.Waiting})
	}
	for _, s := range a.Charter.Rounds {
		k := a.kind(s)
		k.Opened = opened[s.ID]
		out.Kinds = append(out.Kinds, k)
	}
	return kit.WriteJSON(w, r, out)
}

func (a *area) kind(s *charter.Round) kind {
	k := kind{ID: s.ID, Title: s.Title, Holder: s.Holder, Opens: s.Opens, Numbers: []source{}, Basis: []source{}}
	ids := []string{s.Every, s.Days}
	if s.Spot != nil {
		ids = append(ids, s.Spot.Size, s.Spot.Margin, s.Spot.Confidence, s.Spot.ReturnAbove)
	}
	for _, id := range ids {
		p := a.Access.Catalog().Parameter(id)
		if p == nil {
			continue
		}
		if v, ok := p.Value(a.Verify.Today(), nil, a.Access.Catalog().City.Root); ok {
			k.Numbers = append(k.Numbers, source{Title: p.Title, Value: v.Float(), Unit: p.Unit, Text: v.Source.Text, Ref: v.Source.Ref, Class: v.Source.Certainty})
		}
	}
	for _, b := range s.Basis {
		k.Basis = append(k.Basis, source{Text: b.Text, Ref: b.Ref, Class: b.Certainty})
	}
	return k
}

// roundOpen opens a round over the reader's organisation.
func (a *area) roundOpen(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Round string `json:"round"`
		Year  int64  `json:"year"`
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	out, err := a.Verify.OpenRound(r.Context(), kit.Actor(r), in.Round, in.Year)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, out)
}

// unitInfo is one line of the board.
type unitInfo struct {
	verify.Unit
	Org org `json:"org"`
}

// roundRead answers how far a round is, by units in the order of their codes.
func (a *area) roundRead(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	st, err := a.Verify.Status(ctx, kit.Actor(r), r.PathValue("id"), q.Get("by"), q.Get("under"))
	if err != nil {
		return err
	}
	return a.writeStatus(w, r, st)
}

func (a *area) writeStatus(w http.ResponseWriter, r *http.Request, st *verify.Status) error {
	name, err := a.orgs(r.Context())
	if err != nil {
		return err
	}
	var work *kit.Work
	leads := a.Verify.Leads(r.Context(), kit.Actor(r), st.Round)
	if leads {
		work = a.Works.Last(closing(st.Round.ID))
	}
	units := []unitInfo{}
	for _, u := range st.Units {
		units = append(units, unitInfo{u, name(u.Org)})
	}
	return kit.WriteJSON(w, r, struct {
		Round    roundInfo     `json:"round"`
		Counts   verify.Counts `json:"counts"`
		Units    []unitInfo    `json:"units"`
		Answered int           `json:"answered"`
		Overdue  int           `json:"late"`
		Waiting  int           `json:"waiting"`
		Leads    bool          `json:"leads"` // the reader's organisation opened it
		Today    int64         `json:"today"`
		Closing  *kit.Work     `json:"closing"` // told to those only
	}{a.round(st.Round, name), st.Counts, units, st.Answered, st.Overdue, st.Waiting, leads, a.Verify.Today(), work})
}

// roundDraw ends the answers and draws the samples.
func (a *area) roundDraw(w http.ResponseWriter, r *http.Request) error {
	if _, err := a.Verify.Draw(r.Context(), kit.Actor(r), r.PathValue("id")); err != nil {
		return err
	}
	return a.roundRead(w, r)
}

// roundClose begins to close a round and seal; roundRead tells how it goes. The
// whole city is sealed, so only its own organisation may do it.
func (a *area) roundClose(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Note string `json:"note"`
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	who, id := kit.Actor(r), r.PathValue("id")
	scope, err := a.Access.Scope(r.Context(), who)
	if err != nil {
		return err
	}
	if !scope.Whole {
		return luoshu.Errorf(luoshu.Denied, "只有全市单位可以封存", "only the whole city's organisation may seal")
	}
	if _, err := a.Verify.MayClose(r.Context(), who, id, in.Note); err != nil {
		return err
	}
	work, err := a.Works.Begin(r.Context(), closing(id), "close", func(ctx context.Context, p luoshu.Progress) (any, error) {
		st, err := a.Verify.Close(ctx, who, id, in.Note, p)
		if err != nil {
			return nil, err
		}
		return map[string]string{"seal": st.Round.Seal}, nil
	})
	if err != nil {
		return err
	}
	kit.WriteStatus(w, r, http.StatusAccepted, work)
	return nil
}

// closing owns the closing of one round.
func closing(id string) string { return "round " + id }

// roundCloseStop ends the closing of a round at its next safe point: the round stays
// as it was, and may be closed again.
func (a *area) roundCloseStop(w http.ResponseWriter, r *http.Request) error {
	ctx, who := r.Context(), kit.Actor(r)
	round, err := a.Verify.Round(ctx, who, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !a.Verify.Leads(ctx, who, round) {
		return luoshu.Errorf(luoshu.Denied, "由开启本轮的单位办理", "the organisation that opened the round does this")
	}
	a.Works.Stop(closing(round.ID))
	return kit.WriteJSON(w, r, map[string]bool{"ok": true})
}

// checkInfo is one spot check of the list.
type checkInfo struct {
	verify.Check
	Unit org  `json:"unit"`
	Own  bool `json:"own"`
}

// checkList answers the spot checks of a round.
func (a *area) checkList(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	list, round, err := a.Verify.Checks(ctx, kit.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	name, err := a.orgs(ctx)
	if err != nil {
		return err
	}
	out := []checkInfo{}
	for _, c := range list {
		out = append(out, checkInfo{c, name(c.Unit), c.Unit == kit.Actor(r).Org})
	}
	return kit.WriteJSON(w, r, map[string]any{"round": a.round(round, name), "checks": out})
}

// sampleInfo is one record of a sample with what may be shown of it.
type sampleInfo struct {
	verify.Sample
	Org    org            `json:"org"`
	Record map[string]any `json:"record"` // display by field; nil if it may not be shown
}

// checkRead answers the sample of a unit in the order of the draw.
func (a *area) checkRead(w http.ResponseWriter, r *http.Request) error {
	ctx, who, unit := r.Context(), kit.Actor(r), r.PathValue("unit")
	list, err := a.Verify.Samples(ctx, who, r.PathValue("id"), unit)
	if err != nil {
		return err
	}
	checks, round, err := a.Verify.Checks(ctx, who, r.PathValue("id"))
	if err != nil {
		return err
	}
	name, err := a.orgs(ctx)
	if err != nil {
		return err
	}
	recs := map[string][]int64{}
	for _, s := range list {
		recs[s.Entity] = append(recs[s.Entity], s.Rec)
	}
	type table struct {
		Entity  string      `json:"entity"`
		Title   luoshu.Text `json:"title"`
		Fields  []string    `json:"fields"`
		Columns any         `json:"columns"`
	}
	shown, tables := map[string]map[int64]map[string]any{}, []table{}
	for _, l := range round.Spec.Lists {
		shown[l.Entity] = map[int64]map[string]any{}
		all := recs[l.Entity]
		for from := 0; from == 0 || from < len(all); from += 500 {
			page, err := a.Door.Cards(ctx, who, l.Entity, all[from:min(len(all), from+500)])
			if err != nil {
				return err
			}
			if from == 0 {
				tables = append(tables, table{l.Entity, page.Title, l.Fields, page.Columns})
			}
			for _, row := range page.Rows {
				shown[l.Entity][row.Rec] = row.Display
			}
		}
	}
	out := []sampleInfo{}
	for _, s := range list {
		out = append(out, sampleInfo{s, name(s.Org), shown[s.Entity][s.Rec]})
	}
	var check any
	for _, c := range checks {
		if c.Unit == unit {
			check = checkInfo{c, name(c.Unit), unit == who.Org}
		}
	}
	return kit.WriteJSON(w, r, map[string]any{"round": a.round(round, name), "check": check, "tables": tables, "samples": out})
}

// checkLook takes what the checker found about one record.
func (a *area) checkLook(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Place  int64    `json:"place"`
		Result string   `json:"result"`
		Fields []string `json:"fields"`
		Note   string   `json:"note"`
	}
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	err := a.Verify.Look(r.Context(), kit.Actor(r), r.PathValue("id"), r.PathValue("unit"), verify.Sample{Place: in.Place, Result: in.Result, Fields: in.Fields, Note: in.Note})
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]bool{"ok": true})
}

// checkSettle concludes the spot check of a unit.
func (a *area) checkSettle(w http.ResponseWriter, r *http.Request) error {
	c, err := a.Verify.Settle(r.Context(), kit.Actor(r), r.PathValue("id"), r.PathValue("unit"))
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, c)
}

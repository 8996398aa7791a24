package run

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/disclose"
	"luoshu/web/kit"
)

// layoutHead is a layout in figures. Money is in 10,000 yuan, ways are in metres.
type layoutHead struct {
	Run         string      `json:"run"`
	Rec         int64       `json:"rec"`
	Title       string      `json:"title"`
	Body        string      `json:"body"`
	BodyTitle   luoshu.Text `json:"body_title"`
	Stage       string      `json:"stage"`
	StageTitle  luoshu.Text `json:"stage_title"`
	Year        int64       `json:"year"`
	MadeOn      int64       `json:"made_on"`
	Seal        string      `json:"seal"`
	Status      string      `json:"status"` // proven, bounded or infeasible
	StatusTitle luoshu.Text `json:"status_title"`
	Chosen      bool        `json:"chosen"`
	Gap         *float64    `json:"gap"`
	Value       *float64    `json:"value"`
	Bound       *float64    `json:"bound"`
	Cost        *float64    `json:"cost"`
	Places      *int64      `json:"places"`
	Moved       *int64      `json:"moved"`
	Mean        *int64      `json:"mean_m"`
	P95         *int64      `json:"p95_m"`
	Max         *int64      `json:"max_m"`
	Over        *int64      `json:"over_limit"`
	ClassesOver *int64      `json:"classes_over"`
	SchoolsOver *int64      `json:"schools_over"`
}

func layoutOf(x item) layoutHead {
	return layoutHead{
		Run: x.text("number"), Rec: x.r.Rec, Title: x.text("title"), Body: x.text("body"), BodyTitle: x.shown("body"), Stage: x.text("stage"), StageTitle: x.shown("stage"),
		Year: x.n("year"), MadeOn: x.n("made_on"), Seal: x.text("seal"), Status: x.text("status"), StatusTitle: x.shown("status"), Chosen: x.n("chosen") != 0,
		Gap: x.number("gap"), Value: x.number("value"), Bound: x.number("bound"), Cost: x.number("cost"), Places: x.whole("places"), Moved: x.about("moved"),
		Mean: x.whole("mean_m"), P95: x.whole("p95_m"), Max: x.whole("max_m"), Over: x.about("over_limit"), ClassesOver: x.whole("classes_over"), SchoolsOver: x.whole("schools_over"),
	}
}

// layouts answers the layouts the reader may see: chosen ones first, then the newest.
func (d *desk) layouts(w http.ResponseWriter, r *http.Request) error {
	s, err := d.spec("siting")
	if err != nil {
		return err
	}
	items, err := d.all(r.Context(), kit.Actor(r), disclose.RecordQuery{Entity: s.Out["run"].Entity.Name})
	if err != nil {
		return err
	}
	list := make([]layoutHead, 0, len(items))
	for _, x := range items {
		list = append(list, layoutOf(x))
	}
	slices.SortFunc(list, func(a, b layoutHead) int {
		return cmp.Or(order(b.Chosen)-order(a.Chosen), cmp.Compare(b.MadeOn, a.MadeOn), cmp.Compare(b.Rec, a.Rec))
	})
	return kit.WriteJSON(w, r, map[string]any{"runs": list})
}

// siteBody is what becomes of a piece of ground.
type siteBody struct {
	Code     string      `json:"code"`
	Name     string      `json:"name"`
	School   string      `json:"school"`
	Lon      *float64    `json:"lon"`
	Lat      *float64    `json:"lat"`
	Action   string      `json:"action"`
	Title    luoshu.Text `json:"action_title"`
	Classes  int64       `json:"classes"`
	Places   int64       `json:"places"`
	Children *int64      `json:"children"`
	Cost     *float64    `json:"cost"`
	Words    luoshu.Text `json:"words"`
}

// part is the children of one block that go to one site. Roles that may not see small
// groups are not told of few, and are told coarse numbers otherwise.
type part struct {
	Block    string `json:"block"`
	Site     string `json:"site"`
	Children *int64 `json:"children"`
	Few      bool   `json:"few,omitempty"`
	Metres   int64  `json:"metres"`
	Over     *int64 `json:"over_limit"`
	Beyond   bool   `json:"beyond"` // some of them go beyond the limit
	Board    bool   `json:"board"`
}

// place is a block on the map.
type place struct {
	Code string   `json:"code"`
	Name string   `json:"name"`
	Lon  *float64 `json:"lon"`
	Lat  *float64 `json:"lat"`
}

type layoutBody struct {
	layoutHead
	Note      luoshu.Text `json:"note"`
	Conflicts bool        `json:"conflicts"` // the note says what conflicts
	Params    string      `json:"params"`
	Boards    *int64      `json:"boards"` // children who board
	Few       int64       `json:"few"`    // numbers below it are withheld, others told to the nearest multiple; 0: all are exact
	Sites     []siteBody  `json:"sites"`
	Blocks    []place     `json:"blocks"`
	Parts     []part      `json:"parts"`
}

const infeasible = "infeasible"

// layout answers one layout with what the map needs.
func (d *desk) layout(w http.ResponseWriter, r *http.Request) error {
	s, err := d.spec("siting")
	if err != nil {
		return err
	}
	ctx, actor, number := r.Context(), kit.Actor(r), r.PathValue("run")
	read := func(entity string, filter map[string]string) []item {
		if err != nil {
			return nil
		}
		var out []item
		out, err = d.all(ctx, actor, disclose.RecordQuery{Entity: entity, Filter: filter})
		return out
	}
	heads := read(s.Out["run"].Entity.Name, map[string]string{"number": number})
	if err == nil && len(heads) == 0 {
		return luoshu.Errorf(luoshu.NotFound, "没有布局方案 %s", "there is no layout %s", number)
	}
	if err != nil {
		return err
	}
	out := &layoutBody{layoutHead: layoutOf(heads[0]), Note: split(heads[0].text("note")), Params: heads[0].text("params"), Sites: []siteBody{}, Blocks: []place{}, Parts: []part{}}
	out.Conflicts = out.Status == infeasible
	sites := read(s.Out["sites"].Entity.Name, map[string]string{"run": number})
	parts := read(s.Out["blocks"].Entity.Name, map[string]string{"run": number})
	in, at := s.Inputs["used"], s.Inputs["blocks"]
	var grounds, homes []item
	if len(sites) > 0 {
		grounds = read(in.Entity.Name, map[string]string{in.Fields["area"].Name: out.Body, in.Fields["group"].Name: out.Stage})
		homes = read(at.Entity.Name, map[string]string{at.Fields["area"].Name: out.Body})
	}
	if err != nil {
		return err
	}
	ground := map[string]item{}
	for _, x := range grounds {
		ground[x.text(in.Fields["code"].Name)] = x
	}
	for _, x := range sites {
		b := siteBody{
			Code: x.text("site"), Name: x.shown("site").ZH, School: x.text("at_school"), Action: x.text("action"), Title: x.shown("action"),
			Classes: x.n("classes"), Places: x.n("places"), Children: x.about("children"), Cost: x.number("cost"), Words: luoshu.Text{ZH: x.text("words_zh"), EN: x.text("words_en")},
		}
		if g, ok := ground[b.Code]; ok {
			b.Name, b.Lon, b.Lat = g.text(in.Fields["name"].Name), g.number(in.Fields["lon"].Name), g.number(in.Fields["lat"].Name)
		}
		out.Sites = append(out.Sites, b)
	}
	seen, boards := map[string]bool{}, new(int64)
	for _, x := range parts {
		over := x.text("over_limit") != "" && x.text("over_limit") != "0" || x.n("over_limit") > 0
		p := part{Block: x.text("block"), Site: x.text("site"), Children: x.about("children"), Metres: x.n("metres"), Over: x.about("over_limit"), Beyond: over, Board: x.n("board") != 0}
		p.Few = p.Children == nil
		seen[p.Block] = true
		switch {
		case !p.Board || boards == nil:
		case p.Few || p.Over == nil:
			boards = nil
		default: // of one block those who are too young to board go daily
			*boards += max(0, *p.Children-*p.Over)
		}
		out.Parts = append(out.Parts, p)
	}
	for _, x := range homes {
		if code := x.text(at.Fields["code"].Name); seen[code] {
			out.Blocks = append(out.Blocks, place{code, x.text(at.Fields["name"].Name), x.number(at.Fields["lon"].Name), x.number(at.Fields["lat"].Name)})
		}
	}
	if out.Status != infeasible {
		out.Boards = boards
	}
	out.Few = d.few(actor)
	slices.SortFunc(out.Sites, func(a, b siteBody) int { return strings.Compare(a.Code, b.Code) })
	return kit.WriteJSON(w, r, out)
}

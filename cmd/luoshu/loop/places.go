package loop

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/city"
	"luoshu/kernel/flow"
	"luoshu/kernel/load"
	"luoshu/kernel/records"
	"luoshu/kernel/verify/finding"
)

// deed is one act of a drama: who does what, with which cells and how many papers.
type deed struct {
	who    luoshu.Actor
	action string
	papers int
	cells  map[string]string
}

// drama is a case of the demo city from its opening to wherever it has got.
type drama struct {
	id, kind string
	opener   luoshu.Actor
	papers   int
	cells    map[string]string
	deeds    []deed
}

// troupe plays dramas through the ordinary door, each once: an interrupted demo goes on.
type troupe struct {
	a  App
	ct *city.City
	n  int
}

// play carries a case as far as its deeds go and returns its number.
func (t *troupe) play(d drama) (string, error) {
	papers, err := t.papers(d.opener, d.papers)
	if err != nil {
		return "", err
	}
	c, err := t.ct.Flow.Open(t.a.Context(), d.opener, flow.Opening{ID: "demo-" + d.id, Type: d.kind, Handed: flow.Handed{Cells: d.cells, Papers: papers}})
	if err != nil {
		return "", fmt.Errorf("open %s: %w", d.id, err)
	}
	t.n++
	for i, x := range d.deeds {
		if c.Step != int64(i)+1 { // done by an earlier run
			continue
		}
		if papers, err = t.papers(x.who, x.papers); err != nil {
			return "", err
		}
		c, err = t.ct.Flow.Act(t.a.Context(), x.who, flow.Act{
			ID: fmt.Sprintf("demo-%s-%d", d.id, i), No: c.No, Action: x.action, Step: c.Step, Handed: flow.Handed{Cells: x.cells, Papers: papers},
		})
		if err != nil {
			return "", fmt.Errorf("%s of %s: %w", x.action, d.id, err)
		}
	}
	return c.No, nil
}

func (t *troupe) papers(who luoshu.Actor, n int) ([]string, error) {
	var out []string
	for range n {
		b, err := picture()
		if err != nil {
			return nil, err
		}
		p, err := t.ct.Flow.TakePaper(t.a.Context(), who, "演示照片.png", bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		out = append(out, p.ID)
	}
	return out, nil
}

// DemoPlaces plays what counties build, leave idle, merge and found together: projects
// in every state, groups with their members, idle premises, a merger under publicity,
// a hand-over. dir is where the members' sheet is written.
func DemoPlaces(a App, ct *city.City, dir string) error {
	if ct.Charter.Case("project") == nil {
		return nil
	}
	tree, err := ct.Access.Tree(a.Context())
	if err != nil {
		return err
	}
	began, root := time.Now(), ct.Catalog.City.Root
	t := &troupe{a: a, ct: ct}
	var counties []county
	for _, n := range tree.Children(root) {
		c := county{code: n.Code, root: root, division: n.Code, today: ct.Flow.Today()}
		if c.division == "4103X1" {
			c.division = "410311" // the zone has no land of its own
		}
		for _, s := range tree.Children(n.Code) {
			if s.Level != "school" || s.Closed != 0 {
				continue
			}
			switch s.Code[:2] { // as school codes begin
			case "21", "31":
				c.schools = append(c.schools, s.Code)
			case "34":
				c.seniors = append(c.seniors, s.Code)
			}
		}
		if n.Level == "county" {
			counties = append(counties, c)
		}
	}
	var members [][]string
	for i, c := range counties {
		c.index = i
		for _, d := range c.dramas() {
			if _, err := t.play(d); err != nil {
				return fmt.Errorf("play the demo's places: %w", err)
			}
		}
		rows, err := t.group(c)
		if err != nil {
			return fmt.Errorf("play the demo's groups: %w", err)
		}
		members = append(members, rows...)
	}
	if err := t.members(dir, members); err != nil {
		return err
	}
	fmt.Fprintf(a.Out(), "played %d cases of places and groups (%.1fs)\n", t.n, time.Since(began).Seconds())
	return nil
}

// county is one managing body of the demo.
type county struct {
	code, root, division string
	index                int
	today                int64
	schools, seniors     []string
}

func (c county) officer() luoshu.Actor {
	return luoshu.Actor{Name: "county", Role: "county", Org: c.code}
}

func (c county) planner() luoshu.Actor {
	return luoshu.Actor{Name: "planner", Role: "planner", Org: c.root}
}

func (c county) leader() luoshu.Actor {
	return luoshu.Actor{Name: "leader", Role: "leader", Org: c.root}
}

// urban says whether the county is one of the city's districts or zones.
func (c county) urban() bool {
	return strings.Contains("410302 410303 410304 410305 410311 4103X1 410371", c.code)
}

// projectSteps is the whole way of a project.
const projectSteps = 8

// building is what a drama says of a project; year is the one in which it is to open.
type building struct {
	id, name, kind, programme, stage, urban string
	rooms, size, metres, replaced           int
	boards, estate, late                    bool
	batch, year, steps                      int
}

func (c county) dramas() []drama {
	year, steps := 2021+c.index%4, projectSteps-1-c.index%2*4
	list := []building{{
		id: "kg", name: "演示公办幼儿园新建", kind: "new", programme: "preschool-peak", stage: "PRE", urban: "121", rooms: 9, size: 30, metres: 10,
		year: year, steps: steps, late: c.index%5 == 0,
	}}
	if c.index%3 == 0 && c.code != "4103X1" { // the zone's estates are entered under the division
		list = append(list, building{
			id: "kg2", name: "演示小区配套幼儿园", kind: "new", programme: "estate", stage: "PRE", urban: "111", rooms: 6, size: 30, metres: 11, estate: true,
			year: int(c.today/10000) + 1, steps: c.index / 3 % 5,
		})
	}
	if c.urban() {
		list = append(list, building{
			id: "hs", name: "演示高中迁建", kind: "move", programme: "hs-relocation", stage: "SEN", urban: "111", rooms: 36, size: 50, metres: 18, replaced: 1200,
			batch: 1 + c.index%2, year: 2023, steps: projectSteps - 1 - c.index%3, late: c.index%3 == 1,
		})
	} else if c.index%2 == 0 {
		list = append(list, building{
			id: "rb", name: "演示农村寄宿制学校改扩建", kind: "extend", programme: "rural-boarding", stage: "PRI", urban: "121", rooms: 18, size: 45, metres: 8, replaced: 540, boards: true,
			year: 2022 + c.index/2%4, steps: projectSteps - 1 - c.index/2%3, late: c.index%3 == 1,
		})
	}
	if c.index%7 == 3 {
		list = append(list, building{
			id: "se", name: "演示标准化特殊教育学校改扩建", kind: "extend", programme: "special", stage: "SPE", urban: "121", rooms: 12, size: 8, metres: 35, replaced: 48,
			year: 2023, steps: projectSteps,
		})
	}
	var out []drama
	for _, b := range list {
		out = append(out, c.project(b))
	}
	return append(out, c.others()...)
}

// project is a building project; its dates lie in the years it names, so a project
// that has stood still is late.
func (c county) project(b building) drama {
	officer, planner, leader := c.officer(), c.planner(), c.leader()
	places := b.rooms * b.size
	if !b.estate {
		b.year = min(b.year, int(c.today/10000)-1) // its dates lie behind
	}
	day := func(years int, monthDay string) string { return strconv.Itoa(b.year+years) + "-" + monthDay }
	opened, built, accepted := day(0, "08-25"), day(0, "05-20"), day(0, "07-01")
	if b.late {
		opened = day(0, "12-01")
	}
	cells := map[string]string{
		"project_name": b.name, "managing": c.code, "project_kind": b.kind, "programme": b.programme, "stage": b.stage, "site_division": c.division, "site_urban": b.urban,
		"classes_after": strconv.Itoa(b.rooms), "places_planned": strconv.Itoa(places), "area_planned": strconv.Itoa(places * b.metres), "investment": strconv.Itoa(places * b.metres * 4 / 10),
		"land_due": day(-1, "03-31"), "build_due": day(0, "05-31"), "accept_due": day(0, "07-15"), "open_due": day(0, "08-31"),
	}
	if b.replaced > 0 {
		cells["places_replaced"] = strconv.Itoa(b.replaced)
	}
	if b.batch > 0 {
		cells["batch"] = strconv.Itoa(b.batch)
	}
	if b.boards {
		cells["boards"] = "是"
	}
	if b.estate {
		cells["estate_code"] = "XQ" + c.code + "-001"
	}
	net := strconv.Itoa(places - b.replaced)
	deeds := []deed{
		{planner, "pass", 0, map[string]string{"check_text": "演示：符合布局规划"}},
		{leader, "approve", 1, map[string]string{"approval_no": "演示发改〔" + day(-2, "")[:4] + "〕" + strconv.Itoa(c.index+1) + "号", "approved_on": day(-2, "12-01")}},
		{officer, "land", 1, map[string]string{"land_no": "演示自然资〔" + day(-2, "")[:4] + "〕" + strconv.Itoa(c.index+1) + "号", "land_on": day(-2, "12-10")}},
		{officer, "begin", 0, map[string]string{"started_on": day(-2, "12-20")}},
		{officer, "built", 1, map[string]string{"built_on": built}},
		{officer, "accept", 2, map[string]string{"accepted_on": accepted, "accept_no": "演示验" + strconv.Itoa(c.index+1), "area_done": cells["area_planned"], "invested": cells["investment"]}},
		{officer, "admit", 1, map[string]string{"opened_on": opened, "places_delivered": strconv.Itoa(places), "places_net": net}},
		{officer, "close", 1, map[string]string{"audit_no": "演示审" + strconv.Itoa(c.index+1), "invested": cells["investment"]}},
	}
	return drama{id: "project-" + c.code + "-" + b.id, kind: "project", opener: officer, cells: cells, deeds: deeds[:min(b.steps, len(deeds))]}
}

// others are the idle premises that every county has, of every other one, and in some a merger or a hand-over.
func (c county) others() []drama {
	officer, leader := c.officer(), c.leader()
	today := luoshu.FormatDate(c.today)
	var out []drama
	if c.index%2 == 0 && c.code != "4103X1" {
		ask := deed{officer, "needed", 0, map[string]string{"compulsory_view": "needed", "compulsory_text": "演示：作中心校分部", "compulsory_on": today}}
		use := "compulsory"
		deeds := []deed{ask}
		if c.index%3 == 1 {
			use = "kindergarten"
			deeds = []deed{
				{officer, "not-needed", 1, map[string]string{"compulsory_view": "not-needed", "compulsory_text": "演示：片区内学龄儿童已有学位", "compulsory_on": today}},
				{officer, "answer", 0, map[string]string{"kindergarten_view": "needed", "kindergarten_text": "演示：举办村级公办幼儿园"}},
			}
		}
		deeds = append(deeds, deed{leader, "decide", 1, map[string]string{"final_use": use, "taker": "演示接收学校", "decided_on": today, "document_no": "演示教〔" + today[:4] + "〕" + strconv.Itoa(c.index+1) + "号"}})
		if c.index%4 == 0 {
			deeds = deeds[:len(deeds)-1]
		}
		out = append(out, drama{id: "idle-" + c.code, kind: "idle-use", opener: officer, deeds: deeds, cells: map[string]string{
			"premises_code": "JZ" + c.code, "managing": c.code, "idle_since": "2021-08-10",
		}})
	}
	if n := len(c.schools); c.index%5 == 2 && n > 1 {
		out = append(out, drama{id: "merge-" + c.code, kind: "layout-change", opener: officer, papers: 1, cells: map[string]string{
			"proposal": "演示：合并两所小规模学校", "managing": c.code, "change_kind": "merge", "for_school": c.schools[n-1], "into_school": c.schools[0], "stage": "PRI",
			"children": "23", "over_limit": "2", "farthest_m": "3100", "classes_after": "18", "impact_text": "演示：二十三名学生换校，二人超出距离上限", "care_text": "演示：二人寄宿", "risk_text": "演示：低风险",
		}})
	}
	if c.urban() && len(c.seniors) > 0 && c.index%2 == 0 {
		out = append(out, drama{id: "handover-" + c.code, kind: "handover", opener: officer, deeds: []deed{
			{c.planner(), "agree", 0, map[string]string{"taker_text": "演示：同意接收"}},
		}, cells: map[string]string{"school_code": c.seniors[0], "giver": c.code, "taker": c.root, "reason": "演示：高中由市级统筹", "staff_count": "90", "student_count": "1100"}})
	}
	return out
}

// groupKinds are the kinds of groups, in turn over the counties.
var groupKinds = []string{"group", "pairing", "community", "entrusted"}

// group founds the group of every other county and returns its members, the leading school first.
func (t *troupe) group(c county) ([][]string, error) {
	if c.index%2 == 1 || len(c.schools) < 2 {
		return nil, nil
	}
	of := c.schools[:min(4, len(c.schools))]
	name, kind, honour := "演示共同体"+strconv.Itoa(c.index+1), groupKinds[c.index/2%len(groupKinds)], ""
	if kind == "group" && t.ct.Charter.Case("recognition-body") != nil {
		var err error
		if honour, err = t.honour(c, name); err != nil {
			return nil, err
		}
	}
	founding := drama{
		id: "group-" + c.code, kind: "school-group", opener: c.officer(), cells: map[string]string{
			"group_name": name, "group_kind": kind, "managing": c.code, "lead_school": of[0],
			"staff_text": "演示：成员校教师统一调配", "teaching_text": "演示：联合教研", "appraisal_text": "演示：捆绑考核", "member_list": strings.Join(of, " "), "members": strconv.Itoa(len(of)),
			"period_from": "2022-09-01", "period_to": "2027-08-31",
		},
		deeds: []deed{
			{c.planner(), "pass", 0, nil},
			{luoshu.Actor{Name: "clerk", Role: "clerk", Org: of[0]}, "sign", 1, map[string]string{"agreement_no": "演示协〔2022〕" + strconv.Itoa(c.index+1) + "号", "founded_on": "2022-09-01"}},
		},
	}
	if honour != "" {
		founding.deeds = append(founding.deeds, deed{c.officer(), "recognise", 0, map[string]string{"recognition_no": honour}})
	}
	no, err := t.play(founding)
	if err != nil {
		return nil, err
	}
	var out [][]string
	for i, s := range of {
		role := "member"
		if i == 0 {
			role = "lead"
		}
		out = append(out, []string{no, s, role, "2022-09-01"})
	}
	return out, nil
}

// honour has the city recognise a group as a quality group.
func (t *troupe) honour(c county, name string) (string, error) {
	bureau, expert := luoshu.Actor{Name: "bureau", Role: "bureau", Org: c.root}, luoshu.Actor{Name: "expert", Role: "expert", Org: c.root}
	return t.play(drama{
		id: "group-honour-" + c.code, kind: "recognition-body", opener: c.officer(), papers: 1, cells: map[string]string{
			"body": c.code, "holder": name, "honour": "city-education-group", "standard_version": "演示", "applied_on": "2022-09-20", "case_text": "演示：成员校共用教师、教研与考核",
		},
		deeds: []deed{
			{c.officer(), "recommend", 0, map[string]string{"county_view": "演示：推荐"}},
			{expert, "conclude", 1, map[string]string{"expert_count": "5", "expert_view": "recommend", "expert_text": "演示：符合条件"}},
			{bureau, "grant", 0, map[string]string{"batch_no": "演示2022-1"}},
			{bureau, "object", 0, map[string]string{"objection_text": "演示：询问成员校数"}},
			{bureau, "unfounded", 0, map[string]string{"objection_text": "演示：经核查不成立"}},
			{bureau, "issue", 1, map[string]string{"document_no": "演示教〔2022〕1号", "certificate_no": "演示1", "first_on": "2022-12-01", "ends_on": "2027-11-30"}},
		},
	})
}

// shared are the teachers whom the leading schools lend: two to every other member, who
// keep their post. rows are those of group_member, each group's leading school first.
func (t *troupe) shared(rows [][]string) ([][]string, error) {
	out := [][]string{{"staff_no", "group_no", "host_school", "taught_subject", "weekly_lessons", "from_date"}}
	e := t.ct.Catalog.Entity("posting")
	at := func(v *records.Version, field string) luoshu.Value { return v.Values[e.Field(field).Index] }
	lead, lent := "", []*records.Version{}
	for _, r := range rows {
		if r[2] == "lead" {
			lead, lent = r[1], nil
			where, args := t.ct.Records.Is(e, "school_code", lead)
			err := t.ct.Records.Each(t.a.Context(), records.Query{Entity: e.Name, Where: where, Args: args}, func(v *records.Version) error {
				if at(v, "category").S == "teacher" && at(v, "to_date").K == luoshu.Null && at(v, "subject").S != "" && at(v, "from_date").I < 20220901 {
					kept := *v
					kept.Values = slices.Clone(v.Values)
					lent = append(lent, &kept)
				}
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("read the teachers of %s: %w", lead, err)
			}
			slices.SortFunc(lent, func(a, b *records.Version) int { return strings.Compare(at(a, "staff_no").S, at(b, "staff_no").S) })
			continue
		}
		for k := range min(2, len(lent)) {
			out = append(out, []string{at(lent[k], "staff_no").S, r[0], r[1], at(lent[k], "subject").S, strconv.Itoa(4 + 2*k), r[3]})
		}
		lent = lent[min(2, len(lent)):]
	}
	return out, nil
}

// members writes the members' sheets and loads them as the city's office would.
func (t *troupe) members(dir string, rows [][]string) error {
	member, home := [][]string{{"group_no", "school_code", "member_role", "joined_on"}}, [][]string{{"school_code", "home_group", "home_since"}}
	for _, r := range rows {
		member, home = append(member, r), append(home, []string{r[1], r[0], r[3]})
	}
	shared, err := t.shared(rows)
	if err != nil {
		return err
	}
	for _, s := range []struct {
		entity string
		rows   [][]string
	}{{"group_member", member}, {"group_home", home}, {"shared_staff", shared}} {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		if err := w.WriteAll(s.rows); err != nil {
			return fmt.Errorf("write %s: %w", s.entity, err)
		}
		path := filepath.Join(dir, s.entity+"_合成数据.csv")
		if err := os.WriteFile(path, b.Bytes(), 0o640); err != nil {
			return fmt.Errorf("write %s: %w", s.entity, err)
		}
		r, err := t.ct.Desk.Load(t.a.Context(), load.Request{Entity: s.entity, Path: path, Actor: access.Operator, Reason: "demo"}, nil)
		if err != nil {
			return fmt.Errorf("load %s: %w", path, err)
		}
		if r.Refused > 0 {
			return luoshu.Errorf(luoshu.Invalid, "%s 有 %d 行被拒绝", "%d rows of %[1]s were refused", s.entity, r.Refused)
		}
	}
	return nil
}

// bigClassPlans is how many plans against big classes the demo opens.
const bigClassPlans = 6

// DemoBigClasses opens plans for schools of which the set rules say that they have big
// classes and no plan; half of them have handed theirs in.
func DemoBigClasses(a App, ct *city.City) error {
	if ct.Charter.Case("big-class-plan") == nil {
		return nil
	}
	list, _, err := ct.Findings.List(a.Context(), access.Operator, finding.Query{Rule: "big-class-without-plan", State: "open", Limit: bigClassPlans})
	if err != nil {
		return err
	}
	t := &troupe{a: a, ct: ct}
	for i, f := range list {
		clerk := luoshu.Actor{Name: "clerk", Role: "clerk", Org: f.Org}
		d := drama{id: "big-" + f.Org, kind: "big-class-plan", opener: clerk, cells: map[string]string{
			"school_code": f.Org, "school_year": fmt.Sprint(f.Evidence["school_year"]), "classes_big": fmt.Sprint(f.Evidence["classes"]), "largest": fmt.Sprint(f.Evidence["largest"]),
		}}
		if i%2 == 0 {
			d.deeds = []deed{{clerk, "submit", 0, map[string]string{"cause_text": "演示：片区新增住宅", "measure_kind": "split", "measure": "演示：增设班级并补充教师", "due": luoshu.FormatDate((ct.Flow.Today()/10000+1)*10000 + 701)}}}
		}
		if _, err := t.play(d); err != nil {
			return fmt.Errorf("play the demo's big classes: %w", err)
		}
	}
	fmt.Fprintf(a.Out(), "opened %d plans against big classes\n", t.n)
	return nil
}

package charter

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"luoshu/kernel/catalog"
	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

// CaseType is one kind of case: its register, its states, who acts in them and
// what that brings about (cases.yaml).
type CaseType struct {
	ID, Pack    string
	Version     string // of the pack
	Digest      string // of Text
	Text        string // its definition as the file has it
	Title, Note Text
	Shape       string
	Entity      *catalog.Entity // the register: one record a case
	Number      string          // pattern of the key: {year} and {n…}, as many digits as n
	State, Step *catalog.Field  // the machine's own fields
	Opens       *CaseOpening
	Withdraw    string // state in which a withdrawn case ends, "" where none can be
	Recurs      *Recurrence
	Burden      string   // "", visit or task: counted against the unit
	Cap         string   // parameter: how many a calendar year, "" for no bound
	Private     bool     // shown to those only who act in it
	Figures     *Prefill // nil if no field begins with a figure
	States      []*CaseState
	Migrate     []Migration
	Basis       []catalog.Source
	File        string
	Line        int
}

// CaseOpening says who opens a case and what they fill in.
type CaseOpening struct {
	Title Text
	By    []*Place // nobody: opened by other cases only
	To    string
	Step
}

// Step is what an action or an opening asks for and brings about.
type Step struct {
	Form    []*catalog.Field // may be filled in
	Needs   []*catalog.Field // must be
	Papers  int              // attachments at least
	Note    bool             // a remark is required
	When    *rule.Expr       // guard over the record as it would be
	Else    Text             // said when the guard refuses
	Reaches *catalog.Field   // holds the code of a permit that must cover the unit
	Effects []*Effect
}

// Place is an organisation, seen from a case, and roles there.
type Place struct {
	At    string         // unit, opener, any, a level, or field
	Field *catalog.Field // with At field
	Roles []string
	Rises bool
	Title Text
}

// The places that are no levels. PlaceAny is for openings: wherever the opener is.
const (
	PlaceUnit   = "unit"
	PlaceOpener = "opener"
	PlaceField  = "field"
	PlaceAny    = "any"
)

// CaseState is one state of a case type.
type CaseState struct {
	ID          string
	Title, Note Text
	Who         *Place
	Signers     []*Place
	Days        string         // parameter: days that the state may take, "" for no clock
	Until       *catalog.Field // date by which it ends, if the register has one there; else Days
	Calendar    bool           // days as they come, not working days
	Hours       string         // instead of Days: parameter, hours that run through nights and holidays
	Remind      []int          // days before the end, or hours of such a state, largest first
	Escalate    []int          // days or hours after it, smallest first
	Then        string         // where the case goes by itself at the end
	End         bool
	Bound       bool // the opener can no longer withdraw
	Many        bool // may be returned for completion more than once
	Actions     []*CaseAction
	Enter       []*Effect
}

// machineActions are the steps that the machine takes by itself, and the one that
// every opener has.
var machineActions = []string{"open", "withdraw", "reopen", "lapse", "migrate", "wait"}

// CaseAction leads from a state to a state.
type CaseAction struct {
	ID      string
	Title   Text
	To      string
	Sign    bool     // one signature of several
	Returns bool     // sends back with a list of what is missing
	Danger  bool     // cannot be taken back by a later action: the page asks twice
	NotBy   []string // actions, or open: whoever took one of them last may not take this one
	Step
}

// Kinds of effects.
const (
	EffectOpen      = "open"
	EffectEach      = "each"
	EffectPublish   = "publish"
	EffectUnpublish = "unpublish"
	EffectPermit    = "permit"
	EffectRevoke    = "revoke"
	EffectWrite     = "write"
	EffectTell      = "tell"
	EffectGrant     = "grant"
	EffectEnd       = "ungrant"
	EffectAct       = "act"
)

// Effect is what a step brings about besides the case itself.
type Effect struct {
	Kind   string
	Type   string                // open, each: case type
	Level  string                // each: organisations of this level under the unit
	Units  *RoundUnits           // each: only those; nil for all
	Entity *catalog.Entity       // write
	Set    map[string]*rule.Expr // open, each, write: field of the target = expression over this record
	New    bool                  // write: the record must not be there yet
	Next   *NextNumber           // write: nil if nothing is counted
	Fields []*catalog.Field      // publish
	Code   *catalog.Field        // permit: where the code is put
	Who    *catalog.Field        // grant: the account
	Role   string                // grant: the role, which only reads
	Scope  *catalog.Field        // permit, grant: the organisation whose subtree it covers; nil is the unit
	From   *catalog.Field        // permit, grant: first and last day
	To     *catalog.Field
	Over   *catalog.Field // permit: yes/no, whether it also covers units over their cap
	Tell   *Place
	Text   Text                      // tell
	Act    string                    // act: id of a change of organisations (movement.yaml)
	Parts  map[string]*catalog.Field // act: org, date, successor, paper… by name
}

// NextNumber says that a write counts: one key field of the record gets the number
// after the greatest that any record with the same other key fields ever had.
type NextNumber struct {
	Field *catalog.Field // key field of the entity written
	First int64          // where there is none yet
	Into  *catalog.Field // field of the register that takes the number too, or nil
}

// Recurrence says when a new case is an old one come back.
type Recurrence struct {
	Same   []*catalog.Field
	Within string // parameter: days after closing
	To     string // state in which the closed case is reopened
}

// Migration says where running cases of a former version of the pack go.
type Migration struct {
	From   string
	States map[string]string
}

// The shapes that most cases have.
var shapes = []string{"recognition", "permission", "finding", "campaign", "other"}

// Case returns a case type by id, nil if there is none.
func (c *Charter) Case(id string) *CaseType {
	for _, t := range c.Cases {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// Reaching is the field of the register that holds a consent code, nil if no step
// asks for one.
func (t *CaseType) Reaching() *catalog.Field {
	if t.Opens != nil && t.Opens.Reaches != nil {
		return t.Opens.Reaches
	}
	for _, s := range t.States {
		for _, a := range s.Actions {
			if a.Reaches != nil {
				return a.Reaches
			}
		}
	}
	return nil
}

// Publishes reports whether any step of the type puts something into the published
// copy.
func (t *CaseType) Publishes() bool {
	shows := func(list []*Effect) bool {
		return slices.ContainsFunc(list, func(e *Effect) bool { return e.Kind == EffectPublish })
	}
	if t.Opens != nil && shows(t.Opens.Effects) {
		return true
	}
	return slices.ContainsFunc(t.States, func(s *CaseState) bool {
		return shows(s.Enter) || slices.ContainsFunc(s.Actions, func(a *CaseAction) bool { return shows(a.Effects) })
	})
}

// Ahead is how many days before its end the first reminder of any state comes, as the
// state counts them, of hours the days that hold them; 0 if nobody is reminded.
func (t *CaseType) Ahead() int {
	n := 0
	for _, s := range t.States {
		for _, days := range s.Remind {
			if s.Hours != "" {
				days = (days + 23) / 24
			}
			n = max(n, days)
		}
	}
	return n
}

// Find returns a state, nil if the type has none of that id.
func (t *CaseType) Find(state string) *CaseState {
	for _, s := range t.States {
		if s.ID == state {
			return s
		}
	}
	return nil
}

// Action returns an action of the state, nil if it has none of that id.
func (s *CaseState) Action(id string) *CaseAction {
	for _, a := range s.Actions {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// Places are the organisations and roles that may act in the state.
func (s *CaseState) Places() []*Place {
	if s.Who != nil {
		return []*Place{s.Who}
	}
	return s.Signers
}

func (l *loader) caseFile(c catalog.Charter, o *yamltree.Object) {
	items := o.Must("cases").Items()
	lines := bytes.SplitAfter(c.Data, []byte("\n"))
	for i, x := range items {
		from, to := x.Place().Line-1, len(lines)
		if i+1 < len(items) {
			to = items[i+1].Place().Line - 1
		}
		text := "cases:\n"
		if from >= 0 && from < to && to <= len(lines) {
			text += strings.TrimRight(string(bytes.Join(lines[from:to], nil)), "\n ") + "\n"
		}
		l.caseType(c, x.Object(), text)
	}
}

// FormerCase reads a case type from the text that a former version of its pack
// had, against today's catalog. Without faults, it can be run.
func (c *Charter) FormerCase(pack, version, text string) (*CaseType, []yamltree.Fault) {
	var faults yamltree.Faults
	l := &loader{Charter: &Charter{cat: c.cat}, faults: &faults}
	file := catalog.Charter{Pack: pack, Name: "cases.yaml", File: pack + "/cases.yaml@" + version, Data: []byte(text)}
	o := yamltree.Parse(&faults, file.File, file.Data).Object()
	l.caseFile(file, o)
	if len(l.Cases) != 1 || len(faults.Sorted()) > 0 {
		return nil, faults.Sorted()
	}
	t := l.Cases[0]
	t.Version = version
	return t, nil
}

func (l *loader) caseType(c catalog.Charter, o *yamltree.Object, text string) {
	defer o.Done()
	sum := sha256.Sum256([]byte(text))
	t := &CaseType{
		ID: o.ID("id"), Pack: c.Pack, Text: text, Digest: hex.EncodeToString(sum[:]), Title: o.Title("title", true), Note: o.Title("note", false),
		Shape: o.Must("shape").OneOf(shapes...), Entity: l.entity(o.Must("entity")), Number: o.Full("number"), File: c.File, Line: o.Place().Line,
	}
	for _, p := range l.cat.Packs {
		if p.Name == c.Pack {
			t.Version = p.Version
		}
	}
	if t.ID != "" && l.Case(t.ID) != nil {
		o.Get("id").Fault("案卷类型 %s 已定义过", "the case type %s is already defined", t.ID)
	}
	t.State = l.field(t.Entity, o.Must("state"), catalog.TypeText, catalog.TypeCode)
	t.Step = l.field(t.Entity, o.Must("step"), catalog.TypeInt)
	if x := o.Must("opens"); x.Given() {
		t.Opens = l.caseOpening(t, x.Object())
	}
	t.Withdraw = o.Get("withdraw").Str()
	t.Private = o.Get("private").Bool()
	if x := o.Get("burden"); x.Given() {
		t.Burden = x.OneOf("visit", "task")
	}
	t.Cap = l.parameterOf(o.Get("cap"))
	if x := o.Get("recurs"); x.Given() {
		t.Recurs = l.recurrence(t, x.Object())
	}
	if x := o.Get("figures"); x.Given() {
		t.Figures = l.prefill(t, x.Object())
	}
	for _, x := range o.Must("states").Items() {
		s := l.caseState(t, x.Object())
		if t.Find(s.ID) != nil {
			x.Fault("状态 %s 写了两次", "the state %s stands twice", s.ID)
		}
		t.States = append(t.States, s)
	}
	for _, x := range o.Get("migrate").Items() {
		m := x.Object()
		g := Migration{From: m.Full("from"), States: m.Must("states").Dict()}
		for old, now := range g.States {
			if t.Find(now) == nil {
				m.Get("states").Fault("%s 要移到的状态 %s 不存在", "%s would go to %s, which is no state", old, now)
			}
		}
		t.Migrate = append(t.Migrate, g)
		m.Done()
	}
	t.Basis = l.basis(o.Get("basis"))
	l.Cases = append(l.Cases, t)
	l.machine(t, o)
}

func (l *loader) caseOpening(t *CaseType, o *yamltree.Object) *CaseOpening {
	defer o.Done()
	p := &CaseOpening{Title: o.Title("title", true), To: o.Must("to").Str()}
	for _, x := range o.Get("by").Items() {
		p.By = append(p.By, l.place(t, x.Object(), true))
	}
	p.Step = l.caseStep(t, o)
	return p
}

func (l *loader) caseStep(t *CaseType, o *yamltree.Object) Step {
	s := Step{
		Form: l.formFields(t, o.Get("form")), Papers: int(o.Get("papers").Whole(0, 20)), Note: o.Get("note").Bool(), Else: o.Title("else", false),
	}
	s.Needs = l.formFields(t, o.Get("needs"))
	for _, f := range s.Needs {
		if !slices.Contains(s.Form, f) {
			s.Form = append(s.Form, f)
		}
	}
	if x := o.Get("when"); x.Given() && t.Entity != nil {
		s.When = l.over(t, x, rule.Bool)
		if s.Else.ZH == "" {
			x.Fault("条件不成立时要说明理由：请写 else", "say why the guard refuses: give else")
		}
	}
	s.Reaches = l.field(t.Entity, o.Get("reaches"), catalog.TypeText)
	for _, x := range o.Get("effects").Items() {
		s.Effects = append(s.Effects, l.effect(t, x.Object()))
	}
	return s
}

// formFields reads fields that people fill in: not those of the machine, nor
// closed ones.
func (l *loader) formFields(t *CaseType, x yamltree.Item) []*catalog.Field {
	out := l.fields(t.Entity, x)
	for _, f := range out {
		switch {
		case f.Sensitivity == catalog.Closed:
			x.Fault("字段 %s 不公开，不能用在这里", "the field %s is closed and cannot be used here", f.Name)
		case f == t.State || f == t.Step || t.Entity != nil && slices.Contains(t.Entity.Key, f.Name):
			x.Fault("字段 %s 由系统填写", "the field %s is filled in by the machine", f.Name)
		}
	}
	return out
}

// over compiles an expression over the register and today.
func (l *loader) over(t *CaseType, x yamltree.Item, want ...rule.Kind) *rule.Expr {
	vars := append(l.cat.EntityVars(t.Entity),
		rule.Var{Name: "case_today", Kind: rule.Int}, rule.Var{Name: "case_open_parts", Kind: rule.Int}, rule.Var{Name: "case_level", Kind: rule.Int})
	env, err := rule.NewEnv(vars, l.cat.HasParam)
	if err != nil {
		x.Fault("变量有误：%s", "bad variables: %s", err)
		return nil
	}
	prog, err := env.Compile(x.Str(), want...)
	if err != nil {
		ee := rule.AsExprError(err)
		l.faults.Add(x.Inside(ee.Line, ee.Col), "%s", "%s", ee.Msg)
		return nil
	}
	return prog
}

func (l *loader) place(t *CaseType, o *yamltree.Object, opening bool) *Place {
	defer o.Done()
	p := &Place{Title: o.Title("title", false), Rises: o.Get("rises").Bool()}
	at := o.Must("at")
	if name, ok := strings.CutPrefix(at.Str(), "field:"); ok {
		p.At = PlaceField
		if t.Entity != nil {
			if p.Field = t.Entity.Field(name); p.Field == nil || p.Field.Type != catalog.TypeRef {
				at.Fault("%s 不是 %s 的引用字段", "%s is no reference of %s", name, t.Entity.Name)
			}
		}
	} else {
		places := append([]string{PlaceUnit, PlaceOpener}, catalog.Levels()...)
		if opening {
			places = append(places, PlaceAny)
		}
		p.At = at.OneOf(places...)
	}
	for _, x := range o.Must("roles").Items() {
		r := l.cat.Role(x.Str())
		switch {
		case r == nil:
			x.Fault("没有角色 %s", "there is no role %s", x.Str())
		case !r.May("case"):
			x.Fault("角色 %s 没有办理案卷的权限（case）", "the role %s lacks the right to act in cases (case)", x.Str())
		}
		p.Roles = append(p.Roles, x.Str())
	}
	if p.Rises && !slices.Contains(catalog.Levels(), p.At) {
		o.Get("rises").Fault("只有层级可以上移", "only a level can rise")
	}
	return p
}

func (l *loader) recurrence(t *CaseType, o *yamltree.Object) *Recurrence {
	defer o.Done()
	for _, x := range o.Get("same").Items() {
		if f := t.Entity.Field(x.Str()); f != nil && f.Rest == catalog.Hidden {
			x.Fault("%s 加密存放，不能用来认出同一件事", "%s is kept encrypted and cannot tell what is the same matter", f.Name)
		}
	}
	return &Recurrence{Same: l.fields(t.Entity, o.Must("same")), Within: l.parameter(o, "within"), To: o.Must("to").Str()}
}

func (l *loader) caseState(t *CaseType, o *yamltree.Object) *CaseState {
	defer o.Done()
	s := &CaseState{
		ID: o.ID("id"), Title: o.Title("title", true), Note: o.Title("note", false), Days: l.parameterOf(o.Get("days")),
		Calendar: o.Get("calendar").Bool(), Remind: dayList(o.Get("remind")), Escalate: dayList(o.Get("escalate")),
		Hours: l.parameterOf(o.Get("hours")), Then: o.Get("then").Str(), End: o.Get("end").Bool(), Bound: o.Get("bound").Bool(),
	}
	s.Until = l.field(t.Entity, o.Get("until"), catalog.TypeDate)
	slices.Reverse(s.Remind)
	if x := o.Get("returns"); x.Given() {
		s.Many = x.OneOf("once", "many") == "many"
	}
	if x := o.Get("who"); x.Given() {
		s.Who = l.place(t, x.Object(), false)
	}
	for _, x := range o.Get("signers").Items() {
		s.Signers = append(s.Signers, l.place(t, x.Object(), false))
	}
	if s.Who != nil && len(s.Signers) > 0 {
		o.Get("signers").Fault("who 与 signers 只能写一个", "give who or signers, not both")
	}
	for _, x := range o.Get("actions").Items() {
		a := l.caseAction(t, x.Object())
		if s.Action(a.ID) != nil {
			x.Fault("动作 %s 写了两次", "the action %s stands twice", a.ID)
		}
		s.Actions = append(s.Actions, a)
	}
	for _, x := range o.Get("enter").Items() {
		s.Enter = append(s.Enter, l.effect(t, x.Object()))
	}
	return s
}

func (l *loader) caseAction(t *CaseType, o *yamltree.Object) *CaseAction {
	defer o.Done()
	if id := o.Get("id"); slices.Contains(machineActions, id.Str()) {
		id.Fault("动作名 %s 由系统使用，请另取一个", "the action name %s is the machine's own; choose another", id.Str())
	}
	a := &CaseAction{
		ID: o.ID("id"), Title: o.Title("title", true), To: o.Must("to").Str(), Sign: o.Get("sign").Bool(),
		Returns: o.Get("returns").Bool(), Danger: o.Get("danger").Bool(), Step: l.caseStep(t, o),
	}
	for _, x := range o.Get("not_by").Items() {
		a.NotBy = append(a.NotBy, x.Str())
	}
	return a
}

package charter

import (
	"regexp"
	"slices"

	"luoshu/kernel/catalog"
	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

// effect reads one effect: an object with one key that names its kind.
func (l *loader) effect(t *CaseType, o *yamltree.Object) *Effect {
	defer o.Done()
	kinds := map[string]func(*CaseType, *Effect, yamltree.Item){
		EffectOpen: l.effectOpen, EffectEach: l.effectOpen, EffectPublish: l.effectPublish, EffectUnpublish: flag,
		EffectPermit: l.effectPermit, EffectRevoke: flag, EffectWrite: l.effectWrite, EffectTell: l.effectTell,
		EffectGrant: l.effectGrant, EffectEnd: flag, EffectAct: l.effectAct,
	}
	e := &Effect{}
	for _, key := range o.Keys() {
		read, ok := kinds[key]
		if !ok {
			continue // Done names it
		}
		if e.Kind != "" {
			o.Get(key).Fault("一项效果只写一种", "an effect is of one kind")
		}
		e.Kind = key
		read(t, e, o.Get(key))
	}
	if e.Kind == "" {
		o.Fault("没有写明是哪种效果", "the effect does not say of which kind it is")
	}
	return e
}

// flag reads `unpublish: true`.
func flag(_ *CaseType, _ *Effect, x yamltree.Item) {
	if !x.Bool() {
		x.Fault("此处只能写 true", "only true can stand here")
	}
}

func (l *loader) effectOpen(t *CaseType, e *Effect, x yamltree.Item) {
	o := x.Object()
	e.Type = o.Must("case").Str()
	if e.Kind == EffectEach {
		e.Level = o.Must("level").OneOf(catalog.Levels()...)
		if x := o.Get("units"); x.Given() {
			e.Units = l.roundUnits(x.Object())
		}
	}
	at, set := o.Must("case"), o.Must("set")
	e.Set = l.settings(t, set)
	o.Done()
	l.later = append(l.later, func() {
		to := l.Case(e.Type)
		if to == nil {
			if e.Type != "" {
				at.Fault("没有案卷类型 %s", "there is no case type %s", e.Type)
			}
			return
		}
		l.fits(to.Entity, e.Set, set)
		if e.Kind == EffectEach && to.Burden != "" && t.Reaching() == nil {
			at.Fault("%s 下发到单位，须先有同意码：本类型要有 reaches 的动作", "%s reaches organisations and needs a consent code: an action of this type must have reaches", e.Type)
		}
		if to.Opens == nil || to.Entity == nil {
			return
		}
		for _, f := range to.Entity.Fields {
			if f.Required && e.Set[f.Name] == nil && f != to.State && f != to.Step && !slices.Contains(to.Entity.Key, f.Name) &&
				(e.Kind != EffectEach || f.Name != to.Entity.Org) {
				set.Fault("%s 的必填字段 %s 没有给值", "the required field %[2]s of %[1]s is not set", e.Type, f.Name)
			}
		}
	})
}

// settings reads `field: expression`.
func (l *loader) settings(t *CaseType, x yamltree.Item) map[string]*rule.Expr {
	out := map[string]*rule.Expr{}
	if t.Entity == nil {
		return out
	}
	o := x.Object()
	for _, key := range o.Keys() {
		out[key] = l.over(t, o.Get(key))
	}
	o.Done()
	return out
}

// fits checks that what is set can stand in the target's fields.
func (l *loader) fits(to *catalog.Entity, set map[string]*rule.Expr, x yamltree.Item) {
	if to == nil {
		return
	}
	kinds := map[string]rule.Kind{}
	for _, v := range l.cat.EntityVars(to) {
		kinds[v.Name] = v.Kind
	}
	for name, expr := range set {
		f := to.Field(name)
		switch {
		case f == nil:
			x.Fault("%s 没有字段 %s", "%s has no field %s", to.Name, name)
		case f.Sensitivity == catalog.Closed:
			x.Fault("字段 %s 不公开，不能用在这里", "the field %s is closed and cannot be used here", name)
		case expr != nil && expr.Kind() != kinds[name] && expr.Kind() != rule.Bool:
			x.Fault("字段 %s 应为 %s", "the field %s must be of kind %s", name, kinds[name].String())
		}
	}
}

func (l *loader) effectPublish(t *CaseType, e *Effect, x yamltree.Item) {
	e.Fields = l.fields(t.Entity, x)
	for i, f := range e.Fields {
		if f.Sensitivity > catalog.InternalUse {
			x.Items()[i].Fault("字段 %s 为个人信息或更高敏感级，不能公开", "the field %s is personal or more and cannot be published", f.Name)
		}
		if f.Few {
			x.Items()[i].Fault("字段 %s 会透露很少的儿童，不能公开", "the field %s may tell of few children and cannot be published", f.Name)
		}
	}
	if t.Private {
		x.Fault("限制查阅的案卷不能公开", "a restricted case cannot be published")
	}
}

func (l *loader) effectPermit(t *CaseType, e *Effect, x yamltree.Item) {
	o := x.Object()
	e.Code = l.field(t.Entity, o.Must("code"), catalog.TypeText)
	e.From = l.field(t.Entity, o.Must("from"), catalog.TypeDate)
	e.To = l.field(t.Entity, o.Must("to"), catalog.TypeDate)
	e.Scope = l.field(t.Entity, o.Get("scope"), catalog.TypeRef)
	e.Over = l.field(t.Entity, o.Get("over_cap"), catalog.TypeBool)
	o.Done()
}

func (l *loader) effectGrant(t *CaseType, e *Effect, x yamltree.Item) {
	o := x.Object()
	role := o.Must("role")
	e.Role = role.Str()
	if r := l.cat.Role(e.Role); e.Role != "" && !r.ReadsOnly() {
		role.Fault("%s 不是只读角色：只能有 read、explore、behind、plan 权限，不见个人信息", "%s is no role that only reads: read, explore, behind and plan, and nobody's personal data", e.Role)
	}
	e.Who = l.field(t.Entity, o.Must("account"), catalog.TypeText)
	e.From = l.field(t.Entity, o.Must("from"), catalog.TypeDate)
	e.To = l.field(t.Entity, o.Must("to"), catalog.TypeDate)
	e.Scope = l.field(t.Entity, o.Get("scope"), catalog.TypeRef)
	o.Done()
}

// effectAct reads a change of an organisation that is committed with the step.
func (l *loader) effectAct(t *CaseType, e *Effect, x yamltree.Item) {
	o := x.Object()
	do := o.Must("do")
	e.Act, e.Parts = do.Str(), map[string]*catalog.Field{}
	e.Parts["org"] = l.field(t.Entity, o.Must("org"), catalog.TypeRef)
	e.Parts["date"] = l.field(t.Entity, o.Must("date"), catalog.TypeDate)
	for name, typ := range map[string]catalog.Type{"successor": catalog.TypeRef, "parent": catalog.TypeRef, "name": catalog.TypeText, "address": catalog.TypeText, "paper": catalog.TypeText} {
		if x := o.Get(name); x.Given() {
			e.Parts[name] = l.field(t.Entity, x, typ)
		}
	}
	o.Done()
	l.later = append(l.later, func() {
		var act *Act
		if l.Movement != nil && l.Movement.Orgs != nil {
			act = l.Movement.Orgs.Act(e.Act)
		}
		if act == nil {
			do.Fault("没有机构变更 %s（movement.yaml）", "there is no act %s on organisations (movement.yaml)", e.Act)
			return
		}
		needs := map[string]string{ActRename: "name", ActMerge: "successor", ActMove: "address", ActManage: "parent"}[act.Does]
		switch {
		case act.Does == ActSplit:
			do.Fault("分立要逐人指定去向，不能由案卷办理", "a split names who goes, which no case can")
		case needs != "" && e.Parts[needs] == nil:
			do.Fault("%s 要写明 %s", "%s needs %s", e.Act, needs)
		}
	})
}

func (l *loader) effectWrite(t *CaseType, e *Effect, x yamltree.Item) {
	o := x.Object()
	e.Entity = l.entity(o.Must("entity"))
	at, set := o.Must("entity"), o.Must("set")
	e.Set, e.New = l.settings(t, set), o.Get("new").Bool()
	if x := o.Get("next"); x.Given() && e.Entity != nil {
		e.Next, e.New = l.next(t, e, x.Object()), true
	}
	o.Done()
	l.later = append(l.later, func() {
		if e.Entity == nil {
			return
		}
		if e.Entity.Register {
			at.Fault("%s 是案卷的登记簿，只能由案卷写入", "%s is the register of a case type and is written by its cases alone", e.Entity.Name)
		}
		l.fits(e.Entity, e.Set, set)
		for _, k := range e.Entity.Key {
			if e.Next != nil && e.Next.Field != nil && e.Next.Field.Name == k {
				if e.Set[k] != nil {
					set.Fault("字段 %s 由 next 取号，不能再给值", "the field %s is numbered by next and cannot be set", k)
				}
				continue
			}
			if e.Set[k] == nil {
				set.Fault("没有给关键字段 %s", "the key field %s is not set", k)
			}
		}
	})
}

// next reads which key field of a record to write is counted.
func (l *loader) next(t *CaseType, e *Effect, o *yamltree.Object) *NextNumber {
	defer o.Done()
	x, into := o.Must("field"), o.Get("into")
	n := &NextNumber{Field: l.field(e.Entity, x, catalog.TypeInt), First: 1, Into: l.field(t.Entity, into, catalog.TypeInt)}
	if f := o.Get("first"); f.Given() {
		n.First = f.Whole(0, 1_000_000)
	}
	if n.Field != nil && (!slices.Contains(e.Entity.Key, n.Field.Name) || n.Field.Rest != catalog.InClear) {
		x.Fault("取号的字段 %s 应是 %s 的关键字段，且不加密存放", "the field %s that is numbered must be of the key of %s and kept in clear", n.Field.Name, e.Entity.Name)
	}
	if n.Into != nil && (n.Into == t.State || n.Into == t.Step || slices.Contains(t.Entity.Key, n.Into.Name)) {
		into.Fault("字段 %s 由系统填写", "the field %s is filled in by the machine", n.Into.Name)
	}
	return n
}

func (l *loader) effectTell(t *CaseType, e *Effect, x yamltree.Item) {
	o := x.Object()
	e.Text = o.Title("text", true)
	if p := o.Must("to"); p.Given() {
		e.Tell = l.place(t, p.Object(), false)
	}
	o.Done()
}

var numberPattern = regexp.MustCompile(`^[A-Z0-9-]*\{year\}[A-Z0-9-]*\{n{3,9}\}$`)

// machine says what is wrong with the type as a machine: states that nothing
// reaches, that nobody can leave, names that mean nothing.
func (l *loader) machine(t *CaseType, o *yamltree.Object) {
	if t.Number != "" && !numberPattern.MatchString(t.Number) {
		o.Get("number").Fault("编号应形如 JC-{year}-{nnnnn}", "a number looks like JC-{year}-{nnnnn}")
	}
	l.register(t, o)
	states := o.Get("states").Items()
	reached := map[string]bool{}
	var reach func(at yamltree.Item, id string)
	reach = func(at yamltree.Item, id string) {
		s := t.Find(id)
		if s == nil {
			if id != "" {
				at.Fault("没有状态 %s", "there is no state %s", id)
			}
			return
		}
		if reached[id] {
			return
		}
		reached[id] = true
		so := states[slices.Index(t.States, s)].Object()
		for i, a := range s.Actions {
			reach(so.Get("actions").Items()[i].Object().Get("to"), a.To)
		}
		if s.Then != "" {
			reach(so.Get("then"), s.Then)
		}
	}
	if t.Opens != nil {
		reach(o.Get("opens").Object().Get("to"), t.Opens.To)
	}
	if t.Withdraw != "" {
		reach(o.Get("withdraw"), t.Withdraw)
	}
	if t.Recurs != nil {
		reach(o.Get("recurs").Object().Get("to"), t.Recurs.To)
	}
	ends := false
	for i, s := range t.States {
		l.stateSound(s, states[i])
		if to := t.Find(s.Then); to != nil && slices.ContainsFunc(to.Enter, func(e *Effect) bool { return e.Kind == EffectGrant || e.Kind == EffectAct }) {
			states[i].Fault("进入 %s 时授权或执行机构变更要由人决定，不能由期限（then）触发", "what is granted or carried out on entering %s is up to a person: no clock (then) may lead there", s.Then)
		}
		l.apart(t, s, states[i])
		if !reached[s.ID] && s.ID != "" {
			states[i].Fault("没有办法到达状态 %s", "nothing leads to the state %s", s.ID)
		}
		ends = ends || s.End
	}
	if !ends && len(states) > 0 {
		o.Get("states").Fault("没有一个状态是终点（end: true）", "no state is an end (end: true)")
	}
	l.wayOut(t, states)
}

// register checks that the register can hold what the machine writes.
func (l *loader) register(t *CaseType, o *yamltree.Object) {
	e := t.Entity
	if e == nil {
		return
	}
	at := o.Get("entity")
	if len(e.Key) != 1 || e.KeyFields()[0].Type != catalog.TypeText {
		at.Fault("登记簿 %s 的关键字段应为一个文本字段（案卷编号）", "the register %s must have one text field as its key (the case's number)", e.Name)
	}
	if f := e.Field(e.Org); f == nil || f.Type != catalog.TypeRef {
		at.Fault("登记簿 %s 应有指明单位的引用字段（org）", "the register %s must have a reference that names the organisation concerned (org)", e.Name)
	}
	if t.Private != e.Private {
		at.Fault("案卷类型与登记簿的 private 要一致", "the case type and its register must agree on private")
	}
	if !e.Register {
		at.Fault("实体 %s 没有写 register: true", "the entity %s does not say register: true", e.Name)
	}
	for _, other := range l.Cases {
		if other != t && other.Entity == e {
			at.Fault("%s 已是案卷类型 %s 的登记簿", "%s is the register of the case type %s already", e.Name, other.ID)
		}
	}
	if t.State != nil && t.State.Type == catalog.TypeCode {
		for i, s := range t.States {
			if list := l.cat.List(t.State.Codes); list != nil && s.ID != "" && list.Code(s.ID) == nil {
				o.Get("states").Items()[i].Fault("代码表 %s 没有状态 %s", "the code list %s has no state %s", t.State.Codes, s.ID)
			}
		}
	}
	if t.Opens == nil {
		return
	}
	if t.Burden != "" && len(t.Opens.By) > 0 && t.Opens.Reaches == nil {
		o.Get("burden").Fault("走访和任务须先有同意码：opens 要写 reaches", "visits and tasks need a consent code: opens must have reaches")
	}
	for _, f := range e.Fields {
		if f.Required && len(t.Opens.By) > 0 && f != t.State && f != t.Step && !slices.Contains(e.Key, f.Name) && !slices.Contains(t.Opens.Needs, f) {
			o.Get("opens").Fault("必填字段 %s 没有列入 needs，案卷立不了", "the required field %s is not in needs: no case could be opened", f.Name)
		}
	}
}

// stateSound checks one state by itself.
func (l *loader) stateSound(s *CaseState, x yamltree.Item) {
	o := x.Object()
	switch {
	case s.End && (s.Who != nil || len(s.Signers) > 0 || len(s.Actions) > 0 || s.Then != ""):
		x.Fault("终点状态 %s 不能再有承办人、动作或去向", "the end %s cannot have an actor, actions or a way on", s.ID)
	case !s.End && s.Who == nil && len(s.Signers) == 0 && s.Then == "":
		x.Fault("状态 %s 没有承办人，也不会自行结束", "the state %s has no actor and does not end by itself", s.ID)
	case len(s.Places()) > 0 && len(s.Actions) == 0:
		x.Fault("状态 %s 有承办人而没有动作", "the state %s has an actor and no action", s.ID)
	case len(s.Places()) == 0 && len(s.Actions) > 0:
		x.Fault("状态 %s 有动作而没有承办人", "the state %s has actions and no actor", s.ID)
	}
	timed := s.Days != "" || s.Hours != "" || s.Until != nil
	if s.Then != "" && !timed {
		o.Get("then").Fault("then 要有期限 days 或 hours", "then needs days or hours")
	}
	if !timed && (len(s.Remind) > 0 || len(s.Escalate) > 0) {
		x.Fault("提醒和上报要有期限 days 或 hours", "reminders and escalation need days or hours")
	}
	if s.Hours != "" && (s.Days != "" || s.Until != nil || s.Calendar) {
		o.Get("hours").Fault("hours 不能与 days、until、calendar 同用", "hours stands without days, until and calendar")
	}
	signs := slices.ContainsFunc(s.Actions, func(a *CaseAction) bool { return a.Sign })
	if (len(s.Signers) > 0) != signs {
		x.Fault("会签的状态要有 sign: true 的动作，别的状态不能有", "a state with signers needs an action with sign: true, and no other state may have one")
	}
}

// apart checks the steps that an action's own actor must not have taken.
func (l *loader) apart(t *CaseType, s *CaseState, x yamltree.Item) {
	for i, a := range s.Actions {
		for j, x := range x.Object().Get("actions").Items()[i].Object().Get("not_by").Items() {
			known := a.NotBy[j] == "open" && t.Opens != nil && len(t.Opens.By) > 0 ||
				slices.ContainsFunc(t.States, func(s *CaseState) bool { return s.Action(a.NotBy[j]) != nil })
			if !known {
				x.Fault("没有人能办的步骤 %s", "there is no step %s that anybody takes", a.NotBy[j])
			}
		}
	}
}

// wayOut faults states from which no end can be reached.
func (l *loader) wayOut(t *CaseType, states []yamltree.Item) {
	out := map[string]bool{}
	for grew := true; grew; {
		grew = false
		for _, s := range t.States {
			if out[s.ID] {
				continue
			}
			free := s.End || out[s.Then]
			for _, a := range s.Actions {
				free = free || out[a.To]
			}
			if free {
				out[s.ID], grew = true, true
			}
		}
	}
	for i, s := range t.States {
		if !out[s.ID] {
			states[i].Fault("从状态 %s 到不了任何终点", "no end can be reached from the state %s", s.ID)
		}
	}
}

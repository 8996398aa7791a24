// Package catalog turns packs into one checked, immutable description of a
// city's data: entities, code lists, rules, grains, indicators, plans and roles.
// It is the only reader of pack files; every fault in them is reported at once
// with file, line and column.
package catalog

import (
	"luoshu"
	"luoshu/kernel/rule"
	"luoshu/kernel/yamltree"
)

// Text is a label in two languages.
type Text = luoshu.Text

// Fault is one thing wrong with a pack file.
type Fault = yamltree.Fault

// Catalog is every loaded pack put together. It never changes after Load; a
// version is the hash of the pack files and stands on every commit and figure.
type Catalog struct {
	Version    string
	City       City
	Packs      []*Pack
	Entities   []*Entity
	Lists      []*CodeList
	Parameters []*Parameter
	Rules      []*Rule
	Grains     []*Grain
	Indicators []*Indicator
	Plans      []*Plan
	Roles      []*Role
	Rosters    []*Roster
	Charters   []Charter // files that other rooms read
	Boundaries []byte    // GeoJSON of the city's areas, nil if no pack has one

	entities   map[string]*Entity
	lists      map[string]*CodeList
	parameters map[string]*Parameter
	grains     map[string]*Grain
	indicators map[string]*Indicator
	roles      map[string]*Role
}

// Charter is a pack file that another room reads by its name: how the city's data
// are looked after (kernel/charter), which days are worked (kernel/workday), what
// is owed (kernel/duty).
type Charter struct {
	Pack, Name, File string
	Data             []byte
}

// City is what the one pack with a `city:` block says about the place.
type City struct {
	Title      Text   // 洛阳市 / Luoyang
	Root       string // code of the topmost organisation
	AreaProp   string // property of a boundary feature that holds the area code
	AreaDim    string // dimension whose values are area codes (map of the dashboard)
	StageDim   string // dimension shown as tabs on the dashboard, may be ""
	YearName   Text   // how a year is written, with %d and %d: "%d—%d学年"
	YearStart  int    // month in which a year starts (9)
	Notice     Text   // shown on every page and export when not empty ("合成数据")
	Headlines  []Headline
	TrendsFrom int
}

// Headline is one figure of the dashboard, with the cut values it is taken at.
type Headline struct {
	Indicator string
	Where     map[string]string
}

// Pack is one folder of packs/.
type Pack struct {
	Name, Version string
	Title         Text
	Needs         []string
	Owner         Text
	Basis         []Source
	Dir           string
	Files         []string
}

// Source says where a number or rule comes from and how sure it is (A official or
// two sources, B one source, M from memory, D our own design).
type Source struct {
	Text      Text
	Ref       string
	Certainty string
}

// Type is a field's type.
type Type string

// The field types. Code and Ref are text in storage; Bool is 1/0; Date is yyyymmdd;
// Decimal is an integer scaled by 10^Scale; Year is the year in which a school year starts.
const (
	TypeText    Type = "text"
	TypeCode    Type = "code"
	TypeRef     Type = "ref"
	TypeInt     Type = "int"
	TypeDecimal Type = "decimal"
	TypeBool    Type = "bool"
	TypeDate    Type = "date"
	TypeYear    Type = "year"
)

// IsText reports whether values of the type are stored as text.
func (t Type) IsText() bool { return t == TypeText || t == TypeCode || t == TypeRef }

// Sensitivity orders who may see a field. Closed (scores, ranks) never leaves.
type Sensitivity int

// From least to most guarded.
const (
	Public Sensitivity = iota
	InternalUse
	Personal
	Sensitive
	Closed
)

var sensitivities = []string{"public", "internal", "personal", "sensitive", "closed"}

// String returns the class as packs write it.
func (s Sensitivity) String() string {
	if s < 0 || int(s) >= len(sensitivities) {
		return "?"
	}
	return sensitivities[s]
}

// ParseSensitivity reads a class; ok is false if there is none of that name.
func ParseSensitivity(s string) (Sensitivity, bool) {
	for i, n := range sensitivities {
		if n == s {
			return Sensitivity(i), true
		}
	}
	return Closed, false
}

// Entity is one kind of record.
type Entity struct {
	Name   string
	Pack   string
	Title  Text
	Note   Text
	Group  Text     // menu group
	Key    []string // natural key: field names
	Label  string   // field that names a record for people
	Search []string // fields found by name, pinyin and folded characters (text)
	// Org leads from a row to the organisation that holds it: a field, or
	// "ref_field.field" over one reference. Empty: reference data all may read.
	Org    string
	Node   *Node  // set when the entity's records are organisations
	Valid  *Valid // between which dates a record holds, nil if it has none
	Year   string // field with the school year, "" if none
	Months int    // a record is stale this many months after it was last verified; 0 = never
	// Register says that the records are cases: written by their steps alone.
	Register bool
	// Private registers are shown to those only who act in the case; their texts are
	// kept encrypted.
	Private bool
	// Below says that what an organisation keeps is read by those under it too.
	Below  bool
	Fields []*Field
	Dir    string // folder of the pack
	File   string
	Line   int

	fields map[string]*Field
}

// Node makes the records of an entity organisations of the scope tree.
type Node struct {
	Parent string // field with the code of the parent organisation
	Level  string // city | county | school, or LevelField
	// LevelField, if set, is the code field that holds the level.
	LevelField string
	Open       string // date fields bounding its life, may be ""
	Close      string
}

// Valid names the date fields between which a record holds: from From up to, not
// including, To. A record without To holds for ever or, if Within names a year
// field, to the end of that year.
type Valid struct{ From, To, Within string }

// Field is one column of an entity.
type Field struct {
	Name        string
	Title       Text
	Note        Text
	Aliases     []string
	Type        Type
	Codes       string // code list (TypeCode)
	Ref         string // entity (TypeRef); the entity has a one-field key
	Loose       bool   // a reference that may point at nothing known (abolished codes)
	Required    bool
	Min, Max    *int64 // length of text; stored value of int, decimal, date, year
	Pattern     string // RE2, whole value
	Check       string // named identifier check: see rule.Checks
	Scale       int
	Unit        Text
	Sensitivity Sensitivity
	Find        bool   // sensitive, but found by an exact value
	Sealed      bool   // kept encrypted whatever its class; of a key, which tells of a person, a token stands in its place
	Rest        Rest   // how values lie in the table, and under which domain tokens are made
	Domain      string // of tokens, "" unless Rest is Token
	Contains    string // "id": a number with an identity number in it, or a reference to one
	Few         bool   // tells of few children: coarse to whoever may not see small groups
	Source      string // the one source of record: school | county | city | province | nation | system:NAME
	Example     string
	Line        int

	Index int // position in Entity.Fields
}

// CodeList is a list of codes with validity.
type CodeList struct {
	Name  string
	Title Text
	Codes []Code
	byKey map[string]int
}

// Code is one value of a list. From and To are yyyymmdd or 0.
type Code struct {
	Code, Parent string
	Title        Text
	From, To     int64
	Standard     string
	Certainty    string
	Attrs        map[string]string // further columns of the CSV (stage, order…)
}

// Parameter is a number of a law, standard or plan with validity and area.
type Parameter struct {
	ID     string
	Title  Text
	Unit   Text
	Values []ParamValue
}

// ParamValue is one validity period of a parameter. When narrows it to cut
// values, e.g. {stage: PRI}. Value is exact: Num / 10^Scale.
type ParamValue struct {
	Num      int64
	Scale    int
	From, To int64 // yyyymmdd, 0 open
	When     map[string]string
	Area     string
	Source   Source
	Verified bool // false when the certainty is M: shown as unverified
}

// Float returns the value as float64.
func (v ParamValue) Float() float64 {
	f := float64(v.Num)
	for range v.Scale {
		f /= 10
	}
	return f
}

// Rule is a row rule in CEL: Check must be true for every row it applies to.
// Fields are variables by name; null fields are null.
type Rule struct {
	ID      string
	Pack    string
	Entity  string
	Grade   string // enforce | warn
	Check   string
	Fields  []string
	Message Text
	Remedy  Text
	File    string
	Line    int

	Prog *rule.Expr // Check compiled against Catalog.EntityVars
}

// Grain is a base set that is scanned once per seal: facts of one entity, joined
// to what they refer to, expanded to years, cut by dimensions.
type Grain struct {
	ID    string
	Pack  string
	Title Text
	Note  Text
	From  string            // fact entity
	Join  []Join            // n:1 joins in order
	Roll  []Roll            // counts of another entity's rows per fact row
	Year  string            // expression giving the year; "" with Calendar
	Cal   *Calendar         // expands dated facts to the years in which they hold
	Where string            // CEL over the fact and joins
	Dims  []*Dim            // finest grouping
	Org   string            // id of the dim that is an organisation code (school)
	Path  map[string]string // reserved
	Line  int
	File  string

	// Year and Where compiled against Catalog.FactVars; nil when not given.
	YearProg, WhereProg *rule.Expr
}

// Join brings in another entity by a reference: alias.On is a field of the fact
// (or "alias.field" of an earlier join) that holds the key of Entity.
type Join struct{ Alias, Entity, On string }

// Roll counts rows of Entity per fact row: rows whose By[i].Theirs equals the
// fact's By[i].Ours. The count is available as the variable Alias (int, 0 if none).
type Roll struct {
	Alias, Entity string
	By            []RollKey
	Where         string

	WhereProg *rule.Expr // compiled against EntityVars of Entity; nil when not given
}

// RollKey pairs a field of the rolled entity with an expression over the fact;
// Ours may be "year" for the grain's year.
type RollKey struct {
	Theirs, Ours string

	Prog *rule.Expr // Ours, compiled against Catalog.FactVars
}

// Calendar expands a fact with a from and a to date to every year Y with
// from <= Y-MM-DD and (to is null or to > Y-MM-DD); years come from data.
type Calendar struct {
	From, To string // date fields (or alias.field)
	Month    int
	Day      int
}

// Dim is one dimension of a grain.
type Dim struct {
	ID    string
	Title Text
	Expr  string // CEL
	Codes string // code list naming the values, "" if none
	Ref   string // entity naming the values, "" if none

	Prog *rule.Expr // compiled against Catalog.FactVars; its kind is Text or Int
}

// Kinds of indicator.
const (
	KindCount  = "count"  // numerator only
	KindSum    = "sum"    // numerator only, a sum
	KindShare  = "share"  // numerator is a subset of the denominator
	KindRatio  = "ratio"  // numerator / denominator × Scale
	KindMean   = "mean"   // sum / count
	KindCV     = "cv"     // coefficient of variation of a ratio over units
	KindPasses = "passes" // units that reach their limit on at least AtLeast of Items / units
)

// Indicator is a declared figure.
type Indicator struct {
	ID        string
	Pack      string
	Title     Text
	Note      Text
	Kind      string
	Unit      Text
	Of        *Measure // numerator
	Per       *Measure // denominator, nil for count and sum
	Scale     int64    // the value is numerator / denominator × Scale (default 1; 100 for shares)
	Decimals  int      // digits shown
	By        [][]string
	Better    string // higher | lower | ""
	Formula   Text   // in words
	Basis     []Source
	MinGroup  int64
	Sensitive bool
	// Limit is the parameter the figure is held against, "" if none.
	Limit string
	// For cv and passes:
	Over       string   // the dim of units (school)
	Items      []string // indicators (one for cv)
	AtLeast    int
	Unweighted bool // population deviation without weights (an option beside the weighted default)
	Line       int
	File       string
}

// Measure counts or sums rows of a grain.
type Measure struct {
	Grain string
	Where string // CEL over fields, joins, rolls and dims of the grain; "" all
	Sum   string // field or expression to add up; "" counts rows
	Lag   int    // the rows of the year this many years before

	// Where and Sum compiled against Catalog.GrainVars; nil when not given.
	WhereProg, SumProg *rule.Expr
}

// Plan is a plan as data.
type Plan struct {
	ID, Pack     string
	Title        Text
	Number       string
	Issued       string
	From, To     int
	Targets      []*Target
	Observations []Observation
}

// Target is one number (or unnumbered aim) of a plan. Values are kept as written;
// nil is "not stated" or lost, never filled.
type Target struct {
	ID             string
	Title          Text
	Quote          string
	Section        string
	Line           string
	Kind, Unit     string
	Status         string // target | rule | fact
	Scope          string
	Direction      string
	Strict         bool
	Qualifier      string
	Deadline       string
	DeadlineBasis  string
	Baseline       *TargetValue
	BaselineQuote  string
	Target         *TargetValue
	TargetSource   string
	Headline       int // 1..9, 0 if not one of the main indicators
	Truncated      bool
	Numbered       bool
	Note           string
	Owner          Text // responsible body if the plan or the bureau named one; zero if not
	Indicator      string
	IndicatorWhere map[string]string
	// Divide is what the figure is divided by before it is held against the target
	// (a plan that counts in ten thousands); 0 and 1 leave it as it is.
	Divide int64
}

// TargetValue is a value as the plan states it: a number, a range, or words.
type TargetValue struct {
	Value    *float64
	Min, Max *float64
	Text     string
	Year     int
	Source   string
}

// Observation is a value that no record can give, with its source.
type Observation struct {
	Target, Indicator string
	Year              int
	Value             float64
	Unit              string
	Source            Source
	Where             map[string]string
}

// Role is what a kind of user may do and see.
type Role struct {
	ID    string
	Pack  string
	Title Text
	Can   []string    // read, export, load, commit, undo, seal, explore, behind, plan
	Sees  Sensitivity // most guarded class shown in clear
	Masks Sensitivity // above Sees and up to Masks: shown masked; above: left out
	Small bool        // may see groups below the minimum group size
	// Entities limits the role to some entities; empty is all.
	Entities []string
	// Factor says that the role needs a second factor at sign-in.
	Factor bool
	// Home is the page the role starts on.
	Home string
}

// May reports whether the role has the action.
func (r *Role) May(action string) bool {
	for _, a := range r.Can {
		if a == action {
			return true
		}
	}
	return false
}

// ReadsOnly reports whether a role looks at things and changes none, takes none away
// and sees nobody's personal data: what may be given to people from outside.
func (r *Role) ReadsOnly() bool {
	if r == nil || len(r.Can) == 0 || r.Sees > InternalUse || r.Small {
		return false
	}
	for _, a := range r.Can {
		if a != "read" && a != "explore" && a != "behind" && a != "plan" {
			return false
		}
	}
	return true
}

// Entity returns an entity by name, nil if there is none.
func (c *Catalog) Entity(name string) *Entity { return c.entities[name] }

// List returns a code list by name, nil if there is none.
func (c *Catalog) List(name string) *CodeList { return c.lists[name] }

// Parameter returns a parameter by id, nil if there is none.
func (c *Catalog) Parameter(id string) *Parameter { return c.parameters[id] }

// Grain returns a grain by id, nil if there is none.
func (c *Catalog) Grain(id string) *Grain { return c.grains[id] }

// Indicator returns an indicator by id, nil if there is none.
func (c *Catalog) Indicator(id string) *Indicator { return c.indicators[id] }

// Role returns a role by id, nil if there is none.
func (c *Catalog) Role(id string) *Role { return c.roles[id] }

// Field returns a field by name, nil if there is none.
func (e *Entity) Field(name string) *Field { return e.fields[name] }

// KeyFields returns the fields of the natural key in order.
func (e *Entity) KeyFields() []*Field {
	out := make([]*Field, len(e.Key))
	for i, k := range e.Key {
		out[i] = e.fields[k]
	}
	return out
}

// Code returns a code of the list, nil if it is not in it.
func (l *CodeList) Code(code string) *Code {
	if i, ok := l.byKey[code]; ok {
		return &l.Codes[i]
	}
	return nil
}

// Dim returns a dimension by id, nil if there is none.
func (g *Grain) Dim(id string) *Dim {
	for _, d := range g.Dims {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// Value returns the parameter's value on a date (yyyymmdd) for the given cut
// values and area, and whether there is one. The most specific match wins; a
// value with an area applies to codes that begin with it.
func (p *Parameter) Value(on int64, where map[string]string, area string) (ParamValue, bool) {
	best, found, score := ParamValue{}, false, -1
	for _, v := range p.Values {
		if (v.From != 0 && on < v.From) || (v.To != 0 && on > v.To) {
			continue
		}
		s, ok := 0, true
		for k, want := range v.When {
			if where[k] != want {
				ok = false
				break
			}
			s += 2
		}
		if !ok {
			continue
		}
		if v.Area != "" {
			if len(area) < len(v.Area) || area[:len(v.Area)] != v.Area {
				continue
			}
			s++
		}
		if s > score {
			best, found, score = v, true, s
		}
	}
	return best, found
}

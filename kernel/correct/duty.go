package correct

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/intake"
	"luoshu/kernel/records"
)

// Duty is one line of the field-to-source map: a field, who answers for it, who
// holds it at one organisation, and how far it is filled in there.
type Duty struct {
	Field       string      `json:"field"`
	Title       luoshu.Text `json:"title"`
	Class       string      `json:"class"`  // public, internal, personal, sensitive
	Source      string      `json:"source"` // as the catalog writes it
	SourceTitle luoshu.Text `json:"source_title"`
	Note        luoshu.Text `json:"note"`
	Steward     string      `json:"steward"` // level that answers here
	Days        int         `json:"days"`
	Holder      string      `json:"holder"` // the organisation that answers, "" if several do
	HolderTitle luoshu.Text `json:"holder_title"`
	Holders     int         `json:"holders"` // how many answer
	Filled      int64       `json:"filled"`  // records with a value, -1 where the actor may not know
	Key         bool        `json:"key"`
}

// Register is the map of one entity.
type Register struct {
	Entity   string      `json:"entity"`
	Title    luoshu.Text `json:"title"`
	Group    luoshu.Text `json:"group"`
	Months   int         `json:"months"`   // a record is to be verified again after so many, 0 for never
	Rows     int64       `json:"rows"`     // current records in reach
	Attested int64       `json:"attested"` // of them ever attested
	Last     string      `json:"last"`     // newest attestation, yyyy-mm-dd, "" for none
	Duties   []Duty      `json:"duties"`
}

// Map is the field-to-source map (数据责任清单) at an organisation within the actor's
// reach, "" for the actor's own. Closed fields are left out; how far a field is
// filled in is told only of fields that the actor sees, in clear or masked.
func (c *Correct) Map(ctx context.Context, actor luoshu.Actor, org, entity string) ([]Register, error) {
	role := c.acc.Role(actor)
	if role == nil {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这类数据", "no such data")
	}
	scope, err := c.acc.Scope(ctx, actor)
	if err != nil {
		return nil, fmt.Errorf("find the scope: %w", err)
	}
	if scope, err = scope.Under(org); err != nil {
		return nil, err
	}
	var out []Register
	for _, e := range c.cat.Entities {
		if !c.reaches(actor, e.Name) || entity != "" && e.Name != entity {
			continue
		}
		where, args := scope.Where(c.cat, e, "f")
		n, err := c.filled(ctx, scope.Root, e.Name, where, args)
		if err != nil {
			return nil, err
		}
		r := Register{
			Entity: e.Name, Title: e.Title, Group: e.Group, Months: e.Months, Rows: n.Rows, Attested: n.Attested, Last: luoshu.FormatDate(n.Last), Duties: []Duty{},
		}
		for _, f := range e.Fields {
			if f.Sensitivity >= catalog.Closed {
				continue
			}
			d := c.duty(f, scope)
			d.Key, d.Filled = slices.Contains(e.Key, f.Name), -1
			if f.Sensitivity <= max(role.Sees, role.Masks) {
				d.Filled = n.Fields[f.Index]
			}
			r.Duties = append(r.Duties, d)
		}
		out = append(out, r)
	}
	if entity != "" && len(out) == 0 {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这类数据", "no such data")
	}
	return out, nil
}

// mostFilled bounds how many counts are remembered.
const mostFilled = 500

// filled counts how far an entity is filled in under an organisation; the answer
// holds until the ledger moves.
func (c *Correct) filled(ctx context.Context, root, entity, where string, args []any) (records.Filled, error) {
	head, err := c.acc.Head(ctx)
	if err != nil {
		return records.Filled{}, err
	}
	key := root + " " + entity
	c.mu.Lock()
	if c.counted != head || len(c.counts) > mostFilled {
		c.counts, c.counted = map[string]records.Filled{}, head
	}
	n, ok := c.counts[key]
	c.mu.Unlock()
	if ok {
		return n, nil
	}
	if n, err = c.rd.Filled(ctx, entity, where, args); err != nil {
		return n, err
	}
	c.mu.Lock()
	if c.counted == head {
		c.counts[key] = n
	}
	c.mu.Unlock()
	return n, nil
}

func (c *Correct) duty(f *catalog.Field, scope *access.Scope) Duty {
	d := Duty{Field: f.Name, Title: f.Title, Class: f.Sensitivity.String(), Source: f.Source}
	s := c.ch.Source(f.Source)
	if s == nil {
		return d
	}
	d.SourceTitle, d.Note, d.Steward, d.Days = s.Title, s.Note, s.Steward, s.Days
	t := scope.Tree()
	today := c.Today()
	holder := func(n *access.Node) {
		if d.Holders++; d.Holders == 1 {
			d.Holder, d.HolderTitle = n.Code, n.Title
		}
	}
	for _, code := range scope.Codes() {
		if n := t.Get(code); n != nil && n.Level == s.Steward && (n.Closed == 0 || n.Closed > today) {
			holder(n)
		}
	}
	if d.Holders == 0 { // it answers from above
		if org, _ := route(t.Path(scope.Root), s, catalog.Levels(), today); org != "" {
			holder(t.Get(org))
		}
	}
	if d.Holders > 1 {
		d.Holder, d.HolderTitle = "", luoshu.Text{}
	}
	return d
}

// WriteMap writes the map as a table, csv or xlsx, with the city's notice on it.
func (c *Correct) WriteMap(w io.Writer, format string, actor luoshu.Actor, registers []Register) error {
	head := []string{
		"登记表 Register", "字段 Field", "字段代码 Code", "密级 Class", "来源 Source of record", "来源代码 Source code", "本地答复单位 Answers here",
		"答复期限（天） Days to answer", "核验周期（月） Verified every (months)", "记录数 Records", "已填 Filled", "填报率 Share filled", "最近核验 Last verified",
	}
	out, err := intake.NewTable(w, format, "数据责任清单 Field-to-source map", head, intake.Meta{
		Notice: c.cat.City.Notice, By: actor.Name, Source: c.cat.City.Title.ZH + " " + c.cat.City.Title.EN + ", " + c.now().Format("2006-01-02 15:04"),
	})
	if err != nil {
		return err
	}
	for _, r := range registers {
		for _, d := range r.Duties {
			months, filled, share := "", "", ""
			if r.Months > 0 {
				months = strconv.Itoa(r.Months)
			}
			if d.Filled >= 0 {
				filled = strconv.FormatInt(d.Filled, 10)
				if r.Rows > 0 {
					share = strconv.FormatFloat(float64(d.Filled)/float64(r.Rows), 'f', 4, 64)
				}
			}
			err := out.Text([]string{
				pair(r.Title), pair(d.Title), r.Entity + "." + d.Field, d.Class, pair(d.SourceTitle), d.Source, pair(d.Unit()),
				strconv.Itoa(d.Days), months, strconv.FormatInt(r.Rows, 10), filled, share, r.Last,
			})
			if err != nil {
				return fmt.Errorf("write the map of sources: %w", err)
			}
		}
	}
	return out.Close()
}

func pair(t luoshu.Text) string {
	if t.EN == "" || t.EN == t.ZH {
		return t.ZH
	}
	return t.ZH + " " + t.EN
}

// Unit says who answers, for people.
func (d Duty) Unit() luoshu.Text {
	if d.Holders > 1 {
		return luoshu.Text{ZH: fmt.Sprintf("%d 个单位", d.Holders), EN: fmt.Sprintf("%d organisations", d.Holders)}
	}
	return d.HolderTitle
}

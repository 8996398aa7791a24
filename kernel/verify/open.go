package verify

import (
	"context"
	"database/sql"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
)

// Opened is a round just opened. Unheld are records whose organisation is not
// known, so that nobody could be asked.
type Opened struct {
	*Round
	Tasks  int   `json:"tasks"`
	Total  int64 `json:"records"`
	Unheld int64 `json:"unheld"`
}

// task to be made.
type draft struct {
	entity, org, unit string
	total             int64
}

// OpenRound opens a round of the charter over the actor's organisation: every
// holder gets a task with the number of records it holds at this moment. A round
// of one year opens once.
func (v *Verify) OpenRound(ctx context.Context, actor luoshu.Actor, id string, year int64) (*Opened, error) {
	spec := v.Charter.Round(id)
	if spec == nil {
		return nil, noRound()
	}
	scope, err := v.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if scope.Root == "" {
		return nil, luoshu.Errorf(luoshu.Denied, "您不属于任何单位", "you belong to no organisation")
	}
	today := v.Today()
	days, err := v.number(spec.Days, today)
	if err != nil {
		return nil, err
	}
	if year == 0 {
		year = v.yearOf(today)
	}
	r := &Round{
		ID: id + "-" + strconv.FormatInt(year, 10), SpecID: id, Spec: spec, Year: year, Org: scope.Root, State: Open,
		OpenedOn: today, OpenedBy: actor.Name, Due: addDays(today, int(days)),
	}
	if !scope.Whole {
		r.ID += "-" + scope.Root
	}
	if r.Seq, _, err = v.Ledger.Head(ctx); err != nil {
		return nil, err
	}
	out := &Opened{Round: r}
	tasks, err := v.drafts(ctx, r, scope, out)
	if err != nil {
		return nil, err
	}
	if len(tasks) == 0 {
		return nil, luoshu.Errorf(luoshu.Conflict, "范围内没有需要核验的记录", "there are no records to verify in this scope")
	}
	return out, v.writeRound(ctx, r, tasks)
}

// yearOf is the year of the city's calendar that a day lies in.
func (v *Verify) yearOf(day int64) int64 {
	y := day / 10000
	if day/100%100 < int64(max(v.Catalog.City.YearStart, 1)) {
		y--
	}
	return y
}

func (v *Verify) writeRound(ctx context.Context, r *Round, tasks []draft) error {
	at := v.stamp()
	return v.DB.Tx(ctx, func(tx *store.Tx) error {
		var n, same int64
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(n), 0) + 1, count(CASE WHEN id = ? THEN 1 END) FROM round`, r.ID).Scan(&n, &same); err != nil {
			return fmt.Errorf("open round: %w", err)
		}
		if same > 0 {
			return luoshu.Errorf(luoshu.Conflict, "%s 已经开过", "%s has been opened already", r.ID)
		}
		r.N = n
		if _, err := tx.Exec(ctx, `INSERT INTO round (n, id, spec, year, org, seq, state, opened_on, opened_at, opened_by, due, head, seed, closed_at, closed_by, seal, note, overdue)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '', '', '', '', 0)`,
			n, r.ID, r.SpecID, r.Year, r.Org, r.Seq, r.State, r.OpenedOn, at, r.OpenedBy, r.Due); err != nil {
			return fmt.Errorf("open round: %w", err)
		}
		var next int64
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM round_task`).Scan(&next); err != nil {
			return fmt.Errorf("open round: %w", err)
		}
		ins, err := tx.Prepare(ctx, `INSERT INTO round_task (id, round, entity, org, unit, total, listed, rev, due, returned, done_on) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, 0, 0)`)
		if err != nil {
			return fmt.Errorf("open round: %w", err)
		}
		defer ins.Close()
		for _, d := range tasks {
			next++
			if _, err := ins.ExecContext(ctx, next, n, d.entity, d.org, d.unit, d.total, r.Due); err != nil {
				return fmt.Errorf("open round: %w", err)
			}
		}
		return nil
	})
}

// drafts counts the records of every holder.
func (v *Verify) drafts(ctx context.Context, r *Round, scope *access.Scope, out *Opened) ([]draft, error) {
	tree := scope.Tree()
	units, err := v.unitSet(ctx, r.Spec.Units)
	if err != nil {
		return nil, err
	}
	var tasks []draft
	for _, list := range r.Spec.Lists {
		counts, err := v.countByOrg(ctx, list, scope, r.Seq)
		if err != nil {
			return nil, err
		}
		sums := map[string]int64{}
		for code, n := range counts {
			holder := above(tree, code, r.Spec.Holder)
			switch {
			case holder == "":
				out.Unheld += n
			case units == nil || units[holder]:
				sums[holder] += n
			}
		}
		for org, n := range sums {
			d := draft{entity: list.Entity, org: org, total: n}
			if r.Spec.Spot != nil {
				d.unit = over(tree, org, r.Spec.Spot.Level)
			}
			tasks = append(tasks, d)
			out.Total += n
		}
	}
	sort.Slice(tasks, func(i, j int) bool {
		a, b := tasks[i], tasks[j]
		return a.org < b.org || a.org == b.org && a.entity < b.entity
	})
	out.Tasks = len(tasks)
	return tasks, nil
}

// above is the nearest organisation of a level at or over a code, "" for none.
func above(t *access.Tree, code, level string) string {
	path := t.Path(code)
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].Level == level {
			return path[i].Code
		}
	}
	return ""
}

// over is the organisation of a level over a code; without one, the organisation
// right over it.
func over(t *access.Tree, code, level string) string {
	if x := above(t, code, level); x != "" {
		return x
	}
	if n := t.Get(code); n != nil {
		return n.Parent
	}
	return ""
}

// unitSet is the codes of the organisations that a round is narrowed to; nil for all.
func (v *Verify) unitSet(ctx context.Context, u *charter.RoundUnits) (map[string]bool, error) {
	if u == nil {
		return nil, nil
	}
	e := v.Catalog.Entity(u.Entity)
	cond, err := v.condition(u.Where)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	err = v.scan(ctx, `SELECT f.`+store.Col(e.Key[0])+` FROM `+store.Table(e.Name)+` f WHERE f._to IS NULL AND `+cond, nil, func(rows *sql.Rows) error {
		var code string
		if err := rows.Scan(&code); err != nil {
			return err
		}
		out[code] = true
		return nil
	})
	return out, err
}

// condition is the SQL of a condition over the alias f; 1=1 for none.
func (v *Verify) condition(x *rule.Expr) (string, error) {
	if x == nil {
		return "1=1", nil
	}
	s, err := x.SQL(v.DB.Dialect(), func(name string) string { return "f." + store.Col(name) }, nil)
	if err != nil {
		return "", fmt.Errorf("condition of a round: %w", err)
	}
	return "(" + s + ")", nil
}

// countByOrg counts the records of a list by the organisation they belong to.
func (v *Verify) countByOrg(ctx context.Context, list *charter.RoundList, scope *access.Scope, seq int64) (map[string]int64, error) {
	e := v.Catalog.Entity(list.Entity)
	from, org := orgOf(v.Catalog, e)
	cond, err := v.condition(list.Where)
	if err != nil {
		return nil, err
	}
	in, args := scope.Where(v.Catalog, e, "f")
	out := map[string]int64{}
	err = v.scan(ctx, `SELECT coalesce(`+org+`, ''), count(*) FROM `+from+` WHERE `+asOf+` AND `+cond+` AND `+in+` GROUP BY 1`,
		append([]any{seq, seq}, args...), func(rows *sql.Rows) error {
			var code string
			var n int64
			if err := rows.Scan(&code, &n); err != nil {
				return err
			}
			out[code] = n
			return nil
		})
	return out, err
}

// asOf picks the versions under the alias f as of a commit, given twice.
const asOf = `f._from <= ? AND (f._to IS NULL OR f._to > ?)`

// orgOf is what to read from, with the alias f, and the SQL of the organisation
// that a row of an entity belongs to.
func orgOf(cat *catalog.Catalog, e *catalog.Entity) (from, org string) {
	field, far, hop := cutOrg(e)
	from = store.Table(e.Name) + " f"
	if !hop {
		return from, "f." + store.Col(field)
	}
	t := cat.Entity(e.Field(field).Ref)
	return from + " LEFT JOIN " + store.Table(t.Name) + " o_ ON o_._to IS NULL AND o_." + store.Col(t.Key[0]) + " = f." + store.Col(field), "o_." + store.Col(far)
}

func (v *Verify) scan(ctx context.Context, q string, args []any, each func(*sql.Rows) error) error {
	rows, err := v.DB.Query(ctx, q, args...)
	if err != nil {
		return fmt.Errorf("verification: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return fmt.Errorf("verification: %w", err)
		}
	}
	return rows.Err()
}

// seedOf is the published seed of a round's draw.
func seedOf(id, head string) []byte {
	return chain.Sum(chain.AppendText(chain.AppendText(chain.AppendText(nil, "luoshu spot check 1"), id), head))
}

// cutOrg takes the path to an entity's organisation apart.
func cutOrg(e *catalog.Entity) (field, far string, hop bool) {
	return strings.Cut(e.Org, ".")
}

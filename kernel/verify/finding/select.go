package finding

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/store"
	"luoshu/kernel/yamltree"
)

// Select is the statement of a rule: its SELECT over entities, each of which stands
// for its present records with rec and every field that is not closed. Years and
// parameters are written into it as numbers.
func Select(cat *catalog.Catalog, r *charter.SetRule, year, day int64) (string, error) {
	var missing string
	body := charter.FillPlaces(r.Find, func(name string) string {
		if name == "year" {
			return strconv.FormatInt(year, 10)
		}
		v, ok := cat.Parameter(name).Value(day, nil, cat.City.Root)
		if !ok {
			missing = name
		}
		return luoshu.FormatDecimal(v.Num, v.Scale)
	})
	if missing != "" {
		return "", luoshu.Errorf(luoshu.Unavailable, "参数 %s 没有值", "the parameter %s has no value", missing)
	}
	views := make([]string, 0, len(r.Reads))
	for _, name := range r.Reads {
		e := cat.Entity(name)
		var cols strings.Builder
		for _, f := range e.Fields {
			if f.Sensitivity < catalog.Closed {
				cols.WriteString(", " + store.Col(f.Name))
			}
		}
		views = append(views, store.Col(name)+` AS NOT MATERIALIZED (SELECT _rec AS rec`+cols.String()+` FROM `+store.Table(name)+` WHERE _to IS NULL)`)
	}
	body = strings.TrimSpace(body)
	lead := "WITH " + strings.Join(views, ",\n") + "\n"
	if len(body) > 4 && strings.EqualFold(body[:4], "with") {
		return strings.TrimSuffix(lead, "\n") + ",\n" + strings.TrimSpace(body[4:]), nil
	}
	return lead + body, nil
}

// Check holds the SELECTs of the rules against the tables of the catalog: each must
// be one that the database takes, and give exactly rec, org and the evidence.
func Check(ctx context.Context, db *store.DB, cat *catalog.Catalog, ch *charter.Charter) ([]yamltree.Fault, error) {
	if err := db.EnsureEntities(ctx, cat); err != nil {
		return nil, err
	}
	var out []yamltree.Fault
	for _, r := range ch.SetRules {
		if r.Find == "" {
			continue
		}
		text, err := Select(cat, r, 2000, 20000101)
		if err != nil { // a parameter whose values begin later has one by then
			text, err = Select(cat, r, 2000, 99991231)
		}
		if err != nil {
			out = append(out, r.FindFault("%s", "%s", luoshu.Text{ZH: err.Error(), EN: err.Error()}))
			continue
		}
		cols, err := columns(ctx, db, text)
		if err != nil {
			out = append(out, r.FindFault("数据库不接受这条语句：%s", "the database does not take the statement: %s", err))
			continue
		}
		want := []string{"org", "rec"}
		for _, v := range r.Evidence {
			want = append(want, v.Name)
		}
		sort.Strings(want)
		sort.Strings(cols)
		if !slices.Equal(want, cols) {
			out = append(out, r.FindFault("应给出的列为 %s，现为 %s", "the columns must be %s, not %s", strings.Join(want, " "), strings.Join(cols, " ")))
		}
	}
	return out, nil
}

// columns prepares a statement and answers its columns; it reads no row.
func columns(ctx context.Context, db *store.DB, text string) ([]string, error) {
	rows, err := db.Query(ctx, "SELECT * FROM ("+text+") x_ LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("columns: %w", err)
	}
	return cols, rows.Err()
}

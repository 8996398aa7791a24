//go:build cgo && (amd64 || arm64)

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"luoshu"
	"luoshu/kernel/city"
	"luoshu/kernel/indicator/opened"
	"luoshu/kernel/store"
	"luoshu/packs"
)

// onFirst is the condition that an enrolment holds on 1 September.
const onFirst = `e.from_date <= e.school_year*10000+901 AND (e.to_date IS NULL OR e.to_date > e.school_year*10000+901)`

// cuts are the groupings that the packs declare for most figures.
const cuts = ` GROUP BY GROUPING SETS ((1),(1,2),(1,3),(1,2,3),(1,4),(1,4,3),(1,5),(1,6))`

// cutCols are year, county, stage, school, urban-rural and runner of a fact e with its school s.
const cutCols = `s.division_code, e.stage, s.school_code, left(s.urban_rural,2), s.runner`

// byHand are the questions an analyst would put to the Parquet files of a seal.
func byHand() map[string]string {
	pupils := ` FROM enrolment e JOIN school s USING (school_code) JOIN student p ON p.student_no = e.student_no WHERE ` + onFirst + cuts
	one := ` FROM enrolment e JOIN school s USING (school_code) WHERE ` + onFirst + cuts
	count := func(cond string) string {
		return `SELECT e.school_year, ` + cutCols + `, count(*) FILTER (` + cond + `), count(*)`
	}
	classes := `SELECT school_year, division_code, stage, school_code, urban, runner, count(*), count(*) FILTER (n >= 56), count(*) FILTER (n >= 66), sum(n) FROM (
		SELECT c.school_year, s.division_code, c.stage, s.school_code, left(s.urban_rural,2) urban, s.runner, k.n FROM class c JOIN school s USING (school_code)
		JOIN (SELECT e.class_code, count(*) n FROM enrolment e WHERE ` + onFirst + ` GROUP BY 1) k ON k.class_code = c.class_code)` + cuts
	posts := `SELECT y.y, s.division_code, e.stage, s.school_code, left(s.urban_rural,2), s.runner, count(*),
		count(*) FILTER (e.category='teacher'), count(*) FILTER (t.cert_no IS NOT NULL), count(*) FILTER (e.rotation=1), count(*) FILTER (t.backbone IN ('county','city','province'))
		FROM posting e JOIN school s USING (school_code) JOIN staff t ON t.staff_no = e.staff_no
		JOIN (SELECT DISTINCT school_year y FROM enrolment) y ON e.from_date <= y.y*10000+901 AND (e.to_date IS NULL OR e.to_date > y.y*10000+901)` + cuts
	return map[string]string{
		"students":                    `SELECT e.school_year, ` + cutCols + `, count(*)` + one,
		"boarders":                    count("e.boarding = 1") + one,
		"left-behind children":        count("e.left_behind IN ('1','2')") + one,
		"migrant children":            count("e.migrant <> '0'") + one,
		"migrant children in public":  count("e.migrant <> '0' AND s.runner = 'public'") + one,
		"kindergarten, affordable":    count("e.stage = 'PRE' AND (s.runner = 'public' OR s.inclusive = 1)") + one,
		"kindergarten, public":        count("e.stage = 'PRE' AND s.runner = 'public'") + one,
		"girls":                       count("p.sex = '2'") + pupils,
		"minority":                    count("p.ethnic <> '01'") + pupils,
		"children with a disability":  count("p.disability IS NOT NULL AND p.disability <> '1'") + pupils,
		"pupils by grade":             `SELECT e.school_year, s.division_code, e.grade, s.school_code, p.sex, s.runner, count(*)` + pupils,
		"classes by size":             classes,
		"postings and certificates":   posts,
		"premises":                    `SELECT e.school_year, ` + cutCols + `, sum(e.building_area), sum(e.teaching_area), sum(e.sports_area), sum(e.equipment_value), sum(e.multimedia_rooms), sum(e.books) FROM condition e JOIN school s USING (school_code)` + cuts,
		"inclusive schooling by hand": count("e.inclusion IN ('2','3')") + one,
	}
}

// openedByHand are the fields that the questions ask for and Parquet copies hold no
// values of.
var openedByHand = map[string][]string{"enrolment": {"left_behind", "inclusion"}, "student": {"disability"}}

// openByHand opens them of the versions that are current, into a table a register.
func openByHand(ctx context.Context, conn *sql.Conn, dir string) error {
	c, err := city.Open(ctx, dir, packs.FS, time.Now)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.DB.ReadTx(ctx, func(tx *store.Tx) error {
		for entity, fields := range openedByHand {
			table := "o_" + entity
			if _, err := conn.ExecContext(ctx, "CREATE TABLE "+table+" (_rec BIGINT, "+strings.Join(fields, " VARCHAR, ")+" VARCHAR)"); err != nil {
				return err
			}
			err := conn.Raw(func(raw any) error {
				in, err := duckdb.NewAppenderFromConn(raw.(driver.Conn), "", table)
				if err != nil {
					return err
				}
				vals := make([]driver.Value, 1+len(fields))
				err = opened.Each(ctx, tx, c.DB.Form(entity), fields, "f._to IS NULL", func(rows []opened.Row) error {
					for _, r := range rows {
						vals[0] = r.Rec
						for i, v := range r.Values {
							if vals[1+i] = v.Any(); v.K == luoshu.IsInt {
								vals[1+i] = strconv.FormatInt(v.I, 10)
							}
						}
						if err := in.AppendRow(vals...); err != nil {
							return err
						}
					}
					return nil
				})
				return errors.Join(err, in.Close())
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// handSeconds runs the hand-written questions over the Parquet files of a seal, each
// asked once.
func handSeconds(ctx context.Context, dir, seal string) (byHandTime, error) {
	var out byHandTime
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return out, err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return out, err
	}
	defer conn.Close()
	files, err := filepath.Glob(filepath.Join(dir, "seals", seal, "*.parquet"))
	if err != nil {
		return out, err
	}
	began := time.Now()
	if err := openByHand(ctx, conn, dir); err != nil {
		return out, fmt.Errorf("open sealed fields: %w", err)
	}
	out.open = time.Since(began).Seconds()
	setup := []string{"SET threads = 2", "SET memory_limit = '4GB'"}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".parquet")
		from := fmt.Sprintf("read_parquet('%s') AS p", f)
		if openedByHand[name] != nil {
			from += " LEFT JOIN o_" + name + " AS o USING (_rec)"
		}
		setup = append(setup, fmt.Sprintf(`CREATE VIEW "%s" AS SELECT * FROM %s`, name, from))
	}
	for _, q := range setup {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return out, err
		}
	}
	questions := byHand()
	out.questions = len(questions)
	began = time.Now()
	for name, q := range questions {
		rows, err := conn.QueryContext(ctx, q)
		if err != nil {
			return out, fmt.Errorf("question %q: %w", name, err)
		}
		for rows.Next() {
		}
		if err := rows.Close(); err != nil {
			return out, fmt.Errorf("question %q: %w", name, err)
		}
	}
	out.ask = time.Since(began).Seconds()
	return out, nil
}

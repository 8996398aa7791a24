package indicator_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"luoshu/kernel/catalog"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

// The pack of these tests: sites in areas, yearly members in rooms, dated posts,
// yearly stock with decimals, and reference counts without an organisation.
var testPack = map[string]string{
	"pack.yaml": `
name: test
version: 1.0.0
title: {zh: 测试, en: Test}
owner: {zh: 无, en: none}
city: {root: "1", area: {property: code, dim: area}, stage: stage, year: {zh: "%d—%d", en: "%d–%d", month: 9}}
`,
	"codes/stage.csv":      "code,name_zh,name_en\nA,甲,A\nB,乙,B\nC,丙,C\n",
	"codes/yes_no.csv":     "code,name_zh,name_en\nY,是,yes\nN,否,no\n",
	"entities/area.yaml":   entity("area", "[code]", "org: code\nnode: {parent: above, level: area}\n", f("code", "text", true), ref("above", "area", false)),
	"entities/site.yaml":   entity("site", "[code]", "org: code\nnode: {parent: area_code, level: site}\nmonths: 12\n", f("code", "text", true), ref("area_code", "area", false), f("town", "bool", false), f("opened", "date", false)),
	"entities/room.yaml":   entity("room", "[code]", "org: site_code\nyear: year_no\n", f("code", "text", true), ref("site_code", "site", true), f("year_no", "year", true), codes("stage", "stage", false)),
	"entities/person.yaml": entity("person", "[no]", "", f("no", "text", true), codes("minor", "yes_no", false), f("born", "date", false)),
	"entities/member.yaml": entity("member", "[person_no, year_no, site_code]", "org: site_code\nyear: year_no\nmonths: 12\n",
		ref("person_no", "person", true), f("year_no", "year", true), ref("site_code", "site", true), codes("stage", "stage", false), ref("room_code", "room", false), f("boards", "bool", false), f("status", "text", false), f("last", "bool", false)),
	"entities/post.yaml":   entity("post", "[no]", "org: site_code\nmonths: 24\n", f("no", "text", true), ref("site_code", "site", true), codes("stage", "stage", false), f("from_date", "date", false), f("to_date", "date", false), f("kind", "text", false), f("skilled", "bool", false)),
	"entities/stock.yaml":  entity("stock", "[site_code, year_no, stage]", "org: site_code\nyear: year_no\n", ref("site_code", "site", true), f("year_no", "year", true), codes("stage", "stage", true), dec("floor", 2), f("machines", "int", false)),
	"entities/cohort.yaml": entity("cohort", "[area_code, year_no]", "year: year_no\n", ref("area_code", "area", true), f("year_no", "year", true), f("heads", "int", false)),
	"parameters.yaml": `
parameters:
  - {id: big-room, title: {zh: 大, en: Big}, values: [
      {value: 4, from: 2000-01-01, to: 2021-12-31, zh: 甲, en: a, certainty: D},
      {value: 5, from: 2022-01-01, zh: 乙, en: b, certainty: D},
      {value: 3, when: {stage: C}, zh: 丙, en: c, certainty: D}]}
  - {id: floor-min, title: {zh: 面积, en: Floor}, values: [
      {value: 4.5, when: {stage: A}, zh: 甲, en: a, certainty: D},
      {value: 5.8, when: {stage: B}, zh: 甲, en: b, certainty: D}]}
  - {id: posts-min, title: {zh: 岗位, en: Posts}, values: [
      {value: 12.5, when: {stage: A}, zh: 甲, en: a, certainty: D},
      {value: 15, when: {stage: B}, zh: 甲, en: b, certainty: D}]}
`,
	"indicators.yaml": indicatorsYAML,
}

const indicatorsYAML = `
grains:
  - id: member
    title: {zh: 成员, en: Members}
    from: member
    join:
      - {alias: site, entity: site, on: site_code}
      - {alias: person, entity: person, on: person_no}
    roll:
      - {alias: size, entity: member, by: [{theirs: room_code, ours: room_code}], where: "status == 'in'"}
    year: year_no
    where: "status == 'in'"
    org: site
    dims:
      - {id: area, title: {zh: 区, en: Area}, expr: site.area_code, ref: area}
      - {id: site, title: {zh: 点, en: Site}, expr: site_code, ref: site}
      - {id: stage, title: {zh: 段, en: Stage}, expr: stage, codes: stage}
      - {id: minor, title: {zh: 少, en: Minor}, expr: "person.minor == 'Y' ? 'Y' : 'N'", codes: yes_no}
      - {id: age, title: {zh: 龄, en: Age}, expr: "age(person.born, date_in(year, 901))"}
  - id: room
    title: {zh: 房, en: Rooms}
    from: room
    join: [{alias: site, entity: site, on: site_code}]
    roll:
      - {alias: size, entity: member, by: [{theirs: room_code, ours: code}, {theirs: year_no, ours: year}], where: "status == 'in'"}
    year: year_no
    org: site
    dims:
      - {id: area, title: {zh: 区, en: Area}, expr: site.area_code, ref: area}
      - {id: site, title: {zh: 点, en: Site}, expr: site_code, ref: site}
      - {id: stage, title: {zh: 段, en: Stage}, expr: stage, codes: stage}
  - id: post
    title: {zh: 岗, en: Posts}
    from: post
    join: [{alias: site, entity: site, on: site_code}]
    calendar: {from: from_date, to: to_date, month: 9, day: 1}
    org: site
    dims:
      - {id: area, title: {zh: 区, en: Area}, expr: site.area_code, ref: area}
      - {id: site, title: {zh: 点, en: Site}, expr: site_code, ref: site}
      - {id: stage, title: {zh: 段, en: Stage}, expr: stage, codes: stage}
  - id: stock
    title: {zh: 资, en: Stock}
    from: stock
    join: [{alias: site, entity: site, on: site_code}]
    year: year_no
    org: site
    dims:
      - {id: area, title: {zh: 区, en: Area}, expr: site.area_code, ref: area}
      - {id: site, title: {zh: 点, en: Site}, expr: site_code, ref: site}
      - {id: stage, title: {zh: 段, en: Stage}, expr: stage, codes: stage}
  - id: cohort
    title: {zh: 群, en: Cohorts}
    from: cohort
    year: year_no
    dims:
      - {id: area, title: {zh: 区, en: Area}, expr: area_code, ref: area}
indicators:
  - {id: members, title: {zh: 甲, en: a}, kind: count, unit: {zh: 人, en: p}, of: {grain: member}, by: [[area], [site], [area, stage], [site, stage], [age]], formula: {zh: 数, en: n}}
  - {id: boarders, title: {zh: 甲, en: a}, kind: share, unit: {zh: "%", en: "%"}, of: {grain: member, where: "boards"}, per: {grain: member, where: "stage in ['A','B']"}, by: [[area], [area, stage], [minor]], formula: {zh: 数, en: n}}
  - {id: crowded, title: {zh: 甲, en: a}, kind: count, unit: {zh: 人, en: p}, of: {grain: member, where: "size >= param('big-room') && minor == 'Y'"}, by: [[area], [stage]], formula: {zh: 数, en: n}}
  - {id: big-rooms, title: {zh: 甲, en: a}, kind: share, unit: {zh: "%", en: "%"}, of: {grain: room, where: "size >= param('big-room')"}, per: {grain: room, where: "stage != 'B'"}, by: [[area], [stage]], formula: {zh: 数, en: n}}
  - {id: room-size, title: {zh: 甲, en: a}, kind: mean, unit: {zh: 人, en: p}, of: {grain: room, sum: size}, by: [[area], [area, stage]], decimals: 1, formula: {zh: 数, en: n}}
  - {id: per-post, title: {zh: 甲, en: a}, kind: ratio, unit: {zh: 人, en: p}, of: {grain: member, where: "stage == 'A' || stage == 'B'"}, per: {grain: post, where: "kind == 'full' && stage in ['A','B']"}, by: [[area], [area, stage], [site]], formula: {zh: 数, en: n}}
  - {id: posts-per-100, title: {zh: 甲, en: a}, kind: ratio, unit: {zh: 人, en: p}, of: {grain: post, where: "skilled"}, per: {grain: member, where: "stage in ['A','B']"}, scale: 100, limit: posts-min, better: higher, by: [[area, stage]], formula: {zh: 数, en: n}}
  - {id: floor, title: {zh: 甲, en: a}, kind: sum, unit: {zh: 米, en: m}, of: {grain: stock, sum: floor}, by: [[area]], formula: {zh: 数, en: n}}
  - {id: floor-per-member, title: {zh: 甲, en: a}, kind: ratio, unit: {zh: 米, en: m}, of: {grain: stock, sum: floor, where: "stage in ['A','B']"}, per: {grain: member, where: "stage in ['A','B']"}, limit: floor-min, better: higher, by: [[area], [site], [area, stage]], formula: {zh: 数, en: n}}
  - {id: floor-cv, title: {zh: 甲, en: a}, kind: cv, unit: {zh: 无, en: "-"}, items: [floor-per-member], over: site, by: [[area], [area, stage]], formula: {zh: 数, en: n}}
  - {id: floor-cv-plain, title: {zh: 甲, en: a}, kind: cv, unit: {zh: 无, en: "-"}, items: [floor-per-member], over: site, unweighted: true, by: [[area, stage]], formula: {zh: 数, en: n}}
  - {id: meets, title: {zh: 甲, en: a}, kind: passes, unit: {zh: "%", en: "%"}, items: [floor-per-member, posts-per-100], over: site, at_least: 1, by: [[area], [area, stage]], formula: {zh: 数, en: n}}
  - {id: kept, title: {zh: 甲, en: a}, kind: ratio, unit: {zh: "%", en: "%"}, of: {grain: member, where: "last"}, per: {grain: cohort, sum: heads, lag: 2}, scale: 100, by: [[area]], formula: {zh: 数, en: n}}
`

func title(s string) string { return "{zh: " + s + ", en: " + s + "}" }

func f(name, typ string, required bool) string {
	return fmt.Sprintf("  - {name: %s, title: %s, type: %s, required: %v}\n", name, title(name), typ, required)
}

func dec(name string, scale int) string {
	return fmt.Sprintf("  - {name: %s, title: %s, type: decimal, scale: %d}\n", name, title(name), scale)
}

func codes(name, list string, required bool) string {
	return fmt.Sprintf("  - {name: %s, title: %s, type: code, codes: %s, required: %v}\n", name, title(name), list, required)
}

func ref(name, to string, required bool) string {
	return fmt.Sprintf("  - {name: %s, title: %s, type: ref, ref: %s, required: %v}\n", name, title(name), to, required)
}

func entity(name, key, more string, fields ...string) string {
	label := strings.Trim(strings.Split(key, ",")[0], "[] ")
	return "entity: " + name + "\ntitle: " + title(name) + "\ngroup: " + title("g") + "\nkey: " + key + "\nlabel: " + label + "\n" + more + "fields:\n" + strings.Join(fields, "")
}

// world is a data folder with the test pack and rows written past the ledger.
type world struct {
	t   testing.TB
	dir string
	cat *catalog.Catalog
	db  *store.DB
	rid int64
	seq int64
}

func newWorld(t testing.TB, pack map[string]string) *world {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range pack {
		files["test/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{files}})
	for _, x := range faults {
		t.Error(x.String())
	}
	if t.Failed() {
		t.FailNow()
	}
	dir := t.TempDir()
	db, err := store.Open(t.Context(), store.Config{Driver: "sqlite", DSN: filepath.Join(dir, "luoshu.db"), Keys: storetest.Keys(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.EnsureEntities(t.Context(), cat); err != nil {
		t.Fatal(err)
	}
	return &world{t: t, dir: dir, cat: cat, db: db}
}

// put inserts rows of an entity at the next sequence: values by field, nil null.
// verified gives _verified for row i, 0 for none.
func (w *world) put(ent string, n int, row func(i int) (vals []any, verified int64)) {
	w.t.Helper()
	e := w.cat.Entity(ent)
	w.seq++
	cols := []string{"_rid", "_rec", "_from", "_h", "_row", "_verified"}
	for _, f := range e.Fields {
		cols = append(cols, f.Name)
	}
	ctx := context.Background()
	err := w.db.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO commit_log VALUES (?, ?, '', '', '', '', ?, '', 0, '', '', 0, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, x'00', x'00', x'00')`,
			w.seq, fmt.Sprint(w.seq), ent); err != nil {
			return err
		}
		return tx.BulkInsert(ctx, store.Table(ent), cols, func(b *store.Inserter) error {
			for i := range n {
				vals, verified := row(i)
				w.rid++
				b.Int(w.rid)
				b.Int(w.rid)
				b.Int(w.seq)
				b.Blob([]byte{0})
				b.Int(int64(i + 1))
				if verified == 0 {
					b.Null()
				} else {
					b.Int(verified)
				}
				for _, v := range vals {
					switch v := v.(type) {
					case nil:
						b.Null()
					case string:
						b.Text(v)
					case int:
						b.Int(int64(v))
					}
				}
				if err := b.End(); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		w.t.Fatal(ent, err)
	}
}

func (w *world) seal() ledger.Seal {
	return ledger.Seal{ID: fmt.Sprintf("S%06d", w.seq), Seq: w.seq, At: "2024-10-15T08:00:00Z", Hash: fmt.Sprint("h", w.seq)}
}

func (w *world) engine(name string) *indicator.Engine {
	return indicator.New(w.db, w.cat, w.dir, indicator.WithEngine(name), indicator.WithClock(time.Now))
}

// random fills the world with rows in which nulls, dangling references and odd
// dates occur.
func (w *world) random(seed uint64, members int) {
	r := rand.New(rand.NewPCG(seed, 1))
	maybe := func(p float64, v any) any {
		if r.Float64() < p {
			return nil
		}
		return v
	}
	bit := func() any { return maybe(0.05, r.IntN(2)) }
	stage := func() any { return maybe(0.03, string("ABC"[r.IntN(3)])) }
	ver := func() int64 {
		return []int64{0, 20220101, 20231014, 20231015, 20240901}[r.IntN(5)]
	}
	sites, rooms := 12, max(members/4, 1)
	w.put("area", 4, func(i int) ([]any, int64) { return []any{fmt.Sprint(i + 1), nil}, 0 })
	w.put("site", sites, func(i int) ([]any, int64) {
		return []any{fmt.Sprintf("s%02d", i), maybe(0.1, fmt.Sprint(1+i%4)), bit(), 20100101}, ver()
	})
	w.put("person", members, func(i int) ([]any, int64) {
		return []any{fmt.Sprintf("p%06d", i), maybe(0.1, string("YN"[r.IntN(2)])), maybe(0.02, (2005+r.IntN(15))*10000+(1+r.IntN(12))*100+1+r.IntN(28))}, 0
	})
	w.put("room", rooms, func(i int) ([]any, int64) {
		return []any{fmt.Sprintf("r%05d", i), fmt.Sprintf("s%02d", i%sites), 2020 + i%5, stage()}, ver()
	})
	w.put("member", members, func(i int) ([]any, int64) {
		return []any{
			fmt.Sprintf("p%06d", i+i%50/49*members), 2020 + i%5, fmt.Sprintf("s%02d", (i/5+r.IntN(2))%(sites+1)), stage(),
			maybe(0.05, fmt.Sprintf("r%05d", r.IntN(rooms))), bit(), maybe(0.05, []string{"in", "in", "in", "out"}[r.IntN(4)]), bit(),
		}, ver()
	})
	w.put("post", members/6, func(i int) ([]any, int64) {
		from := (2015+r.IntN(10))*10000 + 901 - r.IntN(2)
		return []any{fmt.Sprint("t", i), fmt.Sprintf("s%02d", r.IntN(sites)), stage(), maybe(0.02, from), maybe(0.5, from+r.IntN(5)*10000), []string{"full", "part"}[r.IntN(2)], bit()}, ver()
	})
	w.put("stock", sites*3*4, func(i int) ([]any, int64) {
		return []any{fmt.Sprintf("s%02d", i%sites), 2020 + i/sites%4, string("ABC"[i/sites/4]), maybe(0.05, r.IntN(100000)), r.IntN(50)}, ver()
	})
	w.put("cohort", 4*4, func(i int) ([]any, int64) { return []any{fmt.Sprint(1 + i%4), 2018 + i/4, 50 + r.IntN(50)}, 0 })
}

package storetest

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"luoshu/kernel/catalog"
	"luoshu/kernel/vault"
)

// Keys are new keys that live as long as the test.
func Keys(t testing.TB) *vault.Vault {
	t.Helper()
	v, err := vault.Ephemeral()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// KeysIn are the keys of a folder, which are drawn when first asked for: a test that
// opens its database again gets the same.
func KeysIn(t testing.TB, dir string) *vault.Vault {
	t.Helper()
	src, err := vault.Config{}.Source(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(src.File()); err != nil {
		if err := vault.Create(src.File(), nil, time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
	}
	v, err := vault.Open(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// SealedEntities are those of Entities with sealed fields: the key of areas and
// what refers to it, their names, and numbers and dates of items.
func SealedEntities() map[string]string {
	out := Entities()
	for name, text := range out {
		for _, x := range [][2]string{
			{"node: {parent: parent, level: place}\n", ""},
			{"org: area\n", ""},
			{"max: 20, example: A1}", "max: 20, sealed: true, sensitivity: personal, example: A1}"},
			{"max: 40, example: 甲}", "max: 40, sensitivity: sensitive, example: 甲}"},
			{"scale: 2, ", "scale: 2, sensitivity: sensitive, "},
			{"type: int, ", "type: int, sensitivity: sensitive, "},
			{"type: date, ", "type: date, sensitivity: sensitive, "},
		} {
			text = strings.Replace(text, x[0], x[1], 1)
		}
		out[name] = text
	}
	return out
}

// Catalog loads one pack named "t" whose entities are given as YAML, keyed by
// entity name, in the order of the map's sorted names.
func Catalog(t testing.TB, entities map[string]string) *catalog.Catalog {
	t.Helper()
	files := fstest.MapFS{"t/pack.yaml": {Data: []byte(
		"name: t\nversion: 1.0.0\ntitle: {zh: 试, en: Test}\nowner: {zh: 试, en: Test}\n")}}
	for name, text := range entities {
		files["t/entities/"+name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{files}, NoCity: true})
	if len(faults) > 0 {
		var all []string
		for _, f := range faults {
			all = append(all, f.String())
		}
		t.Fatal("catalog of the test:\n" + strings.Join(all, "\n"))
	}
	return cat
}

// Entities are two entities that between them have every kind of field:
// areas refer to themselves, items to areas.
func Entities() map[string]string {
	return map[string]string{"area": `
entity: area
title: {zh: 区域, en: Area}
group: {zh: 试, en: Test}
node: {parent: parent, level: place}
key: [code]
label: name
fields:
  - {name: code, title: {zh: 代码, en: Code}, type: text, required: true, max: 20, example: A1}
  - {name: name, title: {zh: 名称, en: Name}, type: text, max: 40, example: 甲}
  - {name: parent, title: {zh: 上级, en: Parent}, type: ref, ref: area, example: A0}
`, "item": `
entity: item
title: {zh: 物品, en: Item}
group: {zh: 试, en: Test}
key: [no, year]
label: name
search: [name]
org: area
year: year
fields:
  - {name: no, title: {zh: 编号, en: Number}, type: text, required: true, max: 20, example: N1}
  - {name: year, title: {zh: 年, en: Year}, type: year, required: true, example: "2024"}
  - {name: name, title: {zh: 名称, en: Name}, type: text, max: 40, example: 张三}
  - {name: area, title: {zh: 区域, en: Area}, type: ref, ref: area, example: A1}
  - {name: amount, title: {zh: 数量, en: Amount}, type: decimal, scale: 2, example: "1.50"}
  - {name: count, title: {zh: 件数, en: Count}, type: int, example: "3"}
  - {name: kept, title: {zh: 保留, en: Kept}, type: bool, example: 是}
  - {name: day, title: {zh: 日期, en: Day}, type: date, example: 2024-09-01}
  - {name: old_area, title: {zh: 原区域, en: Former area}, type: ref, ref: area, loose: true, example: Z9}
`}
}

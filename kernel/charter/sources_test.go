package charter_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/packs"
)

var updateSources = flag.Bool("update-sources", false, "write the golden files of sources anew")

// guild is a pack of two entities, the second of which leads to the first.
func guild(sources string) fstest.MapFS {
	out := fstest.MapFS{}
	for p, text := range map[string]string{
		"guild/pack.yaml": "name: guild\nversion: 1.0.0\ntitle: {zh: 行会, en: Guild}\nowner: {zh: 会, en: The guild}\n",
		"guild/entities/master.yaml": `entity: master
title: {zh: 师傅, en: Master}
group: {zh: 人, en: People}
key: [no]
label: name
fields:
  - {name: no, title: {zh: 号, en: No}, type: text, required: true, max: 9, source: city, example: "1"}
  - {name: name, title: {zh: 姓名, en: Name}, type: text, required: true, max: 9, source: school, example: 甲}
  - {name: born, title: {zh: 出生日期, en: Born}, aliases: [生日], type: date, source: "system:parish", example: 1600-01-01}
  - {name: street, title: {zh: 街道, en: Street}, type: text, max: 9, source: school, example: 一}
`,
		"guild/entities/work.yaml": `entity: work
title: {zh: 作品, en: Work}
group: {zh: 物, en: Things}
key: [no]
label: name
fields:
  - {name: no, title: {zh: 号, en: No}, type: text, required: true, max: 9, source: school, example: "1"}
  - {name: name, title: {zh: 名称, en: Name}, type: text, required: true, max: 9, source: school, example: 椅}
  - {name: master, title: {zh: 作者, en: By}, type: ref, ref: master, source: school, example: "1"}
  - {name: birthday, title: {zh: 作者生日, en: Master born}, type: date, source: school, example: 1600-01-01}
  - {name: street, title: {zh: 作坊所在街道, en: Workshop}, type: text, max: 9, source: school, example: 一}
`,
		"guild/sources.yaml": sources,
	} {
		out[p] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func read(t *testing.T, fsys fs.FS) (*charter.Charter, string) {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{fsys}, NoCity: true})
	for _, f := range faults {
		t.Fatal(f)
	}
	c, bad := charter.Load(cat)
	var b strings.Builder
	for _, f := range bad {
		if f.Msg.ZH == "" || f.Msg.EN == "" {
			t.Errorf("%s: not in both languages", f)
		}
		b.WriteString(f.String() + "\n")
	}
	return c, b.String()
}

// Every testdata/sources/NAME.yaml gives exactly the faults of NAME.txt.
func TestSourceFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/sources/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatal(err, files)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			_, got := read(t, guild(string(text)))
			golden := strings.TrimSuffix(f, ".yaml") + ".txt"
			if *updateSources {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
			if good := strings.HasPrefix(filepath.Base(f), "good"); good != (got == "") {
				t.Errorf("faults: %q", got)
			}
		})
	}
}

// The packs that are shipped name a steward and a term for every field.
func TestShippedSources(t *testing.T) {
	for _, city := range []string{"luoyang", "eauclaire"} {
		cat, faults := catalog.LoadFS(packs.FS, city)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		c, faults := charter.Load(cat)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		for _, e := range cat.Entities {
			for _, f := range e.Fields {
				s := c.Source(f.Source)
				if s == nil || s.Days < 1 || s.Steward == "" || s.Title.ZH == "" {
					t.Errorf("%s: %s.%s: source %s: %+v", city, e.Name, f.Name, f.Source, s)
				}
			}
		}
	}
}

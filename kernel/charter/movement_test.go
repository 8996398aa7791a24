package charter_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/packs"
)

var updateMovement = flag.Bool("update-movement", false, "write the golden files of movement anew")

// lodge is a pack of guests who stay in rooms of houses, season by season.
var lodge = map[string]string{
	"lodge/pack.yaml":    "name: lodge\nversion: 1.0.0\ntitle: {zh: 旅舍, en: Lodge}\nowner: {zh: 会, en: The guild}\n",
	"lodge/sources.yaml": "sources:\n  - {id: school, title: {zh: 舍, en: House}, days: 10, remind: 3}\nown:\n  - {field: stay.kind, zh: 住时的类, en: The kind at the time}\n  - {field: stay.level, zh: 住时的级, en: The level at the time}\n",
	"lodge/parameters.yaml": `parameters:
  - {id: begins, title: {zh: 始, en: Begins}, values: [{value: 401, zh: 定, en: set, certainty: D}]}
  - {id: ends, title: {zh: 终, en: Ends}, values: [{value: 331, zh: 定, en: set, certainty: D}]}
  - {id: days, title: {zh: 天, en: Days}, values: [{value: 10, zh: 定, en: set, certainty: D}]}
`,
	"lodge/codes/state.csv": "code,name_zh,name_en\nin,在,In\nout,离,Out\naway,外出,Away\n",
	"lodge/codes/way.csv":   "code,name_zh,name_en\n1,走,Leaves\n2,来,Comes\n",
	"lodge/codes/kind.csv":  "code,name_zh,name_en\nA,甲,A\nB,乙,B\n",
	"lodge/codes/level.csv": "code,name_zh,name_en\nA1,甲一,A one\nA2,甲二,A two\nB1,乙一,B one\n",
	"lodge/codes/act.csv":   "code,name_zh,name_en\n9,变,Changed\n",
	"lodge/entities/house.yaml": `entity: house
title: {zh: 舍, en: House}
group: {zh: 物, en: Things}
key: [code]
label: name
org: code
node: {parent: above, level: school, open: opened, close: shut}
fields:
  - {name: code, title: {zh: 码, en: Code}, type: text, required: true, max: 9, example: H1}
  - {name: name, title: {zh: 名, en: Name}, type: text, required: true, max: 9, example: 甲}
  - {name: above, title: {zh: 上, en: Above}, type: ref, ref: house, example: H0}
  - {name: opened, title: {zh: 开, en: Opened}, type: date, example: 2000-01-01}
  - {name: shut, title: {zh: 闭, en: Shut}, type: date, example: 2000-01-01}
`,
	"lodge/entities/guest.yaml": `entity: guest
title: {zh: 客, en: Guest}
group: {zh: 人, en: People}
key: [no]
label: name
org: house
fields:
  - {name: no, title: {zh: 号, en: No}, type: text, required: true, max: 9, example: "1"}
  - {name: name, title: {zh: 名, en: Name}, type: text, required: true, max: 9, example: 甲}
  - {name: house, title: {zh: 舍, en: House}, type: ref, ref: house, example: H1}
  - {name: state, title: {zh: 态, en: State}, type: code, codes: state, example: in}
`,
	"lodge/entities/stay.yaml": `entity: stay
title: {zh: 住, en: Stay}
group: {zh: 人, en: People}
key: [guest, season, house, since]
label: guest
org: house
year: season
fields:
  - {name: guest, title: {zh: 客, en: Guest}, type: ref, ref: guest, required: true, example: "1"}
  - {name: season, title: {zh: 季, en: Season}, type: year, required: true, example: "2024"}
  - {name: house, title: {zh: 舍, en: House}, type: ref, ref: house, required: true, example: H1}
  - {name: kind, title: {zh: 类, en: Kind}, type: code, codes: kind, required: true, example: A}
  - {name: level, title: {zh: 级, en: Level}, type: code, codes: level, required: true, example: A1}
  - {name: room, title: {zh: 间, en: Room}, type: ref, ref: room, example: R1}
  - {name: since, title: {zh: 自, en: Since}, type: date, required: true, example: 2024-04-01}
  - {name: until, title: {zh: 至, en: Until}, type: date, example: 2024-04-01}
  - {name: came, title: {zh: 来, en: Came}, type: code, codes: way, example: "2"}
  - {name: went, title: {zh: 走, en: Went}, type: code, codes: way, example: "1"}
`,
	"lodge/entities/room.yaml": `entity: room
title: {zh: 间, en: Room}
group: {zh: 物, en: Things}
key: [code]
label: name
org: house
fields:
  - {name: code, title: {zh: 码, en: Code}, type: text, required: true, max: 40, example: R1}
  - {name: house, title: {zh: 舍, en: House}, type: ref, ref: house, required: true, example: H1}
  - {name: season, title: {zh: 季, en: Season}, type: year, required: true, example: "2024"}
  - {name: kind, title: {zh: 类, en: Kind}, type: code, codes: kind, required: true, example: A}
  - {name: level, title: {zh: 级, en: Level}, type: code, codes: level, required: true, example: A1}
  - {name: name, title: {zh: 名, en: Name}, type: text, required: true, max: 40, example: 甲}
`,
	"lodge/entities/change.yaml": `entity: change
title: {zh: 变, en: Change}
group: {zh: 物, en: Things}
key: [house, date, kind]
label: house
org: house
fields:
  - {name: house, title: {zh: 舍, en: House}, type: ref, ref: house, required: true, example: H1}
  - {name: date, title: {zh: 日, en: Date}, type: date, required: true, example: 2024-04-01}
  - {name: kind, title: {zh: 类, en: Kind}, type: code, codes: act, required: true, example: "9"}
  - {name: other, title: {zh: 他, en: Other}, type: ref, ref: house, example: H2}
  - {name: before, title: {zh: 前, en: Before}, type: text, max: 9, example: 甲}
  - {name: after, title: {zh: 后, en: After}, type: text, max: 9, example: 乙}
  - {name: paper, title: {zh: 文, en: Paper}, type: text, max: 9, example: 一}
`,
}

// Every testdata/movement/NAME.yaml gives exactly the faults of NAME.txt.
func TestMovementFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/movement/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatal(err, files)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{"lodge/movement.yaml": {Data: text}}
			for p, s := range lodge {
				fsys[p] = &fstest.MapFile{Data: []byte(s)}
			}
			cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{fsys}, NoCity: true})
			for _, f := range faults {
				t.Fatal(f)
			}
			c, bad := charter.Load(cat)
			var b strings.Builder
			for _, f := range bad {
				if f.File != "lodge/movement.yaml" {
					continue // this pack says nothing of sources
				}
				if f.Msg.ZH == "" || f.Msg.EN == "" {
					t.Errorf("%s: not in both languages", f)
				}
				b.WriteString(f.String() + "\n")
			}
			golden := strings.TrimSuffix(f, ".yaml") + ".txt"
			if *updateMovement {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(want) != b.String() {
				t.Errorf("%v\ngot  %s\nwant %s", err, b.String(), want)
			}
			if good := strings.HasPrefix(filepath.Base(f), "good"); good != (b.Len() == 0) {
				t.Error("a good file has faults, or a bad one none")
			} else if good && (c.Movement == nil || c.Movement.Stage("A2") != "A" || c.Movement.Back("A2") != "A1") {
				t.Errorf("%+v", c.Movement)
			}
		})
	}
}

// The packs that ship say what the statutes of moving need.
func TestShippedMovement(t *testing.T) {
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{packs.FS}, Packs: []string{"luoyang"}})
	for _, f := range faults {
		t.Fatal(f)
	}
	c, faults := charter.Load(cat)
	for _, f := range faults {
		t.Fatal(f)
	}
	m := c.Movement
	for _, grade := range cat.List("grade").Codes {
		if m.Stage(grade.Code) == "" {
			t.Errorf("the ladder leaves out %s", grade.Code)
		}
		next, last := m.Next(grade.Code)
		if last != (next == "") {
			t.Errorf("%s: next %q, last %v", grade.Code, next, last)
		}
	}
	if next, _ := m.Next("PRI6"); next != "" {
		t.Errorf("after PRI6 comes %s: an entry grade is invented", next)
	}
	for _, id := range []string{"transfer", "leave-city", "enter-city", "suspend", "return", "withdraw", "drop-out", "death", "promote", "repeat", "graduate"} {
		if m.Change(id) == nil {
			t.Errorf("there is no change %s", id)
		}
	}
}

package packtest_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"luoshu/kernel/packtest"
	"luoshu/packs"
)

// TestBuiltin runs the tests of every pack in the binary.
func TestBuiltin(t *testing.T) {
	cities, err := packtest.Cities(packs.FS)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, names := range cities {
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				res, err := packtest.Run(context.Background(), []fs.FS{packs.FS}, name, names)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range res.Failures {
					t.Error(f)
				}
				total += res.Passed
			})
		}
	}
	if total == 0 {
		t.Error("no expectation of any pack was checked")
	}
}

// TestFailuresAreSeen makes sure that a wrong expectation fails.
func TestFailuresAreSeen(t *testing.T) {
	small := fstest.MapFS{}
	add := func(name, text string) { small["tiny/"+name] = &fstest.MapFile{Data: []byte(text)} }
	add("pack.yaml", "name: tiny\nversion: 1.0.0\ntitle: {zh: 小, en: Tiny}\nowner: {zh: 甲, en: A}\n")
	add("entities/thing.yaml", `entity: thing
title: {zh: 物, en: Thing}
group: {zh: 组, en: Group}
key: [code]
label: code
fields:
  - {name: code, title: {zh: 编号, en: Code}, type: text, required: true, max: 5, example: a}
`)
	add("tests/t.yaml", `rows:
  thing:
    - {code: ok}
    - {code: toolong}
faults:
  - {entity: thing, row: 1, field: code, rule: max}
`)
	res, err := packtest.Run(context.Background(), []fs.FS{small}, "tiny", []string{"tiny"})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(res.Failures, "\n")
	for _, want := range []string{"expected fault did not come: thing row 1", "unexpected fault: thing row 2 field code"} {
		if !strings.Contains(text, want) {
			t.Errorf("failures do not say %q:\n%s", want, text)
		}
	}
}

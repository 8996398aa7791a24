package charter_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
)

const closedHead = "name: exam\nversion: 1.0.0\ntitle: {zh: 考, en: Exam}\nowner: {zh: 会, en: Owner}\n"

func closedEntity(name, fields string) string {
	return fmt.Sprintf(`entity: %s
title: {zh: %[1]s册, en: The %[1]s}
group: {zh: 人, en: People}
key: [no]
label: no
fields:
  - {name: no, title: {zh: 号, en: No}, type: text, required: true, max: 9, example: "1"}
%s`, name, fields)
}

// A pack that names a closed field in any of the files of trust is refused, in the
// shapes that the files have and in shapes nobody has thought of.
func TestCharterNamesNoClosedField(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		closed     bool
	}{
		"a set rule selects it":         {"setrules.yaml", "setrules:\n  - id: x\n    entity: sitting\n    find: |\n      SELECT s.rec AS rec, s.no AS org\n      FROM sitting s WHERE s.mark > 90\n", true},
		"a set rule of another entity":  {"setrules.yaml", "setrules:\n  - id: x\n    entity: person\n    find: SELECT p.no FROM person p JOIN sitting s ON s.no = p.no ORDER BY s.mark\n", true},
		"a round asks for it":           {"rounds.yaml", "rounds:\n  - id: x\n    lists: [{entity: sitting, fields: [no, mark]}]\n", true},
		"a round's condition reads it":  {"rounds.yaml", "rounds:\n  - id: x\n    lists:\n      - {entity: sitting, fields: [no], where: \"mark > 90\"}\n", true},
		"an identity compares it":       {"identity.yaml", "identity:\n  - {entity: sitting, compare: [{field: mark}]}\n", true},
		"a movement carries it":         {"movement.yaml", "fact:\n  entity: sitting\n  carry: [mark]\n", true},
		"a source is given it":          {"sources.yaml", "sources:\n  - {id: x, entity: sitting, only: [mark]}\n", true},
		"words for people may say it":   {"rounds.yaml", "rounds:\n  - id: x\n    title: {zh: mark, en: mark}\n    lists: [{entity: sitting, fields: [no]}]\n", false},
		"another entity's open field":   {"rounds.yaml", "rounds:\n  - id: x\n    lists: [{entity: person, fields: [no, mark]}]\n", false},
		"a file that has nothing of it": {"rounds.yaml", "rounds:\n  - id: x\n    lists: [{entity: person, fields: [no]}]\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			person := "  - {name: mark, title: {zh: 记号, en: Sign}, type: text, max: 9, example: a}\n"
			if strings.HasPrefix(name, "a set rule of") {
				person = ""
			}
			fsys := fstest.MapFS{}
			for p, s := range map[string]string{
				"exam/pack.yaml":             closedHead,
				"exam/entities/sitting.yaml": closedEntity("sitting", "  - {name: mark, title: {zh: 分数, en: Mark}, type: int, sensitivity: closed, example: \"1\"}\n"),
				"exam/entities/person.yaml":  closedEntity("person", person),
				"exam/" + c.file:             c.text,
			} {
				fsys[p] = &fstest.MapFile{Data: []byte(s)}
			}
			cat, faults := catalog.LoadFS(fsys)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			_, faults = charter.Load(cat)
			said := ""
			for _, f := range faults {
				if strings.Contains(f.Msg.EN, "closed") && f.File == "exam/"+c.file && f.Line > 0 {
					said = f.String()
				}
			}
			if (said != "") != c.closed {
				t.Errorf("refused: %v, want %v; faults %v", said != "", c.closed, faults)
			}
		})
	}
}

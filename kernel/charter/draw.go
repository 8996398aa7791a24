package charter

import (
	"fmt"
	"io"
	"strings"

	"luoshu"
)

// Draw writes the case types of a pack, or one of them, as a graph in the DOT
// language; NotFound if there is none.
func (c *Charter) Draw(w io.Writer, pack, only string) error {
	var b strings.Builder
	b.WriteString("digraph cases {\n  rankdir=LR; node [shape=box, fontname=\"sans-serif\"]; edge [fontname=\"sans-serif\"];\n")
	drawn := false
	for _, t := range c.Cases {
		if t.Pack == pack && (only == "" || only == t.ID) {
			t.draw(&b)
			drawn = true
		}
	}
	if !drawn {
		return luoshu.Errorf(luoshu.NotFound, "这个包没有这种案卷类型", "the pack has no such case type")
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *CaseType) draw(b *strings.Builder) {
	node := func(id string) string { return fmt.Sprintf("%q", t.ID+"/"+id) }
	fmt.Fprintf(b, "  subgraph %q {\n    label=%q;\n", "cluster_"+t.ID, t.Title.ZH)
	fmt.Fprintf(b, "    %s [shape=circle, label=%q];\n    %s -> %s;\n", node(""), t.Opens.Title.ZH, node(""), node(t.Opens.To))
	for _, s := range t.States {
		who := []string{s.Title.ZH}
		for _, p := range s.Places() {
			who = append(who, p.At+": "+strings.Join(p.Roles, ", "))
		}
		shape := "box"
		if s.End {
			shape = "doublecircle"
		}
		fmt.Fprintf(b, "    %s [shape=%s, label=%q];\n", node(s.ID), shape, strings.Join(who, "\n"))
		for _, x := range s.Actions {
			fmt.Fprintf(b, "    %s -> %s [label=%q];\n", node(s.ID), node(x.To), x.Title.ZH)
		}
		if s.Then != "" {
			fmt.Fprintf(b, "    %s -> %s [style=dashed, label=%q];\n", node(s.ID), node(s.Then), s.Days+s.Hours)
		}
	}
	b.WriteString("  }\n")
}

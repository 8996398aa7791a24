package yamltree

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Read reads a file as Parse does.
func Read(faults *Faults, fsys fs.FS, p string) Item {
	data, ok := faults.ReadFile(fsys, p)
	if !ok {
		return Item{faults: faults, file: p}
	}
	return Parse(faults, p, data)
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

// Parse reads the text of file p. What it returns is absent if the text is not one
// plain YAML document; then the faults say why.
func Parse(faults *Faults, p string, data []byte) Item {
	none := Item{faults: faults, file: p}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var root yaml.Node
	err := dec.Decode(&root)
	if errors.Is(err, io.EOF) {
		faults.Add(none.Place(), "文件是空的", "the file is empty")
		return none
	}
	if err != nil {
		at, msg := Place{File: p, Line: 1, Col: 1}, err.Error()
		if m := yamlLine.FindStringSubmatch(msg); m != nil {
			at.Line, _ = strconv.Atoi(m[1])
			msg = strings.TrimPrefix(msg, m[0])
		}
		faults.Add(at, "YAML 写法有误：%s", "not valid YAML: %s", strings.TrimPrefix(msg, "yaml: "))
		return none
	}
	if len(root.Content) == 1 && !(Item{n: root.Content[0]}).Given() {
		faults.Add(none.Place(), "文件是空的", "the file is empty")
		return none
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		faults.Add(none.Place(), "一个文件只能有一个 YAML 文档", "a file may hold only one YAML document")
	}
	if root.Kind != yaml.DocumentNode || len(root.Content) != 1 {
		return none
	}
	v := Item{faults, p, root.Content[0]}
	if !v.plain() {
		return none
	}
	return v
}

// plain reports whether the tree has no anchors, aliases or tags.
func (v Item) plain() bool {
	good := v.n.Kind != yaml.AliasNode && v.n.Anchor == "" && v.n.Style&yaml.TaggedStyle == 0
	if !good {
		v.Fault("不许用 YAML 的锚、引用和标签", "YAML anchors, aliases and tags are not allowed")
	}
	for _, c := range v.n.Content {
		good = v.with(c).plain() && good
	}
	return good
}

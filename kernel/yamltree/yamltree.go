// Package yamltree reads YAML strictly: one document without anchors, aliases and
// tags, whose keys are asked for one by one. It is the only one to turn what is
// wrong in such a file (an unknown key, a wrong shape, a missing text, a scalar
// that is no number or date) into faults with file, line and column, all of them
// at once. It knows no pack: what the keys mean is its caller's.
package yamltree

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"luoshu"
)

// Fault is one thing wrong with a file. Line and Col are 1-based, 0 when the
// fault is the file's as a whole.
type Fault struct {
	File      string
	Line, Col int
	Msg       luoshu.Text
}

// String returns "file:line:col: 中文 / English".
func (f Fault) String() string {
	at := f.File
	if f.Line > 0 {
		at += fmt.Sprintf(":%d:%d", f.Line, f.Col)
	}
	if at != "" {
		at += ": "
	}
	return at + f.Msg.ZH + " / " + f.Msg.EN
}

// Place is where something stands in a file.
type Place struct {
	File      string
	Line, Col int
}

// Faults collects what is wrong with the files of one load.
type Faults struct{ list []Fault }

// Add records a fault. An argument that is a luoshu.Text reads differently in the
// two languages.
func (l *Faults) Add(at Place, zh, en string, args ...any) {
	az, ae := slices.Clone(args), slices.Clone(args)
	for i, a := range args {
		if t, ok := a.(luoshu.Text); ok {
			az[i], ae[i] = t.ZH, t.EN
		}
	}
	l.list = append(l.list, Fault{
		at.File, at.Line, at.Col,
		luoshu.Text{ZH: fmt.Sprintf(zh, az...), EN: fmt.Sprintf(en, ae...)},
	})
}

// Sorted returns the faults in the order of files and lines, each once.
func (l *Faults) Sorted() []Fault {
	slices.SortStableFunc(l.list, func(a, b Fault) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if c := a.Line - b.Line; c != 0 {
			return c
		}
		if c := a.Col - b.Col; c != 0 {
			return c
		}
		return strings.Compare(a.Msg.EN, b.Msg.EN)
	})
	l.list = slices.Compact(l.list)
	return l.list
}

// ReadFile returns the bytes of a file; ok is false, and the fault recorded, if it
// cannot be read.
func (l *Faults) ReadFile(fsys fs.FS, p string) (data []byte, ok bool) {
	data, err := fs.ReadFile(fsys, p)
	if err != nil {
		l.Add(Place{File: p}, "无法读取文件：%s", "cannot read the file: %s", err)
	}
	return data, err == nil
}

// At reports whether a fault is recorded on the line of a place.
func (l *Faults) At(at Place) bool {
	return slices.ContainsFunc(l.list, func(f Fault) bool { return f.File == at.File && f.Line == at.Line })
}

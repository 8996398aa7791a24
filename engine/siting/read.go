package siting

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"luoshu"
)

// most is the largest problem file that is read.
const most = 256 << 20

// faultsShown is how many faults one error carries.
const faultsShown = 200

// Read reads a problem as JSON. Unknown and repeated keys and everything that
// contradicts itself are faults with their lines; all of them are returned.
func Read(in io.Reader, name string) (*Problem, []luoshu.Fault, error) {
	data, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > most {
		return nil, nil, luoshu.Errorf(luoshu.Invalid, "%s 超过 256 MB", "%s is larger than 256 MB", name)
	}
	f := &faults{file: name, lines: map[string]int{}}
	f.walk(data)
	if len(f.list) > 0 {
		return nil, f.list, nil
	}
	var p Problem
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		f.decode(data, d.InputOffset(), err)
		return nil, f.list, nil
	}
	f.check(&p)
	return &p, f.list, nil
}

// Check returns what contradicts itself in a problem that was not read from a file.
func (p *Problem) Check() []luoshu.Fault {
	f := &faults{lines: map[string]int{}}
	f.check(p)
	return f.list
}

// faults gathers what is wrong, with the lines of the objects of the file.
type faults struct {
	file  string
	lines map[string]int // path → line
	list  []luoshu.Fault
}

// add notes a fault at a path, such as blocks[3].children; its line is that of the
// nearest enclosing object.
func (f *faults) add(path, rule, zh, en string, args ...any) {
	if len(f.list) >= faultsShown {
		return
	}
	e := luoshu.Errorf(luoshu.Invalid, zh, en, args...)
	f.list = append(f.list, luoshu.Fault{File: f.file, Row: f.line(path), Field: path, Rule: rule, ZH: e.Msg.ZH, EN: e.Msg.EN})
}

func (f *faults) line(path string) int {
	for p := path; p != ""; {
		if n, ok := f.lines[p]; ok {
			return n
		}
		p = p[:max(0, strings.LastIndexAny(p, ".["))]
	}
	return 0
}

func lineOf(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n"))
}

// decode turns an error of the decoder into a fault.
func (f *faults) decode(data []byte, offset int64, err error) {
	var kind *json.UnmarshalTypeError
	field := ""
	if errors.As(err, &kind) {
		offset, field = kind.Offset, kind.Field
	}
	line := lineOf(data, offset)
	if _, key, ok := strings.Cut(err.Error(), "unknown field \""); ok {
		key = strings.TrimSuffix(key, "\"")
		for path, at := range f.lines {
			if path[strings.LastIndex(path, ".")+1:] == key {
				line = min(line, at)
			}
		}
	}
	zh, en := "不能读作布局问题："+err.Error(), "cannot be read as a siting problem: "+err.Error()
	f.list = append(f.list, luoshu.Fault{File: f.file, Row: line, Field: field, Rule: "form", ZH: zh + "；键名见 docs/siting.md", EN: en + "; docs/siting.md lists the keys"})
}

// walk notes the line of every object and finds repeated keys and broken syntax.
func (f *faults) walk(data []byte) {
	d := json.NewDecoder(bytes.NewReader(data))
	line, seen := 1, int64(0)
	here := func() int {
		at := min(d.InputOffset(), int64(len(data)))
		line += bytes.Count(data[seen:at], []byte("\n"))
		seen = at
		return line
	}
	if err := f.value(d, "", 0, here); err != nil {
		f.list = append(f.list, luoshu.Fault{File: f.file, Row: here(), Rule: "syntax", ZH: "JSON 语法错误：" + err.Error(), EN: "broken JSON: " + err.Error()})
		return
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		f.list = append(f.list, luoshu.Fault{File: f.file, Row: here(), Rule: "syntax", ZH: "JSON 结束后还有内容", EN: "something follows the end of the JSON"})
	}
}

func (f *faults) value(d *json.Decoder, path string, depth int, here func() int) error {
	if depth > 12 {
		return errors.New("nested too deeply")
	}
	t, err := d.Token()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if open == '{' {
		f.lines[path] = here()
	}
	keys := map[string]bool{}
	for n := 0; d.More(); n++ {
		at := fmt.Sprintf("%s[%d]", path, n)
		if open == '{' {
			k, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := k.(string)
			at = strings.TrimPrefix(path+"."+name, ".")
			f.lines[at] = here()
			if keys[name] {
				f.add(at, "repeated", "键“%s”出现两次", "key %q stands twice", name)
			}
			keys[name] = true
		}
		if strings.HasPrefix(path, "matrices") && strings.Count(path, "[") > 1 {
			at = path // entries of a matrix have the line of their row
		}
		if err := f.value(d, at, depth+1, here); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// Package luoshu is the vocabulary that every room of the house shares: text in
// two languages, values, faults, errors, actors and scopes. It imports the
// standard library only and holds no behaviour beyond what these words need.
package luoshu

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Text is a message or label in Chinese and English. Both are required in packs.
type Text struct {
	ZH string `json:"zh" yaml:"zh"`
	EN string `json:"en" yaml:"en"`
}

// In returns the text in the given language ("en" or anything else for Chinese).
func (t Text) In(lang string) string {
	if lang == "en" && t.EN != "" {
		return t.EN
	}
	return t.ZH
}

// Kind says which half of a Value is in use.
type Kind uint8

// The three kinds of value. Everything a field can hold is stored as text or as
// a 64-bit integer: dates as yyyymmdd, yes/no as 1/0, decimals scaled by the
// field's scale (12.34 with scale 2 is 1234), so that sums are exact everywhere.
const (
	Null Kind = iota
	IsText
	IsInt
)

// Value is one cell of a record. The zero Value is null.
type Value struct {
	S string
	I int64
	K Kind
}

// TextValue returns s as a value; the empty string is null.
func TextValue(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{S: s, K: IsText}
}

// IntValue returns i as a value.
func IntValue(i int64) Value { return Value{I: i, K: IsInt} }

// Any returns the value as database/sql takes it: nil, string or int64.
func (v Value) Any() any {
	switch v.K {
	case IsText:
		return v.S
	case IsInt:
		return v.I
	}
	return nil
}

// String returns the stored form: "", the text, or the integer in decimal.
func (v Value) String() string {
	switch v.K {
	case IsText:
		return v.S
	case IsInt:
		return strconv.FormatInt(v.I, 10)
	}
	return ""
}

// ValueOf turns what a database driver returns into a Value.
func ValueOf(x any) Value {
	switch x := x.(type) {
	case nil:
		return Value{}
	case int64:
		return IntValue(x)
	case string:
		return TextValue(x)
	case []byte:
		return TextValue(string(x))
	case bool:
		if x {
			return IntValue(1)
		}
		return IntValue(0)
	case int:
		return IntValue(int64(x))
	case int32:
		return IntValue(int64(x))
	}
	return TextValue(fmt.Sprint(x))
}

// Fault is one thing wrong with something a person handed in: where it is, which
// rule it breaks and how to mend it, in two languages. Faults are values: a file
// yields all of its faults, not the first. Row is 1-based as a spreadsheet shows
// it; 0 means the whole sheet or file.
type Fault struct {
	File    string `json:"file"`
	Sheet   string `json:"sheet"`
	Row     int    `json:"row"`
	Col     int    `json:"col,omitempty"` // 1-based column of the cell, 0 if none
	Field   string `json:"field"`
	Rule    string `json:"rule"`
	Grade   string `json:"grade,omitempty"` // "" or "enforce": refused; "warn": taken, shown
	Value   string `json:"-"`               // what stood there; never logged
	ZH      string `json:"message_zh"`
	EN      string `json:"message_en"`
	Blocked bool   `json:"-"` // the whole file is refused, not only this row
}

// Warning reports whether the fault does not refuse its row.
func (f Fault) Warning() bool { return f.Grade == "warn" }

// ErrKind is the category of an Error; one place maps it to an HTTP status and
// an exit code.
type ErrKind string

// The kinds of error. "May not see" and "does not exist" are both NotFound.
const (
	Invalid     ErrKind = "invalid"
	Denied      ErrKind = "denied"
	NotFound    ErrKind = "not_found"
	Conflict    ErrKind = "conflict"
	Unavailable ErrKind = "unavailable"
	Internal    ErrKind = "internal"
)

// Error is the one error type shown to people: a kind, an optional field, a
// message in two languages, and a cause that goes to the log only.
type Error struct {
	Kind  ErrKind
	Field string
	Msg   Text
	Cause error
}

// Error returns the English message and the cause, for logs.
func (e *Error) Error() string {
	if e.Cause != nil {
		return string(e.Kind) + ": " + e.Msg.EN + ": " + e.Cause.Error()
	}
	return string(e.Kind) + ": " + e.Msg.EN
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error without a cause. A Text among the arguments stands in each
// message in that message's language.
func Errorf(kind ErrKind, zh, en string, args ...any) *Error {
	if len(args) > 0 {
		zh, en = fmt.Sprintf(zh, spoken("zh", args)...), fmt.Sprintf(en, spoken("en", args)...)
	}
	return &Error{Kind: kind, Msg: Text{ZH: zh, EN: en}}
}

func spoken(lang string, args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		if t, ok := a.(Text); ok {
			a = t.In(lang)
		}
		out[i] = a
	}
	return out
}

// Actor is a person (or the machine's operator) acting for an organisation in a
// role. Org is the root of the subtree the actor may reach; "" is nothing.
type Actor struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Org  string `json:"org"`
	// Only are the rights, separated by commas, that an API token is bounded to:
	// those of the role that it lacks are not the actor's. "" is all of the role.
	Only string `json:"-"`
}

// Progress is told how far a long piece of work has come. Total is 0 if unknown.
type Progress func(stage string, done, total int64)

// Tell calls p if it is not nil.
func (p Progress) Tell(stage string, done, total int64) {
	if p != nil {
		p(stage, done, total)
	}
}

// Finite is a number, nil if it is none or has no end.
func Finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// FormatDate writes yyyymmdd as yyyy-mm-dd; 0 is the empty string.
func FormatDate(d int64) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d/10000, d/100%100, d%100)
}

// FormatDecimal writes a scaled integer as a decimal number without an exponent:
// (1234, 2) is "12.34".
func FormatDecimal(v int64, scale int) string {
	if scale <= 0 {
		return strconv.FormatInt(v, 10)
	}
	neg := v < 0
	s := strconv.FormatInt(v, 10)
	s = strings.TrimPrefix(s, "-")
	for len(s) <= scale {
		s = "0" + s
	}
	s = s[:len(s)-scale] + "." + s[len(s)-scale:]
	if neg {
		s = "-" + s
	}
	return s
}

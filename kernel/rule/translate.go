package rule

import (
	"fmt"
	"strings"

	"luoshu"
)

// symbols are the operators of CEL's tree as people write them.
var symbols = strings.NewReplacer("_&&_", "&&", "_||_", "||", "!_", "!", "-_", "-", "@in", "in",
	"_==_", "==", "_!=_", "!=", "_<=_", "<=", "_>=_", ">=", "_<_", "<", "_>_", ">",
	"_+_", "+", "_-_", "-", "_*_", "*", "_/_", "/", "_%_", "%", "_?_:_", "?:")

// kindsZH are the type names of CEL in Chinese.
var kindsZH = strings.NewReplacer("string", "文本", "int", "整数", "bool", "真假", "null", "空值",
	"double", "小数", "uint", "无符号整数", "bytes", "字节串", "list", "列表", "map", "映射")

// translate makes both languages of a message of cel-go.
func translate(msg string) luoshu.Text {
	msg = strings.TrimSpace(msg)
	if name, ok := between(msg, "undeclared reference to '", "'"); ok {
		return luoshu.Text{
			ZH: fmt.Sprintf("没有名为 %s 的变量或函数", name),
			EN: fmt.Sprintf("there is no variable or function %s", name),
		}
	}
	if name, ok := between(msg, "found no matching overload for '", "'"); ok {
		types, _ := between(msg, "applied to '", "'")
		name = symbols.Replace(name)
		return luoshu.Text{
			ZH: fmt.Sprintf("%s 不能用于 %s", name, kindsZH.Replace(types)),
			EN: fmt.Sprintf("%s cannot be applied to %s", name, types),
		}
	}
	if rest, ok := strings.CutPrefix(msg, "Syntax error: "); ok {
		return luoshu.Text{ZH: "表达式写法有误：" + rest, EN: "syntax error: " + rest}
	}
	return luoshu.Text{ZH: "表达式有误：" + msg, EN: msg}
}

func between(s, before, after string) (string, bool) {
	_, s, ok := strings.Cut(s, before)
	if !ok {
		return "", false
	}
	s, _, ok = strings.Cut(s, after)
	return s, ok
}

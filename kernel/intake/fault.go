package intake

import (
	"fmt"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/sheet"
)

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// problem is what is wrong with one cell, before it is known where it stands.
type problem struct {
	rule  string
	zh    string
	en    string
	warn  bool
	quote bool // show what stood there, if the field is not personal
}

func (p *problem) fault(f *catalog.Field, row, col int, raw string) luoshu.Fault {
	out := luoshu.Fault{
		Row: row, Col: col, Field: f.Name, Rule: p.rule, Value: raw,
		ZH: f.Title.ZH + "：" + p.zh, EN: f.Title.EN + ": " + p.en,
	}
	if p.warn {
		out.Grade = "warn"
	}
	if p.quote && f.Class() <= catalog.InternalUse && raw != "" {
		s := clip(raw, 24)
		out.ZH += "（填的是“" + s + "”）"
		out.EN += " (the cell says “" + s + "”)"
	}
	return out
}

// clip cuts s to n characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	i := 0
	for range n {
		_, w := utf8.DecodeRuneInString(s[i:])
		i += w
		if i >= len(s) {
			return s
		}
	}
	return s[:i] + "…"
}

// The problems a cell can have. The remedy is the second sentence.
func pRequired() *problem {
	return &problem{rule: "required", zh: "不能为空。请补填。", en: "must not be empty. Fill it in."}
}

func pNumber(whole bool) *problem {
	if whole {
		return &problem{rule: "type", zh: "不是整数。只写数字，不带单位。", en: "is not a whole number. Write digits only, without a unit.", quote: true}
	}
	return &problem{rule: "type", zh: "不是数。只写数字和小数点，不带单位或百分号。", en: "is not a number. Write digits and a decimal point only, without a unit or per cent sign.", quote: true}
}

func pScale(scale int) *problem {
	return &problem{rule: "scale", zh: sprintf("最多 %d 位小数。请四舍五入后再填。", scale), en: sprintf("has more than %d decimals. Round it.", scale), quote: true}
}

func pBool() *problem {
	return &problem{rule: "type", zh: "应填“是”或“否”。", en: "must be 是/否, yes/no or 1/0.", quote: true}
}

func pYear() *problem {
	return &problem{rule: "type", zh: "不是年份。请写开始的年份，如 2024 或 2024-2025。", en: "is not a year. Write the one it starts in, such as 2024 or 2024-2025.", quote: true}
}

func pDate(why sheet.DateFault) *problem {
	switch why {
	case sheet.DateNoDay:
		return &problem{rule: "date", zh: "缺少日。请写到日，如 2024-09-01。", en: "has no day. Write the full date, such as 2024-09-01.", quote: true}
	case sheet.DateImpossible:
		return &problem{rule: "date", zh: "没有这一天。请改为真实日期，如 2024-09-01。", en: "is no real day. Write a real date, such as 2024-09-01.", quote: true}
	case sheet.DateAmbiguous:
		return &problem{rule: "date", zh: "日月顺序不明。请写成 2024-09-01 的样子。", en: "does not say which part is the day. Write it as 2024-09-01.", quote: true}
	}
	return &problem{rule: "date", zh: "不是日期。请写成 2024-09-01、2024/9/1、2024.9.1、20240901 或 2024年9月1日。", en: "is not a date. Write it as 2024-09-01, 2024/9/1, 2024.9.1, 20240901 or 2024年9月1日.", quote: true}
}

func pCode(list string, example string) *problem {
	zh, en := "不在代码表里", "is not in the code list"
	if list != "" {
		zh, en = "不在代码表“"+list+"”里", "is not in the code list “"+list+"”"
	}
	if example != "" {
		return &problem{rule: "code", zh: zh + "。请填代码或名称，如 " + example + "。", en: en + ". Write a code or its name, such as " + example + ".", quote: true}
	}
	return &problem{rule: "code", zh: zh + "。请填代码或名称。", en: en + ". Write a code or its name.", quote: true}
}

func pCodeAmbiguous() *problem {
	return &problem{rule: "code", zh: "这个名称对应多个代码。请直接填代码。", en: "is the name of several codes. Write the code.", quote: true}
}

func pCodeValidity(title string) *problem {
	return &problem{rule: "code-validity", warn: true, zh: "代码“" + title + "”在该学年不在有效期内。请核对。", en: "the code “" + title + "” was not valid in that year. Check it."}
}

func pLength(n int64, tooLong bool) *problem {
	if tooLong {
		return &problem{rule: "length", zh: sprintf("超过 %d 个字符。请缩短。", n), en: sprintf("is longer than %d characters. Shorten it.", n)}
	}
	return &problem{rule: "length", zh: sprintf("少于 %d 个字符。请核对是否漏填。", n), en: sprintf("is shorter than %d characters. Check whether something is missing.", n)}
}

func pRange(bound string, above bool) *problem {
	if above {
		return &problem{rule: "range", zh: "大于允许的最大值 " + bound + "。请核对。", en: "is above the greatest value allowed, " + bound + ". Check it.", quote: true}
	}
	return &problem{rule: "range", zh: "小于允许的最小值 " + bound + "。请核对。", en: "is below the smallest value allowed, " + bound + ". Check it.", quote: true}
}

func pPattern() *problem {
	return &problem{rule: "pattern", zh: "格式不符。请对照模板中的示例。", en: "does not have the right form. Compare it with the example in the template.", quote: true}
}

func pDamaged() *problem {
	return &problem{rule: "excel-number", zh: "号码被电子表格存成了数值，后几位已丢失。请把该列设为“文本”格式后从原件重填。", en: "a spreadsheet stored this number as a value and lost its last digits. Format the column as text and enter the number again from the original."}
}

func pMaybeDamaged() *problem {
	p := pDamaged()
	p.warn = true
	p.zh = "号码末尾全是 0，可能被电子表格存成了数值而丢失末位。请核对原件。"
	p.en = "the number ends in zeros only; a spreadsheet may have lost its last digits. Check it against the original."
	return p
}

func pCellError() *problem {
	return &problem{rule: "cell-error", zh: "单元格里是公式错误。请改成数值后再交。", en: "the cell holds a formula error. Replace it with a value."}
}

func pNoValue() *problem {
	return &problem{rule: "formula", zh: "公式没有算出的值。请选择性粘贴为数值后再交。", en: "the formula has no computed value. Paste it as a value."}
}

func pTooLong() *problem {
	return &problem{rule: "cell-size", zh: sprintf("单元格超过 %d 个字符。请缩短。", sheet.MaxCell), en: sprintf("the cell holds more than %d characters. Shorten it.", sheet.MaxCell)}
}

// rowFault makes a fault of a whole row.
func rowFault(n int, rule, zh, en string) luoshu.Fault {
	return luoshu.Fault{Row: n, Rule: rule, ZH: zh, EN: en}
}

func encodingFault(n int, enc string) luoshu.Fault {
	return rowFault(n, "encoding",
		"这一行的编码与文件其余部分（"+enc+"）不同，汉字会成乱码。请把整个文件另存为“CSV UTF-8”后再交。",
		"this row is not in the encoding of the rest of the file ("+enc+"); its text would be garbled. Save the whole file as “CSV UTF-8” and hand it in again.")
}

func quoteFault(n int) luoshu.Fault {
	return rowFault(n, "quote",
		"引号没有成对，分不清单元格的边界。请补上或删去多余的双引号。",
		"a quotation mark is not closed, so the cells of this row cannot be told apart. Close it or remove it.")
}

func widthFault(n, have, want int) luoshu.Fault {
	return rowFault(n, "width",
		sprintf("这一行有 %d 个单元格，标题只有 %d 列。多半是文字里有分隔符而没有加引号，请检查。", have, want),
		sprintf("this row has %d cells but there are %d headings. Probably a text holds the separator and is not quoted. Check it.", have, want))
}

package sheet_test

import (
	"testing"

	"luoshu"
	"luoshu/kernel/sheet"
)

func TestParseDate(t *testing.T) {
	for _, c := range []struct {
		s    string
		kind sheet.Kind
		want int64
		why  sheet.DateFault
	}{
		{"2024-09-01", sheet.Text, 20240901, 0},
		{"2024/9/1", sheet.Text, 20240901, 0},
		{"2024.9.1", sheet.Text, 20240901, 0},
		{"20240901", sheet.Text, 20240901, 0},
		{"2024年9月1日", sheet.Text, 20240901, 0},
		{"2024年 9月 1日", sheet.Text, 20240901, 0},
		{"2024-09-01T08:30:00Z", sheet.Text, 20240901, 0},
		{"45536", sheet.Text, 20240901, 0},
		{"45536", sheet.Number, 20240901, 0},
		{"45536.75", sheet.Date, 20240901, 0},
		{"20240901", sheet.Number, 20240901, 0},
		{"1", sheet.Date, 19000101, 0},
		{"61", sheet.Date, 19000301, 0},
		{"2024-02-30", sheet.Text, 0, sheet.DateImpossible},
		{"2023-02-29", sheet.Text, 0, sheet.DateImpossible},
		{"1900-02-29", sheet.Text, 0, sheet.DateImpossible},
		{"2024-9", sheet.Text, 0, sheet.DateNoDay},
		{"2024.9", sheet.Number, 0, sheet.DateNoDay},
		{"2024", sheet.Number, 0, sheet.DateNoDay},
		{"1/9/2024", sheet.Text, 0, sheet.DateAmbiguous},
		{"", sheet.Text, 0, sheet.DateBad},
		{"12345", sheet.Text, 19331018, 0},
		{"x", sheet.Text, 0, sheet.DateBad},
		{"-5", sheet.Date, 0, sheet.DateBad},
		{"99999999999", sheet.Text, 0, sheet.DateBad},
		{"2024-09-01-02", sheet.Text, 0, sheet.DateBad},
	} {
		got, why := sheet.ParseDate(c.s, c.kind)
		if got != c.want || why != c.why {
			t.Errorf("%q (%d): %d %d, want %d %d", c.s, c.kind, got, why, c.want, c.why)
		}
	}
	for d := int64(19000301); d < 21000101; d += 97 {
		if d/100%100 < 1 || d/100%100 > 12 || d%100 < 1 || d%100 > 28 {
			continue
		}
		n, ok := sheet.DateSerial(d)
		if back, why := sheet.ParseDate(luoshu.IntValue(n).String(), sheet.Date); !ok || why != 0 || back != d {
			t.Errorf("%d → %d → %d", d, n, back)
		}
	}
}

func TestParseNumbers(t *testing.T) {
	for _, c := range []struct {
		s      string
		scale  int
		number bool
		want   int64
		why    sheet.DecimalFault
	}{
		{"12.5", 2, false, 1250, 0},
		{"-0.01", 2, false, -1, 0},
		{"1,234.5", 1, false, 12345, 0},
		{"1.500", 1, false, 15, 0},
		{".5", 1, false, 5, 0},
		{"12.345", 2, false, 0, sheet.DecimalScale},
		{"12.100000000000001", 1, true, 121, 0},
		{"1.2E3", 0, true, 1200, 0},
		{"1.2E3", 0, false, 0, sheet.DecimalBad},
		{"12,34", 0, false, 0, sheet.DecimalBad},
		{"5人", 0, false, 0, sheet.DecimalBad},
		{"1e400", 2, true, 0, sheet.DecimalBad},
		{"9999999999999999999", 0, false, 0, sheet.DecimalBad},
		{"", 0, false, 0, sheet.DecimalBad},
		{"-", 0, false, 0, sheet.DecimalBad},
	} {
		got, why := sheet.ParseDecimal(c.s, c.scale, c.number)
		if got != c.want || why != c.why {
			t.Errorf("%q: %d %d, want %d %d", c.s, got, why, c.want, c.why)
		}
	}
	for s, want := range map[string]int64{"2024": 2024, "2024-2025": 2024, "2024—2025学年": 2024, "2024/25": 2024, "2024年": 2024, "2024-2026": -1, "24": -1, "2024x": -1, "1999/00": 1999} {
		got, ok := sheet.ParseYear(s)
		if !ok {
			got = -1
		}
		if ok && got != want || !ok && want != -1 {
			t.Errorf("year %q: %d, want %d", s, got, want)
		}
	}
}

func TestTidyIsStable(t *testing.T) {
	for _, s := range []string{" a ", "\u00a0甲\u3000", "Ａ１（乙）", "a\r\nb\rc", "\u200b", "a\x00b", "\ufeffx", "é", "甲 乙"} {
		if once := sheet.Tidy(s); sheet.Tidy(once) != once {
			t.Errorf("%q: %q, %q", s, once, sheet.Tidy(once))
		}
		if once := sheet.TidyKey(s); sheet.TidyKey(once) != once {
			t.Errorf("key %q: %q, %q", s, once, sheet.TidyKey(once))
		}
	}
}

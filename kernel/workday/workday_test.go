package workday_test

import (
	"strings"
	"testing"

	"luoshu/kernel/catalog"
	"luoshu/kernel/workday"
	"luoshu/packs"
)

func china(t *testing.T) *workday.Calendar {
	t.Helper()
	cat, faults := catalog.LoadFS(packs.FS, "cn-calendar")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	c, faults := workday.Load(cat)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return c
}

// Days that the notices name in words, worked and not.
func TestChineseDays(t *testing.T) {
	c := china(t)
	for day, want := range map[int64]bool{
		20221231: false, // the notice for 2023 begins in 2022
		20230103: true,
		20240209: true,  // recommended as leave, not a holiday
		20240204: true,  // Sunday worked
		20240210: false, // Spring Festival
		20240930: true,
		20241012: true, // Saturday worked
		20250101: false,
		20250102: true,
		20251008: false, // Wednesday off
		20251011: true,
		20260104: true, // Sunday worked
		20260223: false,
		20260620: false, // an ordinary Saturday within a break
		20260622: true,
	} {
		if got := c.Is(day); got != want {
			t.Errorf("Is(%d) = %v", day, got)
		}
	}
	// Workdays of a year: 2024 had 251 by the notice (366 days − 104 weekend days
	// − 19 weekdays off + 8 weekend days worked), 2025 248, 2026 248.
	for year, want := range map[int64]int{2024: 251, 2025: 248, 2026: 248} {
		if got := c.Between((year-1)*10000+1231, year*10000+1231); got != want {
			t.Errorf("%d has %d working days, want %d", year, got, want)
		}
	}
	for y := 2021; y <= 2026; y++ {
		if !c.Known(y) {
			t.Errorf("%d is not known", y)
		}
	}
	if b := c.Off(20240212); b == nil || b.Title.EN != "Spring Festival" {
		t.Errorf("Off(20240212) = %v", b)
	}
	if c.Off(20240330) != nil || !c.Weekend(20240330) {
		t.Error("30 March 2024 is a plain Saturday")
	}
}

func TestAdd(t *testing.T) {
	c := china(t)
	for _, x := range []struct {
		day  int64
		n    int
		want int64
	}{
		{20240930, 1, 20241008}, // over National Day
		{20240930, 5, 20241012}, // the Saturday worked counts
		{20240209, 1, 20240218}, // Sunday worked after Spring Festival
		{20241001, 0, 20241008}, // first on or after
		{20241008, 0, 20241008},
		{20241008, -1, 20240930},
		{20240930, -1, 20240929}, // Sunday worked
		{20240631, 1, 20240702},  // 31 June runs on to 1 July
	} {
		if got := c.Add(x.day, x.n); got != x.want {
			t.Errorf("Add(%d, %d) = %d, want %d", x.day, x.n, got, x.want)
		}
	}
	// Between undoes Add, both ways, from every day of a year.
	for day := int64(20240101); day < 20250101; day = next(day) {
		for _, n := range []int{1, 2, 10, 60} {
			if got := c.Between(day, c.Add(day, n)); got != n {
				t.Fatalf("Between(%d, Add(%d)) = %d", day, n, got)
			}
			// What is n days off or less, however they are counted, lies before this one.
			if end := c.Add(day, n+1); c.Between(day, next(end)) <= n || end < day+int64(min(n, 20)) {
				t.Fatalf("%d days after %d is not before %d", n, day, end)
			}
		}
		if at := c.First(day); !c.Is(at) || at < day || c.Between(day, at) > 1 {
			t.Fatalf("First(%d) = %d", day, at)
		}
	}
	if got := c.Between(20241008, 20240930); got != -1 {
		t.Errorf("backwards %d", got)
	}
	if got := c.Add(20240101, 1<<40); got > 20700101 {
		t.Errorf("an absurd number leads to %d", got)
	}
}

func next(day int64) int64 {
	if day%100 < 31 {
		return day + 1
	}
	if day/100%100 < 12 {
		return (day/100+1)*100 + 1
	}
	return (day/10000+1)*10000 + 101
}

// Without data weekends count, and the calendar says so.
func TestUnknownYears(t *testing.T) {
	c := china(t)
	if c.Known(2030) || c.Sure(20261230, 20270105) || !c.Sure(20251230, 20260105) || c.Sure(20270105, 20261230) {
		t.Error("what is known is told wrongly")
	}
	if !c.Is(20301001) || c.Is(20301005) {
		t.Error("an unknown year does not go by weekends")
	}
	var none *workday.Calendar
	if none.Known(2024) || !none.Is(20241001) || none.Is(20241005) || none.Add(20241004, 1) != 20241007 || none.Off(20241001) != nil || !none.Weekend(20241005) {
		t.Error("no calendar does not go by weekends")
	}
	cat, faults := catalog.LoadFS(packs.FS, "eauclaire")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	other, faults := workday.Load(cat)
	if len(faults) > 0 || other.Known(2024) || !other.Is(20241001) {
		t.Errorf("a country without a calendar: %v", faults)
	}
}

const head = "weekend: [sat, sun]\nyears:\n"

func entry(year, off, work string) string {
	return "  - year: " + year + "\n    number: n\n    basis: [{zh: 据, en: by, ref: r, certainty: B}]\n    off: [" + off + "]\n    work: [" + work + "]\n"
}

// Every fault is named with its line; nothing is read in silence.
func TestFaults(t *testing.T) {
	free := "{title: {zh: 假, en: free}, from: 2024-05-01, to: 2024-05-05}"
	for name, x := range map[string]struct{ text, want string }{
		"good":           {head + entry("2024", free, "2024-05-11"), ""},
		"empty":          {"", "empty"},
		"no weekend":     {"years: []\n", "weekend is missing"},
		"bad weekday":    {"weekend: [saturday]\nyears: []\n", "not one of"},
		"whole week":     {"weekend: [mon, tue, wed, thu]\nyears: []\n", "one to three"},
		"twice":          {head + entry("2024", "", "") + entry("2024", "", ""), "stands twice"},
		"unknown key":    {head + entry("2024", free, "") + "    extra: 1\n", "unknown key extra"},
		"backwards":      {head + entry("2024", "{title: {zh: 假, en: free}, from: 2024-05-05, to: 2024-05-01}", ""), "from its first"},
		"too long":       {head + entry("2024", "{title: {zh: 假, en: free}, from: 2024-05-05, to: 2024-07-01}", ""), "31 days"},
		"other year":     {head + entry("2023", free, ""), "does not lie in 2023"},
		"overlap":        {head + entry("2024", free+", "+free, ""), "stands twice"},
		"worked and off": {head + entry("2024", free, "2024-05-04"), "stands twice"},
		"a Monday":       {head + entry("2024", free, "2024-05-13"), "worked anyway"},
		"no date":        {head + entry("2024", free, "soon"), "a date such as"},
		"no source":      {strings.Replace(head+entry("2024", free, ""), "[{zh: 据, en: by, ref: r, certainty: B}]", "[]", 1), "at least one source"},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := workday.Load(&catalog.Catalog{Charters: []catalog.Charter{{Pack: "p", Name: workday.File, File: "p/calendar.yaml", Data: []byte(x.text)}}})
			all := ""
			for _, f := range faults {
				all += f.String() + "\n"
				if f.Line == 0 && name != "empty" {
					t.Errorf("no line: %s", f)
				}
			}
			if x.want == "" && all != "" || !strings.Contains(all, x.want) {
				t.Errorf("%q, want %q", all, x.want)
			}
		})
	}
}

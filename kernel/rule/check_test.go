package rule_test

import (
	"strings"
	"testing"

	"luoshu/kernel/rule"
)

func TestChecks(t *testing.T) {
	cases := []struct {
		check, good, bad string // values parted by spaces
	}{
		{
			"cn_id", // abolished division codes (410381, 410322, 410306) and the 15-digit form are taken
			"11010519491231002X 440524188001010014 410305199001010012 110105491231002 810000199001010019",
			"110105194912310021 11010519491231002x 11010519491331002X 1101051949123100 410305199001010013 110105491331002 " +
				"4103051990010100１ 999 11010519490229002X 41030519900101001A",
		},
		{
			"student_no",
			"G11010519491231002X J410305199001010012 L410305199001010000 L410305199001010001 L410381201409011234",
			"G110105194912310021 J410305199001010013 L41030519900101000X L410305199013010000 A11010519491231002X " +
				"G1101051949123100 g11010519491231002X L41030519900101000 J410305199002300012",
		},
		{"school_code", "2141000001 0000000000", "214100000 21410000011 214100000A ２141000001"},
		{
			"credit_code", "91350100M000100Y43 124103004160000048 524103004160000044 11410300416000004B",
			"91350100M000100Y4Z 91350100M000100Y44 91350100m000100Y43 I1350100M000100Y43 9135",
		},
		{"teacher_cert", "20094110011000001 20201234571234567", "2009411001100000 200941100A1000001 20094110081000001 19004110011000001"},
		{"mobile", "13800000000 19912345678", "12800000000 1380000000 138000000000 03796000000 1380000000a"},
		{
			"disability_card", "11010519491231002X11 44052418800101001474",
			"11010519491231002X 11010519491231002X01 11010519491231002X15 11010519491231002X81 11010519491231002111",
		},
	}
	for _, c := range cases {
		for _, v := range strings.Fields(c.good) {
			if msg, ok := rule.Check(c.check, v); !ok {
				t.Errorf("%s refuses %s: %s", c.check, v, msg.EN)
			}
		}
		for _, v := range append(strings.Fields(c.bad), "") {
			if msg, ok := rule.Check(c.check, v); ok || msg.ZH == "" || msg.EN == "" {
				t.Errorf("%s takes %s (%v)", c.check, v, msg)
			}
		}
	}
	if _, ok := rule.Check("nothing", "1"); ok {
		t.Error("an unknown check takes a value")
	}
	if got := rule.Canonical("cn_id", "11010519491231002x"); got != "11010519491231002X" {
		t.Error("Canonical:", got)
	}
}

// An ID number with any other check character, or any two different
// neighbouring digits swapped, is refused.
func TestCheckCharFindsMistakes(t *testing.T) {
	id := "11010519491231002X"
	for i := range 17 {
		for d := byte('0'); d <= '9'; d++ {
			if s := id[:i] + string(d) + id[i+1:]; s != id {
				if _, ok := rule.Check("cn_id", s); ok {
					t.Errorf("%s passes", s)
				}
			}
		}
	}
	if rule.CheckChar("41030519900101001") != '2' || rule.CheckChar("4103") != 0 {
		t.Error("CheckChar")
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"", "11010519491231002X", "G11010519491231002X", "91350100M000100Y43", "\xff", "１２３"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, name := range rule.Checks() {
			if msg, ok := rule.Check(name, s); !ok && (msg.ZH == "" || msg.EN == "") {
				t.Errorf("%s refuses %q in silence", name, s)
			}
			if c := rule.Canonical(name, s); rule.Canonical(name, c) != c {
				t.Errorf("Canonical(%s, %q) is not stable", name, s)
			}
		}
	})
}

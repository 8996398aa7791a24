package run

import (
	"testing"

	"luoshu"
)

// Lines of two languages come apart, also where an English one has Chinese names.
func TestSplit(t *testing.T) {
	got := split("说明一。\n承福门社区最近的校舍也有 2.10 公里。\n承福门社区: even the nearest is 2.10 km away.\nAnd so on.\n某村（小学 43 人）最近的也有…")
	want := luoshu.Text{ZH: "说明一。\n承福门社区最近的校舍也有 2.10 公里。\n某村（小学 43 人）最近的也有…", EN: "承福门社区: even the nearest is 2.10 km away.\nAnd so on."}
	if got != want {
		t.Errorf("%+v", got)
	}
}

package luoshu_test

import (
	"testing"

	"luoshu"
)

// A Text among the arguments of a message is said in the message's language.
func TestErrorfSpeaksBoth(t *testing.T) {
	e := luoshu.Errorf(luoshu.Invalid, "由“%s”办理 %d 项", "“%s” acts on %d", luoshu.Text{ZH: "甲", EN: "A"}, 2)
	if e.Msg.ZH != "由“甲”办理 2 项" || e.Msg.EN != "“A” acts on 2" {
		t.Error(e.Msg)
	}
}

package duty_test

import (
	"os"
	"strings"
	"testing"

	"luoshu/kernel/duty"
)

// The pack has every duty of the list that was taken from the plan's text: number,
// line, exact words, whether the sentence names the responsible, and what carries it.
func TestAllObligationsAreDuties(t *testing.T) {
	_, book := shipped(t)
	b, err := os.ReadFile("testdata/obligations.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != 72 || len(book.Duties) != 72 {
		t.Fatalf("%d obligations, %d duties, want 72 each", len(lines), len(book.Duties))
	}
	for _, l := range lines {
		f := strings.Split(l, "\t")
		d := book.Duty(f[0])
		if d == nil {
			t.Errorf("%s is no duty", f[0])
			continue
		}
		if d.Line != f[1] || d.Mechanism != f[2] || d.Given != (f[3] == "given") || d.Quote != f[4] {
			t.Errorf("%s: line %s, %s, given %v, %q", d.ID, d.Line, d.Mechanism, d.Given, d.Quote)
		}
		if d.Evidence.ZH == "" || d.Who.EN == "" || len(d.Levels) == 0 || len(d.Roles) == 0 {
			t.Errorf("%s: nobody or nothing answers for it", d.ID)
		}
	}
	if book.Duty("O73") != nil {
		t.Error("a duty too many")
	}
	count := map[string]int{}
	for _, d := range book.Duties {
		count[d.Kind]++
	}
	if count[duty.Recurring] != 49 || count[duty.Event] != 7 || count[duty.Deadline] != 8 || count[duty.Standing] != 8 {
		t.Errorf("kinds %v", count)
	}
}

// The quotes that the plan's targets share with duties are the same words.
func TestQuotesAgreeWithThePlan(t *testing.T) {
	cat, book := shipped(t)
	shared := 0
	for _, d := range book.Duties {
		for _, target := range cat.Plans[0].Targets {
			if target.Line == d.Line && strings.Contains(d.Quote, target.Quote) {
				shared++
			}
		}
	}
	if shared < 12 {
		t.Errorf("only %d quotes are found again among the targets", shared)
	}
}

// Every number that is our own design belongs to a duty that the plan leaves open,
// or says how long the word on a standing one holds; and what the plan leaves open
// rests on a parameter with a source.
func TestOpenPeriodsAreParameters(t *testing.T) {
	_, book := shipped(t)
	open := 0
	for _, d := range book.Duties {
		opens := book.Opens(d, 20240930)
		for _, o := range opens {
			if !o.Stated() && !d.Open && d.Kind != duty.Standing {
				t.Errorf("%s: %s is our own, and the duty is not said to be open", d.ID, o.Param)
			}
			if o.Text.ZH == "" || o.Ref == "" {
				t.Errorf("%s: %s has no source", d.ID, o.Param)
			}
		}
		if d.Open {
			open++
			if len(opens) != 1 {
				t.Errorf("%s is open and has %d parameters", d.ID, len(opens))
			}
		}
	}
	if open < 35 {
		t.Errorf("only %d open duties", open)
	}
	if d := book.Duty("O24"); !d.Open || book.Opens(d, 20240930)[0].Stated() {
		t.Error("O24 is said to have a period")
	}
	if d := book.Duty("O17"); d.Open || !book.Opens(d, 20240930)[0].Stated() {
		t.Error("O17 is said to have none")
	}
	// By the day and by the lesson nothing is stored: one mark a term.
	for _, id := range []string{"O03", "O04", "O05"} {
		if d := book.Duty(id); d.Period != duty.Day || d.Attest != duty.Term {
			t.Errorf("%s: %s attested by %s", id, d.Period, d.Attest)
		}
	}
}

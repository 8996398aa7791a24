package duty_test

import (
	"io"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/duty"
	"luoshu/kernel/store"
)

// Evidence is a file as well: told by its content, given to one mark of whoever
// handed it in, read by those who reach the organisation, and kept when the mark is
// taken back.
func TestPapersOfMarks(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		tn := open(t, c)
		a, b := as("clerk", schoolA), as("clerk", schoolB)
		const picture = "\x89PNG\r\n\x1a\n 照片"
		for name, body := range map[string]string{"报告.pdf": "MZ\x90 a program", "照片.png": "<html><script>alert(1)</script>", "表.xlsx": "PK\x03\x04 no workbook", "空.pdf": ""} {
			if _, err := tn.TakePaper(tn.ctx, a, name, strings.NewReader(body)); kind(t, err) != luoshu.Invalid {
				t.Errorf("%s lies about what it is: %v", name, err)
			}
		}
		if _, err := tn.TakePaper(tn.ctx, as("leader", countyX), "x.png", strings.NewReader(picture)); kind(t, err) != luoshu.Denied {
			t.Errorf("taken without the right: %v", err)
		}
		p, err := tn.TakePaper(tn.ctx, a, `..\活动.exe`, strings.NewReader(picture))
		if err != nil || p.Name != "活动.png" || p.Kind != "png" {
			t.Fatalf("%+v, %v", p, err)
		}
		r := duty.Request{Duty: "O09", Org: schoolA, Period: "2024", On: 20240901, Papers: []string{p.ID}}
		theirs := r
		theirs.Org = schoolB
		if _, err := tn.Mark(tn.ctx, b, theirs); kind(t, err) != luoshu.Invalid {
			t.Errorf("another's paper: %v", err)
		}
		if _, _, err := tn.OpenPaper(tn.ctx, a, 0, p.ID); kind(t, err) != luoshu.NotFound {
			t.Errorf("a paper of no mark is given out: %v", err)
		}
		many := r
		many.Papers = make([]string, 21)
		if _, err := tn.Mark(tn.ctx, a, many); kind(t, err) != luoshu.Invalid {
			t.Errorf("21 papers: %v", err)
		}
		m, err := tn.Mark(tn.ctx, a, r) // without a word: the file is the evidence
		if err != nil || len(m.Papers) != 1 {
			t.Fatalf("%+v, %v", m, err)
		}
		again := r
		again.Seen = 1
		if _, err := tn.Mark(tn.ctx, a, again); kind(t, err) != luoshu.Invalid {
			t.Errorf("one paper for two marks: %v", err)
		}
		twice, err := tn.TakePaper(tn.ctx, a, "x.png", strings.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		again.Papers = []string{twice.ID, twice.ID}
		if _, err := tn.Mark(tn.ctx, a, again); kind(t, err) != luoshu.Conflict {
			t.Errorf("the same paper named twice: %v", err)
		}
		for _, who := range []luoshu.Actor{a, as("county", countyX), as("leader", city)} {
			got, f, err := tn.OpenPaper(tn.ctx, who, m.N, p.ID)
			if err != nil {
				t.Fatalf("%s: %v", who.Name, err)
			}
			body, err := io.ReadAll(f)
			if err != nil || f.Close() != nil || string(body) != picture || got.Name != "活动.png" {
				t.Errorf("%s reads %q of %s, %v", who.Name, body, got.Name, err)
			}
		}
		for _, who := range []luoshu.Actor{b, as("county", countyY)} {
			if _, _, err := tn.OpenPaper(tn.ctx, who, m.N, p.ID); kind(t, err) != luoshu.NotFound {
				t.Errorf("%s reads it: %v", who.Name, err)
			}
		}
		if _, err := tn.Withdraw(tn.ctx, a, m.N, "记错"); err != nil {
			t.Fatal(err)
		}
		d, err := tn.Detail(tn.ctx, a, "O09", schoolA, 0)
		if err != nil || len(d.History[0].Said) != 1 || len(d.History[0].Said[0].Papers) != 1 || d.History[0].Said[0].Papers[0].Name != "活动.png" {
			t.Errorf("the paper of a mark that was taken back: %+v, %v", d.History[0].Said, err)
		}
	})
}

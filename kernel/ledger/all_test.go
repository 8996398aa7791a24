package ledger_test

import (
	"errors"
	"strings"
	"testing"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// people is a register of persons and dated facts that refer to them.
func people() map[string]string {
	return map[string]string{
		"person": `
entity: person
title: {zh: 人, en: Person}
group: {zh: 组, en: Group}
key: [no]
label: name
fields:
  - {name: no, title: {zh: 号, en: No}, type: text, required: true}
  - {name: name, title: {zh: 名, en: Name}, type: text, required: true}
  - {name: town, title: {zh: 镇, en: Town}, type: text}
`,
		"stay": `
entity: stay
title: {zh: 在, en: Stay}
group: {zh: 组, en: Group}
key: [no, year]
label: no
fields:
  - {name: no, title: {zh: 号, en: No}, type: ref, ref: person, required: true}
  - {name: year, title: {zh: 年, en: Year}, type: year, required: true}
`,
	}
}

func (b *book) check(when string) {
	b.Helper()
	problems, err := b.Check(b.ctx, nil)
	if err != nil || len(problems) > 0 {
		b.Errorf("check %s: %v %v", when, problems, err)
	}
}

// A merge is references moved, a record removed and its key kept as an alias, in
// one transaction; taking it back restores all three.
func TestMergeAndBack(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := openWith(t, c, people())
		b.put("3/0/0/0", "person", "P1,甲,东", "P2,甲,西", "P3,乙,东")
		b.put("3/0/0/0", "stay", "P1,2023", "P2,2024", "P3,2024")
		move := b.batch("stay", "P1,2024")
		old := b.batch("stay", "P2,2024")
		old.Remove = true
		gone := b.batch("person", "P2,,")
		gone.Remove = true
		if _, err := b.Commit(b.ctx, gone, nil); kindOf(err) != luoshu.Conflict {
			t.Errorf("a person with stays was removed: %v", err)
		}
		gone.Aliases = []ledger.Alias{{Old: "P2", New: "P1"}}
		try := []ledger.Batch{move, old, gone}
		try[0].DryRun = true
		if rs, err := b.CommitAll(b.ctx, try, nil); err != nil || rs[2].Removed != 1 {
			t.Errorf("try: %+v %v", rs, err)
		}
		b.expect("person", "no", "P1 P2 P3")
		rs, err := b.CommitAll(b.ctx, []ledger.Batch{move, old, gone}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if rs[0].New != 1 || rs[1].Removed != 1 || rs[2].Removed != 1 || rs[2].Seq != rs[0].Seq+2 {
			t.Errorf("%+v", rs)
		}
		b.expect("person", "no", "P1 P3")
		b.expect("stay", "no,year", "P1,2023 P1,2024 P3,2024")
		b.check("after the merge")

		// A later file that still has the old number lands on the survivor, also
		// where it is a reference.
		b.put("0/1/0/0", "person", "P2,甲,南")
		b.expect("person", "no,town", "P1,南 P3,东")
		b.put("1/0/0/0", "stay", "P2,2025")
		b.expect("stay", "no,year", "P1,2023 P1,2024 P1,2025 P3,2024")
		if now, err := b.KeyOf(b.ctx, "person", "P2"); err != nil || now != "P1" {
			t.Errorf("key of P2: %s %v", now, err)
		}
		seqs := []int64{rs[0].Seq, rs[1].Seq, rs[2].Seq}
		if _, err := b.UndoAll(b.ctx, luoshu.Actor{Name: "u"}, seqs, "two people after all"); err != nil {
			t.Fatal(err)
		}
		b.expect("person", "no", "P1 P2 P3")
		b.expect("stay", "no,year", "P1,2023 P1,2025 P2,2024 P3,2024")
		if now, _ := b.KeyOf(b.ctx, "person", "P2"); now != "P2" {
			t.Errorf("the alias outlives the undo: %s", now)
		}
		b.check("after the undo")
	})
}

// What was committed in one is taken back in one, whichever of it is named, and so is
// the undo; what was committed alone is not drawn in.
func TestUndoOfWhatWasCommittedTogether(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := openWith(t, c, people())
		b.put("2/0/0/0", "person", "P1,甲,东", "P2,甲,西")
		for name, id := range map[string]string{"no ids": "", "ids of a room": "move-7-"} {
			one, two := b.batch("person", "P1,甲,南"), b.batch("person", "P2,甲,南")
			if id != "" {
				one.ID, two.ID = id+"0", id+"1"
			}
			rs, err := b.CommitAll(b.ctx, []ledger.Batch{one, two}, nil)
			if err != nil {
				t.Fatal(err)
			}
			far := []ledger.Batch{b.batch("person", "P3,丙,东"), b.batch("person", "P4,丁,东")}
			far[0].ID, far[1].ID = "move-8-0", "move-8-1" // another act, of a like name
			if _, err := b.CommitAll(b.ctx, far, nil); err != nil {
				t.Fatal(err)
			}
			b.put("1/0/0/0", "stay", "P1,2023")
			last, _, err := b.Head(b.ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []int{1, 0} {
				r, err := b.Undo(b.ctx, luoshu.Actor{Name: "u"}, rs[part].Seq, "wrong")
				if err != nil {
					t.Fatal(name, err)
				}
				b.expect("person", "no,town", "P1,东 P2,西 P3,东 P4,东")
				b.expect("stay", "no,year", "P1,2023")
				undo, err := b.CommitAt(b.ctx, r.Seq)
				if err != nil || undo.UndoOf != rs[part].Seq {
					t.Errorf("%s: the result is of the undo of %d, not %d: %v", name, undo.UndoOf, rs[part].Seq, err)
				}
				redone, err := b.Undo(b.ctx, luoshu.Actor{Name: "u"}, r.Seq, "right after all")
				if err != nil {
					t.Fatal(name, err)
				}
				b.expect("person", "no,town", "P1,南 P2,南 P3,东 P4,东")
				rs[0].Seq, rs[1].Seq = redone.Seq, redone.Seq
			}
			b.check(name)
			if _, err := b.Undo(b.ctx, luoshu.Actor{Name: "u"}, rs[0].Seq, "again"); err != nil {
				t.Fatal(name, err)
			}
			if _, err := b.Undo(b.ctx, luoshu.Actor{Name: "u"}, last, "and the stay"); err != nil {
				t.Fatal(name, err)
			}
			b.expect("person", "no,town", "P1,东 P2,西 P3,东 P4,东")
			b.expect("stay", "no,year", "")
		}
	})
}

// A batch with an id writes once, alone or with others.
func TestTogetherOnce(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := openWith(t, c, people())
		for range 2 {
			one, two := b.batch("person", "P1,甲,东"), b.batch("person", "P2,甲,西")
			one.ID, two.ID = "move-7-0", "move-7-1"
			if _, err := b.CommitAll(b.ctx, []ledger.Batch{one, two}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if n, _, err := b.Head(b.ctx); err != nil || n != 2 {
			t.Errorf("%d commits: %v", n, err)
		}
	})
}

// All batches or none: an error in a later one takes the earlier ones back.
func TestCommitAllIsWhole(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := openWith(t, c, people())
		b.put("1/0/0/0", "person", "P1,甲,东")
		broken := b.batch("stay", "P1,2024")
		boom := errors.New("boom")
		broken.Rows = func(func(ledger.Row) error) error { return boom }
		if _, err := b.CommitAll(b.ctx, []ledger.Batch{b.batch("person", "P2,乙,西"), broken}, nil); !errors.Is(err, boom) {
			t.Fatalf("error: %v", err)
		}
		b.expect("person", "no", "P1")
		b.check("after the failure")
	})
}

// Held fields keep their value; what was wanted is told.
func TestHold(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := openWith(t, c, people())
		b.put("2/0/0/0", "person", "P1,甲,东", "P2,乙,东")
		x := b.batch("person", "P1,丙,西", "P2,丁,东")
		x.Hold = func(rec int64, before, after []luoshu.Value) ([]int, error) {
			if before[1] != after[1] {
				return []int{1}, nil
			}
			return nil, nil
		}
		var told []string
		x.Each = func(d ledger.Diff) error {
			for _, h := range d.Held {
				told = append(told, d.Verdict.String()+" "+h.Wanted.S+" "+d.Before[1].S)
			}
			return nil
		}
		r := b.commit(x)
		if counts(r) != "0/1/1/0" {
			t.Errorf("counts %s", counts(r))
		}
		if got := strings.Join(told, ", "); got != "changed 丙 甲, unchanged 丁 乙" {
			t.Errorf("told %s", got)
		}
		b.expect("person", "no,name,town", "P1,甲,西 P2,乙,东")
		b.check("after holding")
	})
}

// Attesting changes no value, can be taken back, and shows when tampered with.
func TestAttestRecords(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := openWith(t, c, people())
		b.put("3/0/0/0", "person", "P1,甲,东", "P2,乙,东", "P3,丙,东")
		b.put("0/1/0/0", "person", "P3,丙,西") // its current version is not its first
		attest := func(on int64, recs ...int64) ledger.Result {
			t.Helper()
			r, err := b.Attest(b.ctx, ledger.Attestation{
				Actor: luoshu.Actor{Name: "a"}, Entity: "person", On: on, Reason: "round",
				Recs: func(yield func(int64) error) error {
					for _, x := range recs {
						if err := yield(x); err != nil {
							return err
						}
					}
					return nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		r := attest(20240920, 1, 3, 99)
		if r.Seq != 3 || r.Rows != 2 {
			t.Errorf("%+v", r)
		}
		b.expect("person", "no,_verified", "P1,20240920 P2, P3,20240920")
		if again := attest(20240920, 1); again.Seq != 0 {
			t.Errorf("the same again: %+v", again)
		}
		attest(20241020, 1, 2)
		b.check("after attesting")
		if _, err := b.Undo(b.ctx, luoshu.Actor{}, 4, "wrong list"); err != nil {
			t.Fatal(err)
		}
		b.expect("person", "no,_verified", "P1,20240920 P2, P3,20240920")
		b.check("after the undo")
		if _, err := b.db.Exec(b.ctx, `UPDATE r_person SET _verified = 20240920 WHERE no = 'P2'`); err != nil {
			t.Fatal(err)
		}
		if p, err := b.Check(b.ctx, nil); err != nil || len(p) == 0 {
			t.Errorf("a forged attestation is not found: %v %v", p, err)
		}
		if _, err := b.db.Exec(b.ctx, `UPDATE r_person SET _verified = NULL WHERE no = 'P2'`); err != nil {
			t.Fatal(err)
		}
		if _, err := b.db.Exec(b.ctx, `DELETE FROM attestation WHERE seq = 3 AND rid = 1`); err != nil {
			t.Fatal(err)
		}
		if p, err := b.Check(b.ctx, nil); err != nil || len(p) == 0 {
			t.Errorf("a missing attestation is not found: %v %v", p, err)
		}
	})
}

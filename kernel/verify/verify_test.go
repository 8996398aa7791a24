package verify_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/ledger"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
	"luoshu/kernel/verify"
)

var dbs storetest.Databases

func TestMain(m *testing.M) { os.Exit(dbs.Main(m)) }

// village is two counties A and B with a house each, A1 with thirty members, B1
// with six.
type village struct {
	*testing.T
	ctx  context.Context
	cat  *catalog.Catalog
	ch   *charter.Charter
	db   *store.DB
	led  *ledger.Ledger
	acc  *access.Access
	rec  *records.Reader
	v    *verify.Verify
	now  time.Time
	asks []verify.Proposal
}

var (
	planner = luoshu.Actor{Name: "plan", Role: "planner", Org: "R"}
	county  = luoshu.Actor{Name: "anna", Role: "planner", Org: "A"}
	clerk   = luoshu.Actor{Name: "carl", Role: "clerk", Org: "A1"}
	other   = luoshu.Actor{Name: "otto", Role: "clerk", Org: "B1"}
)

// Propose stands for the room of corrections, which is not part of these tests.
func (x *village) Propose(_ context.Context, p verify.Proposal) ([]int64, error) {
	x.asks = append(x.asks, p)
	return []int64{int64(len(x.asks))}, nil
}

func newVillage(t *testing.T, c store.Config) *village {
	t.Helper()
	x := &village{T: t, ctx: context.Background(), now: time.Date(2025, 9, 20, 8, 0, 0, 0, time.UTC)}
	var faults []catalog.Fault
	x.cat, faults = catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("testdata/packs")}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if x.ch, faults = charter.Load(x.cat); len(faults) > 0 {
		t.Fatal(faults)
	}
	var err error
	if x.db, err = store.Open(x.ctx, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.db.Close() })
	clock := func() time.Time { return x.now }
	if x.led, err = ledger.Open(x.ctx, x.db, x.cat, clock); err != nil {
		t.Fatal(err)
	}
	x.put("office", []any{"R", "总", nil, "city"}, []any{"A", "甲", "R", "county"}, []any{"B", "乙", "R", "county"})
	x.put("house", []any{"A1", "甲一", "A"}, []any{"B1", "乙一", "B"})
	var members, kin, stays [][]any
	for i := range 36 {
		h := "A1"
		if i%6 == 5 {
			h = "B1"
		}
		no := fmt.Sprintf("N%02d", i)
		members = append(members, []any{no, "名" + no, int64(20100100 + i%28 + 1), "ID" + no, h, "in", int64(90 + i)})
		kin = append(kin, []any{no, int64(1), "父" + no, int64(1)}, []any{no, int64(2), "叔" + no, int64(0)})
		stays = append(stays, []any{no, int64(2025), h, "r" + fmt.Sprint(i%3)})
	}
	members = append(members, []any{"N99", "离", nil, nil, "A1", "out", nil})
	x.put("member", members...)
	x.put("kin", kin...)
	x.put("stay", stays...)
	if x.acc, err = access.Open(x.ctx, x.db, x.cat, clock); err != nil {
		t.Fatal(err)
	}
	x.rec = records.New(x.db, x.cat)
	x.v = verify.New(verify.Config{
		DB: x.db, Catalog: x.cat, Charter: x.ch, Ledger: x.led, Access: x.acc, Records: x.rec, Corrector: x, Now: clock,
		Seal: func(ctx context.Context, a luoshu.Actor, note string, _ luoshu.Progress) (ledger.Seal, error) {
			return x.led.Seal(ctx, a, note)
		},
	})
	return x
}

func (x *village) put(entity string, rows ...[]any) {
	x.Helper()
	_, err := x.led.Commit(x.ctx, ledger.Batch{
		Actor: planner, Entity: entity, Total: int64(len(rows)),
		Rows: func(yield func(ledger.Row) error) error {
			for i, r := range rows {
				v := make([]luoshu.Value, len(x.cat.Entity(entity).Fields))
				for j, c := range r {
					v[j] = luoshu.ValueOf(c)
				}
				if err := yield(ledger.Row{N: i + 1, Values: v}); err != nil {
					return err
				}
			}
			return nil
		},
		Each: func(d ledger.Diff) error {
			if d.Verdict == ledger.Refused {
				x.Error(entity, d.Faults)
			}
			return nil
		},
	}, nil)
	if err != nil {
		x.Fatal(err)
	}
}

func (x *village) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

func (x *village) kind(err error, want luoshu.ErrKind) {
	x.Helper()
	var e *luoshu.Error
	if !errors.As(err, &e) || e.Kind != want {
		x.Errorf("want %s, got %v", want, err)
	}
}

func (x *village) rec0(no string) int64 {
	x.Helper()
	r, err := x.rec.ByKey(x.ctx, "member", no)
	if err != nil || r == nil {
		x.Fatal(no, err)
	}
	return r.Rec
}

func (x *village) head() int64 {
	n, _, err := x.led.Head(x.ctx)
	x.must(err)
	return n
}

func (x *village) open() *verify.Round {
	x.Helper()
	r, err := x.v.OpenRound(x.ctx, planner, "members", 2025)
	x.must(err)
	if r.Tasks != 2 || r.Total != 36 || r.Unheld != 0 || r.Due != 20251004 || r.ID != "members-2025" {
		x.Fatalf("opened %+v", r)
	}
	return r.Round
}

func (x *village) mine(a luoshu.Actor) *verify.Task {
	x.Helper()
	list, err := x.v.Mine(x.ctx, a)
	x.must(err)
	if len(list) != 1 {
		x.Fatalf("%d tasks", len(list))
	}
	return list[0]
}

func (x *village) answer(a luoshu.Actor, ans verify.Answer) *verify.Acted {
	x.Helper()
	t := x.mine(a)
	ans.Rev = t.Rev
	if ans.Seen == 0 {
		ans.Seen = x.head()
	}
	out, err := x.v.Answer(x.ctx, a, t.ID, ans)
	x.must(err)
	return out
}

// A round from its opening to its seal: exceptions, the rest in one act, a record
// that changed, one that moved away, the spot check, a unit that answers anew.
func TestRound(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		x := newVillage(t, c)
		r := x.open()
		_, err := x.v.OpenRound(x.ctx, planner, "members", 2025)
		x.kind(err, luoshu.Conflict)
		task := x.mine(clerk)
		if task.Total != 30 || task.Open != 30 || task.Org != "A1" {
			t.Fatalf("task %+v", task)
		}
		seen := x.head()
		// Nobody but the holder answers; the county may look, another house not.
		_, err = x.v.Answer(x.ctx, county, task.ID, verify.Answer{Kind: verify.Confirm, Rest: true, Seen: seen})
		x.kind(err, luoshu.Denied)
		_, err = x.v.Answer(x.ctx, other, task.ID, verify.Answer{Kind: verify.Confirm, Rest: true, Seen: seen})
		x.kind(err, luoshu.NotFound)
		x.answer(clerk, verify.Answer{Kind: verify.Dispute, Recs: []int64{x.rec0("N00"), x.rec0("N01")}, Note: "不是本校的"})
		got := x.answer(clerk, verify.Answer{Kind: verify.Correct, Recs: []int64{x.rec0("N02")}, Note: "写错", Changes: map[string]luoshu.Value{"name": luoshu.TextValue("新")}})
		if len(x.asks) != 1 || x.asks[0].Entity != "member" || x.asks[0].By != clerk || got.Task.Corrected != 1 {
			t.Errorf("correction %+v %+v", x.asks, got.Task)
		}
		// One record changes and one moves to the other house after they were shown.
		x.put("member", []any{"N03", "改名", int64(20100104), "IDN03", "A1", "in", nil}, []any{"N04", "名N04", int64(20100105), "IDN04", "B1", "in", nil})
		got = x.answer(clerk, verify.Answer{Kind: verify.Confirm, Rest: true, Seen: seen})
		if got.Records != 25 || got.Changed != 1 {
			t.Errorf("acted %+v", got)
		}
		want := verify.Counts{Total: 30, Confirmed: 25, Corrected: 1, Disputed: 2, Gone: 1, Open: 1}
		if got.Task.Counts != want {
			t.Errorf("counts %+v", got.Task.Counts)
		}
		if v, err := x.rec.Get(x.ctx, "member", x.rec0("N06")); err != nil || v.Verified != 20250920 {
			t.Errorf("verified %v %v", v, err)
		}
		if v, err := x.rec.Get(x.ctx, "member", x.rec0("N03")); err != nil || v.Verified != 0 {
			t.Errorf("a record nobody looked at is verified: %v %v", v, err)
		}
		list, n, err := x.v.List(x.ctx, got.Task, verify.ListQuery{Kind: verify.Waiting, Limit: 10})
		if err != nil || n != 1 || list[0].Rec != x.rec0("N03") || !list[0].Changed {
			t.Errorf("open: %v %d %v", list, n, err)
		}
		got = x.answer(clerk, verify.Answer{Kind: verify.Confirm, Recs: []int64{x.rec0("N03")}})
		if got.Task.Open != 0 || got.Task.Confirmed != 26 || got.Task.DoneOn != 20250920 {
			t.Errorf("done %+v", got.Task)
		}
		x.answer(other, verify.Answer{Kind: verify.Confirm, Rest: true})
		x.spot(r)
		x.closing(r)
	})
}

// spot draws, has the county find errors, and the house answers anew.
func (x *village) spot(r *verify.Round) {
	_, err := x.v.Draw(x.ctx, county, r.ID)
	x.kind(err, luoshu.Denied)
	_, err = x.v.Close(x.ctx, planner, r.ID, "", nil)
	x.kind(err, luoshu.Conflict)
	drawn, err := x.v.Draw(x.ctx, planner, r.ID)
	x.must(err)
	if len(drawn.Seed) != 64 || drawn.Head == "" {
		x.Errorf("drawn %+v", drawn)
	}
	_, err = x.v.Draw(x.ctx, planner, r.ID)
	x.kind(err, luoshu.Conflict)
	task := x.mine(clerk)
	_, err = x.v.Answer(x.ctx, clerk, task.ID, verify.Answer{Rev: task.Rev, Kind: verify.Dispute, Recs: []int64{x.rec0("N07")}, Note: "晚", Seen: x.head()})
	x.kind(err, luoshu.Conflict)
	checks, _, err := x.v.Checks(x.ctx, county, r.ID)
	x.must(err)
	if len(checks) != 1 || checks[0].Population != 26 || checks[0].Size != verify.SampleSize(26, 0.2, 0.95) {
		x.Fatalf("checks %+v", checks)
	}
	samples, err := x.v.Samples(x.ctx, county, r.ID, "A")
	x.must(err)
	x.redraw(drawn, samples)
	for i, s := range samples {
		look := verify.Sample{Place: s.Place, Result: "right"}
		if i < 2 {
			look.Result, look.Fields = "wrong", []string{"born"}
		}
		if i == 3 {
			_, err := x.v.Settle(x.ctx, county, r.ID, "A")
			x.kind(err, luoshu.Conflict)
			x.kind(x.v.Look(x.ctx, luoshu.Actor{Name: "b", Role: "planner", Org: "B"}, r.ID, "A", look), luoshu.NotFound)
			x.kind(x.v.Look(x.ctx, county, r.ID, "A", verify.Sample{Place: s.Place, Result: "wrong", Fields: []string{"score"}}), luoshu.Invalid)
		}
		x.must(x.v.Look(x.ctx, county, r.ID, "A", look))
	}
	c, err := x.v.Settle(x.ctx, county, r.ID, "A")
	x.must(err)
	if c.Wrong != 2 || c.Returned != 1 || c.Low <= 0 || c.High >= 1 || c.Low >= c.High {
		x.Errorf("settled %+v", c)
	}
	task = x.mine(clerk)
	if task.Returned != 1 || task.Open != 26 || task.Due != 20251004 {
		x.Errorf("given back %+v", task)
	}
	x.answer(clerk, verify.Answer{Kind: verify.Confirm, Rest: true})
}

// redraw finds the sample again from what is published.
func (x *village) redraw(r *verify.Round, samples []verify.Sample) {
	x.Helper()
	var seed []byte
	if _, err := fmt.Sscanf(r.Seed, "%x", &seed); err != nil {
		x.Fatal(err)
	}
	last := ""
	chosen := map[int64]bool{}
	for _, s := range samples {
		h := fmt.Sprintf("%x", verify.Ticket(seed, s.Entity, s.Rec))
		if h <= last {
			x.Error("the sample is not in the order of its tickets")
		}
		last = h
		chosen[s.Rec] = true
	}
	for i := range 36 {
		no := fmt.Sprintf("N%02d", i)
		if rec := x.rec0(no); i%6 != 5 && i > 4 && !chosen[rec] && fmt.Sprintf("%x", verify.Ticket(seed, "member", rec)) < last {
			x.Errorf("%s has a lower ticket than the last of the sample", no)
		}
	}
}

func (x *village) closing(r *verify.Round) {
	b := luoshu.Actor{Name: "bea", Role: "planner", Org: "B"}
	samples, err := x.v.Samples(x.ctx, b, r.ID, "B")
	x.must(err)
	for _, s := range samples {
		x.must(x.v.Look(x.ctx, b, r.ID, "B", verify.Sample{Place: s.Place, Result: "right"}))
	}
	if c, err := x.v.Settle(x.ctx, b, r.ID, "B"); err != nil || c.Returned != 0 || c.Low != 0 {
		x.Error(c, err)
	}
	st, err := x.v.Close(x.ctx, planner, r.ID, "核定", nil)
	x.must(err)
	if st.Round.State != verify.Closed || st.Round.Seal == "" || st.Round.ClosedBy != "plan" || st.Round.Overdue != 0 {
		x.Errorf("closed %+v", st.Round)
	}
	seal, err := x.led.SealByID(x.ctx, st.Round.Seal)
	x.must(err)
	if seal.Signer != "plan" || !strings.Contains(seal.Note, "members-2025") {
		x.Errorf("seal %+v", seal)
	}
	if p, err := x.led.Check(x.ctx, nil); err != nil || len(p) > 0 {
		x.Error(p, err)
	}
	state, err := x.v.OfRecord(x.ctx, "member", x.rec0("N06"))
	x.must(err)
	if len(state.Attested) != 1 || state.Attested[0].By != "carl" || state.Attested[0].Round != "members-2025" {
		x.Errorf("attested %+v", state)
	}
}

// Two people answer at once: one wins, the other is told and nothing is doubled.
func TestTwoAtOnce(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		x := newVillage(t, c)
		x.open()
		task, seen := x.mine(clerk), x.head()
		errs := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := x.v.Answer(x.ctx, clerk, task.ID, verify.Answer{Rev: task.Rev, Seen: seen, Kind: verify.Confirm, Rest: true})
				errs <- err
			}()
		}
		a, b := <-errs, <-errs
		if a == nil {
			a, b = b, a
		}
		if b != nil {
			t.Error(b)
		}
		x.kind(a, luoshu.Conflict)
		if x.mine(clerk).Confirmed != 30 || x.head() != seen+1 {
			t.Errorf("confirmed %d, head %d", x.mine(clerk).Confirmed, x.head())
		}
	})
}

// Reminders and escalations follow the dates, each once, also when the clock jumps.
func TestSweep(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		x := newVillage(t, c)
		x.open()
		x.answer(other, verify.Answer{Kind: verify.Confirm, Rest: true})
		for _, s := range []struct {
			day  int
			want int
		}{{20, 0}, {27, 1}, {27, 0}, {33, 1}, {28, 0}, {36, 1}, {30, 0}, {44, 1}, {20, 0}} {
			x.now = time.Date(2025, 9, s.day, 8, 0, 0, 0, time.UTC)
			n, err := x.v.Sweep(x.ctx)
			if err != nil || n != s.want {
				t.Errorf("on 9-%d: %d notices, want %d (%v)", s.day, n, s.want, err)
			}
		}
		x.now = time.Date(2025, 9, 44, 8, 0, 0, 0, time.UTC)
		for org, want := range map[string]string{"A1": "remind remind", "A": "escalate", "R": "escalate", "B": ""} {
			list, err := x.v.Notices(x.ctx, luoshu.Actor{Org: org})
			x.must(err)
			got := ""
			for _, n := range list {
				got = strings.TrimSpace(got + " " + n.Kind)
			}
			if !strings.HasPrefix(want, got) || (got == "") != (want == "") {
				t.Errorf("%s was told %q, want %q", org, got, want)
			}
		}
		st, err := x.v.Status(x.ctx, planner, "members-2025", "county", "")
		x.must(err)
		if len(st.Units) != 2 || st.Units[0].Org != "A" || st.Units[0].Late != 1 || st.Overdue != 1 || st.Answered != 1 {
			t.Errorf("status %+v", st)
		}
	})
}

// A holder over others answers for all of them; records two steps from their
// organisation are found.
func TestHolderAbove(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		x := newVillage(t, c)
		r, err := x.v.OpenRound(x.ctx, planner, "houses", 2025)
		x.must(err)
		if r.Tasks != 4 || r.Total != 2+36 {
			t.Errorf("opened %+v", r)
		}
		list, err := x.v.Mine(x.ctx, county)
		x.must(err)
		for _, task := range list {
			got, err := x.v.Answer(x.ctx, county, task.ID, verify.Answer{Rev: task.Rev, Seen: x.head(), Kind: verify.Confirm, Rest: true})
			if err != nil || got.Task.Open != 0 || got.Records != task.Total {
				t.Errorf("%s: %+v %v", task.Entity, got, err)
			}
		}
		if _, err := x.v.Close(x.ctx, planner, r.ID, "", nil); err != nil {
			t.Error("a round without a spot check:", err)
		}
	})
}

// An act that was cut off, before or after the ledger attested, is completed by the
// next sweep, once.
func TestCutOff(t *testing.T) {
	for _, attested := range []bool{false, true} {
		x := newVillage(t, dbs.SQLite(t))
		x.open()
		task, seen := x.mine(clerk), x.head()
		id := fmt.Sprintf("verify-members-2025-%d-1", task.ID)
		_, err := x.db.Exec(x.ctx, `INSERT INTO round_act (id, task, actor, seen, recs, on_date, at, done, records, seq) VALUES (?, ?, ?, ?, '', 20250920, '2025-09-20T08:00:00Z', 0, 0, 0)`,
			id, task.ID, `{"name":"carl","role":"clerk","org":"A1"}`, seen)
		x.must(err)
		if attested {
			_, err := x.led.Attest(x.ctx, ledger.Attestation{ID: id, Actor: clerk, Entity: "member", On: 20250920, Recs: func(yield func(int64) error) error {
				return yield(x.rec0("N00"))
			}})
			x.must(err)
		}
		for range 2 {
			_, err := x.v.Sweep(x.ctx)
			x.must(err)
			if got := x.mine(clerk); got.Confirmed != 30 || !got.Listed || x.head() != seen+1 {
				t.Errorf("attested %v: %+v, head %d", attested, got, x.head())
			}
		}
	}
}

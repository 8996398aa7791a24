package verify

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// linkRole is the role of those who answer by a one-time link. No pack can give
// it: ids of roles begin with a letter.
const linkRole = "_link"

// maxNote bounds a note, in characters.
const maxNote = 500

// maxAnswer bounds how many records one answer may name.
const maxAnswer = 500

// Answer is one answer to records of a task, or with Rest, the confirmation of all
// that have no answer yet.
type Answer struct {
	// Rev is the task's revision that the answer was given on. Whoever comes second
	// is told.
	Rev int64
	// Seen is the commit of the ledger up to which the records had been shown: those
	// that have changed since stay open.
	Seen    int64
	Kind    string // Confirm, Correct, Dispute, Cannot
	Rest    bool   // with Confirm: all records without an answer
	Recs    []int64
	Note    string
	Changes map[string]luoshu.Value // with Correct, of one record
}

// Acted says what an answer did. Changed records were altered after they had been
// shown and must be looked at again; requests are those made for a correction.
type Acted struct {
	Task     *Task   `json:"-"`
	Records  int64   `json:"records"`
	Changed  int64   `json:"changed"`
	Requests []int64 `json:"requests,omitempty"`
}

// Answer gives an answer. Confirming attests the records in the ledger; what was
// begun and cut off is completed by the next Sweep.
func (v *Verify) Answer(ctx context.Context, actor luoshu.Actor, id int64, a Answer) (*Acted, error) {
	t, err := v.Task(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := v.mayAnswer(actor, t); err != nil {
		return nil, err
	}
	if err := checkAnswer(a, v.Corrector != nil); err != nil {
		return nil, err
	}
	if t.Rev != a.Rev {
		return nil, errStale()
	}
	out := &Acted{}
	if a.Kind == Confirm {
		out, err = v.confirm(ctx, actor, t, a)
	} else {
		err = v.other(ctx, actor, t, a, out)
	}
	if err != nil {
		return nil, err
	}
	out.Task, err = v.task(ctx, id)
	return out, err
}

func checkAnswer(a Answer, corrects bool) error {
	field := func(name, zh, en string) error {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{ZH: zh, EN: en}}
	}
	switch a.Kind {
	case Confirm:
		if a.Rest == (len(a.Recs) > 0) {
			return field("recs", "请指明记录，或确认其余全部", "name the records, or confirm all the rest")
		}
	case Correct:
		if len(a.Recs) != 1 || len(a.Changes) == 0 {
			return field("changes", "请写明一条记录应改成什么", "say what one record should be changed to")
		}
		if !corrects {
			return luoshu.Errorf(luoshu.Unavailable, "这里还不能提出更正", "corrections cannot be asked for here")
		}
	case Dispute, Cannot:
		if len(a.Recs) == 0 {
			return field("recs", "请指明记录", "name the records")
		}
	default:
		return field("kind", "没有这种答复", "there is no such answer")
	}
	if a.Kind != Confirm && strings.TrimSpace(a.Note) == "" {
		return field("note", "请写明理由", "give a reason")
	}
	if utf8.RuneCountInString(a.Note) > maxNote || len(a.Recs) > maxAnswer {
		return field("note", "内容太长", "it is too long")
	}
	return nil
}

// act is a confirmation as stored.
type act struct {
	id    string
	task  int64
	actor luoshu.Actor
	seen  int64
	recs  []int64 // nil: the list
	on    int64
	at    string
}

func (v *Verify) confirm(ctx context.Context, actor luoshu.Actor, t *Task, a Answer) (*Acted, error) {
	head, _, err := v.Ledger.Head(ctx)
	if err != nil {
		return nil, err
	}
	x := act{ // nobody has been shown what is yet to come
		id: fmt.Sprintf("verify-%s-%d-%d", t.Round.ID, t.ID, t.Rev+1), task: t.ID, actor: actor, seen: min(a.Seen, head), recs: a.Recs,
		on: v.Today(), at: v.stamp(),
	}
	if !a.Rest {
		if err := v.among(ctx, t, a.Recs); err != nil {
			return nil, err
		}
	}
	err = v.DB.Tx(ctx, func(tx *store.Tx) error {
		if err := v.bump(ctx, tx, t); err != nil {
			return err
		}
		return x.insert(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return v.complete(ctx, t, x)
}

func (x *act) insert(ctx context.Context, tx *store.Tx) error {
	who, err := json.Marshal(x.actor)
	if err != nil {
		return fmt.Errorf("keep an act: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO round_act (id, task, actor, seen, recs, on_date, at, done, records, seq) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0)`,
		x.id, x.task, string(who), x.seen, joinInts(x.recs), x.on, x.at)
	if err != nil {
		return fmt.Errorf("keep an act: %w", err)
	}
	return nil
}

// bump takes the task's revision for whoever comes first, as long as the round
// still takes answers.
func (v *Verify) bump(ctx context.Context, tx *store.Tx, t *Task) error {
	n, err := touched(tx.Exec(ctx, `UPDATE round_task SET rev = rev + 1 WHERE id = ? AND rev = ? AND round IN (SELECT n FROM round WHERE n = round_task.round AND state = ?)`,
		t.ID, t.Rev, t.Round.State))
	if err != nil {
		return fmt.Errorf("answer a task: %w", err)
	}
	if n == 0 {
		return errStale()
	}
	return nil
}

// among reports an error unless all records are the task's.
func (v *Verify) among(ctx context.Context, t *Task, recs []int64) error {
	list, _, err := v.List(ctx, t, ListQuery{Among: recs, Limit: len(recs)})
	if err != nil {
		return err
	}
	if len(list) != len(recs) {
		return luoshu.Errorf(luoshu.NotFound, "有的记录不在这项任务里", "some of the records are not in this task")
	}
	for _, i := range list {
		if i.Kind == gone {
			return luoshu.Errorf(luoshu.Conflict, "有的记录已不由本单位持有", "some of the records are no longer held here")
		}
	}
	return nil
}

// version is the present state of a record.
type version struct{ rid, from int64 }

// present reads the present versions of a task's organisation, of all records or
// of some.
func (v *Verify) present(ctx context.Context, t *Task, recs []int64) (map[int64]version, error) {
	in, args, err := v.held(ctx, t)
	if err != nil {
		return nil, err
	}
	if recs != nil {
		among, more := v.Records.Recs(t.Entity, recs)
		in, args = in+` AND `+among, append(args, more...)
	}
	out := map[int64]version{}
	err = v.scan(ctx, `SELECT f._rec, f._rid, f._from FROM `+store.Table(t.Entity)+` f WHERE f._to IS NULL AND `+in, args, func(rows *sql.Rows) error {
		var rec int64
		var x version
		err := rows.Scan(&rec, &x.rid, &x.from)
		out[rec] = x
		return err
	})
	return out, err
}

// sorted is what becomes of the records of an act.
type sorted struct {
	again, gone []int64
	cleared     []int64 // answered before as again, now confirmed
	single      []int64 // named one by one
	rids        map[int64]int64
	n           int64
}

// sort goes through the records of an act and yields those that are confirmed.
func (v *Verify) sort(ctx context.Context, t *Task, x *act, yield func(int64) error) (*sorted, error) {
	s := &sorted{rids: map[int64]int64{}}
	now, err := v.present(ctx, t, x.recs)
	if err != nil {
		return nil, err
	}
	take := func(rec int64, kind string) error {
		cur, held := now[rec]
		switch {
		case !held:
			s.gone = append(s.gone, rec)
			return nil
		case cur.from > x.seen:
			s.again = append(s.again, rec)
			s.rids[rec] = cur.rid
			return nil
		}
		s.n++
		if x.recs != nil {
			s.single = append(s.single, rec)
			s.rids[rec] = cur.rid
		} else if kind == again {
			s.cleared = append(s.cleared, rec)
		}
		return yield(rec)
	}
	if x.recs != nil {
		for _, rec := range x.recs {
			if err := take(rec, ""); err != nil {
				return nil, err
			}
		}
		return s, nil
	}
	from, args, err := v.universe(ctx, t)
	if err != nil {
		return nil, err
	}
	from = strings.Replace(from, " WHERE ", " LEFT JOIN round_answer a ON a.task = ? AND a.rec = f._rec WHERE ", 1)
	open := `(a.kind IS NULL OR a.kind = 'again')`
	if t.Listed {
		open = `a.kind = 'again'`
	}
	err = v.scan(ctx, `SELECT f._rec, coalesce(a.kind, '')`+from+` AND `+open+` ORDER BY f._rec`, append([]any{t.ID}, args...), func(rows *sql.Rows) error {
		var rec int64
		var kind string
		if err := rows.Scan(&rec, &kind); err != nil {
			return err
		}
		return take(rec, kind)
	})
	return s, err
}

// complete attests the records of an act and enters its answers. The state of the
// records is looked at inside the ledger's transaction, so that nothing can change
// between looking and attesting.
func (v *Verify) complete(ctx context.Context, t *Task, x act) (*Acted, error) {
	var s *sorted
	res, err := v.Ledger.Attest(ctx, ledger.Attestation{
		ID: x.id, Actor: x.actor, Entity: t.Entity, Reason: "verification " + t.Round.ID, On: x.on,
		Recs: func(yield func(int64) error) error {
			var err error
			s, err = v.sort(ctx, t, &x, yield)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	if s == nil { // attested before it was cut off
		if s, err = v.sort(ctx, t, &x, func(int64) error { return nil }); err != nil {
			return nil, err
		}
	}
	err = v.DB.Tx(ctx, func(tx *store.Tx) error { return v.enter(ctx, tx, t, &x, s, res.Seq) })
	if err != nil {
		return nil, err
	}
	return &Acted{Records: s.n, Changed: int64(len(s.again))}, v.settleDone(ctx, t.ID)
}

// enter writes the answers of an act.
func (v *Verify) enter(ctx context.Context, tx *store.Tx, t *Task, x *act, s *sorted, seq int64) error {
	n, err := touched(tx.Exec(ctx, `UPDATE round_act SET done = 1, records = ?, seq = ? WHERE id = ? AND done = 0`, s.n, seq, x.id))
	if err != nil || n == 0 {
		return err // another has entered it meanwhile
	}
	for kind, recs := range map[string][]int64{again: s.again, gone: s.gone, Confirm: s.single} {
		for _, rec := range recs {
			if err := putAnswer(ctx, tx, t.ID, Item{Rec: rec, Kind: kind, By: x.actor.Name, ByLink: x.actor.Role == linkRole, At: x.at}, s.rids[rec]); err != nil {
				return err
			}
		}
	}
	for _, rec := range s.cleared {
		if _, err := tx.Exec(ctx, `DELETE FROM round_answer WHERE task = ? AND rec = ?`, t.ID, rec); err != nil {
			return fmt.Errorf("answer a task: %w", err)
		}
	}
	if x.recs == nil {
		if _, err := tx.Exec(ctx, `UPDATE round_task SET listed = 1 WHERE id = ?`, t.ID); err != nil {
			return fmt.Errorf("answer a task: %w", err)
		}
	}
	return nil
}

func putAnswer(ctx context.Context, tx *store.Tx, task int64, i Item, rid int64) error {
	link := int64(0)
	if i.ByLink {
		link = 1
	}
	_, err := tx.Exec(ctx, `INSERT INTO round_answer (task, rec, rid, kind, note, requests, by_name, by_link, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (task, rec) DO UPDATE SET rid = excluded.rid, kind = excluded.kind, note = excluded.note, requests = excluded.requests,
		by_name = excluded.by_name, by_link = excluded.by_link, at = excluded.at`,
		task, i.Rec, rid, i.Kind, i.Note, i.Requests, i.By, link, i.At)
	if err != nil {
		return fmt.Errorf("answer a task: %w", err)
	}
	return nil
}

// settleDone notes the day on which a task had nothing open any more.
func (v *Verify) settleDone(ctx context.Context, id int64) error {
	t, err := v.task(ctx, id)
	if err != nil {
		return err
	}
	day := int64(0)
	if t.Open == 0 {
		day = v.Today()
	}
	if (day == 0) == (t.DoneOn == 0) {
		return nil
	}
	_, err = v.DB.Exec(ctx, `UPDATE round_task SET done_on = ? WHERE id = ?`, day, id)
	return err
}

// other gives an answer that does not confirm.
func (v *Verify) other(ctx context.Context, actor luoshu.Actor, t *Task, a Answer, out *Acted) error {
	if err := v.among(ctx, t, a.Recs); err != nil {
		return err
	}
	now, err := v.present(ctx, t, a.Recs)
	if err != nil {
		return err
	}
	for _, rec := range a.Recs {
		if x, ok := now[rec]; !ok || x.from > a.Seen {
			return luoshu.Errorf(luoshu.Conflict, "记录在您查看之后已改动，请重新查看", "the record has changed since you looked at it; look again")
		}
	}
	if a.Kind == Correct {
		for name := range a.Changes {
			if f := v.Catalog.Entity(t.Entity).Field(name); f == nil {
				return &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{ZH: "没有这个字段", EN: "there is no such field"}}
			}
		}
		out.Requests, err = v.Corrector.Propose(ctx, Proposal{Entity: t.Entity, Rec: a.Recs[0], Changes: a.Changes, Reason: a.Note, By: actor})
		if err != nil {
			return err
		}
		if len(out.Requests) == 0 {
			return luoshu.Errorf(luoshu.Invalid, "与现有记录相同，没有可更正的", "it is the same as recorded; there is nothing to correct")
		}
	}
	out.Records = int64(len(a.Recs))
	at := v.stamp()
	err = v.DB.Tx(ctx, func(tx *store.Tx) error {
		if err := v.bump(ctx, tx, t); err != nil {
			return err
		}
		for _, rec := range a.Recs {
			i := Item{Rec: rec, Kind: a.Kind, Note: strings.TrimSpace(a.Note), Requests: joinInts(out.Requests), By: actor.Name, At: at}
			if err := putAnswer(ctx, tx, t.ID, i, now[rec].rid); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.settleDone(ctx, t.ID)
}

// finishActs completes what was cut off.
func (v *Verify) finishActs(ctx context.Context) error {
	var list []act
	err := v.scan(ctx, `SELECT id, task, actor, seen, recs, on_date, at FROM round_act WHERE done = 0 ORDER BY at, id`, nil, func(rows *sql.Rows) error {
		var x act
		var who, recs string
		if err := rows.Scan(&x.id, &x.task, &who, &x.seen, &recs, &x.on, &x.at); err != nil {
			return err
		}
		x.recs = splitInts(recs)
		list = append(list, x)
		return json.Unmarshal([]byte(who), &list[len(list)-1].actor)
	})
	if err != nil {
		return err
	}
	for _, x := range list {
		t, err := v.task(ctx, x.task)
		if err != nil {
			return err
		}
		if _, err := v.complete(ctx, t, x); err != nil {
			return err
		}
	}
	return nil
}

func joinInts(list []int64) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(out, ",")
}

func splitInts(s string) []int64 {
	var out []int64
	for _, x := range strings.Split(s, ",") {
		if n, err := strconv.ParseInt(x, 10, 64); err == nil {
			out = append(out, n)
		}
	}
	return out
}

package verify

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/charter"
	"luoshu/kernel/store"
)

// The answers that can be given to a record.
const (
	Confirm = "confirm"
	Correct = "correct"
	Dispute = "dispute"
	Cannot  = "cannot"
	again   = "again" // it changed after it was shown
	gone    = "gone"  // no longer held here
	Waiting = "open"  // no answer yet
)

// Counts says how far the records of a task, unit or round are.
type Counts struct {
	Total     int64 `json:"total"`
	Confirmed int64 `json:"confirmed"`
	Corrected int64 `json:"corrected"`
	Disputed  int64 `json:"disputed"`
	Cannot    int64 `json:"cannot"`
	Gone      int64 `json:"gone"`
	Open      int64 `json:"open"`
}

func (c *Counts) add(x Counts) {
	c.Total += x.Total
	c.Confirmed += x.Confirmed
	c.Corrected += x.Corrected
	c.Disputed += x.Disputed
	c.Cannot += x.Cannot
	c.Gone += x.Gone
	c.Open += x.Open
}

// Task is what one organisation has to answer for one entity in one round.
type Task struct {
	ID       int64  `json:"id"`
	RoundN   int64  `json:"-"`
	Entity   string `json:"entity"`
	Org      string `json:"org"`
	Unit     string `json:"-"`
	Listed   bool   `json:"listed"`
	Rev      int64  `json:"rev"`
	Due      int64  `json:"due"`
	Returned int64  `json:"returned"`
	DoneOn   int64  `json:"done_on"`
	Counts
	Overdue bool `json:"overdue"`

	Round *Round `json:"-"`
}

// taskColumns reads a task and its answers counted by kind, from taskFrom.
const (
	taskColumns = `t.id, t.round, t.entity, t.org, t.unit, t.total, t.listed, t.rev, t.due, t.returned, t.done_on,
		coalesce(a.confirm, 0), coalesce(a.correct, 0), coalesce(a.dispute, 0), coalesce(a.cannot, 0), coalesce(a.again, 0), coalesce(a.gone, 0)`
	taskFrom = ` FROM round_task t LEFT JOIN (SELECT task,
		sum(CASE WHEN kind = 'confirm' THEN 1 ELSE 0 END) AS confirm, sum(CASE WHEN kind = 'correct' THEN 1 ELSE 0 END) AS correct,
		sum(CASE WHEN kind = 'dispute' THEN 1 ELSE 0 END) AS dispute, sum(CASE WHEN kind = 'cannot' THEN 1 ELSE 0 END) AS cannot,
		sum(CASE WHEN kind = 'again' THEN 1 ELSE 0 END) AS again, sum(CASE WHEN kind = 'gone' THEN 1 ELSE 0 END) AS gone
		FROM round_answer WHERE task IN (SELECT id FROM round_task t WHERE %[1]s) GROUP BY task) a ON a.task = t.id WHERE %[1]s`
)

func scanTask(scan func(...any) error, today int64) (*Task, error) {
	var t Task
	var listed, confirm, more int64
	err := scan(&t.ID, &t.RoundN, &t.Entity, &t.Org, &t.Unit, &t.Total, &listed, &t.Rev, &t.Due, &t.Returned, &t.DoneOn,
		&confirm, &t.Corrected, &t.Disputed, &t.Cannot, &more, &t.Gone)
	t.Listed = listed != 0
	others := t.Corrected + t.Disputed + t.Cannot + t.Gone
	if t.Listed {
		t.Open = more
		t.Confirmed = t.Total - others - more
	} else {
		t.Confirmed = confirm
		t.Open = t.Total - others - confirm
	}
	t.Overdue = t.Open > 0 && today > t.Due
	return &t, err
}

// tasks lists tasks by a condition over t, ordered by organisation and entity.
func (v *Verify) tasks(ctx context.Context, where string, args ...any) ([]*Task, error) {
	var out []*Task
	today := v.Today()
	q := fmt.Sprintf(`SELECT `+taskColumns+taskFrom, where) + ` ORDER BY t.org, t.entity, t.id`
	err := v.scan(ctx, q, slices.Concat(args, args), func(rows *sql.Rows) error {
		t, err := scanTask(rows.Scan, today)
		out = append(out, t)
		return err
	})
	return out, err
}

// Mine lists the open tasks of the actor's own organisation, those with the
// earliest deadline first.
func (v *Verify) Mine(ctx context.Context, actor luoshu.Actor) ([]*Task, error) {
	out, err := v.tasks(ctx, `t.org = ? AND t.round IN (SELECT n FROM round WHERE state <> 'closed')`, actor.Org)
	if err != nil {
		return nil, err
	}
	if err := v.attachRounds(ctx, out); err != nil {
		return nil, err
	}
	out = slices.DeleteFunc(out, func(t *Task) bool { return t.Round == nil || !v.reaches(actor, t.Entity) })
	slices.SortStableFunc(out, func(a, b *Task) int { return int(a.Due - b.Due) })
	return out, nil
}

// Waits is how many of the actor's own tasks have open records and may be answered.
func (v *Verify) Waits(ctx context.Context, actor luoshu.Actor) (int, error) {
	list, err := v.Mine(ctx, actor)
	n := 0
	for _, t := range list {
		if t.Open > 0 && t.answerable() == nil {
			n++
		}
	}
	return n, err
}

func (v *Verify) attachRounds(ctx context.Context, list []*Task) error {
	all, err := v.rounds(ctx, "1=1")
	if err != nil {
		return err
	}
	by := map[int64]*Round{}
	for _, r := range all {
		by[r.N] = r
	}
	for _, t := range list {
		t.Round = by[t.RoundN]
	}
	return nil
}

func noTask() error {
	return luoshu.Errorf(luoshu.NotFound, "没有这项任务", "there is no such task")
}

// reaches reports whether the actor's role has an entity at all.
func (v *Verify) reaches(actor luoshu.Actor, entity string) bool {
	role := v.Access.Role(actor)
	return role != nil && (len(role.Entities) == 0 || slices.Contains(role.Entities, entity))
}

// Task returns a task within the actor's scope, of an entity that the role has.
func (v *Verify) Task(ctx context.Context, actor luoshu.Actor, id int64) (*Task, error) {
	s, err := v.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	t, err := v.task(ctx, id)
	if err != nil {
		return nil, err
	}
	if !s.Has(t.Org) || !v.reaches(actor, t.Entity) {
		return nil, noTask()
	}
	return t, nil
}

func (v *Verify) task(ctx context.Context, id int64) (*Task, error) {
	list, err := v.tasks(ctx, `t.id = ?`, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, noTask()
	}
	t := list[0]
	t.Round, err = v.roundBy(ctx, "n", t.RoundN)
	if err == nil && t.Round.Spec.List(t.Entity) == nil {
		err = noTask()
	}
	return t, err
}

// answerable says why a task takes no answers now, nil if it does.
func (t *Task) answerable() error {
	switch {
	case t.Round.State == Open, t.Round.State == Checking && t.Returned > 0:
		return nil
	case t.Round.State == Checking:
		return luoshu.Errorf(luoshu.Conflict, "答复已截止，正在抽查", "answers are in and being checked")
	}
	return luoshu.Errorf(luoshu.Conflict, "本轮核验已结束", "the round is closed")
}

// mayAnswer says why the actor may not answer a task, nil if they may: only the
// holder's own people do, not those who stand above.
func (v *Verify) mayAnswer(actor luoshu.Actor, t *Task) error {
	if !access.IsOperator(actor) && actor.Org != t.Org {
		return luoshu.Errorf(luoshu.Denied, "只有持有这些记录的单位自己可以答复", "only the organisation that holds the records may answer")
	}
	return t.answerable()
}

// MayAnswer reports whether the actor may answer a task now.
func (v *Verify) MayAnswer(actor luoshu.Actor, t *Task) bool { return v.mayAnswer(actor, t) == nil }

// Fields are the fields of a task that are to be looked at.
func (t *Task) Fields() []string { return t.list().Fields }

// Asks reports whether persons outside are asked about the task's records.
func (t *Task) Asks() bool {
	g := t.Round.Spec.Guardian
	return g != nil && g.Entity == t.Entity
}

func (t *Task) list() *charter.RoundList { return t.Round.Spec.List(t.Entity) }

// universe is the FROM and WHERE over the alias f that picks the versions of a
// task as they were when the round was opened.
func (v *Verify) universe(ctx context.Context, t *Task) (string, []any, error) {
	cond, err := v.condition(t.list().Where)
	if err != nil {
		return "", nil, err
	}
	in, args, err := v.held(ctx, t)
	if err != nil {
		return "", nil, err
	}
	return ` FROM ` + store.Table(t.Entity) + ` f WHERE ` + asOf + ` AND ` + cond + ` AND ` + in, append([]any{t.Round.Seq, t.Round.Seq}, args...), nil
}

// held is the condition over the alias f that the task's organisation holds a row.
func (v *Verify) held(ctx context.Context, t *Task) (string, []any, error) {
	s, err := v.Access.Scope(ctx, luoshu.Actor{Org: t.Org})
	if err != nil {
		return "", nil, err
	}
	if s.Root == "" {
		return "", nil, noTask()
	}
	in, args := s.Where(v.Catalog, v.Catalog.Entity(t.Entity), "f")
	return in, args, nil
}

// ListQuery picks records of a task: by answer ("" all, open, confirm, correct,
// dispute, cannot, gone, other for all but confirmed), and among some.
type ListQuery struct {
	Kind          string
	Among         []int64 // nil: all
	Offset, Limit int
}

// Item is one record of a task.
type Item struct {
	Rec      int64  `json:"rec"`
	Kind     string `json:"kind"` // answer, or open
	Changed  bool   `json:"changed,omitempty"`
	Note     string `json:"note,omitempty"`
	Requests string `json:"requests,omitempty"`
	By       string `json:"by,omitempty"`
	ByLink   bool   `json:"by_link,omitempty"`
	At       string `json:"at,omitempty"`
}

// List lists records of a task by number and says how many there are.
func (v *Verify) List(ctx context.Context, t *Task, q ListQuery) ([]Item, int64, error) {
	from, args, err := v.universe(ctx, t)
	if err != nil {
		return nil, 0, err
	}
	// The answer stands in a row, or in the list as a whole.
	absent := `'` + Waiting + `'`
	if t.Listed {
		absent = `'` + Confirm + `'`
	}
	kind := `coalesce(a.kind, ` + absent + `)`
	from = strings.Replace(from, " WHERE ", " LEFT JOIN round_answer a ON a.task = ? AND a.rec = f._rec WHERE ", 1)
	args = slices.Concat([]any{t.ID}, args)
	switch q.Kind {
	case "":
	case Waiting:
		from += ` AND ` + kind + ` IN ('open', 'again')`
	case "other":
		from += ` AND ` + kind + ` NOT IN ('open', 'again', 'confirm')`
	case Confirm, Correct, Dispute, Cannot, gone:
		from += ` AND ` + kind + ` = ?`
		args = append(args, q.Kind)
	default:
		return nil, 0, luoshu.Errorf(luoshu.Invalid, "没有这种答复", "there is no such answer")
	}
	if q.Among != nil {
		from += ` AND f._rec IN (` + marks(len(q.Among)) + `)`
		for _, r := range q.Among {
			args = append(args, r)
		}
	}
	var total int64
	if err := v.DB.QueryRow(ctx, `SELECT count(*)`+from, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count records of a task: %w", err)
	}
	out := []Item{}
	err = v.scan(ctx, `SELECT f._rec, `+kind+`, coalesce(a.note, ''), coalesce(a.requests, ''), coalesce(a.by_name, ''), coalesce(a.by_link, 0), coalesce(a.at, '')`+
		from+` ORDER BY f._rec LIMIT ? OFFSET ?`, append(args, q.Limit, q.Offset), func(rows *sql.Rows) error {
		var i Item
		var link int64
		err := rows.Scan(&i.Rec, &i.Kind, &i.Note, &i.Requests, &i.By, &link, &i.At)
		if i.ByLink = link != 0; i.Kind == again {
			i.Kind, i.Changed = Waiting, true
		}
		out = append(out, i)
		return err
	})
	return out, total, err
}

// marks is n placeholders for integers, which PostgreSQL must be told.
func marks(n int) string {
	if n <= 0 {
		return "NULL"
	}
	return strings.Repeat("CAST(? AS BIGINT),", n-1) + "CAST(? AS BIGINT)"
}

// errStale answers whoever acts on what is no longer so.
func errStale() error {
	return luoshu.Errorf(luoshu.Conflict, "刚才有别人答复了这项任务，请看过新的情况再答复", "somebody else has just answered this task; look at it as it is now and answer then")
}

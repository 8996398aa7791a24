package verify

import (
	"bytes"
	"container/heap"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/store"
)

// Draw ends the answers of a round and draws the sample of every checking
// organisation. The seed is SM3 of the round's id and the ledger's head; a
// record's ticket is SM3 of the seed, its entity and number; the lowest tickets
// make the sample. Anybody who has the numbers can draw it again.
func (v *Verify) Draw(ctx context.Context, actor luoshu.Actor, id string) (*Round, error) {
	r, err := v.Round(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := v.leads(ctx, actor, r); err != nil {
		return nil, err
	}
	if r.Spec.Spot == nil {
		return nil, luoshu.Errorf(luoshu.Conflict, "本轮核验没有抽查", "the round has no spot check")
	}
	if r.State != Open {
		return nil, luoshu.Errorf(luoshu.Conflict, "答复早已截止", "the answers are in already")
	}
	if err := v.finishActs(ctx); err != nil {
		return nil, err
	}
	// The gate is shut first, so that no answer can be aimed at the sample; the
	// sample follows from what is stored, also after an interruption.
	_, head, err := v.Ledger.Head(ctx)
	if err != nil {
		return nil, err
	}
	r.Head, r.Seed = head, hex.EncodeToString(seedOf(r.ID, head))
	n, err := touched(v.DB.Exec(ctx, `UPDATE round SET state = ?, head = ?, seed = ? WHERE n = ? AND state = ?`, Checking, r.Head, r.Seed, r.N, Open))
	if err != nil {
		return nil, fmt.Errorf("end the answers: %w", err)
	}
	if n == 0 {
		return nil, errStale()
	}
	r.State = Checking
	if err := v.finishActs(ctx); err != nil {
		return nil, err
	}
	return r, v.drawAll(ctx, r)
}

// drawAll draws for every checking organisation that has no sample yet.
func (v *Verify) drawAll(ctx context.Context, r *Round) error {
	list, err := v.tasks(ctx, `t.round = ? AND t.unit <> '' AND NOT EXISTS (SELECT 1 FROM round_check c WHERE c.round = t.round AND c.unit = t.unit)`, r.N)
	if err != nil {
		return err
	}
	units := map[string][]*Task{}
	for _, t := range list {
		t.Round = r
		units[t.Unit] = append(units[t.Unit], t)
	}
	for unit, tasks := range units {
		if err := v.drawUnit(ctx, r, unit, tasks); err != nil {
			return err
		}
	}
	return nil
}

func (v *Verify) drawUnit(ctx context.Context, r *Round, unit string, tasks []*Task) error {
	var population int64
	for _, t := range tasks {
		population += t.Confirmed
	}
	size, err := v.sampleSize(r, population)
	if err != nil {
		return err
	}
	drawn, err := v.lowest(ctx, r, tasks, int(size))
	if err != nil {
		return err
	}
	settled := ""
	if len(drawn) == 0 { // nothing was confirmed: there is nothing to look at
		settled = v.stamp()
	}
	return v.DB.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO round_check (round, unit, population, size, settled) VALUES (?, ?, ?, ?, ?) ON CONFLICT (round, unit) DO NOTHING`,
			r.N, unit, population, int64(len(drawn)), settled); err != nil {
			return fmt.Errorf("draw a sample: %w", err)
		}
		for i, d := range drawn {
			if _, err := tx.Exec(ctx, `INSERT INTO round_sample (round, unit, place, entity, rec, task, result, fields, note, by_name, at)
				VALUES (?, ?, ?, ?, ?, ?, '', '', '', '', '') ON CONFLICT (round, unit, place) DO NOTHING`,
				r.N, unit, int64(i+1), d.entity, d.rec, d.task); err != nil {
				return fmt.Errorf("draw a sample: %w", err)
			}
		}
		return nil
	})
}

// ticket is one record in the draw.
type ticket struct {
	hash   []byte
	entity string
	rec    int64
	task   int64
}

// Ticket is a record's place in the draw: the lower, the earlier.
func Ticket(seed []byte, entity string, rec int64) []byte {
	return chain.Sum(chain.AppendInt(chain.AppendText(slices.Clone(seed), entity), rec))
}

// highest is a heap with the highest ticket on top.
type highest []ticket

func (h highest) Len() int           { return len(h) }
func (h highest) Less(i, j int) bool { return bytes.Compare(h[i].hash, h[j].hash) > 0 }
func (h highest) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *highest) Push(x any)        { *h = append(*h, x.(ticket)) }
func (h *highest) Pop() any {
	x := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return x
}

// lowest finds the n lowest tickets among the confirmed records of tasks, in order.
func (v *Verify) lowest(ctx context.Context, r *Round, tasks []*Task, n int) ([]ticket, error) {
	seed, err := hex.DecodeString(r.Seed)
	if err != nil {
		return nil, fmt.Errorf("draw a sample: %w", err)
	}
	var h highest
	for _, t := range tasks {
		from, args, err := v.universe(ctx, t)
		if err != nil {
			return nil, err
		}
		from = strings.Replace(from, " WHERE ", " LEFT JOIN round_answer a ON a.task = ? AND a.rec = f._rec WHERE ", 1)
		confirmed := `a.kind = 'confirm'`
		if t.Listed {
			confirmed = `(a.kind IS NULL OR a.kind = 'confirm')`
		}
		err = v.scan(ctx, `SELECT f._rec`+from+` AND `+confirmed, append([]any{t.ID}, args...), func(rows *sql.Rows) error {
			x := ticket{entity: t.Entity, task: t.ID}
			if err := rows.Scan(&x.rec); err != nil {
				return err
			}
			x.hash = Ticket(seed, t.Entity, x.rec)
			if len(h) < n {
				heap.Push(&h, x)
			} else if n > 0 && bytes.Compare(x.hash, h[0].hash) < 0 {
				h[0] = x
				heap.Fix(&h, 0)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(h, func(a, b ticket) int { return bytes.Compare(a.hash, b.hash) })
	return h, nil
}

// sampleSize is how many records of a population are looked at.
func (v *Verify) sampleSize(r *Round, population int64) (int64, error) {
	s := r.Spec.Spot
	if s.Size != "" {
		n, err := v.number(s.Size, r.OpenedOn)
		return min(int64(n), population), err
	}
	margin, err := v.number(s.Margin, r.OpenedOn)
	if err != nil {
		return 0, err
	}
	confidence, err := v.number(s.Confidence, r.OpenedOn)
	if err != nil {
		return 0, err
	}
	return SampleSize(population, margin/100, confidence/100), nil
}

// quantile is the two-sided standard normal quantile of a confidence.
func quantile(confidence float64) float64 { return math.Sqrt2 * math.Erfinv(confidence) }

// SampleSize is how many of a population a simple random sample needs, so that a
// share is known within ± margin at a confidence, whatever the share is: Cochran,
// Sampling Techniques (3rd ed. 1977), (4.1) and (4.2), with p = 1/2.
func SampleSize(population int64, margin, confidence float64) int64 {
	if population <= 0 || margin <= 0 {
		return max(population, 0)
	}
	z := quantile(confidence)
	n0 := z * z / (4 * margin * margin)
	n := math.Ceil(n0/(1+(n0-1)/float64(population)) - 1e-9)
	return min(int64(n), population)
}

// Interval is the confidence interval of a share of which k in n were found:
// Wilson, Journal of the American Statistical Association 22 (1927) 209–212. It
// stays within 0 and 1 and holds for few errors, also for none.
func Interval(k, n int64, confidence float64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	z, p, m := quantile(confidence), float64(k)/float64(n), float64(n)
	mid := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, mid-half), min(1, mid+half)
}

// Check is the spot check of one organisation.
type Check struct {
	Unit       string  `json:"unit"`
	Population int64   `json:"population"`
	Size       int64   `json:"size"`
	Checked    int64   `json:"checked"`
	Wrong      int64   `json:"wrong"`
	Confidence float64 `json:"confidence"`
	Low        float64 `json:"low"` // of the share of wrong records
	High       float64 `json:"high"`
	Settled    string  `json:"settled"`
	Returned   int64   `json:"returned"` // units given back
}

// Checks lists the spot checks of a round within the actor's scope, by code.
func (v *Verify) Checks(ctx context.Context, actor luoshu.Actor, id string) ([]Check, *Round, error) {
	r, err := v.Round(ctx, actor, id)
	if err != nil {
		return nil, nil, err
	}
	scope, err := v.Access.Scope(ctx, actor)
	if err != nil {
		return nil, nil, err
	}
	out := []Check{}
	if r.Spec.Spot == nil {
		return out, r, nil
	}
	confidence, err := v.number(r.Spec.Spot.Confidence, r.OpenedOn)
	if err != nil {
		return nil, nil, err
	}
	err = v.scan(ctx, `SELECT c.unit, c.population, c.size, c.settled,
			(SELECT count(*) FROM round_sample s WHERE s.round = c.round AND s.unit = c.unit AND s.result <> ''),
			(SELECT count(*) FROM round_sample s WHERE s.round = c.round AND s.unit = c.unit AND s.result = 'wrong'),
			(SELECT count(DISTINCT t.org) FROM round_task t WHERE t.round = c.round AND t.unit = c.unit AND t.returned > 0)
		FROM round_check c WHERE c.round = ? ORDER BY c.unit`, []any{r.N}, func(rows *sql.Rows) error {
		c := Check{Confidence: confidence}
		if err := rows.Scan(&c.Unit, &c.Population, &c.Size, &c.Settled, &c.Checked, &c.Wrong, &c.Returned); err != nil {
			return err
		}
		c.Low, c.High = Interval(c.Wrong, c.Checked, confidence/100)
		if scope.Has(c.Unit) {
			out = append(out, c)
		}
		return nil
	})
	return out, r, err
}

// Sample is one record of a sample.
type Sample struct {
	Place  int64    `json:"place"`
	Entity string   `json:"entity"`
	Rec    int64    `json:"rec"`
	Org    string   `json:"org"`
	Result string   `json:"result"` // "", right, wrong
	Fields []string `json:"fields"`
	Note   string   `json:"note"`
	By     string   `json:"by"`
}

// Samples lists the sample of a unit within the actor's scope, in the order of the
// draw.
func (v *Verify) Samples(ctx context.Context, actor luoshu.Actor, id, unit string) ([]Sample, error) {
	r, err := v.Round(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	scope, err := v.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if !scope.Has(unit) {
		return nil, noRound()
	}
	out := []Sample{}
	err = v.scan(ctx, `SELECT s.place, s.entity, s.rec, t.org, s.result, s.fields, s.note, s.by_name FROM round_sample s JOIN round_task t ON t.id = s.task
		WHERE s.round = ? AND s.unit = ? ORDER BY s.place`, []any{r.N, unit}, func(rows *sql.Rows) error {
		s := Sample{Fields: []string{}}
		var fields string
		err := rows.Scan(&s.Place, &s.Entity, &s.Rec, &s.Org, &s.Result, &fields, &s.Note, &s.By)
		if fields != "" {
			s.Fields = strings.Split(fields, ",")
		}
		out = append(out, s)
		return err
	})
	return out, err
}

// Look enters what a checker found about one record of the sample of their own
// organisation.
func (v *Verify) Look(ctx context.Context, actor luoshu.Actor, id, unit string, s Sample) error {
	r, err := v.Round(ctx, actor, id)
	if err != nil {
		return err
	}
	scope, err := v.Access.Scope(ctx, actor)
	if err != nil {
		return err
	}
	switch {
	case !scope.Has(unit):
		return noRound()
	case r.State != Checking:
		return luoshu.Errorf(luoshu.Conflict, "现在不是抽查的时候", "this is not the time of the spot check")
	case s.Result != "right" && s.Result != "wrong":
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "result", Msg: luoshu.Text{ZH: "应为 right 或 wrong", EN: "must be right or wrong"}}
	case s.Result == "wrong" && len(s.Fields) == 0:
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "fields", Msg: luoshu.Text{ZH: "请指出哪些字段不对", EN: "say which fields are wrong"}}
	case utf8.RuneCountInString(s.Note) > maxNote:
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "note", Msg: luoshu.Text{ZH: "内容太长", EN: "it is too long"}}
	}
	if s.Result == "right" {
		s.Fields = nil
	}
	var entity string
	err = v.DB.QueryRow(ctx, `SELECT coalesce(max(entity), '') FROM round_sample WHERE round = ? AND unit = ? AND place = ?`, r.N, unit, s.Place).Scan(&entity)
	if err != nil {
		return fmt.Errorf("read a sample: %w", err)
	}
	list := r.Spec.List(entity)
	if list == nil {
		return luoshu.Errorf(luoshu.NotFound, "样本里没有这一条", "the sample has no such record")
	}
	for _, f := range s.Fields {
		if !slices.Contains(list.Fields, f) {
			return &luoshu.Error{Kind: luoshu.Invalid, Field: "fields", Msg: luoshu.Text{ZH: "这个字段不在核验之列", EN: "the field is not among those verified"}}
		}
	}
	n, err := touched(v.DB.Exec(ctx, `UPDATE round_sample SET result = ?, fields = ?, note = ?, by_name = ?, at = ? WHERE round = ? AND unit = ? AND place = ?
		AND EXISTS (SELECT 1 FROM round_check c WHERE c.round = round_sample.round AND c.unit = round_sample.unit AND c.settled = '')`,
		s.Result, strings.Join(s.Fields, ","), strings.TrimSpace(s.Note), actor.Name, v.stamp(), r.N, unit, s.Place))
	if err != nil {
		return fmt.Errorf("enter a spot check: %w", err)
	}
	if n == 0 {
		return luoshu.Errorf(luoshu.Conflict, "抽查已有结论", "the spot check is settled")
	}
	return nil
}

// Settle concludes the spot check of a unit, once every record of the sample has
// been looked at: holders with too many errors answer anew.
func (v *Verify) Settle(ctx context.Context, actor luoshu.Actor, id, unit string) (*Check, error) {
	list, r, err := v.Checks(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(list, func(c Check) bool { return c.Unit == unit })
	switch {
	case at < 0:
		return nil, noRound()
	case r.State != Checking || list[at].Settled != "":
		return nil, luoshu.Errorf(luoshu.Conflict, "抽查已有结论", "the spot check is settled")
	case list[at].Checked < list[at].Size:
		return nil, luoshu.Errorf(luoshu.Conflict, "还有 %d 条没有查看", "%d records have not been looked at", list[at].Size-list[at].Checked)
	}
	limit, err := v.number(r.Spec.Spot.ReturnAbove, r.OpenedOn)
	if err != nil {
		return nil, err
	}
	days, err := v.number(r.Spec.Spot.ReturnDays, r.OpenedOn)
	if err != nil {
		return nil, err
	}
	due := addDays(v.Today(), int(days))
	err = v.DB.Tx(ctx, func(tx *store.Tx) error {
		n, err := touched(tx.Exec(ctx, `UPDATE round_check SET settled = ? WHERE round = ? AND unit = ? AND settled = ''`, v.stamp(), r.N, unit))
		if err != nil || n == 0 {
			return err
		}
		return v.giveBack(ctx, tx, r, unit, limit, due)
	})
	if err != nil {
		return nil, err
	}
	if list, _, err = v.Checks(ctx, actor, id); err != nil {
		return nil, err
	}
	return &list[at], nil
}

// giveBack reopens the tasks of holders whose share of wrong records in the sample
// lies above the limit (in per cent): what they confirmed is open again.
func (v *Verify) giveBack(ctx context.Context, tx *store.Tx, r *Round, unit string, limit float64, due int64) error {
	type tally struct{ checked, wrong int64 }
	byOrg := map[string]*tally{}
	rows, err := tx.Query(ctx, `SELECT t.org, count(*), sum(CASE WHEN s.result = 'wrong' THEN 1 ELSE 0 END) FROM round_sample s JOIN round_task t ON t.id = s.task
		WHERE s.round = ? AND s.unit = ? GROUP BY t.org`, r.N, unit)
	if err != nil {
		return fmt.Errorf("count errors: %w", err)
	}
	for rows.Next() {
		var org string
		var x tally
		if err := rows.Scan(&org, &x.checked, &x.wrong); err != nil {
			rows.Close()
			return fmt.Errorf("count errors: %w", err)
		}
		byOrg[org] = &x
	}
	if err := rows.Close(); err != nil {
		return fmt.Errorf("count errors: %w", err)
	}
	for org, x := range byOrg {
		if float64(x.wrong)*100 <= limit*float64(x.checked) {
			continue
		}
		for _, q := range []string{
			`DELETE FROM round_answer WHERE kind = 'confirm' AND task IN (SELECT id FROM round_task WHERE round = ? AND org = ?)`,
			`UPDATE round_task SET listed = 0, rev = rev + 1, returned = returned + 1, done_on = 0 WHERE round = ? AND org = ?`,
		} {
			if _, err := tx.Exec(ctx, q, r.N, org); err != nil {
				return fmt.Errorf("give back: %w", err)
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE round_task SET due = ? WHERE round = ? AND org = ?`, due, r.N, org); err != nil {
			return fmt.Errorf("give back: %w", err)
		}
	}
	return nil
}

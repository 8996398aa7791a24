package correct

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// queryer is a transaction or the database's readers.
type queryer interface {
	Query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, q string, args ...any) *sql.Row
}

const requestColumns = `id, kind, origin, entity, rec, source, holder, org, asked, state, actor, role, actor_org, at,
	since, days, due, remind, reminded, steps, reason, file, file_name, file_row, answered_by, answered_at, answer, mark, seq, first_rec`

// seal is the one form in which the values of a change are stored: the former and
// the wanted one together, sealed to their place. open is its reverse.
func seal(s *vault.Sealer, id int64, n int, ch Change) (string, error) {
	b, err := json.Marshal([2]string{write(ch.Before), write(ch.After)})
	if err != nil {
		return "", fmt.Errorf("seal correction: %w", err)
	}
	return s.SealText(vault.Place("correction_field", id, n), string(b))
}

func open(s *vault.Sealer, id int64, n int, body string) (before, after luoshu.Value, err error) {
	text, err := s.OpenText(vault.Place("correction_field", id, n), body)
	if err != nil {
		return before, after, fmt.Errorf("open correction %d: %w", id, err)
	}
	var pair [2]string
	if err := json.Unmarshal([]byte(text), &pair); err != nil {
		return before, after, fmt.Errorf("open correction %d: %w", id, err)
	}
	return read(pair[0]), read(pair[1]), nil
}

func write(v luoshu.Value) string {
	switch v.K {
	case luoshu.IsText:
		return "t" + v.S
	case luoshu.IsInt:
		return "i" + strconv.FormatInt(v.I, 10)
	}
	return ""
}

func read(s string) luoshu.Value {
	switch {
	case strings.HasPrefix(s, "t"):
		return luoshu.TextValue(s[1:])
	case strings.HasPrefix(s, "i"):
		if n, err := strconv.ParseInt(s[1:], 10, 64); err == nil {
			return luoshu.IntValue(n)
		}
	}
	return luoshu.Value{}
}

func joinCodes(codes []string) string { return "," + strings.Join(codes, ",") + "," }

func splitCodes(s string) []string {
	if s = strings.Trim(s, ","); s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// requests reads the requests that a condition picks, with their values.
func (c *Correct) requests(ctx context.Context, q queryer, tail string, args ...any) ([]*Request, error) {
	rows, err := q.Query(ctx, `SELECT `+requestColumns+` FROM correction WHERE `+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	defer rows.Close()
	var out []*Request
	by := map[int64]*Request{}
	for rows.Next() {
		r := &Request{}
		var asked string
		err := rows.Scan(&r.ID, &r.Kind, &r.Origin, &r.Entity, &r.Rec, &r.Source, &r.Holder, &r.Org, &asked, &r.State,
			&r.By.Name, &r.By.Role, &r.By.Org, &r.At, &r.Since, &r.Days, &r.Due, &r.Remind, &r.Reminded, &r.Steps, &r.Reason,
			&r.File.SHA256, &r.File.Name, &r.Row, &r.AnsweredBy, &r.AnsweredAt, &r.Answer, &r.mark, &r.Seq, &r.First)
		if err != nil {
			return nil, fmt.Errorf("read corrections: %w", err)
		}
		if r.Reason, err = c.db.OpenText("correction.reason", r.Reason, r.ID); err == nil {
			r.Answer, err = c.db.OpenText("correction.answer", r.Answer, r.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("read corrections: %w", err)
		}
		r.Asked = splitCodes(asked)
		out = append(out, r)
		by[r.ID] = r
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	rows.Close()
	return out, c.fields(ctx, q, out, by)
}

// fields fills in the values, some hundred requests at a time.
func (c *Correct) fields(ctx context.Context, q queryer, all []*Request, by map[int64]*Request) error {
	const most = 400
	var sealer *vault.Sealer
	for len(all) > 0 {
		part := all[:min(len(all), most)]
		all = all[len(part):]
		args := make([]any, len(part))
		for i, r := range part {
			args[i] = r.ID
		}
		rows, err := q.Query(ctx, `SELECT correction, n, field, body FROM correction_field WHERE correction IN (`+holes(len(args))+`) ORDER BY correction, n`, args...)
		if err != nil {
			return fmt.Errorf("read corrections: %w", err)
		}
		for rows.Next() {
			var id int64
			var n int
			ch, body := Change{}, ""
			err := rows.Scan(&id, &n, &ch.Field, &body)
			if err == nil {
				if sealer == nil {
					sealer = c.db.Vault().Sealer()
				}
				ch.Before, ch.After, err = open(sealer, id, n, body)
			}
			if err != nil {
				rows.Close()
				return fmt.Errorf("read corrections: %w", err)
			}
			by[id].Fields = append(by[id].Fields, ch)
		}
		err = rows.Err()
		rows.Close()
		if err != nil {
			return fmt.Errorf("read corrections: %w", err)
		}
	}
	return nil
}

func holes(n int) string {
	if n <= 0 {
		return "NULL"
	}
	return strings.Repeat("?,", n-1) + "?"
}

// insert writes a new request and returns its number.
func (c *Correct) insert(ctx context.Context, tx *store.Tx, r *Request) error {
	r.At = c.now().UTC().Format(time.RFC3339)
	r.State, r.Asked = Open, []string{r.Org}
	r.Since = c.Today()
	r.Due = addDays(r.Since, r.Days)
	cols := strings.TrimPrefix(requestColumns, "id, ")
	err := tx.QueryRow(ctx, `INSERT INTO correction (`+cols+`) VALUES (`+holes(29)+`) RETURNING id`,
		r.Kind, r.Origin, r.Entity, r.Rec, r.Source, r.Holder, r.Org, joinCodes(r.Asked), r.State, r.By.Name, r.By.Role, r.By.Org, r.At,
		r.Since, r.Days, r.Due, r.Remind, 0, 0, "", r.File.SHA256, r.File.Name, r.Row, "", "", "", "", 0, 0).Scan(&r.ID)
	if err != nil {
		return fmt.Errorf("make correction: %w", err)
	}
	if err := c.giveReason(ctx, tx, r); err != nil {
		return err
	}
	keys := c.db.Vault()
	if err := keys.Refresh(); err != nil {
		return err
	}
	sealer := keys.Sealer()
	for i, f := range r.Fields {
		body, err := seal(sealer, r.ID, i, f)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO correction_field (correction, n, field, body) VALUES (?, ?, ?, ?)`, r.ID, i, f.Field, body); err != nil {
			return fmt.Errorf("make correction: %w", err)
		}
	}
	return c.event(ctx, tx, r.ID, "asked", r.By, r.Reason)
}

// giveReason writes the reason of a request that is made: it is sealed to its number.
func (c *Correct) giveReason(ctx context.Context, tx *store.Tx, r *Request) error {
	reason, err := tx.SealText("correction.reason", r.Reason, r.ID)
	if err != nil || reason == "" {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE correction SET reason = ? WHERE id = ?`, reason, r.ID); err != nil {
		return fmt.Errorf("make correction: %w", err)
	}
	return nil
}

// event notes what happened to a request.
func (c *Correct) event(ctx context.Context, tx *store.Tx, id int64, what string, by luoshu.Actor, words string) error {
	var n int64
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(n), 0) + 1 FROM correction_event WHERE correction = ?`, id).Scan(&n); err != nil {
		return fmt.Errorf("note correction: %w", err)
	}
	words, err := tx.SealText("correction_event.words", words, id, n)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO correction_event (correction, n, at, what, actor, org, words) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		id, n, c.now().UTC().Format(time.RFC3339), what, by.Name, by.Org, words)
	if err != nil {
		return fmt.Errorf("note correction: %w", err)
	}
	return nil
}

// Events returns what happened to a request, in order.
func (c *Correct) Events(ctx context.Context, id int64) ([]Event, error) {
	rows, err := c.db.Query(ctx, `SELECT n, at, what, actor, org, words FROM correction_event WHERE correction = ? ORDER BY n`, id)
	if err != nil {
		return nil, fmt.Errorf("read correction: %w", err)
	}
	defer rows.Close()
	out := []Event{}
	for rows.Next() {
		var e Event
		var n int64
		err := rows.Scan(&n, &e.At, &e.What, &e.Actor, &e.Org, &e.Words)
		if err == nil {
			e.Words, err = c.db.OpenText("correction_event.words", e.Words, id, n)
		}
		if err != nil {
			return nil, fmt.Errorf("read correction: %w", err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

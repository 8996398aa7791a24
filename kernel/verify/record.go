package verify

import (
	"context"
	"database/sql"

	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// Attested is one time somebody confirmed a record as it stands.
type Attested struct {
	On     int64         `json:"on"`
	At     string        `json:"at"`
	By     string        `json:"by"`
	Org    string        `json:"org"`
	ByLink bool          `json:"by_link"`
	Round  string        `json:"round"` // "" if it was no round but a file or form
	Title  *catalog.Text `json:"title,omitempty"`
}

// Answered is the answer that a record has in a round that is not closed.
type Answered struct {
	Round string       `json:"round"`
	Title catalog.Text `json:"title"`
	Task  int64        `json:"task"`
	Kind  string       `json:"kind"`
	At    string       `json:"at"`
}

// RecordState is what verification knows of one record.
type RecordState struct {
	Attested []Attested `json:"attested"` // newest first, at most ten
	Answers  []Answered `json:"answers"`  // that do not confirm
	Disputed bool       `json:"disputed"`
}

// OfRecord tells who confirmed the present version of a record, and what stands
// against it. Whether the reader may know of the record is for the caller to see.
func (v *Verify) OfRecord(ctx context.Context, entity string, rec int64) (*RecordState, error) {
	out := &RecordState{Attested: []Attested{}, Answers: []Answered{}}
	if v.Catalog.Entity(entity) == nil {
		return out, nil
	}
	titles, err := v.rounds(ctx, "1=1")
	if err != nil {
		return nil, err
	}
	title := func(id string) catalog.Text {
		for _, r := range titles {
			if r.ID == id {
				return r.Spec.Title
			}
		}
		return catalog.Text{}
	}
	among, args := v.Records.Recs(entity, []int64{rec})
	err = v.scan(ctx, `SELECT a.on_date, c.at, c.actor, c.role, c.org, coalesce(r.id, '') FROM `+store.Table(entity)+` f
		JOIN attestation a ON a.entity = ? AND a.rid = f._rid JOIN commit_log c ON c.seq = a.seq
		LEFT JOIN round_act x ON x.seq = a.seq LEFT JOIN round_task t ON t.id = x.task LEFT JOIN round r ON r.n = t.round
		WHERE f._to IS NULL AND a.on_date <> 0 AND `+among+` ORDER BY a.seq DESC LIMIT 10`, append([]any{entity}, args...), func(rows *sql.Rows) error {
		var a Attested
		var role string
		if err := rows.Scan(&a.On, &a.At, &a.By, &role, &a.Org, &a.Round); err != nil {
			return err
		}
		if a.ByLink = role == linkRole; a.Round != "" {
			t := title(a.Round)
			a.Title = &t
		}
		out.Attested = append(out.Attested, a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = v.scan(ctx, `SELECT r.id, t.id, a.kind, a.at FROM round_answer a JOIN round_task t ON t.id = a.task JOIN round r ON r.n = t.round
		WHERE a.rec = ? AND t.entity = ? AND r.state <> 'closed' AND a.kind IN ('correct', 'dispute', 'cannot') ORDER BY r.n DESC`, []any{rec, entity}, func(rows *sql.Rows) error {
		var a Answered
		err := rows.Scan(&a.Round, &a.Task, &a.Kind, &a.At)
		a.Title = title(a.Round)
		out.Disputed = out.Disputed || a.Kind == Dispute
		out.Answers = append(out.Answers, a)
		return err
	})
	return out, err
}

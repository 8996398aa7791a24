package flow

import (
	"context"
	"errors"
	"fmt"

	"luoshu"
)

// Check holds the timeline against the ledger: every step's hash must be what it
// says, and stand in the reason of the commit it names. Problems name the case.
func (f *Flow) Check(ctx context.Context) ([]luoshu.Text, error) {
	var out []luoshu.Text
	err := f.some(ctx, `1=1`, nil, func(c *Case) error {
		steps, err := f.Steps(ctx, c)
		if e := (*luoshu.Error)(nil); errors.As(err, &e) && e.Kind == luoshu.Conflict {
			out = append(out, e.Msg) // a sealed text of a step
			return nil
		}
		if err != nil {
			return err
		}
		for _, s := range steps {
			if s.digest(c.No) != s.Hash {
				out = append(out, luoshu.Text{ZH: fmt.Sprintf("案卷 %s 第 %d 步被改动过", c.No, s.Step), EN: fmt.Sprintf("step %[2]d of the case %[1]s was altered", c.No, s.Step)})
			}
		}
		if int64(len(steps)) != c.Step {
			out = append(out, luoshu.Text{ZH: fmt.Sprintf("案卷 %s 应有 %d 步，实有 %d 步", c.No, c.Step, len(steps)), EN: fmt.Sprintf("the case %s should have %d steps and has %d", c.No, c.Step, len(steps))})
		}
		return nil
	})
	return out, errors.Join(err, f.unfounded(ctx, &out))
}

// unfounded finds steps whose commit does not carry their hash.
func (f *Flow) unfounded(ctx context.Context, out *[]luoshu.Text) error {
	rows, err := f.DB.Query(ctx, `SELECT c.no, s.step FROM flow_step s JOIN flow_case c ON c.id = s.case_id LEFT JOIN commit_log l ON l.seq = s.seq
		WHERE l.seq IS NULL OR (l.reason LIKE 'case %' AND l.reason <> 'case ' || c.no || ' #' || s.step || ' ' || s.action || ' ' || s.hash)`)
	if err != nil {
		return fmt.Errorf("hold steps against the ledger: %w", err)
	}
	for rows.Next() {
		var no string
		var n int64
		if err := rows.Scan(&no, &n); err != nil {
			return errors.Join(err, rows.Close())
		}
		*out = append(*out, luoshu.Text{ZH: fmt.Sprintf("案卷 %s 第 %d 步与账本不符", no, n), EN: fmt.Sprintf("step %[2]d of the case %[1]s does not fit the ledger", no, n)})
	}
	return errors.Join(rows.Err(), rows.Close())
}

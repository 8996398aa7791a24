package flow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"luoshu"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow/clock"
	"luoshu/kernel/notice"
	"luoshu/kernel/store"
)

// signed notes one signature of several; the case stays where it is.
func (w *work) signed(ch *change, was string, place int) error {
	ch.next(was)
	ch.also = append(ch.also, func(tx *store.Tx, c *Case) error {
		_, err := tx.Exec(w.ctx, `DELETE FROM flow_task WHERE case_id = ? AND place = ?`, c.ID, place)
		return err
	})
	return nil
}

// Apart refuses an action to whoever took, the last time it was taken, one of the
// steps that it is to be kept apart from (four eyes).
func (f *Flow) Apart(ctx context.Context, actor luoshu.Actor, c *Case, a *charter.CaseAction) error {
	for _, id := range a.NotBy {
		or, title := id, luoshu.Text{}
		if id == "open" {
			or, title = "reopen", c.Type.Opens.Title
		}
		for _, s := range c.Type.States {
			if x := s.Action(id); x != nil {
				title = x.Title
			}
		}
		var account string
		err := f.DB.QueryRow(ctx, `SELECT account FROM flow_step WHERE case_id = ? AND action IN (?, ?) ORDER BY step DESC LIMIT 1`, c.ID, id, or).Scan(&account)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look who took a step: %w", err)
		}
		if err == nil && account == actor.Name {
			return luoshu.Errorf(luoshu.Denied, "“%[1]s”是您办的，“%[2]s”须由另一人办理", "you took “%[1]s” yourself; somebody else has to take “%[2]s”", title, a.Title)
		}
	}
	return nil
}

// seat writes who may act in a case now, and tells them.
func (w *work) seat(tx *store.Tx, ch *change, list []task) error {
	c := ch.c
	if err := putTasks(w.ctx, tx, c, list); err != nil {
		return err
	}
	kind := "due"
	switch {
	case len(ch.step.Missing) > 0:
		kind = "returned"
	case ch.step.Action == "reopen":
		kind = "reopened"
	}
	for _, t := range list {
		k := kind
		if t.alone {
			k = "unheld"
		}
		if err := w.notice(tx, c, k, fmt.Sprintf("step %s %d %s %s", c.No, c.Step, t.org, t.role), t.org, t.role, luoshu.Text{}); err != nil {
			return err
		}
	}
	return nil
}

// notice makes a notice once. Without a text it says where the case stands.
func (w *work) notice(tx *store.Tx, c *Case, kind, mark, org, role string, text luoshu.Text) error {
	if text.ZH == "" {
		text = w.standing(c, kind)
	}
	return notice.Put(w.ctx, tx, notice.Word{Mark: mark, Org: org, Role: role, CaseID: c.ID, Kind: kind, Text: text, At: w.at})
}

// standing names type, number, state and date of a case: never what its record
// says.
func (w *work) standing(c *Case, kind string) luoshu.Text {
	head := map[string]luoshu.Text{
		"due": {ZH: "待办", EN: "To do"}, "remind": {ZH: "即将到期", EN: "Due soon"}, "escalate": {ZH: "逾期上报", EN: "Overdue, raised"},
		"unheld": {ZH: "本单位无人承办", EN: "Nobody here holds the role"}, "reopened": {ZH: "问题反弹，重新打开", EN: "Come back, reopened"}, "returned": {ZH: "退回补正", EN: "Sent back"},
	}[kind]
	state := c.at().Title
	t := luoshu.Text{
		ZH: fmt.Sprintf("%s：%s %s（%s）", head.ZH, c.Type.Title.ZH, c.No, state.ZH),
		EN: fmt.Sprintf("%s: %s %s (%s)", head.EN, c.Type.Title.EN, c.No, state.EN),
	}
	if c.Due > 0 {
		day := clock.Date(c.Due).Format(time.DateOnly)
		if c.DueAt > 0 {
			day = time.Unix(c.DueAt, 0).In(w.now.Location()).Format("2006-01-02 15:04")
		}
		t.ZH, t.EN = t.ZH+"，期限 "+day, t.EN+", due "+day
	}
	return t
}

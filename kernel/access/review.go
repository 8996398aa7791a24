package access

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/store"
)

// Review asks whether grants are still needed, one by one.
type Review struct {
	ID      string `json:"id"`
	Org     string `json:"org"`
	Due     string `json:"due"`
	Note    string `json:"note"`
	By      string `json:"by"`
	Opened  string `json:"opened"`
	Closed  string `json:"closed"`
	Total   int    `json:"total"`
	Decided int    `json:"decided"`
	Late    bool   `json:"late"`
}

// ReviewItem is one grant under review.
type ReviewItem struct {
	Grant    Grant  `json:"grant"`
	Unused   bool   `json:"unused"` // no session under it for the policy's days
	Decision string `json:"decision"`
	Note     string `json:"note"`
	By       string `json:"by"`
}

// OpenReview begins a review of every grant that holds at an organisation and
// below. Right: grants.
func (a *Access) OpenReview(ctx context.Context, actor luoshu.Actor, org string, due int64, note string) (string, error) {
	scope, err := a.reviews(ctx, actor)
	if err != nil {
		return "", err
	}
	if org == "" {
		org = scope.Root
	}
	if !scope.Has(org) {
		return "", fieldError("org", "单位不在您的管辖范围", "the organisation is outside your scope")
	}
	if due < dayOf(a.now()) {
		return "", fieldError("due", "截止日期已过", "the due date is past")
	}
	all, err := a.grants(ctx, `WHERE g.ended_at = 0 ORDER BY g.org, g.account, g.id`)
	if err != nil {
		return "", err
	}
	under, err := scope.Under(org)
	if err != nil {
		return "", err
	}
	id := "V" + strings.ToLower(rand.Text()[:12])
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO review (id, org, due, note, opened_by, opened_at, closed_at) VALUES (?, ?, ?, ?, ?, ?, 0)`,
			id, org, due, note, actor.Name, a.now().Unix())
		if err != nil {
			return err
		}
		for _, g := range all {
			if !g.Holds || !under.Has(g.Org) {
				continue
			}
			if _, err := tx.Exec(ctx, `INSERT INTO review_item (review, grant_id, decision, note, by_whom, at) VALUES (?, ?, '', '', '', 0)`, id, g.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("open review: %w", err)
	}
	a.tell(ctx, Event{Kind: "review", Actor: actor.Name, Object: id, Detail: "opened " + org})
	return id, nil
}

func (a *Access) reviews(ctx context.Context, actor luoshu.Actor) (*Scope, error) {
	if err := a.Require(actor, "grants"); err != nil {
		return nil, err
	}
	return a.Scope(ctx, actor)
}

// Reviews lists reviews within the actor's scope, newest first. Right: grants.
func (a *Access) Reviews(ctx context.Context, actor luoshu.Actor) ([]Review, error) {
	scope, err := a.reviews(ctx, actor)
	if err != nil {
		return nil, err
	}
	rows, err := a.db.Query(ctx, `SELECT id, org, due, note, opened_by, opened_at, closed_at,
		(SELECT count(*) FROM review_item i WHERE i.review = review.id), (SELECT count(*) FROM review_item i WHERE i.review = review.id AND i.decision <> '')
		FROM review ORDER BY opened_at DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("list reviews: %w", err)
	}
	defer rows.Close()
	out := []Review{}
	for rows.Next() {
		var r Review
		var due, opened, closed int64
		if err := rows.Scan(&r.ID, &r.Org, &due, &r.Note, &r.By, &opened, &closed, &r.Total, &r.Decided); err != nil {
			return nil, fmt.Errorf("list reviews: %w", err)
		}
		r.Due, r.Opened = luoshu.FormatDate(due), time.Unix(opened, 0).UTC().Format(time.RFC3339)
		if closed != 0 {
			r.Closed = time.Unix(closed, 0).UTC().Format(time.RFC3339)
		}
		r.Late = closed == 0 && dayOf(a.now()) > due
		if scope.Has(r.Org) {
			out = append(out, r)
		}
	}
	return out, rows.Err()
}

// ReviewItems lists the grants of a review. Right: grants.
func (a *Access) ReviewItems(ctx context.Context, actor luoshu.Actor, id string) ([]ReviewItem, error) {
	if err := a.mayReview(ctx, actor, id); err != nil {
		return nil, err
	}
	all, err := a.grants(ctx, `WHERE g.id IN (SELECT i.grant_id FROM review_item i WHERE i.review = ?) ORDER BY g.org, g.account, g.id`, id)
	if err != nil {
		return nil, err
	}
	rows, err := a.db.Query(ctx, `SELECT grant_id, decision, note, by_whom FROM review_item WHERE review = ?`, id)
	if err != nil {
		return nil, fmt.Errorf("read review: %w", err)
	}
	defer rows.Close()
	by := map[string]ReviewItem{}
	for rows.Next() {
		var g string
		var x ReviewItem
		if err := rows.Scan(&g, &x.Decision, &x.Note, &x.By); err != nil {
			return nil, fmt.Errorf("read review: %w", err)
		}
		by[g] = x
	}
	days := a.Policy().UnusedDays
	out, since := make([]ReviewItem, 0, len(all)), a.now().AddDate(0, 0, -days).Unix()
	for _, g := range all {
		x := by[g.ID]
		x.Grant, x.Unused = g, days > 0 && max(g.used, g.given) < since
		out = append(out, x)
	}
	return out, rows.Err()
}

func (a *Access) mayReview(ctx context.Context, actor luoshu.Actor, id string) error {
	scope, err := a.reviews(ctx, actor)
	if err != nil {
		return err
	}
	var org string
	err = a.db.QueryRow(ctx, `SELECT org FROM review WHERE id = ?`, id).Scan(&org)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !scope.Has(org)) {
		return luoshu.Errorf(luoshu.NotFound, "没有这次复核", "no such review")
	}
	if err != nil {
		return fmt.Errorf("read review: %w", err)
	}
	return nil
}

// Decide keeps or ends a grant under review; ending takes effect at once. When
// every grant is decided the review closes.
func (a *Access) Decide(ctx context.Context, actor luoshu.Actor, id, grant, decision, note string) error {
	if err := a.mayReview(ctx, actor, id); err != nil {
		return err
	}
	if decision != "keep" && decision != "end" {
		return fieldError("decision", "应为保留或终止", "keep or end")
	}
	var was string
	err := a.db.QueryRow(ctx, `SELECT decision FROM review_item WHERE review = ? AND grant_id = ?`, id, grant).Scan(&was)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return luoshu.Errorf(luoshu.NotFound, "这次复核中没有这一授权", "the review has no such grant")
	case err != nil:
		return fmt.Errorf("decide: %w", err)
	case was != "":
		return luoshu.Errorf(luoshu.Conflict, "这一项已经复核过", "this has been decided already")
	}
	if decision == "end" {
		if strings.TrimSpace(note) == "" {
			return fieldError("note", "终止授权须写明理由", "ending a grant needs a reason")
		}
		var over *luoshu.Error // ended meanwhile by another way: so it is to be
		if err := a.End(ctx, actor, grant, note); err != nil && (!errors.As(err, &over) || over.Kind != luoshu.Conflict) {
			return err
		}
	} else {
		own, err := a.grants(ctx, `WHERE g.id = ?`, grant)
		if err != nil {
			return err
		}
		if len(own) == 1 && own[0].Account == actor.Name && !IsOperator(actor) {
			return luoshu.Errorf(luoshu.Denied, "自己的授权须由他人复核", "one's own grant is reviewed by somebody else")
		}
	}
	now := a.now().Unix()
	res, err := a.db.Exec(ctx, `UPDATE review_item SET decision = ?, note = ?, by_whom = ?, at = ? WHERE review = ? AND grant_id = ? AND decision = ''`,
		decision, note, actor.Name, now, id, grant)
	if err != nil {
		return fmt.Errorf("decide: %w", err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return luoshu.Errorf(luoshu.Conflict, "这一项已经复核过", "this has been decided already")
	}
	if _, err := a.db.Exec(ctx, `UPDATE review SET closed_at = ? WHERE id = ? AND closed_at = 0 AND NOT EXISTS
		(SELECT 1 FROM review_item i WHERE i.review = review.id AND i.decision = '')`, now, id); err != nil {
		return fmt.Errorf("close review: %w", err)
	}
	a.tell(ctx, Event{Kind: "review", Actor: actor.Name, Object: id, Detail: decision + " " + grant})
	return nil
}

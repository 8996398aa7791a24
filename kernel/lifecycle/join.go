package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"

	"luoshu"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// Join plans an act whose day has come for a room that commits it together with
// something of its own: the batches write everything, and the act with it. Nothing
// else may change until they are committed, so release is called afterwards in any
// case; it is nil with an error.
func (k *Keeper) Join(ctx context.Context, actor luoshu.Actor, r ActRequest) (all []ledger.Batch, release func(), err error) {
	kind, err := k.allowAct(ctx, actor, &r)
	if err != nil {
		return nil, nil, err
	}
	if r.Date > k.mv.Today() {
		return nil, nil, &luoshu.Error{Kind: luoshu.Invalid, Field: "date", Msg: luoshu.Text{ZH: "变更日期不能晚于今天", EN: "the day of the act cannot lie ahead"}}
	}
	k.mv.Lock()
	defer func() {
		if err != nil {
			k.mv.Unlock()
		}
	}()
	p, err := k.planAct(ctx, kind, r)
	if err != nil {
		return nil, nil, err
	}
	a := &Act{Kind: kind, Request: r, State: Done, At: k.mv.Stamp(), Account: actor.Name}
	if err := k.db.QueryRow(ctx, `SELECT coalesce(max(n), 0) + 1 FROM movement_act`).Scan(&a.N); err != nil {
		return nil, nil, fmt.Errorf("number an act: %w", err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		return nil, nil, fmt.Errorf("write an act: %w", err)
	}
	all = k.actBatches(actor, a, p)
	for i := range all {
		all[i].ID = fmt.Sprintf("%s%d", actPrefix(a.N), i)
	}
	all[len(all)-1].Also = func(tx *store.Tx, _ ledger.Result) error {
		_, err := tx.Exec(ctx, `INSERT INTO movement_act (n, act, org, on_date, body, state, at, account, role, by_org, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			a.N, kind.ID, r.Org, r.Date, string(body), a.State, a.At, actor.Name, actor.Role, actor.Org, a.At)
		if err != nil {
			return fmt.Errorf("store an act: %w", err)
		}
		return nil
	}
	return all, k.mv.Unlock, nil
}

package flow

import (
	"context"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow/public"
)

// burden refuses what reaches organisations without a consent that covers them, or
// beyond what a year may bring them.
func (w *work) burden(ch *change, t *charter.CaseType, units []string, field *catalog.Field) error {
	over := false
	if field != nil {
		p, err := w.covers(ch.values[field.Index].S, units)
		if err != nil {
			return err
		}
		over = p.Over
	}
	return w.cap(t, units, over)
}

// within checks what a campaign sends: the consent is that of the step, which its
// case holds in the field that the parts' type or the step names.
func (w *work) within(ch *change, t *charter.CaseType, units []string) error {
	if t.Burden == "" {
		return nil
	}
	field := ch.c.Type.Reaching()
	if field == nil {
		return luoshu.Errorf(luoshu.Denied, "面向下级单位的任务须先征得主管部门同意", "what is sent to organisations needs the consent of the authority over them first")
	}
	return w.burden(ch, t, units, field)
}

// covers checks a code for today and for every organisation reached.
func (w *work) covers(text string, units []string) (*public.Permit, error) {
	how := luoshu.Text{ZH: "请先向主管部门申请同意码", EN: "apply to the authority over them for a consent code first"}
	if text == "" {
		return nil, &luoshu.Error{Kind: luoshu.Denied, Msg: luoshu.Text{ZH: "没有同意码，不能面向该单位：" + how.ZH, EN: "without a consent code this cannot reach the organisation: " + how.EN}}
	}
	p, err := public.PermitByCode(w.ctx, w.f.DB, text, w.day)
	if err != nil {
		return nil, luoshu.Errorf(luoshu.Denied, "同意码无效：%[1]s", "the consent code is not valid: %[1]s", how)
	}
	if !p.Holds {
		return nil, luoshu.Errorf(luoshu.Denied, "同意码不在有效期内或已撤销", "the consent code does not hold today or was revoked")
	}
	for _, u := range units {
		if !w.tree.Within(p.Org, u) {
			return nil, luoshu.Errorf(luoshu.Denied, "同意码不包括单位 %s", "the consent code does not cover the organisation %s", u)
		}
	}
	return p, nil
}

// cap refuses what would burden an organisation beyond the parameter's number a
// calendar year, unless the consent says that it may.
func (w *work) cap(t *charter.CaseType, units []string, over bool) error {
	if t.Burden == "" || t.Cap == "" || over {
		return nil
	}
	most, err := w.f.parameter(t.Cap, w.day)
	if err != nil {
		return err
	}
	full, first := 0, ""
	for _, u := range units {
		n, err := w.f.counted(w.ctx, u, t.Burden, w.day/10000)
		if err != nil {
			return err
		}
		if n >= most {
			if full++; first == "" {
				first = u
			}
		}
	}
	if full > 0 {
		return luoshu.Errorf(luoshu.Denied, "有 %[1]d 个单位（如 %[2]s）本年已达上限 %[3]d 次；确需增加的，同意书要写明可以超过上限",
			"%[1]d organisations (%[2]s among them) have reached the most for this year, %[3]d; if it must be, the consent has to say that it may exceed it", full, first, most)
	}
	return nil
}

func (f *Flow) counted(ctx context.Context, unit, counts string, year int64) (int64, error) {
	var n int64
	err := f.DB.QueryRow(ctx, `SELECT count(*) FROM flow_case WHERE unit = ? AND counts = ? AND opened BETWEEN ? AND ?`, unit, counts, year*10000, year*10000+1231).Scan(&n)
	return n, err
}

// Burden is how often an organisation was asked or visited in a calendar year.
type Burden struct {
	Kind string `json:"kind"` // visit, task
	Year int64  `json:"year"`
	N    int64  `json:"n"`
	Last int64  `json:"last"` // the year before
	Cap  int64  `json:"cap"`  // 0 for none
}

// Burdens counts what reached an organisation within the actor's scope.
func (f *Flow) Burdens(ctx context.Context, actor luoshu.Actor, org string) ([]Burden, error) {
	scope, err := f.Access.Scope(ctx, actor)
	if err != nil {
		return nil, err
	}
	if !scope.Has(org) {
		return nil, luoshu.Errorf(luoshu.NotFound, "没有这个单位", "there is no such organisation")
	}
	year := f.Today() / 10000
	var out []Burden
	for _, kind := range []string{"visit", "task"} {
		b := Burden{Kind: kind, Year: year}
		if b.N, err = f.counted(ctx, org, kind, year); err != nil {
			return nil, err
		}
		if b.Last, err = f.counted(ctx, org, kind, year-1); err != nil {
			return nil, err
		}
		for _, t := range f.Charter.Cases {
			if t.Burden == kind && t.Cap != "" {
				if b.Cap, err = f.parameter(t.Cap, f.Today()); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, b)
	}
	return out, nil
}

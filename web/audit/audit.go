// Package audit answers for what was done: the audit log to the audit
// administrator, one masked value to whoever gives a reason, and the read log of a
// record to those who answer for it.
package audit

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/audit"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

// Config is what the routes need.
type Config struct {
	Log     *audit.Log
	Door    *disclose.Door
	Access  *access.Access
	Catalog *catalog.Catalog
	Now     func() time.Time
}

// The parameters of packs that this room goes by.
const (
	paramMonths = "audit-months"   // how long entries are kept, in months
	paramReveal = "reveal-per-day" // values one person may open a day
)

// Routes are the addresses of this area.
func Routes(c Config) []kit.Route {
	return []kit.Route{
		{Pattern: "GET /api/audit", Right: "audit", Kind: audit.KindRead, Handle: c.list},
		{Pattern: "GET /api/audit.csv", Right: "audit", Kind: audit.KindAudit, Slow: true, Sensitive: true, Rate: "export", Handle: c.export},
		{Pattern: "POST /api/records/{entity}/{rec}/reveal", Right: "reveal", Kind: audit.KindReveal, Sensitive: true, Rate: "reveal", Handle: c.reveal},
		{Pattern: "GET /api/records/{entity}/{rec}/reads", Right: "reveal", Kind: audit.KindReads, Handle: c.reads},
	}
}

// Kinds are the kinds of entry that the log of a house usually has, for a list to
// choose from.
func Kinds() []string {
	return []string{
		audit.KindSignIn, audit.KindSignOut, audit.KindWrite, audit.KindRefused, audit.KindExport, audit.KindBehind,
		audit.KindFind, audit.KindReveal, audit.KindReads, audit.KindGrant, audit.KindAccount, audit.KindToken, audit.KindMerge,
		audit.KindKeys, audit.KindRead, audit.KindAudit, audit.KindArchive, audit.KindLost,
	}
}

// Months is how long the packs demand that entries are kept.
func Months(cat *catalog.Catalog, now time.Time) (int, error) {
	n, err := whole(cat, paramMonths, now)
	return int(n), err
}

// whole reads a parameter that is a whole number above zero. One that is missing
// refuses the act: nothing is assumed.
func whole(cat *catalog.Catalog, id string, now time.Time) (int64, error) {
	y, m, d := now.Date()
	if p := cat.Parameter(id); p != nil {
		if v, ok := p.Value(int64(y*10000+int(m)*100+d), nil, ""); ok && v.Scale == 0 && v.Num > 0 {
			return v.Num, nil
		}
	}
	return 0, luoshu.Errorf(luoshu.Unavailable, "业务包没有参数 %s，此操作不能进行", "the packs have no parameter %s, so this cannot be done", id)
}

// Days reads a range of days, both included, as the moments from and before which
// entries count. "" leaves a side open.
func Days(from, to string, at *time.Location) (start, end time.Time, err error) {
	read := func(name, s string) (time.Time, error) {
		if s == "" {
			return time.Time{}, nil
		}
		t, err := time.ParseInLocation(time.DateOnly, s, at)
		if err != nil {
			return t, &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{ZH: "日期应写作 2024-09-20", EN: "a date is written 2024-09-20"}}
		}
		return t, nil
	}
	if start, err = read("from", from); err != nil {
		return start, end, err
	}
	if end, err = read("to", to); err == nil && !end.IsZero() {
		end = end.AddDate(0, 0, 1)
	}
	return start, end, err
}

// query reads person, kind, outcome, entity, rec, object, address, from, to,
// before and limit.
func (c Config) query(r *http.Request) (audit.Query, error) {
	v := r.URL.Query()
	q := audit.Query{
		Person: strings.TrimSpace(v.Get("person")), Kind: v.Get("kind"), Outcome: v.Get("outcome"), Entity: v.Get("entity"),
		Object: strings.TrimSpace(v.Get("object")), Address: strings.TrimSpace(v.Get("address")),
	}
	for name, into := range map[string]*int64{"rec": &q.Rec, "before": &q.Before} {
		s := strings.TrimSpace(v.Get(name))
		if s == "" {
			continue
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return q, &luoshu.Error{Kind: luoshu.Invalid, Field: name, Msg: luoshu.Text{ZH: "应为整数", EN: "must be a whole number"}}
		}
		*into = n
	}
	var err error
	if q.Limit, err = kit.Number(r, "limit"); err != nil {
		return q, err
	}
	q.From, q.To, err = Days(v.Get("from"), v.Get("to"), c.Now().Location())
	return q, err
}

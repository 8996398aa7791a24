// Package policy reads what a city asks of passwords, sessions, tokens and delegations
// out of its packs, and holds passwords and accounts against it.
package policy

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/catalog"
)

// Policy is what a city asks of those who sign in. A pack sets it by parameters
// (see the ids below); what it leaves out is as in Default.
type Policy struct {
	PasswordLength  int           // access-password-length, characters
	PasswordClasses int           // access-password-classes, of upper, lower, digit, other
	PasswordDays    int           // access-password-days, 0 for ever
	PasswordHistory int           // access-password-history
	UnusedDays      int           // access-unused-days, 0 for never
	Idle            time.Duration // access-idle-minutes
	LockFailures    int           // access-lock-failures, for one account from one address
	Lock            time.Duration // access-lock-minutes
	TokenDays       int           // access-token-days
	DelegationDays  int           // access-delegation-days
}

// Default is used where packs say nothing.
func Default() Policy {
	return Policy{
		PasswordLength: 10, PasswordClasses: 3, PasswordDays: 90, PasswordHistory: 5, UnusedDays: 90,
		Idle: 15 * time.Minute, LockFailures: 5, Lock: 30 * time.Minute, TokenDays: 365, DelegationDays: 60,
	}
}

// Of is the policy of a catalog on a day.
func Of(cat *catalog.Catalog, day int64) Policy {
	p := Default()
	num := func(id string, into *int) {
		par := cat.Parameter(id)
		if par == nil {
			return
		}
		if v, ok := par.Value(day, nil, cat.City.Root); ok && v.Float() >= 0 {
			*into = int(v.Float())
		}
	}
	idle, lock := int(p.Idle/time.Minute), int(p.Lock/time.Minute)
	num("access-password-length", &p.PasswordLength)
	num("access-password-classes", &p.PasswordClasses)
	num("access-password-days", &p.PasswordDays)
	num("access-password-history", &p.PasswordHistory)
	num("access-unused-days", &p.UnusedDays)
	num("access-idle-minutes", &idle)
	num("access-lock-failures", &p.LockFailures)
	num("access-lock-minutes", &lock)
	num("access-token-days", &p.TokenDays)
	num("access-delegation-days", &p.DelegationDays)
	p.Idle, p.Lock = time.Duration(idle)*time.Minute, time.Duration(lock)*time.Minute
	return p
}

// Fits refuses a password that the policy does not allow for an account.
func (p Policy) Fits(name, password string) error {
	if utf8.RuneCountInString(password) < p.PasswordLength || len(password) > 1024 {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "password", Msg: luoshu.Errorf(luoshu.Invalid,
			"口令至少%d个字符", "a password has at least %d characters", p.PasswordLength).Msg}
	}
	var kinds [4]bool
	for _, r := range password {
		switch {
		case unicode.IsUpper(r):
			kinds[0] = true
		case unicode.IsLower(r):
			kinds[1] = true
		case unicode.IsDigit(r):
			kinds[2] = true
		default:
			kinds[3] = true
		}
	}
	n := 0
	for _, k := range kinds {
		if k {
			n++
		}
	}
	if n < p.PasswordClasses {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "password", Msg: luoshu.Errorf(luoshu.Invalid,
			"口令须含大写、小写、数字、其他字符中的至少%d类", "a password holds at least %d of: upper case, lower case, digits, others", p.PasswordClasses).Msg}
	}
	if name != "" && strings.Contains(strings.ToLower(password), strings.ToLower(name)) {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "password", Msg: luoshu.Text{ZH: "口令不得包含账号名", EN: "a password must not contain the account's name"}}
	}
	return nil
}

// Unused reports whether an account is sealed for not having been used.
func (p Policy) Unused(created string, last int64, now time.Time) bool {
	if p.UnusedDays == 0 {
		return false
	}
	since, err := time.Parse(time.RFC3339, created)
	if err != nil {
		return false
	}
	if last != 0 {
		since = time.Unix(last, 0)
	}
	return now.Sub(since) > time.Duration(p.UnusedDays)*24*time.Hour
}

package access

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/catalog"
)

// Policy is what a city asks of those who sign in. A pack sets it by parameters
// (see the ids below); what it leaves out is as in DefaultPolicy.
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

// DefaultPolicy is used where packs say nothing.
func DefaultPolicy() Policy {
	return Policy{
		PasswordLength: 10, PasswordClasses: 3, PasswordDays: 90, PasswordHistory: 5, UnusedDays: 90,
		Idle: 15 * time.Minute, LockFailures: 5, Lock: 30 * time.Minute, TokenDays: 365, DelegationDays: 60,
	}
}

func policyOf(cat *catalog.Catalog, day int64) Policy {
	p := DefaultPolicy()
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

// Policy is what holds today.
func (a *Access) Policy() Policy { return policyOf(a.cat, dayOf(a.now())) }

func dayOf(t time.Time) int64 { return int64(t.Year()*10000 + int(t.Month())*100 + t.Day()) }

// fits refuses a password that the policy does not allow for an account.
func (p Policy) fits(name, password string) error {
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
		return fieldError("password", "口令不得包含账号名", "a password must not contain the account's name")
	}
	return nil
}

// administrator rights: none goes with another or with any right on the data.
var administrators = []string{"accounts", "grants", "audit"}

// IsAdministrator reports whether a role is one of the three administrators'.
func IsAdministrator(r *catalog.Role) bool {
	return r != nil && slices.ContainsFunc(r.Can, func(c string) bool { return slices.Contains(administrators, c) })
}

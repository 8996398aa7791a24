package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"luoshu"
)

// An administrator of accounts does not become another administrator: neither by a
// new password, nor by taking the second factor away, nor by linking the account to
// a person of the provider, unless another kind of administrator agreed to that very
// act; and it is done once, within a day.
func TestNobodyBecomesAnotherAdministrator(t *testing.T) {
	tn := newTown(t)
	sys, sec, aud := tn.as("sysadmin", "R"), tn.as("secadmin", "R"), tn.as("auditor", "R")
	for what, body := range map[string]string{"reset": `{}`, "factors": `{}`, "subject": `{"subject":"sysadmin's own"}`} {
		for _, whom := range []string{"secadmin-R", "auditor-R"} {
			got := sys.do("POST", "/api/accounts/"+whom+"/"+what, body)
			if got.status != 403 || !strings.Contains(got.body, `"foureyes"`) {
				t.Errorf("%s of %s alone: %d %s", what, whom, got.status, got.body)
			}
		}
	}
	if got := sys.do("POST", "/api/accounts/clerk-A1/reset", `{}`); got.status != 404 {
		t.Fatal("the clerk exists before", got)
	}
	tn.as("clerk", "A1")
	if got := sys.do("POST", "/api/accounts/clerk-A1/reset", `{}`); got.status != 200 {
		t.Errorf("a clerk's password needs no second: %d %s", got.status, got.body)
	}

	ask := func(whom, what, subject string) string {
		t.Helper()
		got := sys.do("POST", "/api/credentials", fmt.Sprintf(`{"account":%q,"what":%q,"subject":%q,"reason":"lost"}`, whom, what, subject))
		id, _ := got.json(t)["id"].(string)
		if got.status != 200 || id == "" {
			t.Fatal(got)
		}
		return id
	}
	decide := func(v *visitor, id string) int {
		return v.do("POST", "/api/credentials/"+id+"/decide", `{"agree":true,"note":""}`).status
	}
	reset := func(whom string) int { return sys.do("POST", "/api/accounts/"+whom+"/reset", `{}`).status }

	// About the audit administrator the security administrator decides.
	id := ask("auditor-R", "password", "")
	if again := sys.do("POST", "/api/credentials", `{"account":"auditor-R","what":"password","reason":"x"}`); again.status != 409 {
		t.Errorf("asked twice: %d", again.status)
	}
	if got := reset("auditor-R"); got != 403 {
		t.Errorf("before anybody agreed: %d", got)
	}
	if got := decide(sys, id); got != 403 {
		t.Errorf("who asks agrees: %d", got)
	}
	if got := decide(aud, id); got != 404 {
		t.Errorf("whom it is about agrees: %d", got)
	}
	if got := tn.as("planner", "R").do("POST", "/api/credentials/"+id+"/decide", `{"agree":true}`); got.status != 403 {
		t.Errorf("a planner agrees: %d", got.status)
	}
	if got := sec.do("POST", "/api/credentials/"+id+"/decide", `{"note":"?"}`); got.status != 400 {
		t.Errorf("a decision that says nothing: %d", got.status)
	}
	if got := decide(sec, id); got != 204 {
		t.Fatal(got)
	}
	if got := decide(sec, id); got != 409 {
		t.Errorf("decided twice: %d", got)
	}
	// What was agreed to is the password, of this account, for who asked, once.
	for what, body := range map[string]string{"factors": `{}`, "subject": `{"subject":"x"}`} {
		if got := sys.do("POST", "/api/accounts/auditor-R/"+what, body); got.status != 403 {
			t.Errorf("%s under the consent to a password: %d", what, got.status)
		}
	}
	if err := tn.srv.Access.CreateAccount(t.Context(), "sys2", password, "sysadmin", "R", luoshu.Text{}); err != nil {
		t.Fatal(err)
	}
	other, _ := tn.signIn("sys2", password)
	if got := other.do("POST", "/api/accounts/auditor-R/reset", `{}`); got.status != 403 {
		t.Errorf("another's consent is used: %d", got.status)
	}
	if got := reset("auditor-R"); got != 200 {
		t.Errorf("as agreed: %d", got)
	}
	if got := reset("auditor-R"); got != 403 {
		t.Errorf("a second time: %d", got)
	}

	// About the security administrator the audit administrator decides; a consent ends
	// after a day, and a link is to the person that was named.
	if err := tn.srv.Access.CreateAccount(t.Context(), "aud2", password, "auditor", "R", luoshu.Text{}); err != nil {
		t.Fatal(err)
	}
	aud, _ = tn.signIn("aud2", password)
	id = ask("secadmin-R", "subject", "li@example.cn")
	if got := decide(sec, id); got != 404 {
		t.Errorf("the security administrator decides about themselves: %d", got)
	}
	if got := decide(aud, id); got != 204 {
		t.Fatal(got)
	}
	if got := sys.do("POST", "/api/accounts/secadmin-R/subject", `{"subject":"mine@example.cn"}`); got.status != 403 {
		t.Errorf("linked to somebody else than agreed: %d", got.status)
	}
	tn.later(25 * time.Hour)
	sys, _ = tn.signIn("sysadmin-R", password)
	if got := sys.do("POST", "/api/accounts/secadmin-R/subject", `{"subject":"li@example.cn"}`); got.status != 403 {
		t.Errorf("a consent of yesterday: %d", got.status)
	}
	tn.later(-48 * time.Hour)
	sys, _ = tn.signIn("sysadmin-R", password)
	if got := sys.do("POST", "/api/accounts/secadmin-R/subject", `{"subject":"li@example.cn"}`); got.status != 403 {
		t.Errorf("with the clock set back before the consent: %d", got.status)
	}
	tn.later(24 * time.Hour)

	// Everything stands in the log.
	if err := tn.srv.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"credential-asked", "credential-agreed", "credential-used"} {
		var n int
		if err := tn.db.QueryRow(t.Context(), "SELECT count(*) FROM audit WHERE object LIKE ?", kind+"%").Scan(&n); err != nil || n == 0 {
			t.Errorf("%s: %d entries %v", kind, n, err)
		}
	}
}

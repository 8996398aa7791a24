package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"luoshu"
	"luoshu/kernel/access"
)

func (tn *town) later(d time.Duration) {
	tn.mu.Lock()
	tn.now = tn.now.Add(d)
	tn.mu.Unlock()
}

// signIn signs in anew and returns the visitor and the answer.
func (tn *town) signIn(name, pw string) (*visitor, answer) {
	tn.t.Helper()
	v := &visitor{tn: tn}
	res := v.do("POST", "/api/session", fmt.Sprintf(`{"name":%q,"password":%q}`, name, pw))
	if res.status == 200 {
		c, err := http.ParseSetCookie(res.header["Set-Cookie"][0])
		if err != nil {
			tn.t.Fatal(err)
		}
		v.cookie, v.csrf = c, res.json(tn.t)["csrf"].(string)
	}
	return v, res
}

func step(t *testing.T, a answer) string {
	t.Helper()
	p, _ := a.json(t)["pending"].(map[string]any)
	s, _ := p["step"].(string)
	return s
}

// A new account comes in by its first password, must change it, and reaches
// nothing before; a repeated password is refused.
func TestFirstPassword(t *testing.T) {
	tn := newTown(t)
	admin := tn.as("sysadmin", "R")
	made := admin.do("POST", "/api/accounts", `{"name":"wang","zh":"王","en":""}`)
	first, _ := made.json(t)["password"].(string)
	if made.status != 200 || first == "" {
		t.Fatal(made)
	}
	if _, res := tn.signIn("wang", first); res.status != 403 || !strings.Contains(res.body, "no grant") {
		t.Errorf("an account without a grant: %d %s", res.status, res.body)
	}
	sec := tn.as("secadmin", "R")
	if got := sec.do("POST", "/api/grants", `{"account":"wang","role":"clerk","org":"A1","from":"","to":"","reason":"new clerk"}`); got.status != 200 {
		t.Fatal(got)
	}
	v, res := tn.signIn("wang", first)
	if step(t, res) != "password" {
		t.Fatalf("no change of password is asked for: %s", res.body)
	}
	for _, path := range []string{"/api/records/member", "/api/seals", "/api/me", "/api/orgs"} {
		if got := v.get(path); got.status != 403 {
			t.Errorf("%s before the password is changed: %d", path, got.status)
		}
	}
	for pw, want := range map[string]int{"short1A": 400, "alllowercase": 400, "Wang-is-my-name-1": 400, first: 400} {
		if got := v.do("POST", "/api/me/password", fmt.Sprintf(`{"old":%q,"password":%q}`, first, pw)); got.status != want {
			t.Errorf("password %q: %d", pw, got.status)
		}
	}
	if got := v.do("POST", "/api/me/password", fmt.Sprintf(`{"old":%q,"password":"A new one 22"}`, first)); got.status != 204 {
		t.Fatal(got)
	}
	if got := v.get("/api/records/member"); got.status != 200 {
		t.Errorf("after the change: %d %s", got.status, got.body)
	}
	if got := admin.do("POST", "/api/accounts/wang/disable", `{}`); got.status != 204 {
		t.Fatal(got)
	}
	if got := v.get("/api/records/member"); got.status != 401 {
		t.Errorf("a closed account still reads: %d", got.status)
	}
}

// A second factor: nothing before it is shown, a code works once, recovery codes
// too, and wrong codes lock.
func TestSecondFactor(t *testing.T) {
	tn := newTown(t)
	v := tn.as("clerk", "A1")
	begun := v.do("POST", "/api/me/factors", `{"label":"phone"}`).json(t)
	id, secret := begun["id"].(string), begun["secret"].(string)
	code := func() string {
		c, err := totp.GenerateCode(secret, tn.clock())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	proved := v.do("POST", "/api/me/factors/"+id+"/prove", fmt.Sprintf(`{"code":%q}`, code()))
	codes, _ := proved.json(t)["recovery_codes"].([]any)
	if proved.status != 200 || len(codes) != 10 {
		t.Fatal(proved)
	}
	w, res := tn.signIn("clerk-A1", password)
	if step(t, res) != "factor" {
		t.Fatalf("no factor is asked for: %s", res.body)
	}
	if got := w.get("/api/records/member"); got.status != 403 {
		t.Errorf("records before the factor: %d", got.status)
	}
	if got := w.do("POST", "/api/me/factors", `{"label":"mine"}`); got.status != 403 {
		t.Errorf("a factor is enrolled before the old one is shown: %d", got.status)
	}
	if got := w.do("POST", "/api/session/factor", fmt.Sprintf(`{"code":%q}`, code())); got.status != 400 {
		t.Errorf("the code that was used to enrol works again: %d", got.status)
	}
	tn.later(time.Minute)
	now := code()
	if got := w.do("POST", "/api/session/factor", fmt.Sprintf(`{"code":%q}`, now)); got.status != 200 || step(t, got) != "" {
		t.Fatalf("a good code: %s", got.body)
	}
	if got := w.get("/api/records/member"); got.status != 200 {
		t.Errorf("after the factor: %d", got.status)
	}
	x, _ := tn.signIn("clerk-A1", password)
	if got := x.do("POST", "/api/session/factor", fmt.Sprintf(`{"code":%q}`, now)); got.status != 400 {
		t.Errorf("a code was replayed: %d", got.status)
	}
	rc := codes[0].(string)
	if got := x.do("POST", "/api/session/factor", fmt.Sprintf(`{"code":%q}`, rc)); got.status != 200 {
		t.Errorf("a recovery code: %d %s", got.status, got.body)
	}
	y, _ := tn.signIn("clerk-A1", password)
	if got := y.do("POST", "/api/session/factor", fmt.Sprintf(`{"code":%q}`, rc)); got.status != 400 {
		t.Errorf("a recovery code works twice: %d", got.status)
	}
	for range 5 {
		y.do("POST", "/api/session/factor", `{"code":"000000"}`)
	}
	tn.later(time.Minute)
	if got := y.do("POST", "/api/session/factor", fmt.Sprintf(`{"code":%q}`, code())); got.status != 429 {
		t.Errorf("guessing codes is not stopped: %d", got.status)
	}
	if s := tn.log.String(); strings.Contains(s, secret) || strings.Contains(s, rc) {
		t.Error("a secret is in the log")
	}
}

// A token does what it was made for and no more.
func TestTokens(t *testing.T) {
	tn := newTown(t)
	v := tn.as("planner", "R")
	made := v.do("POST", "/api/me/tokens", `{"label":"nightly","org":"A","rights":["read"],"days":30}`)
	token, _ := made.json(t)["token"].(string)
	if made.status != 200 || !strings.HasPrefix(token, "lst_") {
		t.Fatal(made)
	}
	id := made.json(t)["info"].(map[string]any)["id"].(string)
	bearer := func(method, path, body string) answer {
		return (&visitor{tn: tn}).do(method, path, body, "Authorization", "Bearer "+token)
	}
	got := bearer("GET", "/api/records/member", "")
	if got.status != 200 || strings.Contains(got.body, "NB1") || !strings.Contains(got.body, "NA1") {
		t.Errorf("reading at A: %d %.300s", got.status, got.body)
	}
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/api/explore/meta", ""},
		{"GET", "/api/records/member.csv", ""},
		{"POST", "/api/seals", `{"note":"x"}`},
		{"GET", "/api/me", ""},
		{"POST", "/api/me/tokens", `{"label":"x","org":"","rights":["read"],"days":1}`},
		{"POST", "/api/me/password", `{"old":"x","password":"y"}`},
		{"DELETE", "/api/session", ""},
		{"GET", "/api/accounts", ""},
	} {
		if a := bearer(c.method, c.path, c.body); a.status != 403 {
			t.Errorf("%s %s with a reading token: %d", c.method, c.path, a.status)
		}
	}
	// What a room asks for beyond the route's own right is bounded too.
	correcting := v.do("POST", "/api/me/tokens", `{"label":"ask","org":"A","rights":["correct","read"],"days":30}`).json(t)["token"].(string)
	s, err := tn.srv.Access.TokenSession(t.Context(), correcting)
	if err != nil || s == nil {
		t.Fatal(s, err)
	}
	for right, want := range map[string]bool{"correct": true, "read": true, "commit": false, "export": false, "seal": false} {
		if err := tn.srv.Access.Require(s.Actor, right); (err == nil) != want {
			t.Errorf("%s by a token to read and to ask for corrections: %v", right, err)
		}
	}
	for _, bad := range []string{"", "Bearer", "Bearer x", "Basic " + token, "Bearer " + token + "x"} {
		if a := v.do("GET", "/api/records/member", "", "Authorization", bad); bad != "" && a.status != 401 {
			t.Errorf("authorization %q: %d", bad, a.status)
		}
	}
	other := tn.as("clerk", "A1")
	if a := other.do("DELETE", "/api/me/tokens/"+id, ""); a.status != 404 {
		t.Errorf("another revokes it: %d", a.status)
	}
	if a := other.do("POST", "/api/me/tokens", `{"label":"x","org":"","rights":["seal"],"days":1}`); a.status != 400 {
		t.Errorf("a right one has not: %d", a.status)
	}
	if a := other.do("POST", "/api/me/tokens", `{"label":"x","org":"B","rights":["read"],"days":1}`); a.status != 400 {
		t.Errorf("an organisation one does not reach: %d", a.status)
	}
	if a := v.do("DELETE", "/api/me/tokens/"+id, ""); a.status != 204 {
		t.Fatal(a)
	}
	if a := bearer("GET", "/api/records/member", ""); a.status != 401 {
		t.Errorf("a revoked token: %d", a.status)
	}
	made = v.do("POST", "/api/me/tokens", `{"label":"short","org":"","rights":["read"],"days":1}`)
	token = made.json(t)["token"].(string)
	tn.later(25 * time.Hour)
	if a := bearer("GET", "/api/records/member", ""); a.status != 401 {
		t.Errorf("an expired token: %d", a.status)
	}
}

// Delegation: to another, until a day, not further; ending the grant ends it, in a
// session that lives too.
func TestDelegation(t *testing.T) {
	tn := newTown(t)
	owner, deputy := tn.as("clerk", "A1"), tn.as("visitor", "B")
	for body, want := range map[string]int{
		`{"account":"visitor-B","to":"2026-10-01","reason":"leave"}`: 400, // too long
		`{"account":"clerk-A1","to":"2025-10-20","reason":"leave"}`:  400, // to oneself
		`{"account":"visitor-B","to":"2025-09-01","reason":"leave"}`: 400, // past
		`{"account":"visitor-B","to":"2025-10-20","reason":""}`:      400,
	} {
		if a := owner.do("POST", "/api/me/delegations", body); a.status != want {
			t.Errorf("%s: %d", body, a.status)
		}
	}
	a := owner.do("POST", "/api/me/delegations", `{"account":"visitor-B","to":"2025-10-20","reason":"leave"}`)
	id, _ := a.json(t)["id"].(string)
	if a.status != 200 {
		t.Fatal(a)
	}
	if got := deputy.do("POST", "/api/session/grant", fmt.Sprintf(`{"grant":%q}`, id)); got.status != 200 || !strings.Contains(got.body, `"owner":"clerk-A1"`) {
		t.Fatalf("acting for: %d %s", got.status, got.body)
	}
	if got := deputy.get("/api/templates/member.xlsx"); got.status != 200 {
		t.Errorf("the deputy cannot work: %d", got.status)
	}
	if got := deputy.do("POST", "/api/me/delegations", `{"account":"planner-R","to":"2025-10-10","reason":"x"}`); got.status != 403 {
		t.Errorf("a delegate delegates: %d", got.status)
	}
	if got := tn.as("chief", "A").do("DELETE", "/api/me/delegations/"+id, ""); got.status != 404 {
		t.Errorf("a stranger ends it: %d", got.status)
	}
	if got := owner.do("DELETE", "/api/me/delegations/"+id, ""); got.status != 204 {
		t.Fatal(got)
	}
	if got := deputy.get("/api/templates/member.xlsx"); got.status != 401 {
		t.Errorf("the deputy's session outlives the delegation: %d", got.status)
	}
	// No delegation to or by administrators.
	if got := tn.as("sysadmin", "R").do("POST", "/api/me/delegations", `{"account":"visitor-B","to":"2025-10-10","reason":"x"}`); got.status != 403 {
		t.Errorf("an administrator delegates: %d", got.status)
	}
	if got := owner.do("POST", "/api/me/delegations", `{"account":"sysadmin-R","to":"2025-10-10","reason":"x"}`); got.status != 409 {
		t.Errorf("to an administrator: %d", got.status)
	}
}

// The three administrators cannot help themselves, nor gather each other's rights.
func TestThreeAdministrators(t *testing.T) {
	tn := newTown(t)
	sys, sec := tn.as("sysadmin", "R"), tn.as("secadmin", "R")
	tn.as("auditor", "R")
	grant := func(account, role string) answer {
		return sec.do("POST", "/api/grants", fmt.Sprintf(`{"account":%q,"role":%q,"org":"R","from":"","to":"","reason":"r"}`, account, role))
	}
	if a := grant("secadmin-R", "planner"); a.status != 403 {
		t.Errorf("grants to itself: %d", a.status)
	}
	for _, role := range []string{"planner", "secadmin", "auditor"} {
		if a := grant("sysadmin-R", role); a.status != 409 {
			t.Errorf("sysadmin becomes %s too: %d", role, a.status)
		}
	}
	tn.as("planner", "R")
	if a := grant("planner-R", "auditor"); a.status != 409 {
		t.Errorf("a planner becomes an auditor too: %d", a.status)
	}
	for _, path := range []string{"reset", "disable", "enable", "factors"} {
		if a := sys.do("POST", "/api/accounts/sysadmin-R/"+path, "{}"); a.status != 403 {
			t.Errorf("sysadmin %ss itself: %d", path, a.status)
		}
	}
	// A security administrator of one district reaches no other.
	if err := tn.srv.Access.CreateAccount(t.Context(), "sec-a", password, "secadmin", "A", luoshu.Text{}); err != nil {
		t.Fatal(err)
	}
	local, _ := tn.signIn("sec-a", password)
	if a := local.do("POST", "/api/grants", `{"account":"planner-R","role":"clerk","org":"B1","from":"","to":"","reason":"r"}`); a.status != 400 {
		t.Errorf("grants outside the scope: %d %s", a.status, a.body)
	}
}

// A review decides grant by grant; ending one ends the session under it.
func TestReview(t *testing.T) {
	tn := newTown(t)
	sec, clerk := tn.as("secadmin", "R"), tn.as("clerk", "A1")
	a := sec.do("POST", "/api/reviews", `{"org":"A","due":"2025-10-31","note":"autumn"}`)
	id, _ := a.json(t)["id"].(string)
	if a.status != 200 {
		t.Fatal(a)
	}
	items := sec.get("/api/reviews/" + id)
	if !strings.Contains(items.body, "clerk-A1") || strings.Contains(items.body, `"account":"secadmin-R"`) {
		t.Fatal(items.body)
	}
	grants, err := tn.srv.Access.GrantsOf(t.Context(), "clerk-A1")
	if err != nil || len(grants) != 1 {
		t.Fatal(grants, err)
	}
	decide := func(decision, note string) answer {
		return sec.do("POST", "/api/reviews/"+id+"/decide", fmt.Sprintf(`{"grant":%q,"decision":%q,"note":%q}`, grants[0].ID, decision, note))
	}
	if got := decide("end", ""); got.status != 400 {
		t.Errorf("ended without a reason: %d", got.status)
	}
	if got := decide("end", "left"); got.status != 204 {
		t.Fatal(got)
	}
	if got := decide("keep", ""); got.status != 409 {
		t.Errorf("decided twice: %d", got.status)
	}
	if got := clerk.get("/api/records/member"); got.status != 401 {
		t.Errorf("a session outlives its grant: %d", got.status)
	}
	if got := sec.get("/api/reviews"); !strings.Contains(got.body, `"decided":1`) {
		t.Error(got.body)
	}
}

// Sessions end when idle, when the clock jumps back, when their owner ends them,
// and a lock-out outlives a restart.
func TestSessionsAndClock(t *testing.T) {
	tn := newTown(t)
	v := tn.as("clerk", "A1")
	tn.later(-2 * time.Hour)
	if got := v.get("/api/records/member"); got.status != 401 {
		t.Errorf("a session from the future: %d", got.status)
	}
	tn.later(2 * time.Hour)
	v, _ = tn.signIn("clerk-A1", password)
	w, _ := tn.signIn("clerk-A1", password)
	if err := tn.srv.Access.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	var list []access.SessionInfo
	if err := json.Unmarshal([]byte(v.get("/api/sessions").body), &list); err != nil || len(list) < 2 {
		t.Fatal(list, err)
	}
	for _, s := range list {
		if s.This {
			continue
		}
		if got := v.do("DELETE", "/api/sessions/"+s.ID, ""); got.status != 204 {
			t.Errorf("end %s: %d", s.ID, got.status)
		}
	}
	if got := v.get("/api/records/member"); got.status != 200 {
		t.Errorf("the session that ended the others: %d", got.status)
	}
	if got := w.get("/api/records/member"); got.status != 401 {
		t.Errorf("an ended session: %d", got.status)
	}
	for range 5 {
		tn.signIn("clerk-A1", "wrong password 1")
	}
	if err := tn.srv.Access.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := access.Open(t.Context(), tn.db, tn.srv.Catalog, tn.clock)
	if err != nil {
		t.Fatal(err)
	}
	var many *access.TooManyError
	if _, _, err := again.SignIn(t.Context(), "clerk-A1", password, "127.0.0.1"); !errors.As(err, &many) {
		t.Errorf("a restart reopens guessing: %v", err)
	}
	tn.later(91 * 24 * time.Hour)
	if _, res := tn.signIn("clerk-A1", password); res.status != 403 || !strings.Contains(res.body, "sealed") {
		t.Errorf("an unused account: %d %s", res.status, res.body)
	}
}

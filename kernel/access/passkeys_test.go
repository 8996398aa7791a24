package access_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/store"
)

const atHome = "http://localhost:8080"

var home = virtualwebauthn.RelyingParty{ID: "localhost", Name: "town", Origin: atHome}

func (w *world) ann() *access.Session {
	w.t.Helper()
	_, s, err := w.acc.SignIn(w.t.Context(), "ann", good, "here")
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// enrol takes a new key up for a session.
func (w *world) enrol(s *access.Session, rp virtualwebauthn.RelyingParty) (virtualwebauthn.Authenticator, virtualwebauthn.Credential, []string, error) {
	w.t.Helper()
	auth, cred := virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	options, err := w.acc.OfferPasskey(w.t.Context(), s, atHome)
	if err != nil {
		return auth, cred, nil, err
	}
	o, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		w.t.Fatal(err)
	}
	codes, _, err := w.acc.TakePasskey(w.t.Context(), s, "my key", []byte(virtualwebauthn.CreateAttestationResponse(rp, auth, cred, *o)))
	auth.AddCredential(cred)
	return auth, cred, codes, err
}

// answer asks for a passkey and signs the question.
func (w *world) answer(s *access.Session, rp virtualwebauthn.RelyingParty, auth virtualwebauthn.Authenticator, cred virtualwebauthn.Credential) string {
	w.t.Helper()
	options, err := w.acc.AskPasskey(w.t.Context(), s, atHome)
	if err != nil {
		w.t.Fatal(err)
	}
	o, err := virtualwebauthn.ParseAssertionOptions(string(options))
	if err != nil {
		w.t.Fatal(err)
	}
	return virtualwebauthn.CreateAssertionResponse(rp, auth, cred, *o)
}

func TestPasskey(t *testing.T) {
	databases.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := worldOn(t, c), t.Context()
		for _, n := range []string{"ann", "bob"} {
			if err := w.acc.CreateAccount(ctx, n, good, "clerk", "A1", luoshu.Text{}); err != nil {
				t.Fatal(err)
			}
		}
		first := w.ann()
		if _, err := w.acc.OfferPasskey(ctx, first, "http://evil.example"); err == nil {
			t.Error("a passkey for whatever the request says")
		}
		if _, _, _, err := w.enrol(first, virtualwebauthn.RelyingParty{ID: "localhost", Origin: "http://localhost.evil.example"}); err == nil {
			t.Error("made at another site and taken")
		}
		auth, cred, codes, err := w.enrol(first, home)
		if err != nil || len(codes) != 10 {
			t.Fatal(err, codes)
		}
		if stored := w.column(`SELECT secret FROM factor WHERE kind = 'passkey'`); strings.Contains(stored, base64.StdEncoding.EncodeToString(cred.ID)[:20]) || !strings.HasPrefix(stored, "~1~") {
			t.Error("the credential lies in clear")
		}
		s := w.ann()
		if s.Pending != "factor" {
			t.Fatal("no factor is due:", s.Pending)
		}
		if _, err := w.acc.OfferPasskey(ctx, s, atHome); err == nil {
			t.Error("a new passkey before the old one was shown")
		}
		cred.Counter = 1
		for name, rp := range map[string]virtualwebauthn.RelyingParty{
			"another origin": {ID: "localhost", Origin: "http://localhost.evil.example"},
			"another site":   {ID: "evil.example", Origin: atHome},
		} {
			if _, err := w.acc.PassPasskey(ctx, s, []byte(w.answer(s, rp, auth, cred)), "here"); err == nil {
				t.Error("signed at", name)
			}
		}
		if _, err := w.acc.PassPasskey(ctx, s, []byte(w.answer(s, home, auth, virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2))), "here"); err == nil {
			t.Error("a key that is nobody's")
		}
		w.now = w.now.Add(time.Second)
		given := []byte(w.answer(s, home, auth, cred))
		in, err := w.acc.PassPasskey(ctx, s, given, "here")
		if err != nil || in.Pending != "" || in.Actor.Role != "clerk" {
			t.Fatal(in, err)
		}
		s = w.ann()
		if _, err := w.acc.PassPasskey(ctx, s, given, "here"); err == nil {
			t.Error("an answer nobody asked for")
		}
		w.answer(s, home, auth, cred)
		if _, err := w.acc.PassPasskey(ctx, s, given, "here"); err == nil {
			t.Error("a replayed answer")
		}
		if _, err := w.acc.PassPasskey(ctx, s, []byte(w.answer(s, home, auth, cred)), "here"); err == nil {
			t.Error("a counter that stands still: a copy of the key")
		}
		cred.Counter = 2
		late := []byte(w.answer(s, home, auth, cred))
		w.now = w.now.Add(6 * time.Minute)
		if _, err := w.acc.PassPasskey(ctx, s, late, "here"); err == nil {
			t.Error("an answer after six minutes")
		}
		early := []byte(w.answer(s, home, auth, cred))
		w.now = w.now.Add(-time.Hour)
		if _, err := w.acc.PassPasskey(ctx, s, early, "here"); err == nil {
			t.Error("an answer from the future: the clock jumped back")
		}
		w.now = w.now.Add(time.Hour + 31*time.Minute) // the lock of wrong answers is over
		s = w.ann()
		if _, err := w.acc.PassPasskey(ctx, s, []byte(w.answer(s, home, auth, cred)), "here"); err != nil {
			t.Error("after all that the owner does not come in:", err)
		}
		for range 6 {
			s = w.ann()
			_, err = w.acc.PassPasskey(ctx, s, []byte(w.answer(s, home, auth, virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2))), "here")
		}
		var many *access.TooManyError
		if !errors.As(err, &many) {
			t.Error("wrong passkeys do not lock:", err)
		}
	})
}

// A time-based code is sealed, used once, and cannot be guessed by way of the route
// that proves a new factor.
func TestTOTPAtRest(t *testing.T) {
	databases.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := worldOn(t, c), t.Context()
		if err := w.acc.CreateAccount(ctx, "ann", good, "clerk", "A1", luoshu.Text{}); err != nil {
			t.Fatal(err)
		}
		e, err := w.acc.EnrolTOTP(ctx, w.ann(), "")
		if err != nil {
			t.Fatal(err)
		}
		if stored := w.column(`SELECT secret FROM factor`); strings.Contains(stored, e.Secret) || !strings.HasPrefix(stored, "~1~") {
			t.Error("the secret lies in clear")
		}
		code := func() string {
			c, err := totp.GenerateCode(e.Secret, w.now)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		codes, _, err := w.acc.Prove(ctx, w.ann(), e.ID, code())
		if err != nil || len(codes) != 10 {
			t.Fatal(err)
		}
		if all := w.column(`SELECT secret FROM factor`); strings.Contains(all, codes[0]) {
			t.Error("a recovery code lies in clear")
		}
		w.now = w.now.Add(time.Minute)
		s := w.ann()
		if _, _, err := w.acc.Prove(ctx, s, e.ID, code()); err == nil {
			t.Error("the route of a new factor lets past the old one")
		}
		if _, err := w.acc.PassFactor(ctx, s, code(), "here"); err != nil {
			t.Error(err)
		}
		if _, err := w.acc.PassFactor(ctx, w.ann(), code(), "here"); err == nil {
			t.Error("a replayed code")
		}
	})
}

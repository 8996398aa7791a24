package access_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/access/oidc"
	"luoshu/kernel/store"
)

const cityAddress = "http://localhost:9"

// startProvider runs an OpenID provider with the users test-user@127.0.0.1 (id1) and
// test-user2 (id2), and returns its issuer.
func startProvider(t *testing.T) string {
	t.Helper()
	storage.RegisterClients(storage.WebClient("luoshu", "provider-secret", cityAddress+oidc.Path))
	srv := httptest.NewUnstartedServer(nil)
	issuer := "http://" + srv.Listener.Addr().String()
	srv.Config.Handler = exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), slog.New(slog.DiscardHandler), false)
	srv.Start()
	t.Cleanup(srv.Close)
	return issuer
}

// visit signs in at the provider as a browser does and returns what it brings back.
func visit(t *testing.T, at, user string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var back *url.URL
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), cityAddress) {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := browser.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(res.Body)
	res.Body.Close()
	login := res.Request.URL
	res, err = browser.PostForm(login.Scheme+"://"+login.Host+"/login/username",
		url.Values{"username": {user}, "password": {"verysecure"}, "id": {login.Query().Get("authRequestID")}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if back == nil {
		b, _ := io.ReadAll(res.Body)
		t.Fatalf("the provider did not send back from %s: %.300s %.300s", login, page, b)
	}
	return back.Query()
}

func TestProvider(t *testing.T) {
	issuer := startProvider(t)
	t.Setenv("TOWN_OIDC", "provider-secret")
	databases.Each(t, func(t *testing.T, c store.Config) {
		w, ctx := worldOn(t, c), t.Context()
		conf := oidc.Config{Issuer: issuer, Client: "luoshu", SecretEnv: "TOWN_OIDC"}
		p, err := oidc.New(conf, cityAddress, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		w.acc.SetProvider(p)
		for _, n := range []string{"ann", "bob"} {
			if err := w.acc.CreateAccount(ctx, n, good, "clerk", "A1", luoshu.Text{}); err != nil {
				t.Fatal(err)
			}
		}
		depart := func() (string, string) {
			t.Helper()
			at, bind, err := w.acc.Depart(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return at, bind
		}
		arrive := func(q url.Values, bind string) (*access.Session, error) {
			_, s, err := w.acc.Arrive(ctx, q.Get("state"), q.Get("code"), bind, "here", "test")
			return s, err
		}
		at, bind := depart()
		if u, err := url.Parse(at); err != nil || u.Query().Get("code_challenge_method") != "S256" || u.Query().Get("nonce") == "" || u.Query().Get("state") == "" {
			t.Error("PKCE, nonce or state is missing:", at)
		}
		// Known there, not linked here: nobody.
		if _, err := arrive(visit(t, at, "test-user2"), bind); !errors.Is(err, access.ErrSignIn) {
			t.Error("a stranger:", err)
		}
		if err := w.acc.SetSubject(ctx, access.Operator, "ann", "id2"); err != nil {
			t.Fatal(err)
		}
		if err := w.acc.SetSubject(ctx, access.Operator, "bob", "id2"); err == nil {
			t.Error("two accounts for one person")
		}
		at, bind = depart()
		q := visit(t, at, "test-user2")
		s, err := arrive(q, bind)
		if err != nil || s.Actor != (luoshu.Actor{Name: "ann", Role: "clerk", Org: "A1"}) {
			t.Fatal(s, err)
		}
		if _, err := arrive(q, bind); !errors.Is(err, access.ErrSignIn) {
			t.Error("a state used twice:", err)
		}
		// The code of one sign-in with the state of another: PKCE and nonce.
		at1, _ := depart()
		at2, bind2 := depart()
		stolen, own := visit(t, at1, "test-user2"), visit(t, at2, "test-user2")
		own.Set("code", stolen.Get("code"))
		if _, err := arrive(own, bind2); !errors.Is(err, access.ErrSignIn) {
			t.Error("another sign-in's code:", err)
		}
		// Another browser has not the cookie.
		at, _ = depart()
		_, other := depart()
		if _, err := arrive(visit(t, at, "test-user2"), other); !errors.Is(err, access.ErrSignIn) {
			t.Error("another browser:", err)
		}
		at, bind = depart()
		q = visit(t, at, "test-user2")
		w.now = w.now.Add(6 * time.Minute)
		if _, err := arrive(q, bind); !errors.Is(err, access.ErrSignIn) {
			t.Error("a late return:", err)
		}
		// A linked account has no password any more, and says so to nobody.
		if _, _, err := w.acc.SignIn(ctx, "ann", good, "here"); !errors.Is(err, access.ErrSignIn) {
			t.Error("a linked account by its password:", err)
		}
		if err := w.acc.Disable(ctx, "ann", true); err != nil {
			t.Fatal(err)
		}
		at, bind = depart()
		if _, err := arrive(visit(t, at, "test-user2"), bind); !errors.Is(err, access.ErrSignIn) {
			t.Error("a closed account:", err)
		}
		// By verified e-mail address, told at the userinfo endpoint.
		conf.Claim = "email"
		if p, err = oidc.New(conf, cityAddress, time.Now); err != nil {
			t.Fatal(err)
		}
		w.acc.SetProvider(p)
		if err := w.acc.SetSubject(ctx, access.Operator, "bob", "test-user2@zitadel.ch"); err != nil {
			t.Fatal(err)
		}
		at, bind = depart()
		if s, err = arrive(visit(t, at, "test-user2"), bind); err != nil || s.Actor.Name != "bob" {
			t.Error("by e-mail address:", s, err)
		}
	})
}

func TestProviderConfig(t *testing.T) {
	good := oidc.Config{Issuer: "https://id.example", Client: "c"}
	if _, err := oidc.New(good, "https://data.example", time.Now); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*oidc.Config) string{
		"plain issuer":  func(c *oidc.Config) string { c.Issuer = "http://id.example"; return "https://data.example" },
		"plain city":    func(*oidc.Config) string { return "http://data.example" },
		"no city":       func(*oidc.Config) string { return "" },
		"no client":     func(c *oidc.Config) string { c.Client = ""; return "https://data.example" },
		"strange claim": func(c *oidc.Config) string { c.Claim = "role"; return "https://data.example" },
		"empty secret":  func(c *oidc.Config) string { c.SecretEnv = "TOWN_NOT_SET"; return "https://data.example" },
		"no file":       func(c *oidc.Config) string { c.SecretFile = "/nowhere"; return "https://data.example" },
	} {
		c := good
		at := change(&c)
		var e *luoshu.Error
		if _, err := oidc.New(c, at, time.Now); !errors.As(err, &e) || e.Kind != luoshu.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

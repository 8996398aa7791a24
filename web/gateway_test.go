package web

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"luoshu/kernel/audit"
)

// Behind a gateway that is named, everybody has an address of their own: the mistakes
// of one shut nobody else out, and the log knows them apart. Nobody who is no gateway
// can say where they come from.
func TestBehindAGateway(t *testing.T) {
	tn := newTown(t)
	tn.as("clerk", "A1")
	try := func(name, pw, forwarded string) answer {
		v := &visitor{tn: tn}
		return v.do("POST", "/api/session", fmt.Sprintf(`{"name":%q,"password":%q}`, name, pw), "X-Forwarded-For", forwarded)
	}
	var err error
	if tn.srv.Gateways, err = Gateways([]string{"127.0.0.0/8", "10.0.0.5"}); err != nil {
		t.Fatal(err)
	}
	for i := range 60 { // what a stranger writes before the gateway's word changes nothing
		try(fmt.Sprintf("nobody%d", i), "x", fmt.Sprintf("203.0.113.%d, 198.51.100.7, 10.0.0.5", i))
	}
	if got := try("clerk-A1", password, "198.51.100.7"); got.status != 429 {
		t.Errorf("an address that guesses is not slowed down: %d", got.status)
	}
	if got := try("clerk-A1", password, "198.51.100.8"); got.status != 200 {
		t.Errorf("another address is shut out: %d %s", got.status, got.body)
	}
	if err := tn.audit.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := tn.entries(audit.Query{Kind: audit.KindSignIn, Address: "198.51.100.8", Limit: 10}); len(got) != 1 {
		t.Errorf("%d entries of the address", len(got))
	}
	tn.srv.Gateways = nil
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Forwarded-For", "198.51.100.9")
	if got := tn.srv.behind(r); got.RemoteAddr != r.RemoteAddr {
		t.Errorf("believed without a gateway: %s", got.RemoteAddr)
	}
	for _, c := range []struct{ remote, header, want string }{
		{"10.0.0.5:9", "198.51.100.9", "198.51.100.9:0"},
		{"10.0.0.5:9", "2001:db8::1", "[2001:db8::1]:0"},
		{"[::ffff:10.0.0.5]:9", "198.51.100.9", "198.51.100.9:0"},
		{"10.0.0.5:9", "198.51.100.9, junk", "10.0.0.5:9"},
		{"10.0.0.5:9", "", "10.0.0.5:9"},
		{"10.0.0.6:9", "198.51.100.9", "10.0.0.6:9"},
	} {
		tn.srv.Gateways = []netip.Prefix{netip.MustParsePrefix("10.0.0.5/32")}
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", c.header)
		if got := tn.srv.behind(r).RemoteAddr; got != c.want {
			t.Errorf("%s with %q: %s, want %s", c.remote, c.header, got, c.want)
		}
	}
	if _, err := Gateways([]string{"gate.example.cn"}); err == nil || !strings.Contains(err.Error(), "gateway") {
		t.Errorf("a name for an address: %v", err)
	}
}

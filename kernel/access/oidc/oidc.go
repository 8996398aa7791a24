// Package oidc lets people sign in where they have their account already: the
// authorization code flow of OpenID Connect with PKCE, state and nonce. It says who
// somebody is there, and nothing about what they may do here.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"luoshu"
)

// Path is where the provider sends the browser back to, under the city's address.
const Path = "/api/session/oidc/back"

// Config is the oidc block of city.yaml.
type Config struct {
	// Issuer is the provider's URL, exactly as its discovery document has it.
	Issuer string `yaml:"issuer,omitempty"`
	// Client is the id that the provider knows this city by.
	Client string `yaml:"client,omitempty"`
	// SecretFile or SecretEnv says where the client's secret is; it never stands in
	// city.yaml itself. Neither: a public client, held by PKCE alone.
	SecretFile string `yaml:"secret_file,omitempty"`
	SecretEnv  string `yaml:"secret_env,omitempty"`
	// Claim tells persons apart: "sub" (the default) or "email", which counts only
	// if the provider says that it is verified.
	Claim string `yaml:"claim,omitempty"`
	// Title stands on the button.
	Title luoshu.Text `yaml:"title,omitempty"`
}

// Provider is one outside identity provider. It is safe for concurrent use. The
// provider is looked up when it is first needed, so that a city opens without it.
type Provider struct {
	conf   Config
	secret string
	back   string
	http   *http.Client
	now    func() time.Time

	mu    sync.Mutex
	found *goidc.Provider
}

// New checks a config and reads its secret. address is the city's own,
// "https://data.example.cn"; now is the clock that tokens are held against.
func New(c Config, address string, now func() time.Time) (*Provider, error) {
	bad := func(zh, en string, args ...any) error {
		return luoshu.Errorf(luoshu.Invalid, "city.yaml 的 oidc："+zh, "oidc in city.yaml: "+en, args...)
	}
	if c.Claim == "" {
		c.Claim = "sub"
	}
	if c.Claim != "sub" && c.Claim != "email" {
		return nil, bad("claim 只能是 sub 或 email", "claim is sub or email")
	}
	if c.Client == "" {
		return nil, bad("缺少 client", "client is missing")
	}
	if !secure(c.Issuer) {
		return nil, bad("issuer 须为 https（本机除外）", "issuer must be https (except on this machine)")
	}
	if !secure(address) {
		return nil, bad("须写明本系统的 address（https，本机除外）", "the city's address is needed (https, except on this machine)")
	}
	if c.Title.ZH == "" {
		c.Title = luoshu.Text{ZH: "统一身份认证登录", EN: "Single sign-on"}
	}
	p := &Provider{conf: c, back: strings.TrimRight(address, "/") + Path, now: now, http: &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	switch {
	case c.SecretFile != "" && c.SecretEnv != "":
		return nil, bad("secret_file 与 secret_env 只能写一个", "either secret_file or secret_env, not both")
	case c.SecretFile != "":
		b, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return nil, bad("读不到 secret_file", "secret_file cannot be read")
		}
		p.secret = strings.TrimSpace(string(b))
	case c.SecretEnv != "":
		p.secret = os.Getenv(c.SecretEnv)
	}
	if p.secret == "" && (c.SecretFile != "" || c.SecretEnv != "") {
		return nil, bad("密钥为空", "the secret is empty")
	}
	return p, nil
}

// secure reports whether a URL is https, or http to this machine itself.
func secure(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	h := u.Hostname()
	return u.Scheme == "https" || (u.Scheme == "http" && (h == "localhost" || h == "127.0.0.1" || h == "::1"))
}

// Title is what the button says.
func (p *Provider) Title() luoshu.Text { return p.conf.Title }

// Flow is one sign-in under way; it stays on this side.
type Flow struct{ State, Nonce, Verifier string }

func (p *Provider) ready(ctx context.Context) (*goidc.Provider, *oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		// Its keys are fetched later with the same context, so it must not end.
		found, err := goidc.NewProvider(goidc.ClientContext(context.WithoutCancel(ctx), p.http), p.conf.Issuer)
		if err != nil {
			return nil, nil, &luoshu.Error{Kind: luoshu.Unavailable, Cause: err, Msg: luoshu.Text{
				ZH: "统一身份认证暂不可用", EN: "the identity provider cannot be reached",
			}}
		}
		p.found = found
	}
	scopes := []string{goidc.ScopeOpenID}
	if p.conf.Claim == "email" {
		scopes = append(scopes, "email")
	}
	return p.found, &oauth2.Config{
		ClientID: p.conf.Client, ClientSecret: p.secret, RedirectURL: p.back, Endpoint: p.found.Endpoint(), Scopes: scopes,
	}, nil
}

// Begin returns the provider's address to send the browser to.
func (p *Provider) Begin(ctx context.Context) (string, Flow, error) {
	_, conf, err := p.ready(ctx)
	if err != nil {
		return "", Flow{}, err
	}
	f := Flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return conf.AuthCodeURL(f.State, goidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), f, nil
}

// Finish exchanges a code and returns who signed in: the claim's value. The token's
// signature, issuer, audience, times and nonce are checked.
func (p *Provider) Finish(ctx context.Context, code string, f Flow) (string, error) {
	found, conf, err := p.ready(ctx)
	if err != nil {
		return "", err
	}
	ctx = goidc.ClientContext(ctx, p.http)
	token, err := conf.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return "", fmt.Errorf("exchange the code: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return "", errors.New("the provider sent no id token")
	}
	id, err := found.VerifierContext(ctx, &goidc.Config{ClientID: p.conf.Client, Now: p.now}).Verify(ctx, raw)
	if err != nil {
		return "", fmt.Errorf("verify the id token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return "", errors.New("the id token belongs to another sign-in")
	}
	if p.conf.Claim == "sub" {
		return id.Subject, nil
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := id.Claims(&claims); err != nil {
		return "", fmt.Errorf("read the id token: %w", err)
	}
	if claims.Email == "" { // many providers tell it at the userinfo endpoint only
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return "", fmt.Errorf("read userinfo: %w", err)
		}
		if info.Subject != id.Subject {
			return "", errors.New("userinfo is about somebody else")
		}
		claims.Email, claims.Verified = info.Email, info.EmailVerified
	}
	if claims.Email == "" || !claims.Verified {
		return "", errors.New("the provider has no verified e-mail address")
	}
	return strings.ToLower(claims.Email), nil
}

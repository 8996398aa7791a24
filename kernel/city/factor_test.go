package city_test

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"luoshu"
	"luoshu/kernel/city"
	"luoshu/packs"
)

// Second factors move to a new key with everything else, and still prove their owner.
func TestFactorsOutliveKeys(t *testing.T) {
	dir, ctx := newCity(t), t.Context()
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	c, err := city.Open(ctx, dir, packs.FS, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	const password = "Correct horse 1"
	if err := c.Access.CreateAccount(ctx, "ann", password, c.Catalog.Roles[0].ID, c.Catalog.City.Root, luoshu.Text{}); err != nil {
		t.Fatal(err)
	}
	_, s, err := c.Access.SignIn(ctx, "ann", password, "here")
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Access.EnrolTOTP(ctx, s, "")
	if err != nil {
		t.Fatal(err)
	}
	code := func() string {
		x, err := totp.GenerateCode(e.Secret, now)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	if codes, _, err := c.Access.Prove(ctx, s, e.ID, code()); err != nil || len(codes) == 0 {
		t.Fatal(codes, err)
	}
	out, err := c.Rotate(ctx, now, nil)
	if err != nil || out.Texts == 0 || len(out.Retired) != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	if bad, err := c.Check(ctx, nil); err != nil || len(bad) != 0 {
		t.Error(bad, err)
	}
	now = now.Add(time.Minute)
	if _, s, err = c.Access.SignIn(ctx, "ann", password, "here"); err != nil || s.Pending != "factor" {
		t.Fatal(s, err)
	}
	if s, err = c.Access.PassFactor(ctx, s, code(), "here"); err != nil || s.Pending != "" {
		t.Error("the factor did not outlive the key:", s, err)
	}
	// One that was put in its place in clear is found out.
	if _, err := c.DB.Exec(ctx, `UPDATE factor SET secret = ? WHERE id = ?`, e.Secret, e.ID); err != nil {
		t.Fatal(err)
	}
	if bad, err := c.Check(ctx, nil); err != nil || len(bad) != 1 {
		t.Error("a secret in clear is not told:", bad, err)
	}
}

// An administrator of the shipped packs reaches nothing before a second factor is
// set up, and everything of the role after it; other roles are not asked for one.
func TestAdministratorsNeedTwoFactors(t *testing.T) {
	ctx := t.Context()
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	if err := city.Create(dir, city.Config{Packs: []string{"luoyang", "registry"}}, now); err != nil {
		t.Fatal(err)
	}
	c, err := city.Open(ctx, dir, packs.FS, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	const password = "Correct horse 1"
	for role, right := range map[string]string{"sysadmin": "accounts", "secadmin": "grants", "auditadmin": "audit", "leader": "read"} {
		if err := c.Access.CreateAccount(ctx, role, password, role, c.Catalog.City.Root, luoshu.Text{}); err != nil {
			t.Fatal(err)
		}
		_, s, err := c.Access.SignIn(ctx, role, password, "here")
		if err != nil {
			t.Fatal(role, err)
		}
		if role == "leader" {
			if s.Pending != "" || c.Access.Require(s.Actor, right) != nil {
				t.Errorf("%s: %q", role, s.Pending)
			}
			continue
		}
		if s.Pending != "enrol" || c.Access.Require(s.Actor, right) == nil {
			t.Errorf("%s acts without a second factor: %q", role, s.Pending)
		}
		e, err := c.Access.EnrolTOTP(ctx, s, "")
		if err != nil {
			t.Fatal(role, err)
		}
		x, err := totp.GenerateCode(e.Secret, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, s, err = c.Access.Prove(ctx, s, e.ID, x); err != nil || s.Pending != "" || c.Access.Require(s.Actor, right) != nil {
			t.Errorf("%s after enrolment: %+v %v", role, s, err)
		}
	}
}

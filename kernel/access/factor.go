package access

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"luoshu"
	"luoshu/kernel/access/foureyes"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// sealSecret seals what a factor is proved with; a copy of the table is of no use.
func (a *Access) sealSecret(id, plain string) (string, error) {
	v := a.db.Vault()
	if v == nil {
		return "", luoshu.Errorf(luoshu.Unavailable, "尚未配置密钥，不能保存第二因素", "there is no vault to keep a second factor in")
	}
	out, err := v.Sealer().SealText(vault.Place("factor", id), plain)
	if err != nil {
		return "", fmt.Errorf("seal a factor: %w", err)
	}
	return out, nil
}

func (a *Access) openSecret(id, sealed string) (string, error) {
	v := a.db.Vault()
	if v == nil {
		return "", luoshu.Errorf(luoshu.Unavailable, "没有密钥，读不出第二因素", "there is no vault to open a second factor with")
	}
	out, err := v.Sealer().OpenText(vault.Place("factor", id), sealed)
	if err != nil {
		return "", fmt.Errorf("open a factor: %w", err)
	}
	return out, nil
}

// mayEnrol refuses a new factor to who has not shown the old one.
func mayEnrol(s *Session) error {
	if s.Pending != "" && s.Pending != "enrol" {
		return luoshu.Errorf(luoshu.Denied, "请先完成登录", "finish signing in first")
	}
	return nil
}

// FactorInfo is a second factor of an account.
type FactorInfo struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"` // totp, passkey
	Label   string `json:"label"`
	Ready   bool   `json:"ready"`
	Created string `json:"created"`
	Used    string `json:"used"`
}

const (
	totpPeriod    = 30 // seconds, RFC 6238
	totpSkew      = 1  // steps before and after
	recoveryCodes = 10
)

// Factors lists an account's own factors, and how many recovery codes are left.
func (a *Access) Factors(ctx context.Context, s *Session) ([]FactorInfo, int, error) {
	rows, err := a.db.Query(ctx, `SELECT id, kind, label, ready, created, used FROM factor WHERE account = ? ORDER BY created, id`, s.Actor.Name)
	if err != nil {
		return nil, 0, fmt.Errorf("list factors: %w", err)
	}
	defer rows.Close()
	out, codes := []FactorInfo{}, 0
	for rows.Next() {
		var f FactorInfo
		var ready int
		var created, used int64
		if err := rows.Scan(&f.ID, &f.Kind, &f.Label, &ready, &created, &used); err != nil {
			return nil, 0, fmt.Errorf("list factors: %w", err)
		}
		if f.Kind == "recovery" {
			codes++
			continue
		}
		f.Ready, f.Created = ready != 0, time.Unix(created, 0).UTC().Format(time.RFC3339)
		if used != 0 {
			f.Used = time.Unix(used, 0).UTC().Format(time.RFC3339)
		}
		out = append(out, f)
	}
	return out, codes, rows.Err()
}

// Enrolment is what an authenticator needs to take up a factor; shown once.
type Enrolment struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
	URL    string `json:"url"`
	QR     string `json:"qr"` // data: URL of a PNG
}

// EnrolTOTP begins a time-based factor; it counts once Prove has seen a code of it.
func (a *Access) EnrolTOTP(ctx context.Context, s *Session, label string) (*Enrolment, error) {
	if err := mayEnrol(s); err != nil {
		return nil, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Luoshu " + a.cat.City.Title.EN, AccountName: s.Actor.Name, Period: totpPeriod})
	if err != nil {
		return nil, fmt.Errorf("make a factor: %w", err)
	}
	img, err := key.Image(240, 240)
	if err != nil {
		return nil, fmt.Errorf("draw a factor: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("draw a factor: %w", err)
	}
	id := "F" + strings.ToLower(rand.Text()[:12])
	sealed, err := a.sealSecret(id, key.Secret())
	if err != nil {
		return nil, err
	}
	if label = cut(strings.TrimSpace(label), 60); label == "" {
		label = "TOTP"
	}
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		// One that was begun and never proved is given up.
		if _, err := tx.Exec(ctx, `DELETE FROM factor WHERE account = ? AND ready = 0`, s.Actor.Name); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO factor (id, account, kind, label, secret, step, ready, created, used) VALUES (?, ?, 'totp', ?, ?, 0, 0, ?, 0)`,
			id, s.Actor.Name, label, sealed, a.now().Unix())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("keep a factor: %w", err)
	}
	return &Enrolment{ID: id, Secret: key.Secret(), URL: key.URL(), QR: "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())}, nil
}

// Prove shows a code of a factor that was begun; it counts from now on. The answer
// are recovery codes, shown once, if the account had none.
func (a *Access) Prove(ctx context.Context, s *Session, id, code string) ([]string, *Session, error) {
	// Who has shown only a password must not find a code here, past the limit of
	// PassFactor.
	if err := mayEnrol(s); err != nil {
		return nil, nil, err
	}
	if w := a.limit.Wait(s.Actor.Name, at("prove", s.Actor.Name), a.now()); w > 0 {
		return nil, nil, &TooManyError{Wait: w}
	}
	ok, err := a.tryTOTP(ctx, s.Actor.Name, code, id)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		a.failed(s.Actor.Name, at("prove", s.Actor.Name))
		return nil, nil, fieldError("code", "验证码不正确，请核对手机时间", "the code is wrong; check the clock of your phone")
	}
	var codes []string
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE factor SET ready = 1 WHERE id = ? AND account = ?`, id, s.Actor.Name); err != nil {
			return err
		}
		var err error
		codes, err = a.recovery(ctx, tx, s.Actor.Name)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("keep a factor: %w", err)
	}
	out, err := a.factorCounts(ctx, s, id)
	return codes, out, err
}

// recovery makes an account's recovery codes if it has none; only hashes are kept.
func (a *Access) recovery(ctx context.Context, tx *store.Tx, account string) ([]string, error) {
	var have int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM factor WHERE account = ? AND kind = 'recovery'`, account).Scan(&have); err != nil || have > 0 {
		return nil, err
	}
	var codes []string
	for range recoveryCodes {
		t := strings.ToLower(rand.Text())
		c := t[:5] + "-" + t[5:10]
		codes = append(codes, c)
		_, err := tx.Exec(ctx, `INSERT INTO factor (id, account, kind, label, secret, step, ready, created, used) VALUES (?, ?, 'recovery', '', ?, 0, 1, ?, 0)`,
			"R"+strings.ToLower(rand.Text()[:12]), account, recoveryHash(account, c), a.now().Unix())
		if err != nil {
			return nil, err
		}
	}
	return codes, nil
}

// factorCounts tells that a factor was taken up and lets the session go on: it was
// shown just now.
func (a *Access) factorCounts(ctx context.Context, s *Session, id string) (*Session, error) {
	a.tell(ctx, Event{Kind: "factor", Actor: s.Actor.Name, Account: s.Actor.Name, Object: id})
	a.recheck()
	return a.amend(ctx, s, func(x *Session) { x.Factor = true }, `UPDATE session SET factor = ? WHERE hash = ?`, 1)
}

// recoveryHash needs no slow hash: codes have fifty random bits and tries are few.
func recoveryHash(account, code string) string {
	return tokenHash("recovery\x00" + account + "\x00" + strings.ToLower(strings.TrimSpace(code)))
}

// PassFactor shows a second factor at sign-in: a code of an authenticator, or a
// recovery code, which is used up.
func (a *Access) PassFactor(ctx context.Context, s *Session, code, address string) (*Session, error) {
	if w := a.limit.Wait(s.Actor.Name, at("factor", s.Actor.Name), a.now()); w > 0 {
		return nil, &TooManyError{Wait: w}
	}
	ok, err := a.tryTOTP(ctx, s.Actor.Name, code, "")
	if err == nil && !ok {
		ok, err = a.tryRecovery(ctx, s.Actor.Name, code)
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		a.failed(s.Actor.Name, at("factor", s.Actor.Name))
		a.tell(ctx, Event{Kind: "sign-in-failed", Account: s.Actor.Name, Detail: "factor", Address: address})
		return nil, fieldError("code", "验证码不正确", "the code is wrong")
	}
	a.passed(s.Actor.Name, at("factor", s.Actor.Name))
	return a.amend(ctx, s, func(x *Session) { x.Factor = true }, `UPDATE session SET factor = ? WHERE hash = ?`, 1)
}

// tryTOTP checks a code against the account's factors; id narrows it to one that
// need not be ready. A time step is used once: the same code again is refused.
func (a *Access) tryTOTP(ctx context.Context, account, code, id string) (bool, error) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	if len(code) != 6 {
		return false, nil
	}
	type held struct {
		id     string
		sealed string
		step   int64
	}
	var all []held
	rows, err := a.db.Query(ctx, `SELECT id, secret, step FROM factor WHERE account = ? AND kind = 'totp' AND (ready = 1 OR id = ?)`, account, id)
	if err != nil {
		return false, fmt.Errorf("read factors: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h held
		if err := rows.Scan(&h.id, &h.sealed, &h.step); err != nil {
			return false, fmt.Errorf("read factors: %w", err)
		}
		if id == "" || h.id == id {
			all = append(all, h)
		}
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("read factors: %w", err)
	}
	now := a.now()
	for _, h := range all {
		secret, err := a.openSecret(h.id, h.sealed)
		if err != nil {
			return false, err
		}
		for d := int64(-totpSkew); d <= totpSkew; d++ {
			step := now.Unix()/totpPeriod + d
			want, err := totp.GenerateCodeCustom(secret, time.Unix(step*totpPeriod, 0), totp.ValidateOpts{Period: totpPeriod, Digits: otp.DigitsSix})
			if err != nil {
				return false, fmt.Errorf("compute a code: %w", err)
			}
			if step <= h.step || subtle.ConstantTimeCompare([]byte(want), []byte(code)) != 1 {
				continue
			}
			// Two who come with the same code at once: one wins.
			res, err := a.db.Exec(ctx, `UPDATE factor SET step = ?, used = ? WHERE id = ? AND step < ?`, step, now.Unix(), h.id, step)
			if err != nil {
				return false, fmt.Errorf("use a factor: %w", err)
			}
			n, err := res.RowsAffected()
			return err == nil && n == 1, err
		}
	}
	return false, nil
}

func (a *Access) tryRecovery(ctx context.Context, account, code string) (bool, error) {
	res, err := a.db.Exec(ctx, `DELETE FROM factor WHERE account = ? AND kind = 'recovery' AND secret = ?`, account, recoveryHash(account, code))
	if err != nil {
		return false, fmt.Errorf("use a recovery code: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// DropFactor takes one's own factor away; it needs the password again.
func (a *Access) DropFactor(ctx context.Context, s *Session, id, password string) error {
	if w := a.limit.Wait(s.Actor.Name, at("own", s.Actor.Name), a.now()); w > 0 {
		return &TooManyError{Wait: w}
	}
	var hash string
	if err := a.db.QueryRow(ctx, `SELECT hash FROM account WHERE name = ?`, s.Actor.Name).Scan(&hash); err != nil {
		return fmt.Errorf("read account: %w", err)
	}
	if ok, err := a.checkHash(ctx, hash, password); err != nil || !ok {
		if err == nil {
			a.failed(s.Actor.Name, at("own", s.Actor.Name))
			err = fieldError("password", "口令不正确", "the password is wrong")
		}
		return err
	}
	res, err := a.db.Exec(ctx, `DELETE FROM factor WHERE id = ? AND account = ? AND kind <> 'recovery'`, id, s.Actor.Name)
	if err != nil {
		return fmt.Errorf("drop a factor: %w", err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return luoshu.Errorf(luoshu.NotFound, "没有这个验证方式", "no such factor")
	}
	if _, err := a.db.Exec(ctx, `DELETE FROM factor WHERE account = ? AND kind = 'recovery' AND NOT EXISTS
		(SELECT 1 FROM factor f WHERE f.account = ? AND f.kind <> 'recovery')`, s.Actor.Name, s.Actor.Name); err != nil {
		return fmt.Errorf("drop recovery codes: %w", err)
	}
	a.recheck()
	a.tell(ctx, Event{Kind: "factor-removed", Actor: s.Actor.Name, Account: s.Actor.Name, Object: id})
	return nil
}

// ResetFactors takes all factors of another account away, for somebody who lost
// their phone. Right: accounts.
func (a *Access) ResetFactors(ctx context.Context, actor luoshu.Actor, name string) error {
	if err := a.renews(ctx, actor, name, foureyes.Factors, ""); err != nil {
		return err
	}
	if _, err := a.db.Exec(ctx, `DELETE FROM factor WHERE account = ?`, name); err != nil {
		return fmt.Errorf("drop factors: %w", err)
	}
	a.tell(ctx, Event{Kind: "factor-removed", Actor: actor.Name, Account: name})
	return a.endSessionsBut(ctx, name, "")
}

// Package notify takes notices out of the house: one digest a day to a mail address
// or to a group's robot (the messages that DingTalk and WeCom take). A digest says
// how many cases wait, how many are late and what is new, never what a record says.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"

	"luoshu"
	"luoshu/kernel/flow"
	"luoshu/kernel/notice"
	"luoshu/kernel/store"
)

// Config is `notices:` of city.yaml. Secrets stand in files beside it, not in it.
type Config struct {
	At   string `yaml:"at,omitempty"` // "08:30": the time of day before which nothing is sent
	Mail *Mail  `yaml:"mail,omitempty"`
	// Hooks are robots of groups.
	Hooks []Hook `yaml:"hooks,omitempty"`
}

// Mail is a server that takes mail, and who gets a digest.
type Mail struct {
	Host     string `yaml:"host"`
	Port     int    `yaml:"port"`
	TLS      string `yaml:"tls"` // implicit, starttls, none
	User     string `yaml:"user,omitempty"`
	Password string `yaml:"password_file,omitempty"`
	From     string `yaml:"from"`
	To       []To   `yaml:"to"`
}

// To is an address that gets the digest of an organisation and role.
type To struct {
	Org     string `yaml:"org"`
	Role    string `yaml:"role"`
	Address string `yaml:"address"`
}

// Hook is a robot that gets the digest of an organisation and role. Its address is
// a secret and stands in a file.
type Hook struct {
	Kind string `yaml:"kind"` // dingtalk, wecom
	Org  string `yaml:"org"`
	Role string `yaml:"role"`
	URL  string `yaml:"url_file"`
}

// Sender sends digests. It is nil-safe: without a configuration nothing is sent.
type Sender struct {
	c    Config
	dir  string
	link string
	db   *store.DB
	fl   *flow.Flow
	now  func() time.Time
	at   time.Duration
	web  *http.Client
}

// patience bounds one message.
const patience = 15 * time.Second

// lines is how many notices a digest names.
const lines = 20

// New checks the configuration; dir is the folder that its files stand in, link what
// browsers call this system.
func New(c Config, dir, link string, db *store.DB, fl *flow.Flow, now func() time.Time) (*Sender, error) {
	s := &Sender{c: c, dir: dir, link: link, db: db, fl: fl, now: now, web: &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // it goes where it was told to
	}}
	if c.At != "" {
		t, err := time.Parse("15:04", c.At)
		if err != nil {
			return nil, luoshu.Errorf(luoshu.Invalid, "city.yaml 的 notices.at 应形如 08:30", "notices.at of city.yaml looks like 08:30")
		}
		s.at = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	for i, h := range c.Hooks {
		if h.Kind != "dingtalk" && h.Kind != "wecom" {
			return nil, luoshu.Errorf(luoshu.Invalid, "city.yaml 的 notices.hooks 第 %d 项：kind 应为 dingtalk 或 wecom", "hook %d of city.yaml: kind is dingtalk or wecom", i+1)
		}
		if _, err := s.hookURL(h); err != nil {
			return nil, err
		}
	}
	if m := c.Mail; m != nil && (m.Host == "" || m.Port == 0 || m.From == "" || m.TLS != "implicit" && m.TLS != "starttls" && m.TLS != "none") {
		return nil, luoshu.Errorf(luoshu.Invalid, "city.yaml 的 notices.mail 要有 host、port、from 和 tls（implicit、starttls 或 none）", "notices.mail of city.yaml needs host, port, from and tls (implicit, starttls or none)")
	}
	return s, nil
}

func (s *Sender) secret(file string) (string, error) {
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.dir, file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the secret of notices: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

func (s *Sender) hookURL(h Hook) (string, error) {
	text, err := s.secret(h.URL)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", luoshu.Errorf(luoshu.Invalid, "文件 %s 里不是网址", "the file %s does not hold an address", h.URL)
	}
	return text, nil
}

// Sweep sends what is due: at most one digest a day and target, after the time of
// day, and only where something waits or is new. One that could not be sent is
// tried again by the next sweep.
func (s *Sender) Sweep(ctx context.Context) error {
	t := s.now()
	if since := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute; since < s.at {
		return nil
	}
	day := int64(t.Year())*10000 + int64(t.Month())*100 + int64(t.Day())
	var errs []error
	if s.c.Mail != nil {
		for _, to := range s.c.Mail.To {
			errs = append(errs, s.one(ctx, "mail "+to.Address+" "+to.Org+" "+to.Role, day, to.Org, to.Role, func(d digest) error { return s.mail(ctx, to.Address, d) }))
		}
	}
	for _, h := range s.c.Hooks {
		errs = append(errs, s.one(ctx, "hook "+h.Kind+" "+h.URL+" "+h.Org+" "+h.Role, day, h.Org, h.Role, func(d digest) error { return s.hook(ctx, h, d) }))
	}
	return errors.Join(errs...)
}

// digest is what is told.
type digest struct {
	title, text string
}

func (s *Sender) one(ctx context.Context, target string, day int64, org, role string, send func(digest) error) error {
	var upto, last int64
	err := s.db.QueryRow(ctx, `SELECT coalesce(max(upto), 0), coalesce(max(day), 0) FROM notice_sent WHERE target = ?`, target).Scan(&upto, &last)
	if err != nil || last >= day {
		return err
	}
	d, newest, err := s.digest(ctx, org, role, upto)
	if err != nil {
		return err
	}
	if d.text != "" {
		if err := send(d); err != nil {
			return fmt.Errorf("send notices: %w", err)
		}
	}
	_, err = s.db.Exec(ctx, `INSERT INTO notice_sent (target, upto, day) VALUES (?, ?, ?) ON CONFLICT (target) DO UPDATE SET upto = excluded.upto, day = excluded.day`,
		target, max(upto, newest), day)
	return err
}

func (s *Sender) digest(ctx context.Context, org, role string, upto int64) (digest, int64, error) {
	who := luoshu.Actor{Name: "digest", Role: role, Org: org}
	tallies, err := s.fl.Tallies(ctx, who)
	if err != nil {
		return digest{}, 0, err
	}
	notices, _, err := notice.New(s.db, s.fl.Access).Newest(ctx, who, 100)
	if err != nil {
		return digest{}, 0, err
	}
	var open, late, newest int64
	for _, t := range tallies {
		open, late = open+t.Open, late+t.Late
	}
	var zh, en []string
	fresh := 0
	for _, n := range notices {
		if n.ID <= upto {
			break
		}
		newest = max(newest, n.ID)
		if fresh++; fresh <= lines {
			zh, en = append(zh, "· "+n.Text.ZH), append(en, "· "+n.Text.EN)
		}
	}
	if open == 0 && fresh == 0 {
		return digest{}, newest, nil
	}
	d := digest{title: fmt.Sprintf("洛书待办 %d 件，逾期 %d 件 / Luoshu: %d to do, %d late", open, late, open, late)}
	parts := []string{d.title, strings.Join(zh, "\n"), strings.Join(en, "\n")}
	if fresh > lines {
		parts = append(parts, fmt.Sprintf("另有 %d 条 / and %d more", fresh-lines, fresh-lines))
	}
	if s.link != "" {
		parts = append(parts, strings.TrimSuffix(s.link, "/")+"/cases/inbox")
	}
	for _, p := range parts {
		if p != "" {
			d.text += p + "\n\n"
		}
	}
	d.text = strings.TrimSpace(d.text)
	return d, newest, nil
}

func (s *Sender) mail(ctx context.Context, to string, d digest) error {
	m := s.c.Mail
	opts := []mail.Option{mail.WithPort(m.Port), mail.WithTimeout(patience)}
	switch m.TLS {
	case "implicit":
		opts = append(opts, mail.WithSSL())
	case "starttls":
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.User != "" {
		pw, err := s.secret(m.Password)
		if err != nil {
			return err
		}
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.User), mail.WithPassword(pw))
	}
	c, err := mail.NewClient(m.Host, opts...)
	if err != nil {
		return err
	}
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(m.From), msg.To(to)); err != nil {
		return err
	}
	msg.Subject(d.title)
	msg.SetBodyString(mail.TypeTextPlain, d.text)
	return c.DialAndSendWithContext(ctx, msg)
}

// hook posts a text message in the form that both robots take.
func (s *Sender) hook(ctx context.Context, h Hook, d digest) error {
	to, err := s.hookURL(h)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"msgtype": "text", "text": map[string]string{"content": d.text}})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address of the hook cannot be used") // not named: it is a secret
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.web.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address
		}
		return fmt.Errorf("post to the %s hook: %w", h.Kind, err)
	}
	defer res.Body.Close()
	var said struct {
		Code int    `json:"errcode"`
		Msg  string `json:"errmsg"`
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &said); err != nil || res.StatusCode != http.StatusOK || said.Code != 0 {
		return fmt.Errorf("the %s hook answered %d, code %d: %.200s", h.Kind, res.StatusCode, said.Code, said.Msg)
	}
	return nil
}

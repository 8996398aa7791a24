package notify_test

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/flow"
	"luoshu/kernel/ledger"
	"luoshu/kernel/load"
	"luoshu/kernel/notify"
	"luoshu/kernel/records"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

var dbs storetest.Databases

func TestMain(m *testing.M) { os.Exit(dbs.Main(m)) }

// post is a mail server that keeps what it is given.
type post struct {
	mu   sync.Mutex
	to   []string
	text []string
}

func (p *post) NewSession(*smtp.Conn) (smtp.Session, error) { return p, nil }
func (p *post) Reset()                                      {}
func (p *post) Logout() error                               { return nil }
func (p *post) Mail(string, *smtp.MailOptions) error        { return nil }
func (p *post) Rcpt(to string, _ *smtp.RcptOptions) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = append(p.to, to)
	return nil
}

func (p *post) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = append(p.text, string(b))
	return err
}

// One digest a day by mail and to a robot, after the time of day; one that failed is
// sent by the next sweep; nothing of the record is in it.
func TestDigest(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		ctx := context.Background()
		today := time.Date(2025, 3, 10, 7, 0, 0, 0, time.UTC)
		clock := func() time.Time { return today }
		fl, db := cases(t, ctx, c, clock)

		p := &post{}
		srv := smtp.NewServer(p)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go srv.Serve(l) //nolint:errcheck // ends with the test
		t.Cleanup(func() { srv.Close() })

		var got []string
		broken := true
		robot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var m struct {
				Kind string `json:"msgtype"`
				Text struct {
					Content string `json:"content"`
				} `json:"text"`
			}
			if err := json.NewDecoder(r.Body).Decode(&m); err != nil || m.Kind != "text" {
				t.Error("not a robot's message", err)
			}
			if broken {
				io.WriteString(w, `{"errcode":310000,"errmsg":"keywords not in content"}`)
				return
			}
			got = append(got, m.Text.Content)
			io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
		}))
		t.Cleanup(robot.Close)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "hook.url"), []byte(robot.URL+"/robot/send?access_token=secret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := notify.New(notify.Config{
			At:    "08:30",
			Mail:  &notify.Mail{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: "none", From: "luoshu@example.cn", To: []notify.To{{Org: "A", Role: "clerk", Address: "a@example.cn"}}},
			Hooks: []notify.Hook{{Kind: "dingtalk", Org: "A", Role: "clerk", URL: "hook.url"}},
		}, dir, "https://data.example.cn", db, fl, clock)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Sweep(ctx); err != nil || len(p.text) != 0 {
			t.Fatal("sent before its time", err)
		}
		today = today.Add(2 * time.Hour)
		err = s.Sweep(ctx)
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "310000") {
			t.Error("a refusal of the robot:", err)
		}
		broken = false
		for range 2 {
			if err := s.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if len(p.text) != 1 || len(got) != 1 || p.to[0] != "a@example.cn" {
			t.Fatalf("%d mails, %d messages", len(p.text), len(got))
		}
		for _, want := range []string{"待办 1 件", "1 to do", "WT-2025-00001", "https://data.example.cn/cases/inbox"} {
			if !strings.Contains(got[0], want) {
				t.Errorf("%q is not in %q", want, got[0])
			}
		}
		if strings.Contains(got[0], "消防") || strings.Contains(p.text[0], "消防") {
			t.Error("what the record says has left")
		}
		today = today.AddDate(0, 0, 1)
		if err := s.Sweep(ctx); err != nil || len(got) != 2 || strings.Contains(got[1], "WT-2025-00001") {
			t.Error("the next day's digest names what was told already, or is missing", got, err)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	for name, c := range map[string]notify.Config{
		"at":   {At: "8 o'clock"},
		"kind": {Hooks: []notify.Hook{{Kind: "fax", URL: "x"}}},
		"file": {Hooks: []notify.Hook{{Kind: "wecom", URL: "missing"}}},
		"mail": {Mail: &notify.Mail{Host: "h", TLS: "maybe"}},
	} {
		if _, err := notify.New(c, t.TempDir(), "", nil, nil, time.Now); err == nil {
			t.Error(name, "is taken")
		}
	}
}

// cases is a small city with one finding that waits for clerks of A.
func cases(t *testing.T, ctx context.Context, c store.Config, clock func() time.Time) (*flow.Flow, *store.DB) {
	t.Helper()
	cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("../flow/testdata/packs")}})
	for _, f := range faults {
		t.Fatal(f)
	}
	ch, faults := charter.Load(cat)
	for _, f := range faults {
		t.Fatal(f)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.Open(ctx, c)
	must(err)
	t.Cleanup(func() { db.Close() })
	led, err := ledger.Open(ctx, db, cat, clock)
	must(err)
	acc, err := access.Open(ctx, db, cat, clock)
	must(err)
	fl, err := flow.New(flow.Config{DB: db, Catalog: cat, Charter: ch, Ledger: led, Records: records.New(db, cat), Access: acc, Files: load.New(t.TempDir(), cat, led, db, clock), Now: clock})
	must(err)
	put := func(entity string, rows ...map[string]string) {
		e := cat.Entity(entity)
		_, err := led.Commit(ctx, ledger.Batch{Actor: access.Operator, Entity: entity, Rows: func(yield func(ledger.Row) error) error {
			for i, r := range rows {
				v := make([]luoshu.Value, len(e.Fields))
				for k, x := range r {
					v[e.Field(k).Index] = luoshu.TextValue(x)
				}
				if err := yield(ledger.Row{N: i + 2, Values: v}); err != nil {
					return err
				}
			}
			return nil
		}}, nil)
		must(err)
	}
	put("office", map[string]string{"code": "R", "name": "市局", "level": "city"})
	put("office", map[string]string{"code": "X", "name": "西区", "level": "county", "parent": "R"})
	put("house", map[string]string{"code": "A", "name": "甲校", "office": "X"})
	_, err = fl.Open(ctx, luoshu.Actor{Name: "i", Role: "inspector", Org: "X"}, flow.Opening{
		ID: "opening-1", Type: "finding", Handed: flow.Handed{Cells: map[string]string{"unit": "A", "clause": "1", "problem": "消防通道上锁"}},
	})
	must(err)
	return fl, db
}

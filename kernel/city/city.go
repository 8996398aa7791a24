// Package city opens a city's data folder: it reads city.yaml, loads the packs
// it names and puts the rooms together. It is the only one to know how a data
// folder is laid out.
package city

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/access/oidc"
	"luoshu/kernel/audit"
	"luoshu/kernel/catalog"
	"luoshu/kernel/charter"
	"luoshu/kernel/correct"
	"luoshu/kernel/disclose"
	"luoshu/kernel/duty"
	"luoshu/kernel/flow"
	"luoshu/kernel/identity"
	"luoshu/kernel/indicator"
	"luoshu/kernel/ledger"
	"luoshu/kernel/lifecycle"
	"luoshu/kernel/load"
	"luoshu/kernel/movement"
	"luoshu/kernel/notify"
	"luoshu/kernel/parquet"
	"luoshu/kernel/records"
	"luoshu/kernel/reseal"
	"luoshu/kernel/run"
	"luoshu/kernel/store"
	"luoshu/kernel/target"
	"luoshu/kernel/vault"
	"luoshu/kernel/verify"
	"luoshu/kernel/verify/finding"
	"luoshu/kernel/workday"
)

// Config is city.yaml. Every key but packs is optional.
type Config struct {
	// Packs names the packs of the city; what they need is pulled in.
	Packs []string `yaml:"packs"`
	// Overlay is a folder of packs that override the built-in ones of the same
	// name, relative to the data folder.
	Overlay string `yaml:"overlay,omitempty"`
	// Database is where the records live; empty means SQLite in the data folder.
	Database store.Config `yaml:"database,omitempty"`
	// Vault says where the keys are that the data are sealed with; empty means
	// keys.yaml in the data folder.
	Vault vault.Config `yaml:"vault,omitempty"`
	// Address is what browsers call this system, "https://data.example.cn". Passkeys
	// and sign-in at a provider need it.
	Address string `yaml:"address,omitempty"`
	// Gateway lists the addresses and ranges of the gateways before the server, which
	// say by X-Forwarded-For where a request comes from.
	Gateway []string `yaml:"gateway,omitempty"`
	// OIDC is an identity provider elsewhere that people may sign in at.
	OIDC oidc.Config `yaml:"oidc,omitempty"`
	// Notice stands on every page and export (what the data are), if not empty.
	Notice luoshu.Text `yaml:"notice,omitempty"`
	// Notices says whom to send digests of notices, and by which servers.
	Notices notify.Config `yaml:"notices,omitempty"`
	// Font is a TrueType file with Chinese characters for PDF, relative to the data
	// folder; empty looks in the usual places of systems.
	Font string `yaml:"font,omitempty"`
	// Engine forces how grains are scanned: "", "sqlite" or "duckdb".
	Engine string `yaml:"engine,omitempty"`
}

// City is an open data folder.
type City struct {
	Dir     string
	Config  Config
	Catalog *catalog.Catalog
	Charter *charter.Charter
	Days    *workday.Calendar
	Records *records.Reader
	DB      *store.DB
	Ledger  *ledger.Ledger
	Engine  *indicator.Engine
	Access  *access.Access
	Audit   *audit.Log
	Door    *disclose.Door
	Desk    *load.Desk
	Mover   *movement.Mover
	Keeper  *lifecycle.Keeper
	// Identity finds likely duplicates, merges and un-merges.
	Identity *identity.Identity
	Correct  *correct.Correct

	// Runner runs engines over the city's records.
	Runner *run.Runner
	// Duties says what is due, and keeps the marks.
	Duties *duty.Keeper

	Verify   *verify.Verify
	Findings *finding.Findings
	Flow     *flow.Flow
	notices  *notify.Sender
}

// ConfigFile is the name of the file that makes a folder a data folder.
const ConfigFile = "city.yaml"

// Exists reports whether dir is a data folder.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ConfigFile))
	return err == nil
}

// Create writes city.yaml into dir, which is made if it is missing, and draws the
// city's keys where the config says that they are in a file that is not there yet.
// It refuses a folder that already is a data folder. day is the keys' date.
func Create(dir string, c Config, day time.Time) error {
	if Exists(dir) {
		return luoshu.Errorf(luoshu.Conflict, "%s 已是数据目录", "%s is a data folder already", dir)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("create data folder: %w", err)
	}
	if err := createKeys(dir, c, day); err != nil {
		return err
	}
	b, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Errorf("write %s: %w", ConfigFile, err)
	}
	// Written aside and renamed: a folder is a data folder or it is not.
	tmp := filepath.Join(dir, ConfigFile+".new")
	if err := os.WriteFile(tmp, b, 0o640); err != nil {
		return fmt.Errorf("write %s: %w", ConfigFile, err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, ConfigFile)); err != nil {
		return fmt.Errorf("write %s: %w", ConfigFile, err)
	}
	return nil
}

func createKeys(dir string, c Config, day time.Time) error {
	src, err := c.Vault.Source(dir)
	if err != nil || src.File() == "" {
		return err
	}
	if _, err := os.Lstat(src.File()); err == nil {
		return nil
	}
	return vault.Create(src.File(), nil, day)
}

// NewKeys draws keys for a data folder of a former release, which has none yet.
func NewKeys(dir string, day time.Time) error {
	c, err := readConfig(dir)
	if err != nil {
		return err
	}
	src, err := c.Vault.Source(dir)
	if err != nil {
		return err
	}
	if src.File() == "" {
		return luoshu.Errorf(luoshu.Invalid, "city.yaml 让命令提供密钥；请在那里生成", "city.yaml has a command hand out the keys; make them there")
	}
	return vault.Create(src.File(), nil, day)
}

// readConfig reads city.yaml; an unknown key is an error.
func readConfig(dir string) (Config, error) {
	var c Config
	f, err := os.Open(filepath.Join(dir, ConfigFile))
	if errors.Is(err, fs.ErrNotExist) {
		return c, luoshu.Errorf(luoshu.NotFound,
			"%s 不是数据目录（缺少 city.yaml）。先运行 luoshu demo 或 luoshu init。",
			"%s is not a data folder (no city.yaml). Run luoshu demo or luoshu init first.", dir)
	}
	if err != nil {
		return c, fmt.Errorf("read %s: %w", ConfigFile, err)
	}
	defer f.Close()
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		return c, &luoshu.Error{Kind: luoshu.Invalid, Cause: err, Msg: luoshu.Text{
			ZH: "city.yaml 读不懂：" + err.Error(), EN: "city.yaml cannot be read: " + err.Error(),
		}}
	}
	return c, nil
}

// LoadCatalog loads the packs a config names from the built-in packs and the
// overlay folder, if any. All faults come back in one error.
func LoadCatalog(c Config, builtin fs.FS, dir string) (*catalog.Catalog, error) {
	layers := []fs.FS{builtin}
	if c.Overlay != "" {
		over := c.Overlay
		if !filepath.IsAbs(over) {
			over = filepath.Join(dir, over)
		}
		layers = append(layers, os.DirFS(over))
	}
	cat, faults := catalog.Load(catalog.Options{FS: layers, Packs: c.Packs})
	if len(faults) > 0 {
		return nil, packFaults(faults)
	}
	return cat, nil
}

func packFaults(faults []catalog.Fault) error {
	var b strings.Builder
	for _, f := range faults {
		b.WriteString("\n  " + f.String())
	}
	return luoshu.Errorf(luoshu.Invalid, "业务包有 %d 处错误：%s", "the packs have %d faults:%s", len(faults), b.String())
}

// Open opens the data folder dir with the packs in builtin. The caller closes it.
// After a crash nothing else is needed: an unfinished transaction is rolled back
// by the database.
func Open(ctx context.Context, dir string, builtin fs.FS, now func() time.Time) (*City, error) {
	c, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	cat, err := LoadCatalog(c, builtin, dir)
	if err != nil {
		return nil, err
	}
	ch, faults := charter.Load(cat)
	days, more := workday.Load(cat)
	book, owed := duty.Load(cat, func(id string) bool { return ch.Case(id) != nil })
	aims, wrong := target.Load(cat)
	runs, unfit := run.Load(cat)
	if faults = slices.Concat(faults, more, owed, wrong, unfit); len(faults) > 0 {
		return nil, packFaults(faults)
	}
	if c.Notice.ZH != "" {
		cat.City.Notice = c.Notice
	}
	keys, err := openKeys(dir, c)
	if err != nil {
		return nil, err
	}
	dbc := c.Database
	if dbc.Driver == "" {
		dbc = store.Config{Driver: "sqlite", DSN: filepath.Join(dir, "luoshu.db")}
	}
	dbc.Keys = keys
	db, err := store.Open(ctx, dbc)
	if err != nil {
		return nil, err
	}
	city := &City{Dir: dir, Config: c, Catalog: cat, Charter: ch, Days: days, DB: db}
	if err := city.wire(ctx, now); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	city.Duties = city.duties(book)
	city.Runner = run.New(run.Config{
		Catalog: cat, Book: runs, Ledger: city.Ledger, Records: city.Records, Engine: city.Engine, Access: city.Access, Now: now,
		Open: func(ctx context.Context, actor luoshu.Actor, id, kind string, cells map[string]string) (string, error) {
			c, err := city.Flow.Open(ctx, actor, flow.Opening{ID: id, Type: kind, Handed: flow.Handed{Cells: cells}})
			if err != nil {
				return "", err
			}
			return c.No, nil
		},
	})
	city.Door.Adjust(target.New(aims, city.Records))
	return city, nil
}

func openKeys(dir string, c Config) (*vault.Vault, error) {
	src, err := c.Vault.Source(dir)
	if err != nil {
		return nil, err
	}
	return vault.Open(src, nil)
}

func (c *City) wire(ctx context.Context, now func() time.Time) error {
	if err := c.DB.EnsureEntities(ctx, c.Catalog); err != nil {
		return err
	}
	var err error
	if c.Ledger, err = ledger.Open(ctx, c.DB, c.Catalog, now); err != nil {
		return err
	}
	if err := c.former(ctx); err != nil {
		return err
	}
	if c.Audit, err = audit.Open(ctx, c.DB, now); err != nil {
		return err
	}
	c.Records = records.New(c.DB, c.Catalog)
	c.Engine = indicator.New(c.DB, c.Catalog, c.Dir, indicator.WithEngine(c.Config.Engine), indicator.WithClock(now))
	if c.Access, err = access.Open(ctx, c.DB, c.Catalog, now); err != nil {
		return err
	}
	c.Access.SetAddress(c.Config.Address)
	if conf := c.Config.OIDC; conf.Issuer != "" {
		if conf.SecretFile != "" && !filepath.IsAbs(conf.SecretFile) {
			conf.SecretFile = filepath.Join(c.Dir, conf.SecretFile)
		}
		p, err := oidc.New(conf, c.Config.Address, now)
		if err != nil {
			return err
		}
		c.Access.SetProvider(p)
	}
	c.Access.OnEvent(func(ctx context.Context, e access.Event) { // a server puts its own in place, which knows the request
		kind, outcome := audit.OfAccess(e.Kind)
		c.Audit.Note(ctx, audit.Event{
			Kind: kind, Outcome: outcome, Actor: luoshu.Actor{Name: e.Actor}, Address: e.Address,
			Object: strings.TrimSpace(e.Kind + " account=" + e.Account + " " + e.Object + " " + e.Detail),
		})
	})
	c.Door = disclose.New(c.DB, c.Catalog, c.Ledger, c.Engine, c.Access)
	c.Desk = load.New(c.Dir, c.Catalog, c.Ledger, c.DB, now)
	c.Mover = movement.New(c.DB, c.Catalog, c.Charter.Movement, c.Ledger, c.Records, c.Access, now)
	c.Keeper = lifecycle.New(c.DB, c.Catalog, c.Ledger, c.Records, c.Access, c.Mover)
	c.Identity = identity.New(c.DB, c.Catalog, c.Charter, c.Ledger, c.Records, c.Access, now)
	if c.Correct, err = correct.New(c.DB, c.Catalog, c.Charter, c.Ledger, c.Access, now); err != nil {
		return err
	}
	c.Identity.OnMerge(func(ctx context.Context, entity string, recs ...int64) {
		// What fails here the next sweep does.
		_ = c.Correct.Follow(ctx, entity, recs...)
	})
	c.Desk.Watch(c.Correct)
	c.Desk.Know(c.Identity)
	c.Flow, err = flow.New(flow.Config{
		DB: c.DB, Catalog: c.Catalog, Charter: c.Charter, Ledger: c.Ledger, Records: c.Records, Access: c.Access,
		Calendar: c.Days, Files: c.Desk, Orgs: c.Keeper, Now: now,
	})
	if err != nil {
		return err
	}
	if c.notices, err = notify.New(c.Config.Notices, c.Dir, c.Config.Address, c.DB, c.Flow, now); err != nil {
		return err
	}
	c.Findings = finding.New(c.DB, c.Catalog, c.Charter, c.Access, c.Records, now)
	c.Verify = verify.New(verify.Config{
		DB: c.DB, Catalog: c.Catalog, Charter: c.Charter, Ledger: c.Ledger, Access: c.Access, Records: c.Records,
		Corrector: toSource{c.Correct}, Seal: c.Seal, Rules: c.Findings.RunReading, Now: now,
	})
	c.Ledger.OnUndo(func(ctx context.Context, tx *store.Tx, of ledger.CommitInfo) error {
		if err := c.Verify.TakeBack(ctx, tx, of); err != nil {
			return err
		}
		return c.Mover.TakeBack(ctx, tx, of)
	})
	return nil
}

// toSource hands corrections that verification brings to the source of the field.
type toSource struct{ to *correct.Correct }

// Propose makes the requests of a proposal.
func (t toSource) Propose(ctx context.Context, p verify.Proposal) ([]int64, error) {
	origin := correct.FromVerification
	if p.ByLink {
		origin = correct.FromGuardian
	}
	return t.to.Propose(ctx, correct.Proposal{Entity: p.Entity, Rec: p.Rec, Changes: p.Changes, Reason: p.Reason, Origin: origin, By: p.By})
}

// Sweep does what dates and the newest commits ask for: reminders, requests and
// tasks that rise, moves and acts whose day has come, explanations that have ended,
// set rules over what was written since they ran. It may run as often as one likes;
// rest is how many times as long as it took a set rule is left alone before it runs
// again.
func (c *City) Sweep(ctx context.Context, now time.Time, rest int64) error {
	_, err1 := c.Correct.Sweep(ctx, now)
	_, err2 := c.Verify.Sweep(ctx)
	_, err3 := c.Findings.Lapse(ctx)
	err := errors.Join(err1, err2, err3, c.Mover.Sweep(ctx), c.Keeper.Sweep(ctx), c.Flow.Sweep(ctx), c.Duties.Sweep(ctx))
	if err == nil {
		_, err = c.Findings.RunAffected(ctx, rest, nil)
	}
	return errors.Join(err, c.notices.Sweep(ctx))
}

// former seals what a former release left in clear beside the database.
func (c *City) former(ctx context.Context) error {
	if err := reseal.Former(ctx, c.DB, c.Dir); err != nil {
		return err
	}
	seals, err := filepath.Glob(filepath.Join(c.Dir, "seals", "*"))
	if err != nil {
		return err
	}
	for _, dir := range seals {
		if err := parquet.Forget(dir, c.Catalog); err != nil {
			return err
		}
	}
	return nil
}

// Rotate makes a new key of the given date, seals everything with it and retires
// the others. After an interruption it goes on with the key that was made.
func (c *City) Rotate(ctx context.Context, day time.Time, p luoshu.Progress) (reseal.Report, error) {
	if err := reseal.NewKey(ctx, c.DB, day); err != nil {
		return reseal.Report{}, err
	}
	return reseal.Rotate(ctx, c.DB, c.Dir, p)
}

// Check verifies the ledger's chain against the tables, what is sealed in them and
// what lies sealed beside them, and the chain of the audit log, whose problems name
// the entity "audit" and the entry as the record.
func (c *City) Check(ctx context.Context, p luoshu.Progress) ([]ledger.Problem, error) {
	out, err := c.Ledger.Check(ctx, p)
	if err != nil {
		return nil, err
	}
	more, err := reseal.Check(ctx, c.DB, c.Dir, p)
	if err != nil {
		return nil, fmt.Errorf("check files: %w", err)
	}
	for _, m := range more {
		out = append(out, ledger.Problem{Msg: m})
	}
	steps, err := c.Flow.Check(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range steps {
		out = append(out, ledger.Problem{Msg: m})
	}
	entries, err := c.Audit.Check(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range entries {
		out = append(out, ledger.Problem{Entity: "audit", Rec: x.Seq, Msg: x.Msg})
	}
	return out, nil
}

// Close writes what the audit log still owes and closes the database.
func (c *City) Close() error {
	return errors.Join(c.Audit.Sync(context.Background()), c.DB.Close())
}

// Seal makes a seal and computes its figures. When the last seal was left without
// figures by an interruption and nothing was written since, that one is finished
// instead of making another.
func (c *City) Seal(ctx context.Context, a luoshu.Actor, note string, p luoshu.Progress) (ledger.Seal, error) {
	if last, ok, err := c.unfinished(ctx); err != nil {
		return last, err
	} else if ok {
		if err := c.Engine.Compute(ctx, last, p); err != nil {
			return last, fmt.Errorf("compute figures of seal %s: %w", last.ID, err)
		}
		return last, nil
	}
	s, err := c.Ledger.Seal(ctx, a, note)
	if err != nil {
		return s, err
	}
	if err := c.Engine.Compute(ctx, s, p); err != nil {
		return s, fmt.Errorf("compute figures of seal %s: %w", s.ID, err)
	}
	return s, nil
}

// unfinished returns the last seal if it stands at the ledger's head and its
// figures were never completed.
func (c *City) unfinished(ctx context.Context) (ledger.Seal, bool, error) {
	seals, err := c.Ledger.Seals(ctx)
	if err != nil || len(seals) == 0 {
		return ledger.Seal{}, false, err
	}
	last := seals[len(seals)-1]
	head, _, err := c.Ledger.Head(ctx)
	if err != nil {
		return last, false, err
	}
	done, err := c.Engine.Latest(ctx)
	if err != nil {
		return last, false, err
	}
	return last, last.Seq == head && done != last.ID, nil
}

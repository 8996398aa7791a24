package indicator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/cube"
	"luoshu/kernel/indicator/opened"
	"luoshu/kernel/ledger"
	"luoshu/kernel/parquet"
	"luoshu/kernel/rule"
	"luoshu/kernel/store"
)

// EngineEnv names the environment variable that chooses the scanning engine:
// "duckdb" or "sqlite". Without it the fastest one built in is taken.
const EngineEnv = "LUOSHU_ENGINE"

// Engine computes and reads figures. It is safe for use by many goroutines;
// Compute runs one at a time.
type Engine struct {
	db     *store.DB
	cat    *catalog.Catalog
	dir    string
	engine string
	clock  func() time.Time

	ready   func() (*program, error)
	cubes   cubeCache
	compute sync.Mutex

	mu      sync.Mutex
	timings []Timing
}

// Timing is how long one stage of the last Compute took: "parquet student",
// "scan enrolment", "roll-up", "store".
type Timing struct {
	Stage string
	Took  time.Duration
	Rows  int64
}

// Option changes how an Engine works.
type Option func(*Engine)

// WithEngine chooses "duckdb" or "sqlite" (the store itself) for scans. Asking
// for an engine that is not built in falls back to the store.
func WithEngine(name string) Option {
	return func(e *Engine) {
		if name != "" {
			e.engine = name
		}
	}
}

// WithClock gives the clock that Timings are taken with; without one they are 0.
func WithClock(now func() time.Time) Option { return func(e *Engine) { e.clock = now } }

// New makes an engine over a data folder: seals are kept in dir/seals.
func New(db *store.DB, cat *catalog.Catalog, dir string, opts ...Option) *Engine {
	e := &Engine{db: db, cat: cat, dir: dir, engine: os.Getenv(EngineEnv)}
	e.ready = sync.OnceValues(func() (*program, error) { return compileProgram(cat) })
	for _, o := range opts {
		o(e)
	}
	return e
}

// EngineName says what scans grains: "duckdb", or the store: "sqlite", "postgres".
func (e *Engine) EngineName() string {
	if e.engine != "sqlite" && duckBuilt {
		return "duckdb"
	}
	if e.db.Dialect() == rule.Postgres {
		return "postgres"
	}
	return "sqlite"
}

// Timings returns the stages of the last Compute in order.
func (e *Engine) Timings() []Timing {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Timing(nil), e.timings...)
}

func (e *Engine) timed(stage string, rows func() int64, f func() error) error {
	var start time.Time
	if e.clock != nil {
		start = e.clock()
	}
	err := f()
	t := Timing{Stage: stage}
	if e.clock != nil {
		t.Took = e.clock().Sub(start)
	}
	if rows != nil {
		t.Rows = rows()
	}
	e.mu.Lock()
	e.timings = append(e.timings, t)
	e.mu.Unlock()
	return err
}

func (e *Engine) sealDir(seal string) string { return filepath.Join(e.dir, "seals", seal) }

func (e *Engine) cubePath(seal, grain string) string {
	return filepath.Join(e.sealDir(seal), grain+".cube")
}

// Compute writes a seal's Parquet files and cubes and stores its figures. It may
// be repeated: what is already there for this seal and catalog is kept, what a
// stopped run left half-done is done again. Readers see the old figures of the
// seal, or none, until the new ones are complete.
func (e *Engine) Compute(ctx context.Context, seal ledger.Seal, p luoshu.Progress) error {
	e.compute.Lock()
	defer e.compute.Unlock()
	e.mu.Lock()
	e.timings = nil
	e.mu.Unlock()
	prog, err := e.ready()
	if err != nil {
		return fmt.Errorf("compute figures: %w", err)
	}
	dir := e.sealDir(seal.ID)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("compute figures: %w", err)
	}
	clearPartial(dir)
	fields, err := prog.fields()
	if err != nil {
		return fmt.Errorf("compute figures: %w", err)
	}
	m, err := e.writeParquet(ctx, dir, seal, fields, p)
	if err != nil {
		return fmt.Errorf("compute figures: %w", err)
	}
	if err := e.makeCubes(ctx, prog, seal, m, p); err != nil {
		return fmt.Errorf("compute figures: %w", err)
	}
	if err := e.makeFigures(ctx, prog, seal, p); err != nil {
		return fmt.Errorf("compute figures: %w", err)
	}
	return nil
}

// clearPartial removes files that a killed run was writing.
func clearPartial(dir string) {
	for _, pattern := range []string{".*.parquet-*", ".cube-*", ".manifest-*", ".scan-*"} {
		old, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, f := range old {
			os.Remove(f)
		}
	}
}

// writeParquet makes the files of a seal that are missing and returns the
// manifest. fields lists what is read, by entity.
func (e *Engine) writeParquet(ctx context.Context, dir string, seal ledger.Seal, fields map[string]map[string]bool, p luoshu.Progress) (*parquet.Manifest, error) {
	m := parquet.ReadManifest(dir, seal.ID, seal.Seq, seal.Hash)
	for _, name := range sortedKeys(fields) {
		ent := e.cat.Entity(name)
		var want []*catalog.Field
		for _, f := range ent.Fields {
			if (fields[name][f.Name] || f.Name == ent.Year) && f.Rest != catalog.Hidden {
				want = append(want, f)
			}
		}
		if m.Has(dir, name, want) {
			continue
		}
		var mf parquet.File
		if err := e.timed("parquet "+name, func() int64 { return mf.Rows }, func() error {
			return e.db.ReadTx(ctx, func(tx *store.Tx) error {
				live, err := opened.LiveAsOf(ctx, tx, seal.Seq)
				if err != nil {
					return err
				}
				verified, err := opened.VerifiedAsOf(ctx, tx, seal.Seq)
				if err != nil {
					return err
				}
				rows := parquet.Rows{Live: live(name, "f"), Verified: verified(name, "f")}
				mf, err = parquet.Write(ctx, tx, dir, ent, want, rows, func(n int64) { p.Tell("parquet "+name, n, 0) })
				return err
			})
		}); err != nil {
			return nil, err
		}
		m.Files = append(slices.DeleteFunc(m.Files, func(f parquet.File) bool { return f.Entity == name }), mf)
		if err := m.Save(dir); err != nil {
			return nil, err
		}
	}
	if m.Catalog != e.cat.Version {
		m.Catalog = e.cat.Version
		return m, m.Save(dir)
	}
	return m, nil
}

// plainSource writes SQL for DuckDB over tables named as in the store; it is the
// form in which a scan is hashed.
func plainSource(years []int, fresh func(*catalog.Entity) int64) *source {
	return &source{
		dialect: rule.DuckDB, years: years, fresh: fresh,
		table: store.Table,
		live:  func(string, string) string { return "" },
	}
}

// uses lists the fields that a scan reads, by entity.
func (p *program) uses(s *scan) map[string]map[string]bool {
	t := p.text(s, plainSource([]int{2000}, func(*catalog.Entity) int64 { return 1 }))
	_, _ = t.flat() // its errors are the scan's own
	return t.uses
}

// fields lists the fields that grains read, by entity.
func (p *program) fields() (map[string]map[string]bool, error) {
	out := map[string]map[string]bool{}
	for _, s := range p.scans {
		t := p.text(s, plainSource([]int{2000}, func(*catalog.Entity) int64 { return 1 }))
		if _, err := t.query(); err != nil {
			return nil, fmt.Errorf("grain %s: %w", s.grain.ID, err)
		}
		for ent, fs := range t.uses {
			if out[ent] == nil {
				out[ent] = map[string]bool{}
			}
			maps.Copy(out[ent], fs)
		}
		if out[s.fact.Name] == nil {
			out[s.fact.Name] = map[string]bool{}
		}
	}
	return out, nil
}

// scanner runs the one statement of a grain and feeds the rows to a builder.
type scanner interface {
	scan(ctx context.Context, s *scan, b *cube.Builder) error
	close() error
}

// cubeFormat is part of every spec: raise it when cubes change their meaning.
const cubeFormat = "1"

// makeCubes scans the grains whose cubes are missing or stale.
func (e *Engine) makeCubes(ctx context.Context, prog *program, seal ledger.Seal, m *parquet.Manifest, p luoshu.Progress) error {
	years := prog.yearsOf(m, seal.At)
	fresh, err := opened.FreshFrom(seal.At)
	if err != nil {
		return err
	}
	var todo []*scan
	for _, s := range prog.scans {
		q, err := prog.text(s, plainSource(years, fresh)).query()
		if err != nil {
			return fmt.Errorf("grain %s: %w", s.grain.ID, err)
		}
		sum := sha256.Sum256([]byte(cubeFormat + "\n" + seal.ID + "\n" + seal.Hash + "\n" + q))
		spec := *s
		spec.spec = hex.EncodeToString(sum[:])
		if e.specOf(e.cubePath(seal.ID, s.grain.ID)) != spec.spec {
			todo = append(todo, &spec)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	var sc scanner
	if err := e.timed("open", nil, func() (err error) {
		sc, err = e.scanner(prog, seal, m, years, fresh)
		return err
	}); err != nil {
		return err
	}
	defer sc.close()
	for i, s := range todo {
		stage := "scan " + s.grain.ID
		p.Tell(stage, int64(i), int64(len(todo)))
		var c *cube.Cube
		err := e.timed(stage, func() int64 { return int64(c.Rows) }, func() error {
			b := s.builder()
			c = &cube.Cube{}
			if s.grain.Cal == nil || len(years) > 0 {
				err := sc.scan(ctx, s, b)
				if err != nil && strings.Contains(err.Error(), "Out of Memory Error") {
					b = s.builder()
					err = (&storeScanner{db: e.db, prog: prog, seq: seal.Seq, years: years, fresh: fresh}).scan(ctx, s, b)
				}
				if err != nil {
					return fmt.Errorf("scan grain %s: %w", s.grain.ID, err)
				}
			}
			c = b.Finish()
			return c.Save(e.cubePath(seal.ID, s.grain.ID), opened.Cover(e.db))
		})
		if err != nil {
			return err
		}
		e.cubes.drop(seal.ID, s.grain.ID)
		if c.Rows > 1<<18 {
			c = nil
			runtime.GC() // the builder's vectors are garbage before the next grain's are made
		}
	}
	return sc.close()
}

func (e *Engine) scanner(prog *program, seal ledger.Seal, m *parquet.Manifest, years []int, fresh func(*catalog.Entity) int64) (scanner, error) {
	if e.EngineName() == "duckdb" {
		return newDuck(e, e.sealDir(seal.ID), prog, m, seal.Seq, years, fresh)
	}
	return &storeScanner{db: e.db, prog: prog, seq: seal.Seq, years: years, fresh: fresh}, nil
}

// specOf reads what a cube file was made for, "" if there is none.
func (e *Engine) specOf(path string) string {
	h, err := cube.ReadHeader(path, opened.Cover(e.db))
	if err != nil {
		return ""
	}
	return h.Spec
}

func (s *scan) builder() *cube.Builder {
	var dims []cube.Dim
	for _, d := range s.dims {
		dims = append(dims, cube.Dim{ID: d.id, Integer: d.integer})
	}
	var cols []string
	for _, c := range s.columns {
		cols = append(cols, c.id)
	}
	return cube.NewBuilder(s.grain.ID, s.spec, dims, cols)
}

// Package load is the desk: it is the only one to carry a file that somebody
// hands in through intake into the ledger. It keeps the file as it came, shows
// what it would change before anything is written, commits it all or nothing,
// and gives the faults back.
package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/correct"
	"luoshu/kernel/identity"
	"luoshu/kernel/intake"
	"luoshu/kernel/ledger"
	"luoshu/kernel/store"
)

// MaxFaults is how many faults a report holds; FaultCount counts them all.
const MaxFaults = 10_000

// MaxFile is the largest file that is taken, unless Desk.MaxFile says otherwise.
const MaxFile = 4 << 30

// OneRoster is the entity name under which a OneRoster package is loaded: it
// holds records of several entities.
const OneRoster = "oneroster"

// Writer returns the test of which rows of an entity an actor may write, nil for
// all of them. access.Access.Writer is one.
type Writer func(ctx context.Context, actor luoshu.Actor, entity string) (func(values []luoshu.Value) bool, error)

// Desk takes files in. Its methods may be called from many goroutines.
type Desk struct {
	// MaxFile is the largest file taken, in bytes.
	MaxFile int64

	dir string
	cat *catalog.Catalog
	led *ledger.Ledger
	db  *store.DB
	now func() time.Time

	mu   sync.Mutex
	jobs map[string]context.CancelFunc // running uploads
	live map[string]Progress           // and how far they have come
	slot chan struct{}                 // bounds the uploads that are read at once
	wg   sync.WaitGroup
	base context.Context // ends when the process does
	stop context.CancelFunc
	who  Writer

	known   *identity.Identity
	correct *correct.Correct // nil: nothing is held
}

// Watch tells the desk who decides which fields a file may change. Until it is
// called every field may be changed.
func (d *Desk) Watch(c *correct.Correct) {
	d.correct = c
	c.Keep(d)
}

// New makes a desk over the data folder dir. Uploads that a former process left
// unfinished go on after Serve.
func New(dir string, cat *catalog.Catalog, led *ledger.Ledger, db *store.DB, now func() time.Time) *Desk {
	d := &Desk{
		MaxFile: MaxFile, dir: dir, cat: cat, led: led, db: db, now: now,
		jobs: map[string]context.CancelFunc{}, live: map[string]Progress{}, slot: make(chan struct{}, 2),
	}
	d.base, d.stop = context.WithCancel(context.Background())
	return d
}

// Request asks for a file to be loaded.
type Request struct {
	Entity   string // or OneRoster
	Path     string
	Actor    luoshu.Actor
	Attested int64 // yyyymmdd on which the holder confirmed the rows, 0 for nobody
	DryRun   bool
	Reason   string
	Org      Writer // nil: every row, for the machine's operator
}

// Report is what became of a file. It marshals to what `load -o json` prints.
type Report struct {
	Rows       int64          `json:"rows"`
	New        int64          `json:"new"`
	Changed    int64          `json:"changed"`
	Unchanged  int64          `json:"unchanged"`
	Refused    int64          `json:"refused"`
	Held       int64          `json:"held"`               // rows of which something was held
	Requests   int64          `json:"requests,omitempty"` // made of what was held
	Faults     []luoshu.Fault `json:"faults"`
	FaultCount int64          `json:"faults_total"`
	Seq        int64          `json:"seq,omitempty"` // last commit, 0 if nothing was written
	SHA256     string         `json:"sha256,omitempty"`
	Parts      []Part         `json:"parts,omitempty"` // by entity, for a package
}

// Part is what became of the rows of one entity of a package.
type Part struct {
	Entity string `json:"entity"`
	Result ledger.Result
}

// Blocked reports whether the file, or an entity of a package, was refused as a
// whole.
func (r Report) Blocked() bool {
	for i := range r.Faults {
		if r.Faults[i].Blocked {
			return true
		}
	}
	return false
}

// Load reads the file, checks it and commits its good rows in one transaction;
// rows with faults are refused and reported. A file that is refused as a whole
// changes nothing. The file is kept under its SHA-256 unless DryRun is set. A
// OneRoster package makes one commit an entity. Loading a file again changes
// nothing.
func (d *Desk) Load(ctx context.Context, q Request, p luoshu.Progress) (Report, error) {
	src := ledger.Source{Name: filepath.Base(q.Path)}
	in, size, err := open(q.Path)
	if err != nil {
		return Report{}, err
	}
	defer in.Close()
	file := intake.File{Name: src.Name, R: in, Size: size}
	if size > d.MaxFile {
		return Report{}, tooLarge(d.MaxFile)
	}
	if !q.DryRun {
		m := &marks{}
		if src, err = d.keep(ctx, in, src.Name, m); err != nil {
			return Report{}, err
		}
		m.end()
		file = intake.File{Name: src.Name, R: &marked{r: in, size: src.Size, list: m.list}, Size: src.Size}
	}
	return d.run(ctx, job{
		file: file, entity: q.Entity, source: src, actor: q.Actor,
		attested: q.Attested, dry: q.DryRun, reason: q.Reason, writer: q.Org,
	}, p)
}

func openError(err error, path string) error {
	if errors.Is(err, os.ErrNotExist) {
		return luoshu.Errorf(luoshu.NotFound, "没有文件 %s", "there is no file %s", path)
	}
	return fmt.Errorf("open file: %w", err)
}

func tooLarge(limit int64) error {
	return luoshu.Errorf(luoshu.Invalid, "文件超过 %d MB。请分成几个文件再交。", "the file is larger than %d MB. Split it and hand in the parts.", limit>>20)
}

func open(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, openError(err, path)
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = luoshu.Errorf(luoshu.Invalid, "%s 不是普通文件", "%s is not a regular file", path)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, st.Size(), nil
}

// Template writes the template of an entity.
func Template(w io.Writer, cat *catalog.Catalog, entity string) error {
	return intake.Template(w, cat, entity)
}

// ColourFile writes the file at path back as a workbook with its faults in it.
func ColourFile(w io.Writer, path string, faults []luoshu.Fault) error {
	f, size, err := open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return intake.Colour(w, intake.File{Name: filepath.Base(path), R: f, Size: size}, faults)
}

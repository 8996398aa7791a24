// Package ledger is the only writer of business records. A commit takes one
// file or form for one entity, all or nothing: rows are new, changed, unchanged
// or refused, nothing is overwritten, and every commit carries the hash of the
// one before, so that Check can name whatever was altered behind its back.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger/beside"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/ledger/keys"
	"luoshu/kernel/ledger/search"
	"luoshu/kernel/reseal"
	"luoshu/kernel/store"
)

// Ledger writes and verifies the records of one database. Its methods may be
// called from many goroutines; commits wait for each other.
type Ledger struct {
	db    *store.DB
	cat   *catalog.Catalog
	now   func() time.Time
	book  beside.Book
	shelf keys.Shelf

	undoing func(ctx context.Context, tx *store.Tx, of CommitInfo) error
}

// Open makes the tables that the catalog asks for and returns the ledger over
// them. now is the clock that commits and seals are dated by.
func Open(ctx context.Context, db *store.DB, cat *catalog.Catalog, now func() time.Time) (*Ledger, error) {
	if err := db.EnsureEntities(ctx, cat); err != nil {
		return nil, err
	}
	if err := reseal.Settle(ctx, db, cat); err != nil {
		return nil, err
	}
	l := &Ledger{db: db, cat: cat, now: now, book: beside.Book{DB: db}}
	if err := search.Refold(ctx, db, cat); err != nil {
		return nil, err
	}
	return l, nil
}

// KeepKeys bounds how many keys of records lie in memory from one commit to the next,
// some 30 bytes each; 0 is the usual million. Whoever hands in a whole city file by file
// raises it for that long: an entity with more keys than may be kept is read again for
// every large file.
func (l *Ledger) KeepKeys(most int64) { l.shelf.Limit(most) }

// Source is the file rows came from; the zero Source is a form or the machine.
type Source struct {
	SHA256, Name string
	Size         int64
}

// Row is one row handed in. N is its row in the source as a sheet shows it;
// Values are by field index. The ledger copies the values it keeps.
type Row struct {
	N      int
	Values []luoshu.Value
}

// Batch is what one commit is asked to write.
type Batch struct {
	// ID makes a commit repeatable: a second commit with the same id writes
	// nothing and answers what the first did. Empty: one is made.
	ID     string
	Actor  luoshu.Actor
	Entity string
	Reason string
	Source Source
	// Attested is the date (yyyymmdd) on which the holder confirmed these rows,
	// 0 if nobody did.
	Attested int64
	// Carry says that who is answerable for what changes stands behind it: a record
	// that was verified stays so as of the day it was.
	Carry bool
	// Columns says which fields the source has, by field index; nil is all. A
	// field that is absent keeps its old value. Key fields must be present.
	Columns []bool
	// Rows yields the rows in the order of the source; it may be called from
	// another goroutine, once.
	Rows func(yield func(Row) error) error
	// Total is about how many rows will come, 0 if unknown. A good guess lets
	// the ledger choose how to look rows up.
	Total int64
	// DryRun looks at everything and writes nothing.
	DryRun bool
	// Each, if set, is told the verdict on every row, in the order of the source
	// except rows that had to wait for a record they refer to. It runs inside
	// the commit: it may not write to the same database unless DryRun is set.
	Each func(Diff) error
	// Scope, if set, says whether the actor may write a row with these values.
	// A changed row must pass with its old and with its new values.
	Scope func(values []luoshu.Value) bool
	// Hold, if set, is asked about every row that would change its record, inside
	// the commit: the fields it names, by index, keep the value they have, and the
	// row counts as not attested. What was wanted is in Diff.Held.
	Hold func(rec int64, before, after []luoshu.Value) ([]int, error)
	// Remove closes the records that the rows name instead of writing them; only
	// the key fields are read. It is refused while other records refer to them.
	Remove bool
	// Aliases are keys that records of the entity, which has a key of one text
	// field, used to have: rows that come with the old key are taken for the
	// record with the new one. Unalias ends those of the given old keys.
	Aliases []Alias
	Unalias []string
	// Also, if set, runs inside the transaction once the batch is written, for
	// what must stand or fall with it in the kernel's own tables. It does not run
	// in a dry run, nor again when the batch was committed before.
	Also func(tx *store.Tx, r Result) error
}

// Alias is a former key and the one that has taken its place.
type Alias = beside.Alias

// Held is a field that kept its value, and the value that was wanted.
type Held struct {
	Field  int
	Wanted luoshu.Value
}

// Verdict is what became of a row.
type Verdict int

// The verdicts. Removed is the one on rows of a batch that removes.
const (
	New Verdict = iota
	Changed
	Unchanged
	Refused
	Removed
)

// String returns new, changed, unchanged, refused or removed.
func (v Verdict) String() string {
	return [...]string{"new", "changed", "unchanged", "refused", "removed"}[v]
}

// Diff is the verdict on one row. After is the row as it is (or would be)
// stored, for new and changed rows; Before what stood there, for changed ones;
// both also for an unchanged row of which something was held.
// Both are valid until Each returns. Rec is 0 for refused rows and in dry runs
// of new ones.
type Diff struct {
	N             int
	Verdict       Verdict
	Rec           int64
	Before, After []luoshu.Value
	Faults        []luoshu.Fault
	Held          []Held // fields that Hold kept as they were
}

// Result counts what a commit did. Seq is 0 when nothing was written.
type Result struct {
	Seq       int64 `json:"seq"`
	Rows      int64 `json:"rows"`
	New       int64 `json:"new"`
	Changed   int64 `json:"changed"`
	Unchanged int64 `json:"unchanged"`
	Refused   int64 `json:"refused"`
	Removed   int64 `json:"removed,omitempty"`
}

// CommitInfo is one commit of the log.
type CommitInfo struct {
	Seq                                    int64
	ID, At                                 string
	Actor                                  luoshu.Actor
	Entity, Reason                         string
	UndoOf, UndoneBy                       int64
	Source                                 Source
	Catalog                                string
	Attested                               int64
	Rows, New, Changed, Unchanged, Refused int64
	Closed                                 int64 // versions closed
	Verified                               int64 // unchanged rows whose attestation moved forward
	RidFrom, RidTo                         int64 // versions opened, 0 if none
	digest, prev, hash                     []byte
}

// Hash is the commit's hash in hexadecimal.
func (c CommitInfo) Hash() string { return fmt.Sprintf("%x", c.hash) }

// result is the commit's counts as Commit answers them.
func (c *CommitInfo) result() Result {
	return Result{
		Seq: c.Seq, Rows: c.Rows, New: c.New, Changed: c.Changed, Unchanged: c.Unchanged, Refused: c.Refused,
		Removed: max(0, c.Closed-c.Changed),
	}
}

const commitColumns = `seq, id, at, actor, role, org, entity, reason, undo_of, file, file_name, file_size,
	catalog, attested, "rows", new, changed, unchanged, refused, closed, verified, rid_from, rid_to, digest, prev, hash`

func scanCommit(scan func(...any) error, more ...any) (CommitInfo, error) {
	var c CommitInfo
	err := scan(append([]any{
		&c.Seq, &c.ID, &c.At, &c.Actor.Name, &c.Actor.Role, &c.Actor.Org, &c.Entity, &c.Reason,
		&c.UndoOf, &c.Source.SHA256, &c.Source.Name, &c.Source.Size, &c.Catalog, &c.Attested,
		&c.Rows, &c.New, &c.Changed, &c.Unchanged, &c.Refused, &c.Closed, &c.Verified, &c.RidFrom, &c.RidTo,
		&c.digest, &c.prev, &c.hash,
	}, more...)...)
	return c, err
}

// queryer is a transaction or the database's readers.
type queryer interface {
	Query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, q string, args ...any) *sql.Row
}

func commitBy(ctx context.Context, q queryer, column string, value any) (*CommitInfo, error) {
	c, err := scanCommit(q.QueryRow(ctx, `SELECT `+commitColumns+` FROM commit_log WHERE `+column+` = ?`, value).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read commit: %w", err)
	}
	return &c, nil
}

// Commits lists commits, newest first, and says how many there are.
func (l *Ledger) Commits(ctx context.Context, offset, limit int) ([]CommitInfo, int64, error) {
	var total int64
	if err := l.db.QueryRow(ctx, `SELECT count(*) FROM commit_log`).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count commits: %w", err)
	}
	rows, err := l.db.Query(ctx, `SELECT `+commitColumns+`,
			coalesce((SELECT max(u.seq) FROM commit_log u WHERE u.undo_of = commit_log.seq AND u.undo_of <> 0), 0)
		FROM commit_log ORDER BY seq DESC LIMIT ? OFFSET ?`, int64(limit), int64(offset))
	if err != nil {
		return nil, 0, fmt.Errorf("list commits: %w", err)
	}
	defer rows.Close()
	var out []CommitInfo
	for rows.Next() {
		var undone int64
		c, err := scanCommit(rows.Scan, &undone)
		if err != nil {
			return nil, 0, fmt.Errorf("list commits: %w", err)
		}
		c.UndoneBy = undone
		out = append(out, c)
	}
	return out, total, rows.Err()
}

// CommitAt returns one commit by its number; NotFound if there is none.
func (l *Ledger) CommitAt(ctx context.Context, seq int64) (CommitInfo, error) {
	c, err := commitBy(ctx, l.db, "seq", seq)
	if err != nil {
		return CommitInfo{}, err
	}
	if c == nil {
		return CommitInfo{}, luoshu.Errorf(luoshu.NotFound, "没有第 %d 次提交", "there is no commit %d", seq)
	}
	if err := l.db.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM commit_log WHERE undo_of = ? AND undo_of <> 0`, seq).
		Scan(&c.UndoneBy); err != nil {
		return CommitInfo{}, fmt.Errorf("read commit: %w", err)
	}
	return *c, nil
}

// Head returns the number and hash of the newest commit; 0 and "" for none.
func (l *Ledger) Head(ctx context.Context) (seq int64, hash string, err error) {
	s, h, err := head(ctx, l.db)
	if err != nil || s == 0 {
		return 0, "", err
	}
	return s, fmt.Sprintf("%x", h), nil
}

func head(ctx context.Context, q queryer) (seq int64, hash []byte, err error) {
	err = q.QueryRow(ctx, `SELECT seq, hash FROM head WHERE one = 1`).Scan(&seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read head: %w", err)
	}
	return seq, hash, nil
}

// chain is the hash of a commit: SM3 over the hash before and every column.
func (c *CommitInfo) chain() []byte {
	buf := append([]byte(nil), c.prev...)
	buf = chain.AppendInt(buf, c.Seq)
	for _, s := range []string{
		c.ID, c.At, c.Actor.Name, c.Actor.Role, c.Actor.Org, c.Entity, c.Reason,
		c.Source.SHA256, c.Source.Name, c.Catalog,
	} {
		buf = chain.AppendText(buf, s)
	}
	for _, n := range []int64{
		c.UndoOf, c.Source.Size, c.Attested, c.Rows, c.New, c.Changed, c.Unchanged, c.Refused,
		c.Closed, c.Verified, c.RidFrom, c.RidTo,
	} {
		buf = chain.AppendInt(buf, n)
	}
	buf = append(buf, c.digest...)
	return chain.Sum(buf)
}

func fieldNames(e *catalog.Entity) []string {
	names := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		names[i] = f.Name
	}
	return names
}

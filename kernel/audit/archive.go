package audit

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/emmansun/gmsm/sm3"

	"luoshu"
	"luoshu/kernel/store"
)

// An archive is a file of JSON lines: a head that says from which entry to which
// and which hash went before, the entries, and a tail with the SM3 of every byte
// before it and an SM2 signature of that digest. It can be checked without the
// database; the database keeps the digest, so neither can be changed alone.

// Anchor is where the log was cut.
type Anchor struct {
	Seq    int64 // the last entry in the archive
	hash   []byte
	At     string
	Digest string // SM3 of the archive's entries
	Signer string // fingerprint of the key
}

// String is the anchor as the entry of the cut names it.
func (a Anchor) String() string {
	return fmt.Sprintf("%d %x %s %s", a.Seq, a.hash, a.Digest, a.Signer)
}

// anchorOf is the newest anchor, the zero Anchor if the log was never cut.
func anchorOf(ctx context.Context, q querier) (Anchor, error) {
	a := Anchor{hash: []byte{}}
	err := q.QueryRow(ctx, `SELECT seq, hash, at, digest, signer FROM audit_anchor ORDER BY seq DESC LIMIT 1`).
		Scan(&a.Seq, &a.hash, &a.At, &a.Digest, &a.Signer)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return a, fmt.Errorf("read the anchor of the audit log: %w", err)
	}
	return a, nil
}

type archiveHead struct {
	Archive int    `json:"luoshu_audit_archive"`
	From    int64  `json:"from"`
	To      int64  `json:"to"`
	Prev    string `json:"prev"`
	Made    string `json:"made"`
}

type archiveTail struct {
	Digest    string `json:"sm3"`
	Key       string `json:"key"` // public key, PKIX in hexadecimal
	Signature string `json:"signature"`
}

type line struct {
	Seq     int64  `json:"seq"`
	At      string `json:"at"`
	Person  string `json:"person"`
	Role    string `json:"role"`
	Org     string `json:"org"`
	Session string `json:"session,omitempty"`
	Address string `json:"address,omitempty"`
	Request string `json:"request,omitempty"`
	Kind    string `json:"kind"`
	Entity  string `json:"entity,omitempty"`
	Rec     int64  `json:"rec,omitempty"`
	Field   string `json:"field,omitempty"`
	Object  string `json:"object,omitempty"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason,omitempty"`
	Times   int64  `json:"times"`
	Hash    string `json:"hash"`
}

// MarshalJSON writes an entry as archives, exports and pages have it.
func (x *Entry) MarshalJSON() ([]byte, error) {
	return json.Marshal(line{
		x.Seq, stamp(x.At), x.Actor.Name, x.Actor.Role, x.Actor.Org, x.Session, x.Address, x.Request, x.Kind,
		x.Entity, x.Rec, x.Field, x.Object, x.Outcome, x.Reason, x.Times, x.Hash(),
	})
}

// UnmarshalJSON reads an entry of an archive.
func (x *Entry) UnmarshalJSON(b []byte) error {
	var n line
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, n.At)
	if err != nil {
		return err
	}
	x.Seq, x.Event = n.Seq, Event{
		At: at, Actor: luoshu.Actor{Name: n.Person, Role: n.Role, Org: n.Org}, Session: n.Session, Address: n.Address, Request: n.Request,
		Kind: n.Kind, Entity: n.Entity, Rec: n.Rec, Field: n.Field, Object: n.Object, Outcome: n.Outcome, Reason: n.Reason, Times: n.Times,
	}
	x.hash, err = hex.DecodeString(n.Hash)
	return err
}

// Archive moves the entries before a moment into a new signed file and cuts them
// off, which leaves an anchor. months is how long entries must stay, at least; the
// file must not exist. It returns the anchor, whose Seq is 0 if nothing was old
// enough. A chain that does not fit is not archived.
func (l *Log) Archive(ctx context.Context, path string, before time.Time, months int, key *Key, by Event) (Anchor, error) {
	if oldest := l.now().AddDate(0, -months, 0); months <= 0 || before.After(oldest) {
		return Anchor{}, luoshu.Errorf(luoshu.Invalid, "审计日志至少在线保存 %d 个月，只能存档 %s 以前的",
			"the audit log is kept for at least %d months; only what is before %s can be archived", months, oldest.Format("2006-01-02"))
	}
	from, err := anchorOf(ctx, l.db)
	if err != nil {
		return Anchor{}, err
	}
	var to int64
	err = l.db.QueryRow(ctx, `SELECT coalesce((SELECT min(seq) FROM audit WHERE at >= ?) - 1, (SELECT max(seq) FROM audit), 0)`, stamp(before)).Scan(&to)
	if err != nil {
		return Anchor{}, fmt.Errorf("search the audit log: %w", err)
	}
	if to <= from.Seq {
		return Anchor{}, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return Anchor{}, fmt.Errorf("create the archive: %w", err)
	}
	a, err := l.writeArchive(ctx, f, from, to, key)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = syncFolder(path) // a file whose name is not on disk is lost with the power
	}
	if err == nil {
		err = l.cut(ctx, a, by)
	}
	if err != nil {
		return Anchor{}, errors.Join(err, os.Remove(path))
	}
	return a, nil
}

func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("create the archive: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func (l *Log) writeArchive(ctx context.Context, f io.Writer, from Anchor, to int64, key *Key) (Anchor, error) {
	a := Anchor{Seq: to, At: stamp(l.now()), Signer: key.Fingerprint()}
	digest := sm3.New()
	out := bufio.NewWriter(f)
	enc := json.NewEncoder(io.MultiWriter(out, digest))
	enc.SetEscapeHTML(false)
	if err := enc.Encode(archiveHead{1, from.Seq + 1, to, hex.EncodeToString(from.hash), a.At}); err != nil {
		return a, err
	}
	walk := chainWalk{next: from.Seq + 1, prev: from.hash}
	rows, err := l.db.Query(ctx, `SELECT `+columns+` FROM audit WHERE seq <= ? ORDER BY seq`, to)
	if err != nil {
		return a, fmt.Errorf("read the audit log: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		x, err := scanEntry(rows.Scan)
		if err != nil {
			return a, err
		}
		if !bytes.Equal(x.prev, walk.prev) || !walk.fits(&x) {
			return a, luoshu.Errorf(luoshu.Conflict, "审计日志第 %d 条与链条不符，不能存档；请先运行 luoshu check", "entry %d of the audit log does not fit the chain and is not archived; run luoshu check", x.Seq)
		}
		if err := enc.Encode(&x); err != nil {
			return a, err
		}
	}
	if err := rows.Err(); err != nil {
		return a, fmt.Errorf("read the audit log: %w", err)
	}
	if walk.next != to+1 {
		return a, luoshu.Errorf(luoshu.Conflict, "审计日志第 %d 条不见了，不能存档", "entry %d of the audit log is missing; it is not archived", walk.next)
	}
	a.hash = walk.prev
	sum := digest.Sum(nil)
	a.Digest = hex.EncodeToString(sum)
	sig, err := key.sign(sum)
	if err != nil {
		return a, err
	}
	if err := json.NewEncoder(out).Encode(archiveTail{a.Digest, key.public(), hex.EncodeToString(sig)}); err != nil {
		return a, err
	}
	return a, out.Flush()
}

// cut removes what the archive holds and leaves the anchor, with the entry that
// tells of it, in one transaction.
func (l *Log) cut(ctx context.Context, a Anchor, by Event) error {
	by.Kind, by.Object = KindArchive, a.String()
	by = l.tidy(by)
	return l.db.Tx(ctx, func(tx *store.Tx) error {
		w, err := l.writer(ctx, tx)
		if err != nil {
			return err
		}
		defer w.close()
		if err := w.add(by); err != nil {
			return err
		}
		if err := w.end(); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO audit_anchor (seq, hash, at, digest, signer) VALUES (?, ?, ?, ?, ?)`, a.Seq, a.hash, a.At, a.Digest, a.Signer); err != nil {
			return fmt.Errorf("write the anchor: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM audit WHERE seq <= ?`, a.Seq); err != nil {
			return fmt.Errorf("cut the audit log: %w", err)
		}
		return nil
	})
}

// chainWalk follows a chain entry by entry.
type chainWalk struct {
	next int64
	prev []byte
}

// fits reports whether x is the next entry and hashes to what it says.
func (w *chainWalk) fits(x *Entry) bool {
	x.prev = w.prev
	if x.Seq != w.next || !bytes.Equal(x.sum(), x.hash) {
		return false
	}
	w.next, w.prev = x.Seq+1, x.hash
	return true
}

// Archived says what a file turned out to hold.
type Archived struct {
	From, To int64
	Anchor   Anchor
	Prev     string
}

// VerifyArchive reads an archive and checks its chain, digest and signature. It
// knows no key: compare Anchor.Signer with the fingerprint on record. Error:
// Conflict, naming the entry, if anything was changed.
func VerifyArchive(r io.Reader) (Archived, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	digest := sm3.New()
	var h archiveHead
	if err := readLine(in, digest, &h); err != nil || h.Archive != 1 {
		return Archived{}, badArchive(0)
	}
	prev, err := hex.DecodeString(h.Prev)
	if err != nil {
		return Archived{}, badArchive(0)
	}
	walk := chainWalk{next: h.From, prev: prev}
	for walk.next <= h.To {
		at := walk.next
		var x Entry
		if err := readLine(in, digest, &x); err != nil || !walk.fits(&x) {
			return Archived{}, badArchive(at)
		}
	}
	sum := digest.Sum(nil)
	var t archiveTail
	if err := readLine(in, sm3.New(), &t); err != nil || t.Digest != hex.EncodeToString(sum) {
		return Archived{}, badArchive(h.To)
	}
	signer, good := verify(t.Key, t.Signature, sum)
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) || !good {
		return Archived{}, badArchive(h.To)
	}
	return Archived{h.From, h.To, Anchor{Seq: h.To, hash: walk.prev, At: h.Made, Digest: t.Digest, Signer: signer}, h.Prev}, nil
}

func readLine(in *bufio.Reader, digest hash.Hash, into any) error {
	b, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	digest.Write(b)
	return json.Unmarshal(b, into)
}

func badArchive(seq int64) error {
	return luoshu.Errorf(luoshu.Conflict, "存档文件在第 %d 条处与其链条、摘要或签名不符", "the archive does not fit its chain, digest or signature at entry %d", seq)
}

// Holds reports whether the log was cut where an archive ends, and with that
// archive.
func (l *Log) Holds(ctx context.Context, a Archived) (bool, error) {
	var n int
	err := l.db.QueryRow(ctx, `SELECT count(*) FROM audit_anchor WHERE seq = ? AND hash = ? AND digest = ? AND signer = ?`,
		a.Anchor.Seq, a.Anchor.hash, a.Anchor.Digest, a.Anchor.Signer).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read the anchors of the audit log: %w", err)
	}
	return n == 1, nil
}

package ledger

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger/chain"
	"luoshu/kernel/store"
)

// entityCheck walks one table twice: by _rid for what commits opened, by _to for
// what they closed.
type entityCheck struct {
	*check
	entity   string
	cols     []store.Column
	form     *store.Form
	hasher   *chain.RowHasher
	formers  map[int64][]byte             // by _rid: plain hashes of closed versions from before they were sealed
	attested map[int64]bool               // dates on which commits of this entity attested
	digests  map[int64][2]*chain.Versions // by commit: opened, closed
	wrong    map[int64]bool               // commits whose rows are known to be wrong
	next     map[int64]int64              // by commit: the next _rid expected of it
}

// checkedRow is a stored version on its way through the hash workers.
type checkedRow struct {
	rid, rec, from, to, row, verified int64
	h, sum                            [16]byte
	short                             bool // _h is not 16 bytes long
	vals                              []luoshu.Value
	x                                 []byte      // the envelope
	former                            []byte      // the plain hash the row had before it was sealed
	formerSum                         [16]byte    // and what it should be
	fault                             luoshu.Text // what is wrong with its sealed values
}

// opener opens the sealed values of rows. Each goroutine has its own.
type opener struct {
	form  *store.Form
	cols  []store.Column
	cells *store.Cells
	keyed *chain.RowHasher
	plain *chain.RowHasher
	held  []luoshu.Value
	buf   []byte
}

// sum opens a row and hashes it.
func (o *opener) sum(x *checkedRow) {
	x.former, x.fault = nil, luoshu.Text{}
	if o.form != nil {
		o.held = append(o.held[:0], x.vals...)
		var err error
		if x.former, err = o.cells.Open(x.x, x.h[:], x.vals); err != nil {
			x.fault = luoshu.Text{ZH: "加密内容打不开", EN: "its sealed values cannot be opened"}
			return
		}
		for i := range x.vals {
			if o.cells.Rest(i) == catalog.InClear || o.held[i] == o.cells.Stored(i, x.vals[i]) {
				continue
			}
			x.fault = luoshu.Text{ZH: "字段 " + o.cols[i].Name + " 的列与加密内容不符", EN: "the column of field " + o.cols[i].Name + " does not fit what is sealed"}
			return
		}
		if x.former != nil {
			x.formerSum, o.buf = o.plain.Sum(x.vals, o.buf)
		}
	}
	x.sum, o.buf = o.keyed.Sum(x.vals, o.buf)
}

// hash is the row's hash as the digest of a commit took it.
func (e *entityCheck) hash(seq int64, h, former []byte) []byte {
	if e.form != nil && seq <= e.form.Since && former != nil {
		return former
	}
	return h
}

func (e *entityCheck) run() error {
	var err error
	if e.cols, err = e.tx.FieldColumns(e.ctx, e.entity); err != nil {
		return err
	}
	names := make([]string, len(e.cols))
	for i, c := range e.cols {
		names[i] = c.Name
	}
	e.hasher, e.form, e.formers = chain.NewRowHasher(e.entity, names), e.db.Form(e.entity), map[int64][]byte{}
	e.attested, e.wrong, e.next = map[int64]bool{}, map[int64]bool{}, map[int64]int64{}
	e.digests = map[int64][2]*chain.Versions{}
	for i := range e.commits {
		if c := &e.commits[i]; c.Entity == e.entity {
			e.attested[c.Attested] = true
			e.digests[c.Seq] = [2]*chain.Versions{chain.NewVersions(), chain.NewVersions()}
			e.next[c.Seq] = c.RidFrom
		}
	}
	if err := e.scan(); err != nil {
		return err
	}
	if err := e.scanClosed(); err != nil {
		return err
	}
	if err := e.compare(); err != nil {
		return err
	}
	if err := e.attestations(); err != nil {
		return err
	}
	return e.twins()
}

// scan reads every version in the order of _rid. Hashing runs beside reading.
func (e *entityCheck) scan() error {
	names := make([]string, len(e.cols))
	for i, c := range e.cols {
		names[i] = c.Name
	}
	q := `SELECT _rid, _rec, _from, coalesce(_to, 0), _h, _row, coalesce(_verified, 0), ` + store.Cols(names) + envelope(e.form) +
		` FROM ` + store.Table(e.entity) + ` ORDER BY _rid`
	type batch struct {
		rows  []checkedRow
		ready chan struct{}
	}
	work := make(chan *batch, 4)
	order := make(chan *batch, 8)
	free := make(chan *batch, 16)
	var workers, judge sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)-1) {
		workers.Go(func() {
			o := &opener{form: e.form, cols: e.cols, cells: e.form.Cells(names), keyed: e.hasher.Keyed(e.form.RowHash()), plain: e.hasher}
			for b := range work {
				for i := range b.rows {
					o.sum(&b.rows[i])
				}
				close(b.ready)
			}
		})
	}
	judge.Go(func() {
		for b := range order {
			<-b.ready
			for i := range b.rows {
				e.judge(&b.rows[i])
			}
			select {
			case free <- b:
			default:
			}
		}
	})
	var b *batch
	send := func() {
		b.ready = make(chan struct{})
		order <- b
		work <- b
		b = nil
	}
	err := e.tx.Scan(e.ctx, q, nil, func(r *store.Row) error {
		if b == nil {
			select {
			case b = <-free:
				b.rows = b.rows[:0]
			default:
				b = &batch{rows: make([]checkedRow, 0, chunkRows)}
			}
		}
		b.rows = b.rows[:len(b.rows)+1]
		e.fill(&b.rows[len(b.rows)-1], r)
		if len(b.rows) == chunkRows {
			send()
		}
		return nil
	})
	if b != nil && err == nil {
		send()
	}
	close(work)
	close(order)
	workers.Wait()
	judge.Wait()
	return err
}

func (e *entityCheck) fill(x *checkedRow, r *store.Row) {
	h := r.Bytes(4)
	x.short = len(h) != len(x.h)
	x.h = [16]byte{}
	copy(x.h[:], h)
	x.rid, x.rec, x.from, x.to, x.row, x.verified = r.Int(0), r.Int(1), r.Int(2), r.Int(3), r.Int(5), r.Int(6)
	if x.vals == nil {
		x.vals = make([]luoshu.Value, len(e.cols))
	}
	for i := range x.vals {
		x.vals[i] = r.Value(7 + i)
	}
	if e.form != nil {
		x.x = append(x.x[:0], r.Bytes(7+len(e.cols))...)
	}
}

// envelope adds the column of envelopes to a list of columns.
func envelope(f *store.Form) string {
	if f == nil {
		return ""
	}
	return ", " + store.Envelope
}

// judge takes the versions in order.
func (e *entityCheck) judge(x *checkedRow) {
	e.rows++
	if e.rows%100_000 == 0 {
		e.tell.Tell("check", e.rows, 0)
	}
	d, known := e.digests[x.from]
	com := e.commit(x.from)
	if !known || com == nil || x.rid < com.RidFrom || x.rid > com.RidTo {
		e.bad(e.entity, x.rec, x.from, "%s 的记录 #%d（版本 %d）不是任何提交写入的", "record #%[2]d of %[1]s (version %[3]d) was written by no commit", e.entity, x.rec, x.rid)
		return
	}
	if want := e.next[x.from]; x.rid > want {
		e.missing(com, want, x.rid-1)
	}
	e.next[x.from] = x.rid + 1
	d[0].Add(x.rid, x.rec, x.row, e.hash(x.from, x.h[:], x.former))
	if x.former != nil && x.to != 0 && x.to <= e.form.Since {
		e.formers[x.rid] = x.former
	}
	switch {
	case x.fault.ZH != "":
		e.wrong[x.from] = true
		e.bad(e.entity, x.rec, x.from, "%s 的记录 #%d（第 %d 次提交写入）被改动："+x.fault.ZH, "record #%[2]d of %[1]s, written by commit %[3]d, was altered: "+x.fault.EN, e.entity, x.rec, x.from)
	case x.short || x.sum != x.h || (x.former != nil && !bytes.Equal(x.former, x.formerSum[:])):
		e.wrong[x.from] = true
		e.bad(e.entity, x.rec, x.from, "%s 的记录 #%d（第 %d 次提交写入）被改动", "record #%[2]d of %[1]s, written by commit %[3]d, was altered", e.entity, x.rec, x.from)
	}
	if x.rec > x.rid {
		e.bad(e.entity, x.rec, x.from, "%s 的版本 %d 属于尚不存在的记录 #%d", "version %[2]d of %[1]s belongs to a record #%[3]d that was not there yet", e.entity, x.rid, x.rec)
	}
	if x.verified != 0 && !e.attested[x.verified] {
		e.bad(e.entity, x.rec, x.from, "%s 的记录 #%d 的核验日期不出自任何提交", "the attestation of record #%[2]d of %[1]s comes from no commit", e.entity, x.rec)
	}
	if x.to != 0 {
		if c := e.commit(x.to); x.to <= x.from || c == nil || c.Entity != e.entity {
			e.bad(e.entity, x.rec, x.to, "%s 的记录 #%d 由不可能的提交 %d 关闭", "record #%[2]d of %[1]s was closed by commit %[3]d, which cannot be", e.entity, x.rec, x.to)
		}
	}
}

func (e *entityCheck) missing(com *CommitInfo, from, to int64) {
	e.wrong[com.Seq] = true
	e.bad(e.entity, 0, com.Seq, "第 %d 次提交写入的 %s 版本 %d 至 %d 不见了", "versions %[3]d to %[4]d of %[2]s, written by commit %[1]d, are missing", com.Seq, e.entity, from, to)
}

// scanClosed digests the versions that each commit closed.
func (e *entityCheck) scanClosed() error {
	return e.tx.Scan(e.ctx, `SELECT _to, _rid, _rec, _h FROM `+store.Table(e.entity)+` WHERE _to IS NOT NULL ORDER BY _to, _rid`, nil,
		func(r *store.Row) error {
			if d, ok := e.digests[r.Int(0)]; ok {
				d[1].Add(r.Int(1), r.Int(2), 0, e.hash(r.Int(0), r.Bytes(3), e.formers[r.Int(1)]))
			}
			return nil
		})
}

// compare holds the digests found against those recorded.
func (e *entityCheck) compare() error {
	for i := range e.commits {
		com := &e.commits[i]
		d, ok := e.digests[com.Seq]
		if !ok {
			continue
		}
		if want := e.next[com.Seq]; com.RidTo != 0 && want <= com.RidTo {
			e.missing(com, want, com.RidTo)
		}
		extra, err := e.book.Extras(e.ctx, e.tx, com.Seq)
		if err != nil {
			return err
		}
		switch {
		case d[1].N != com.Closed:
			e.bad(e.entity, 0, com.Seq, "第 %d 次提交关闭了 %d 个版本，现在是 %d 个", "commit %d closed %d versions, now there are %d", com.Seq, com.Closed, d[1].N)
		case e.wrong[com.Seq]:
			// Already named.
		case !bytes.Equal(chain.Digest(e.entity, d[0], d[1], extra), com.digest):
			e.bad(e.entity, 0, com.Seq, "第 %d 次提交写入或关闭的记录与当时不符", "the records that commit %d wrote or closed are not what they were", com.Seq)
		}
	}
	return nil
}

// attestations holds the dates on versions against the newest attestation of each.
func (e *entityCheck) attestations() error {
	err := e.tx.Scan(e.ctx, `SELECT r._rec, a.seq FROM attestation a JOIN `+store.Table(e.entity)+` r ON r._rid = a.rid
		WHERE a.entity = ? AND coalesce(r._verified, 0) <> a.on_date
		AND NOT EXISTS (SELECT 1 FROM attestation b WHERE b.entity = a.entity AND b.rid = a.rid AND b.seq > a.seq) ORDER BY r._rid LIMIT 100`,
		[]any{e.entity}, func(r *store.Row) error {
			e.bad(e.entity, r.Int(0), r.Int(1), "%s 的记录 #%d 的核验日期与第 %d 次提交不符", "the attestation of record #%[2]d of %[1]s differs from commit %[3]d", e.entity, r.Int(0), r.Int(1))
			return nil
		})
	if err != nil {
		return fmt.Errorf("check attestations of %s: %w", e.entity, err)
	}
	return nil
}

// twins looks for records with more than one current version.
func (e *entityCheck) twins() error {
	err := e.tx.Scan(e.ctx, `SELECT _rec, count(*) FROM `+store.Table(e.entity)+` WHERE _to IS NULL AND _rec IN
		(SELECT _rec FROM `+store.Table(e.entity)+` WHERE _rec <> _rid) GROUP BY _rec HAVING count(*) > 1 ORDER BY _rec LIMIT 100`, nil,
		func(r *store.Row) error {
			e.bad(e.entity, r.Int(0), 0, "%s 的记录 #%d 有 %d 个现行版本", "record #%[2]d of %[1]s has %[3]d current versions", e.entity, r.Int(0), r.Int(1))
			return nil
		})
	if err != nil {
		return fmt.Errorf("look for twins: %w", err)
	}
	return nil
}

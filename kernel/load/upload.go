package load

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"luoshu"
	"luoshu/kernel/intake"
	"luoshu/kernel/ledger"
)

// State is where an upload stands.
type State string

// The states. An upload goes from reading to staged, and by a person's word to
// committing and committed; it is undone when its commit was taken back.
const (
	Reading    State = "reading"
	Staged     State = "staged"
	Committing State = "committing"
	Committed  State = "committed"
	Failed     State = "failed"
	Cancelled  State = "cancelled"
	Undone     State = "undone"
)

// Upload is a file that waits for a person's word, and what it would do.
type Upload struct {
	ID       string
	Entity   string
	Name     string
	SHA256   string
	Size     int64
	Attested int64
	Reason   string
	Actor    luoshu.Actor
	Created  string // RFC 3339, UTC
	State    State
	Progress Progress
	Result   ledger.Result
	Held     int64       // rows of which something was held
	Error    luoshu.Text // why it failed
	resumed  bool        // its commit may have been made by a former process
}

// Progress is how far the work on an upload has come in this process.
type Progress struct {
	Stage       string
	Done, Total int64
}

// Submission is a file handed in for staging.
type Submission struct {
	Entity, Name string
	R            io.Reader
	Actor        luoshu.Actor
	Attested     int64
	Reason       string
}

// Serve tells the desk who may write what and goes on with uploads that a former
// process left unfinished. Until it is called nothing can be staged.
func (d *Desk) Serve(ctx context.Context, w Writer) error {
	d.mu.Lock()
	d.who = w
	d.mu.Unlock()
	if err := d.sweep(); err != nil {
		return err
	}
	var left []Upload
	err := d.uploads(ctx, `WHERE state IN ('reading', 'committing') ORDER BY created`, nil, func(u Upload) { left = append(left, u) })
	if err != nil {
		return err
	}
	for _, u := range left {
		u.resumed = true
		d.start(u)
	}
	return nil
}

// Close stops all uploads at work and waits for them; they go on at the next Serve.
func (d *Desk) Close() {
	d.stop()
	d.wg.Wait()
}

// Wait waits until no upload is at work.
func (d *Desk) Wait() { d.wg.Wait() }

func (d *Desk) writer() Writer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.who
}

// open refuses files for what is written by cases alone.
func (d *Desk) open(entity string) error {
	if e := d.cat.Entity(entity); e != nil && e.Register {
		return luoshu.Errorf(luoshu.Denied, "“%s”是案卷登记簿，只由案卷的办理写入，不能用文件导入", "“%s” is a register of cases: their steps write it, no file can", e.Title)
	}
	return nil
}

// Stage keeps a file and begins to look at what it would change; it returns when
// the file is on disk. Nothing is written to the records.
func (d *Desk) Stage(ctx context.Context, s Submission) (string, error) {
	if s.Entity != OneRoster && d.cat.Entity(s.Entity) == nil {
		return "", luoshu.Errorf(luoshu.NotFound, "没有名为 %s 的登记表", "there is no register named %s", s.Entity)
	}
	if err := d.open(s.Entity); err != nil {
		return "", err
	}
	if d.writer() == nil {
		return "", luoshu.Errorf(luoshu.Unavailable, "尚未准备好接收文件，请稍后再试", "the desk is not open yet; try again in a moment")
	}
	src, err := d.keep(ctx, s.R, s.Name)
	if err != nil {
		return "", err
	}
	u := Upload{
		ID: strings.ToLower(rand.Text()[:16]), Entity: s.Entity, Name: src.Name, SHA256: src.SHA256, Size: src.Size,
		Attested: s.Attested, Reason: s.Reason, Actor: s.Actor, State: Reading,
	}
	_, err = d.db.Exec(ctx, `INSERT INTO upload (id, entity, name, sha256, size, attested, reason, actor, role, org, created, state, stage,
		done, total, "rows", new, changed, unchanged, refused, seq, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 0, 0, 0, 0, 0, 0, 0, '')`,
		u.ID, u.Entity, u.Name, u.SHA256, u.Size, u.Attested, u.Reason, u.Actor.Name, u.Actor.Role, u.Actor.Org,
		d.now().UTC().Format(time.RFC3339Nano), string(Reading))
	if err != nil {
		return "", fmt.Errorf("stage upload: %w", err)
	}
	if err := d.forget(ctx); err != nil {
		return "", err
	}
	d.start(u)
	return u.ID, nil
}

// forget drops the row verdicts of finished uploads beyond the newest fifty.
func (d *Desk) forget(ctx context.Context) error {
	_, err := d.db.Exec(ctx, `DELETE FROM upload_row WHERE upload IN (SELECT id FROM upload WHERE state IN ('committed', 'failed', 'cancelled')
		ORDER BY created DESC LIMIT 100000 OFFSET 50)`)
	if err != nil {
		return fmt.Errorf("forget old uploads: %w", err)
	}
	return nil
}

// start works on an upload in the background until its state changes.
func (d *Desk) start(u Upload) {
	ctx, cancel := context.WithCancel(d.base)
	d.mu.Lock()
	d.jobs[u.ID] = cancel
	d.mu.Unlock()
	d.wg.Go(func() {
		defer func() {
			d.mu.Lock()
			delete(d.jobs, u.ID)
			delete(d.live, u.ID)
			d.mu.Unlock()
			cancel()
		}()
		select {
		case d.slot <- struct{}{}:
			defer func() { <-d.slot }()
		case <-ctx.Done():
			return
		}
		var err error
		if u.State == Committing {
			err = d.write(ctx, u)
		} else {
			err = d.look(ctx, u)
		}
		if err != nil && ctx.Err() == nil {
			d.fail(u.ID, err)
		}
	})
}

// job makes the way of an upload's file.
func (d *Desk) job(ctx context.Context, u Upload) (job, io.Closer, error) {
	f, c, err := d.kept(ctx, u.SHA256)
	if err != nil {
		return job{}, nil, err
	}
	f.Name = u.Name
	return job{
		id: "upload-" + u.ID, file: f, entity: u.Entity, source: ledger.Source{SHA256: u.SHA256, Name: u.Name, Size: u.Size},
		actor: u.Actor, attested: u.Attested, reason: u.Reason, writer: d.writer(),
	}, c, nil
}

// look reads a file without writing and keeps the verdicts.
func (d *Desk) look(ctx context.Context, u Upload) error {
	j, c, err := d.job(ctx, u)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := d.db.Exec(ctx, `DELETE FROM upload_row WHERE upload = ?`, u.ID); err != nil {
		return fmt.Errorf("stage upload: %w", err)
	}
	v := &verdicts{d: d, ctx: ctx, upload: u.ID}
	j.dry, j.each = true, v.add
	r, err := d.run(ctx, j, d.progress(u.ID))
	if err == nil {
		err = v.end(r)
	}
	if err != nil {
		return err
	}
	state, text := Staged, ""
	if r.Blocked() && r.Rows == 0 {
		state = Failed
		for _, f := range r.Faults {
			if f.Blocked {
				text = errorJSON(luoshu.Text{ZH: f.ZH, EN: f.EN})
				break
			}
		}
	}
	return d.finish(ctx, u.ID, Reading, state, r, text)
}

// write commits an upload from the kept file against the records as they are now.
// The commit's id makes it safe to repeat after a crash.
func (d *Desk) write(ctx context.Context, u Upload) error {
	j, c, err := d.job(ctx, u)
	if err != nil {
		return err
	}
	defer c.Close()
	r, err := d.run(ctx, j, d.progress(u.ID))
	if err != nil {
		return err
	}
	if u.resumed {
		// If the commit had been made already it has told nothing of what it held:
		// look again at what the file still differs in, and ask for that.
		again, err := d.askAgain(ctx, u)
		if err != nil {
			return err
		}
		r.Held = again.Held
	}
	return d.finish(ctx, u.ID, Committing, Committed, r, "")
}

// askAgain asks the sources for what a committed file still holds.
func (d *Desk) askAgain(ctx context.Context, u Upload) (Report, error) {
	j, c, err := d.job(ctx, u)
	if err != nil {
		return Report{}, err
	}
	defer c.Close()
	j.dry, j.ask = true, true
	return d.run(ctx, j, nil)
}

// finish writes what came out; it does nothing if the state has been changed.
func (d *Desk) finish(ctx context.Context, id string, from, to State, r Report, text string) error {
	_, err := d.db.Exec(ctx, `UPDATE upload SET state = ?, stage = '', "rows" = ?, new = ?, changed = ?, unchanged = ?, refused = ?, held = ?, seq = ?, error = ?
		WHERE id = ? AND state = ?`, string(to), r.Rows, r.New, r.Changed, r.Unchanged, r.Refused, r.Held, r.Seq, text, id, string(from))
	if err != nil {
		return fmt.Errorf("finish upload: %w", err)
	}
	return nil
}

// fail notes why an upload came to nothing; people see no inner workings.
func (d *Desk) fail(id string, cause error) {
	msg := luoshu.Text{ZH: "处理文件时出错，请稍后重试或联系管理员", EN: "something went wrong while the file was read; try again or ask the administrator"}
	var known *luoshu.Error
	if errors.As(cause, &known) && known.Kind != luoshu.Internal {
		msg = known.Msg
	}
	_, _ = d.db.Exec(d.base, `UPDATE upload SET state = ?, error = ? WHERE id = ? AND state IN ('reading', 'committing')`, string(Failed), errorJSON(msg), id)
}

func errorJSON(t luoshu.Text) string {
	b, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	return string(b)
}

// progress keeps in memory how far an upload has come: a commit holds the one
// writer, so it could not be stored while it goes on.
func (d *Desk) progress(id string) luoshu.Progress {
	return func(stage string, done, total int64) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.jobs[id] != nil {
			d.live[id] = Progress{stage, done, total}
		}
	}
}

// CommitUpload writes a staged upload; it returns at once and the state tells
// when it is done. actor is who gave the word; it must reach the rows itself.
func (d *Desk) CommitUpload(ctx context.Context, actor luoshu.Actor, id string) error {
	u, err := d.Upload(ctx, id)
	if err != nil {
		return err
	}
	res, err := d.db.Exec(ctx, `UPDATE upload SET state = 'committing', actor = ?, role = ?, org = ? WHERE id = ? AND state = 'staged'`, actor.Name, actor.Role, actor.Org, id)
	if err != nil {
		return fmt.Errorf("commit upload: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return luoshu.Errorf(luoshu.Conflict, "这份文件现在不能提交（状态：%s）", "this file cannot be committed now (state: %s)", string(u.State))
	}
	u.Actor, u.State = actor, Committing
	d.start(u)
	return nil
}

// CancelUpload gives an upload up and drops its verdicts; the file stays. What is
// being written or has been written cannot be cancelled, only undone.
func (d *Desk) CancelUpload(ctx context.Context, id string) error {
	u, err := d.Upload(ctx, id)
	if err != nil {
		return err
	}
	res, err := d.db.Exec(ctx, `UPDATE upload SET state = 'cancelled' WHERE id = ? AND state IN ('reading', 'staged', 'failed')`, id)
	if err != nil {
		return fmt.Errorf("cancel upload: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return luoshu.Errorf(luoshu.Conflict, "这份文件现在不能取消（状态：%s）", "this file cannot be cancelled now (state: %s)", string(u.State))
	}
	d.mu.Lock()
	if cancel := d.jobs[id]; cancel != nil {
		cancel()
	}
	d.mu.Unlock()
	if _, err := d.db.Exec(ctx, `DELETE FROM upload_row WHERE upload = ?`, id); err != nil {
		return fmt.Errorf("cancel upload: %w", err)
	}
	return nil
}

// Upload returns an upload by its id.
func (d *Desk) Upload(ctx context.Context, id string) (Upload, error) {
	out := Upload{}
	err := d.uploads(ctx, `WHERE id = ?`, []any{id}, func(u Upload) { out = u })
	if err == nil && out.ID == "" {
		err = luoshu.Errorf(luoshu.NotFound, "没有这次上传", "there is no such upload")
	}
	return out, err
}

// Uploads returns the newest uploads that keep passes (nil: all), and how many
// there are in all.
func (d *Desk) Uploads(ctx context.Context, offset, limit int, keep func(Upload) bool) ([]Upload, int64, error) {
	out, n := []Upload{}, int64(0)
	err := d.uploads(ctx, `ORDER BY created DESC, id`, nil, func(u Upload) {
		if keep != nil && !keep(u) {
			return
		}
		if n >= int64(offset) && len(out) < limit {
			out = append(out, u)
		}
		n++
	})
	return out, n, err
}

func (d *Desk) uploads(ctx context.Context, tail string, args []any, each func(Upload)) error {
	rows, err := d.db.Query(ctx, `SELECT id, entity, name, sha256, size, attested, reason, actor, role, org, created, state, stage, done, total,
		"rows", new, changed, unchanged, refused, held, seq, error,
		coalesce((SELECT max(c.seq) FROM commit_log c WHERE c.undo_of = upload.seq AND upload.seq <> 0), 0) FROM upload `+tail, args...)
	if err != nil {
		return fmt.Errorf("read uploads: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		u, err := d.scanUpload(rows)
		if err != nil {
			return fmt.Errorf("read uploads: %w", err)
		}
		each(u)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read uploads: %w", err)
	}
	return nil
}

func (d *Desk) scanUpload(rows *sql.Rows) (Upload, error) {
	var u Upload
	var state, text string
	var undone int64
	r := &u.Result
	err := rows.Scan(&u.ID, &u.Entity, &u.Name, &u.SHA256, &u.Size, &u.Attested, &u.Reason, &u.Actor.Name, &u.Actor.Role, &u.Actor.Org,
		&u.Created, &state, &u.Progress.Stage, &u.Progress.Done, &u.Progress.Total,
		&r.Rows, &r.New, &r.Changed, &r.Unchanged, &r.Refused, &u.Held, &r.Seq, &text, &undone)
	if err != nil {
		return u, err
	}
	u.State = State(state)
	d.mu.Lock()
	if p, ok := d.live[u.ID]; ok {
		u.Progress = p
	}
	d.mu.Unlock()
	if u.State == Committed && undone > 0 {
		u.State = Undone
	}
	if text != "" {
		err = json.Unmarshal([]byte(text), &u.Error)
	}
	return u, err
}

// FaultsBook writes an upload's file back as a workbook with its faults in it.
func (d *Desk) FaultsBook(ctx context.Context, w io.Writer, id string) error {
	u, err := d.Upload(ctx, id)
	if err != nil {
		return err
	}
	var faults []luoshu.Fault
	err = d.rows(ctx, `upload = ? AND faulty = 1 ORDER BY n`, []any{id}, func(r UploadRow) error {
		if len(faults) < MaxFaults {
			faults = append(faults, r.Faults...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	f, c, err := d.kept(ctx, u.SHA256)
	if err != nil {
		return err
	}
	defer c.Close()
	f.Name = u.Name
	return intake.Colour(w, f, faults)
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// pocketBase is a running PocketBase (examples/base) with one collection of text
// fields, open to read and write, as the nearest relative to compare with.
type pocketBase struct {
	cmd   *exec.Cmd
	url   string
	token string
}

const pbMail, pbPass = "bench@example.com", "bench-password-1"

// startPocketBase starts the peer on a free port with a collection "rows" of the
// given text fields and an index on the first one.
func (e *env) startPocketBase(fields []string) (*pocketBase, error) {
	bin := filepath.Join(e.tools, "base")
	if _, err := os.Stat(bin); err != nil {
		return nil, fmt.Errorf("the peer is not built (scripts/bench builds it): %w", err)
	}
	dir, err := os.MkdirTemp(e.work, "pb-")
	if err != nil {
		return nil, err
	}
	if _, err := e.command(0, bin, "superuser", "upsert", pbMail, pbPass, "--dir", dir, "--migrationsDir", filepath.Join(dir, "none")); err != nil {
		return nil, err
	}
	addr := "127.0.0.1:" + freePort()
	cmd := exec.CommandContext(e.ctx, bin, "serve", "--http", addr, "--dir", dir, "--automigrate=false", "--migrationsDir", filepath.Join(dir, "none"))
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &pocketBase{cmd: cmd, url: "http://" + addr}
	if err := waitFor(p.url + "/api/health"); err != nil {
		p.stop()
		return nil, err
	}
	if err := p.setUp(fields); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *pocketBase) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (p *pocketBase) setUp(fields []string) error {
	var auth struct{ Token string }
	if err := p.call("POST", "/api/collections/_superusers/auth-with-password",
		map[string]string{"identity": pbMail, "password": pbPass}, &auth); err != nil {
		return err
	}
	p.token = auth.Token
	if err := p.call("PATCH", "/api/settings", map[string]any{
		"batch":      map[string]any{"enabled": true, "maxRequests": 1000, "timeout": 60, "maxBodySize": 64 << 20},
		"rateLimits": map[string]any{"enabled": false},
	}, nil); err != nil {
		return err
	}
	var cols []map[string]any
	for _, f := range fields {
		cols = append(cols, map[string]any{"name": f, "type": "text"})
	}
	return p.call("POST", "/api/collections", map[string]any{
		"name": "rows", "type": "base", "fields": cols,
		"listRule": "", "viewRule": "", "createRule": "",
		"indexes": []string{"CREATE UNIQUE INDEX idx_rows_key ON rows (" + fields[0] + ")"},
	}, nil)
}

// call makes one JSON request as the superuser.
func (p *pocketBase) call(method, path string, body, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, p.url+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", p.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %.300s", method, path, res.Status, out)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(out, into)
}

// batch writes rows in requests of 1,000 and returns rows a second.
func (p *pocketBase) batch(fields []string, rows [][]string) (float64, error) {
	const size = 1000
	began := time.Now()
	for at := 0; at < len(rows); at += size {
		var reqs []map[string]any
		for _, r := range rows[at:min(at+size, len(rows))] {
			body := make(map[string]string, len(fields))
			for i, f := range fields {
				body[f] = r[i]
			}
			reqs = append(reqs, map[string]any{"method": "POST", "url": "/api/collections/rows/records", "body": body})
		}
		if err := p.call("POST", "/api/batch", map[string]any{"requests": reqs}, nil); err != nil {
			return 0, err
		}
	}
	return float64(len(rows)) / time.Since(began).Seconds(), nil
}

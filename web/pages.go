package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"luoshu/web/kit"
)

// pages serves the built pages from memory. Paths that are no file are pages of
// the single-page application and answer with its index.
type pages struct {
	files fs.FS
	mu    sync.Mutex
	held  map[string]*asset
}

// asset is one file ready to send, plain and compressed.
type asset struct {
	plain, gzip []byte
	brotli      []byte
	kind, etag  string
}

func newPages(files fs.FS) *pages { return &pages{files: files, held: map[string]*asset{}} }

const notBuilt = `<!doctype html><html lang="zh"><meta charset="utf-8"><title>Luoshu 洛书</title>
<h1>洛书 Luoshu</h1><p>页面尚未构建，请先运行 <code>make ui</code>，再重新编译。接口可用：<a href="/api/session">/api/session</a></p>
<p>UI not built: run <code>make ui</code> and build again. The API works: <a href="/api/session">/api/session</a></p></html>
`

// ServeHTTP answers GET for pages and their files.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	a := p.find(name)
	if a == nil {
		if path.Ext(name) != "" && name != "index.html" {
			http.NotFound(w, r)
			return
		}
		name = "index.html"
		if a = p.find(name); a == nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write([]byte(notBuilt)) // the reader has gone; there is nobody to tell
			return
		}
	}
	p.send(w, r, name, a)
}

func (p *pages) send(w http.ResponseWriter, r *http.Request, name string, a *asset) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("ETag", a.etag)
	h.Add("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable") // the name has the hash of the content
	}
	if r.Header.Get("If-None-Match") == a.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	b := a.plain
	switch accept := r.Header.Get("Accept-Encoding"); {
	case a.brotli != nil && strings.Contains(accept, "br"):
		b = a.brotli
		h.Set("Content-Encoding", "br")
	case a.gzip != nil && strings.Contains(accept, "gzip"):
		b = a.gzip
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) // the reader has gone; there is nobody to tell
}

// find reads a file once; nil if there is none.
func (p *pages) find(name string) *asset {
	if p.files == nil || !fs.ValidPath(name) || name == "README.txt" || strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".br") {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if a, ok := p.held[name]; ok {
		return a
	}
	plain, err := fs.ReadFile(p.files, name)
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(plain)
	a := &asset{plain: plain, kind: mime.TypeByExtension(path.Ext(name)), etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	if a.kind == "" {
		a.kind = http.DetectContentType(plain)
	}
	if b, err := fs.ReadFile(p.files, name+".br"); err == nil {
		a.brotli = b
	}
	if b, err := fs.ReadFile(p.files, name+".gz"); err == nil {
		a.gzip = b
	} else if len(plain) >= kit.GzipFrom && compressible(a.kind) {
		a.gzip = squeeze(plain)
	}
	p.held[name] = a
	return a
}

func compressible(kind string) bool {
	for _, s := range []string{"text/", "javascript", "json", "svg", "xml"} {
		if strings.Contains(kind, s) {
			return true
		}
	}
	return false
}

func squeeze(b []byte) []byte {
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		return nil
	}
	_, err = w.Write(b)
	if errors.Join(err, w.Close()) != nil || z.Len() >= len(b) {
		return nil
	}
	return z.Bytes()
}

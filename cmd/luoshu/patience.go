package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// patience is how long the server waits for a slow peer. Who sends headers, a body
// or takes an answer slower than this is cut off, so that few can hold no more than
// few connections; files large and small go through at the pace of a poor line.
type patience struct {
	header time.Duration // to send the head of a request
	body   time.Duration // to send a small body, and to begin a large one
	write  time.Duration // to take one piece of an answer
	idle   time.Duration // between requests
	pace   int64         // bytes a second that a body must keep up beyond the first
}

// usual is the patience of `luoshu serve`.
var usual = patience{header: 10 * time.Second, body: 30 * time.Second, write: time.Minute, idle: 2 * time.Minute, pace: 8 << 10}

// server returns a server over the handler.
func (p patience) server(ctx context.Context, next http.Handler) *http.Server {
	return &http.Server{
		Handler:           p.handler(next),
		ReadHeaderTimeout: p.header,
		IdleTimeout:       p.idle,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
}

func (p patience) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		begun := time.Now()
		if r.Body != nil && r.Body != http.NoBody {
			_ = rc.SetReadDeadline(begun.Add(p.body)) // also for a body that nobody asks for
			r.Body = &slowBody{ReadCloser: r.Body, rc: rc, p: p, begun: begun}
		}
		next.ServeHTTP(&slowWriter{w, rc, p.write}, r)
		_ = rc.SetWriteDeadline(time.Now().Add(p.write))
	})
}

// slowBody gives a body the time its size so far has earned.
type slowBody struct {
	io.ReadCloser
	rc    *http.ResponseController
	p     patience
	begun time.Time
	got   int64
}

// Read reads by the deadline; a body that is late ends in an error.
func (b *slowBody) Read(to []byte) (int, error) {
	earned := time.Duration(b.got) * time.Second / time.Duration(b.p.pace)
	if err := b.rc.SetReadDeadline(b.begun.Add(b.p.body + earned)); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(to)
	b.got += int64(n)
	if errors.Is(err, io.EOF) { // the work that follows has no deadline of the body's
		if err := b.rc.SetReadDeadline(time.Time{}); err != nil {
			return n, err
		}
	}
	return n, err
}

// slowWriter gives each piece of an answer its time.
type slowWriter struct {
	http.ResponseWriter
	rc    *http.ResponseController
	write time.Duration
}

// Write sends a piece, or fails if the peer does not take it.
func (w *slowWriter) Write(b []byte) (int, error) {
	if err := w.rc.SetWriteDeadline(time.Now().Add(w.write)); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *slowWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Who dawdles with the head, the body or the answer is cut off; who is merely slow
// gets through.
func TestSlowPeersAreCutOff(t *testing.T) {
	p := patience{header: 80 * time.Millisecond, body: 80 * time.Millisecond, write: 150 * time.Millisecond, idle: 80 * time.Millisecond, pace: 1 << 20}
	work := 3 * p.body // longer than a body may take
	ended := make(chan error, 16)
	big := bytes.Repeat([]byte("x"), 64<<10)
	srv := p.server(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/big" {
			var err error
			for range 4096 {
				if _, err = w.Write(big); err != nil {
					break
				}
			}
			ended <- err
			return
		}
		if r.URL.Path == "/deaf" {
			ended <- nil
			return
		}
		_, err := io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/work" && err == nil {
			select {
			case <-time.After(work):
			case <-r.Context().Done():
				err = r.Context().Err()
			}
		}
		ended <- err
		if err == nil {
			_, _ = w.Write([]byte("whole"))
		}
	}))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { srv.Close() })
	dial := func(send string) net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil { // the test's own end
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, send); err != nil {
			t.Fatal(err)
		}
		return c
	}
	gone := func(name string, c net.Conn) string {
		t.Helper()
		b, err := io.ReadAll(c)
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			t.Errorf("%s: the connection is still open", name)
		}
		return string(b)
	}
	gone("half a head", dial("POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "))
	gone("nothing after the connection", dial(""))
	gone("half a body", dial("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"))
	if err := <-ended; err == nil {
		t.Error("half a body is taken for a whole one")
	}
	gone("an endless body of chunks", dial("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"))
	if err := <-ended; err == nil {
		t.Error("an endless body has an end")
	}
	gone("a body nobody asks for", dial("POST /deaf HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"))
	<-ended
	dial("GET /big HTTP/1.1\r\nHost: x\r\n\r\n") // and takes nothing of the answer
	if err := <-ended; err == nil {
		t.Error("an answer nobody takes was sent")
	}
	whole := "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("y", 300000)
	if got := gone("a whole body", dial(whole)); !strings.HasSuffix(got, "whole") {
		t.Errorf("a good request: %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := gone("long work", dial("POST /work HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")); !strings.HasSuffix(got, "whole") {
		t.Errorf("work that takes longer than a body may: %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if usual.header <= 0 || usual.body <= 0 || usual.write <= 0 || usual.idle <= 0 || usual.pace <= 0 {
		t.Errorf("the server waits for ever: %+v", usual)
	}
}

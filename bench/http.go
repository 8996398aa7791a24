package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"sort"
	"strings"
	"sync"
	"time"
)

func freePort() string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "18099"
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

// waitFor asks url until it answers 200, for at most twenty seconds.
func waitFor(url string) error {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		res, err := http.Get(url)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
	return fmt.Errorf("%s does not answer", url)
}

// server is a running `luoshu serve`.
type server struct {
	cmd   *exec.Cmd
	url   string
	start time.Duration // from exec to the first answer of /healthz
}

var addrLine = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

func (e *env) serve(data string) (*server, error) {
	// An account of a real city may ask for some hundreds of pages a minute; here thirty
	// of them ask for thousands a second.
	cmd := exec.CommandContext(e.ctx, e.bin, "serve", "--data", data, "--listen", "127.0.0.1:0",
		"--rate", "read=1e9/1e9", "--rate", "explore=1e9/1e9", "--rate", "any=1e9/1e9")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd}
	r := bufio.NewReader(pipe)
	for s.url == "" {
		line, err := r.ReadString('\n')
		s.url = addrLine.FindString(line)
		if err != nil {
			break
		}
	}
	if s.url == "" {
		s.stop()
		return nil, fmt.Errorf("serve said no address")
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	if err := waitFor(s.url + "/healthz"); err != nil {
		s.stop()
		return nil, err
	}
	s.start = time.Since(began)
	return s, nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// signIn returns the session cookie of a demo account.
func (s *server) signIn(name string) (string, error) {
	b, _ := json.Marshal(map[string]string{"name": name, "password": demoPassword})
	req, err := http.NewRequest("POST", s.url+"/api/session", bytes.NewReader(b))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(res.Body)
		return "", fmt.Errorf("sign in as %s: %s %.200s", name, res.Status, body)
	}
	var parts []string
	for _, c := range res.Cookies() {
		parts = append(parts, c.Name+"="+c.Value)
	}
	return strings.Join(parts, "; "), nil
}

const demoPassword = "luoshu-demo-2025"

// loadTest is the outcome of many concurrent requests.
type loadTest struct {
	rps      float64
	p50, p95 float64 // milliseconds, seen by the client on the same two cores
	bytes    int64
	failed   int
}

// hammer makes n requests over conc connections; request i goes to urls[i%len]
// with cookies[i%len] (if any).
func hammer(urls, cookies []string, conc, n int) (loadTest, error) {
	tr := &http.Transport{MaxIdleConns: conc, MaxIdleConnsPerHost: conc, DisableCompression: true}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr}
	times := make([]float64, n)
	var mu sync.Mutex
	var out loadTest
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	began := time.Now()
	for range conc {
		wg.Go(func() {
			for i := range next {
				size, ms, err := one(client, urls[i%len(urls)], cookies, i)
				times[i] = ms
				mu.Lock()
				out.bytes += size
				if err != nil {
					out.failed++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	out.rps = float64(n) / time.Since(began).Seconds()
	sort.Float64s(times)
	out.p50, out.p95 = times[n/2], times[n*95/100]
	if out.failed > 0 {
		return out, fmt.Errorf("%d of %d requests failed", out.failed, n)
	}
	return out, nil
}

func one(client *http.Client, url string, cookies []string, i int) (int64, float64, error) {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return 0, 0, err
	}
	if len(cookies) > 0 {
		req.Header.Set("Cookie", cookies[i%len(cookies)])
	}
	t := time.Now()
	res, err := client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	size, err := io.Copy(io.Discard, res.Body)
	ms := float64(time.Since(t).Microseconds()) / 1000
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, res.Status)
	}
	return size, ms, err
}

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cityAt returns a data folder with the demo city at the given scale, making it
// if this run has not yet; made is what the making cost (zero if it was there).
func (e *env) cityAt(scale float64) (dir string, made usage, err error) {
	dir = filepath.Join(e.work, "city-"+strconv.FormatFloat(scale, 'g', -1, 64))
	if _, err := os.Stat(filepath.Join(dir, "city.yaml")); err == nil {
		return dir, usage{}, nil
	}
	made, err = e.command(0, e.bin, "demo", "--data", dir, "--scale", strconv.FormatFloat(scale, 'g', -1, 64))
	return dir, made, err
}

// sealOnce seals and returns what it cost; bin chooses the build.
func (e *env) sealOnce(bin, dir string) (usage, string, error) {
	u, err := e.command(0, bin, "seal", "--data", dir, "--note", "bench", "-o", "json")
	if err != nil {
		return u, "", err
	}
	var s struct{ ID string }
	err = json.Unmarshal(u.out, &s)
	return u, s.ID, err
}

// figuresOf returns the figures of a seal without the seal's own name, to compare builds.
func (e *env) figuresOf(bin, dir, seal string) (string, error) {
	u, err := e.command(0, bin, "figures", "--data", dir, "--seal", seal, "-o", "csv")
	return strings.ReplaceAll(string(u.out), seal, "SEAL"), err
}

// benchCity measures the making of a demo city, a seal in both builds (whose
// figures must be the same digits) and the start of serve.
func benchCity(e *env) error {
	dir, made, err := e.cityAt(e.scale)
	if err != nil {
		return err
	}
	if made.seconds > 0 {
		e.add("city", "luoshu demo: write, load, seal", made.seconds, "s", "< 60 at 0.05")
		e.add("city", "memory of luoshu demo", made.rssMiB, "MiB", "< 1024")
	}
	with, s1, err := e.sealOnce(e.bin, dir)
	if err != nil {
		return err
	}
	without, s2, err := e.sealOnce(e.nocgo, dir)
	if err != nil {
		return err
	}
	a, err := e.figuresOf(e.bin, dir, s1)
	if err != nil {
		return err
	}
	b, err := e.figuresOf(e.bin, dir, s2)
	if err != nil {
		return err
	}
	if a != b {
		return fmt.Errorf("the builds with and without cgo gave different figures")
	}
	e.add("city", "seal with all figures, build with cgo", with.seconds, "s", "")
	e.add("city", "seal with all figures, build without cgo (same digits)", without.seconds, "s", "")
	e.add("city", "without ÷ with cgo", without.seconds/with.seconds, "×", "")
	e.add("city", "memory of the seal, build with cgo", with.rssMiB, "MiB", "< 1024")
	e.add("city", "memory of the seal, build without cgo", without.rssMiB, "MiB", "< 1024")
	s, err := e.serve(dir)
	if err != nil {
		return err
	}
	defer s.stop()
	e.add("city", "start of serve to the first answer", s.start.Seconds(), "s", "< 2")
	return nil
}

// benchGrowth makes cities of growing scale: time should be linear, memory flat.
func benchGrowth(e *env) error {
	for _, text := range strings.Split(growthScales, ",") {
		scale, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("scale %q: %w", text, err)
		}
		dir, made, err := e.cityAt(scale)
		if err != nil {
			return err
		}
		if made.seconds > 0 {
			e.add("growth", "scale "+text+": demo (write, load, two seals)", made.seconds, "s", "")
			e.add("growth", "scale "+text+": memory", made.rssMiB, "MiB", "< 1024")
		}
		u, _, err := e.sealOnce(e.bin, dir)
		if err != nil {
			return err
		}
		e.add("growth", "scale "+text+": seal and figures", u.seconds, "s", "")
		e.add("growth", "scale "+text+": memory of the seal", u.rssMiB, "MiB", "< 1024")
	}
	return nil
}

// benchDashboard sends 100 concurrent dashboard requests of every role.
func benchDashboard(e *env) error {
	dir, _, err := e.cityAt(e.scale)
	if err != nil {
		return err
	}
	s, err := e.serve(dir)
	if err != nil {
		return err
	}
	defer s.stop()
	var cookies, urls []string
	roles := []string{"leader", "planner", "county", "clerk", "inspector", "teacher"}
	for i := range 5 * len(roles) { // a session may ask only so often
		c, err := s.signIn(roles[i%len(roles)])
		if err != nil {
			return err
		}
		cookies, urls = append(cookies, c), append(urls, s.url+"/api/dashboard")
	}
	for range 60 { // until what is counted at start has been counted
		warm, err := hammer(urls, cookies, 10, 30)
		if err != nil {
			return err
		}
		if warm.p95 < 100 {
			break
		}
	}
	ours, err := hammer(urls, cookies, 100, 20_000)
	if err != nil {
		return err
	}
	e.add("dashboard", "p50, 100 concurrent, client on the same cores", ours.p50, "ms", "")
	e.add("dashboard", "p95, 100 concurrent, client on the same cores", ours.p95, "ms", "< 50")
	e.add("dashboard", "requests a second", ours.rps, "req/s", "")
	fields := []string{"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"}
	pb, err := e.startPocketBase(fields)
	if err != nil {
		return err
	}
	defer pb.stop()
	rows := make([][]string, 5000)
	for i := range rows {
		rows[i] = make([]string, len(fields))
		for j := range rows[i] {
			rows[i][j] = fmt.Sprintf("v%d-%d", i, j)
		}
	}
	if _, err := pb.batch(fields, rows); err != nil {
		return err
	}
	peer, err := hammer([]string{pb.url + "/api/collections/rows/records?perPage=30"}, nil, 100, 20_000)
	if err != nil {
		return err
	}
	e.add("dashboard", "PocketBase list of 30 rows, requests a second", peer.rps, "req/s", "")
	e.add("dashboard", "luoshu ÷ PocketBase, requests a second", ours.rps/peer.rps, "×", "≥ 1")
	return nil
}

// benchExplore asks new cuts of the whole city, each different from the last.
func benchExplore(e *env) error {
	dir, _, err := e.cityAt(e.scale)
	if err != nil {
		return err
	}
	s, err := e.serve(dir)
	if err != nil {
		return err
	}
	defer s.stop()
	cookie, err := s.signIn("planner")
	if err != nil {
		return err
	}
	cuts := []string{"county,stage", "county,sex", "stage,boarder", "county,runner", "urban,stage", "grade,sex", "county,urban", "runner,stage", "county,grade", "stage,affordable"}
	worst := 0.0
	for i, c := range cuts {
		lt, err := hammer([]string{s.url + "/api/explore?measure=students&cuts=" + c}, []string{cookie}, 1, 1)
		if err != nil {
			return err
		}
		if i == 0 {
			e.add("explore", "first cut after start (reads the cube)", lt.p50, "ms", "")
			continue
		}
		worst = max(worst, lt.p50)
	}
	e.add("explore", "slowest of nine further new cuts", worst, "ms", "< 300")
	return nil
}

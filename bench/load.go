package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"luoshu/demo"
)

// studentFile writes a data folder with the registers that students refer to and
// one CSV of n students of the full width; it returns the CSV's path.
func (e *env) studentFile(data string, n int) (string, error) {
	if err := os.RemoveAll(data); err != nil {
		return "", err
	}
	if _, err := e.command(0, e.bin, "init", "--data", data, "--packs", "luoyang,plan,statistics,balance,registry"); err != nil {
		return "", err
	}
	inbox := filepath.Join(e.work, "load-inbox")
	m, err := demo.WriteStudentsCSV(e.ctx, inbox, n, 1)
	if err != nil {
		return "", err
	}
	students := ""
	for _, f := range m.Files {
		path := filepath.Join(inbox, f.Path)
		if f.Entity == "student" {
			students = path
			continue
		}
		if _, err := e.command(0, e.bin, "load", "--data", data, "--entity", f.Entity, path); err != nil {
			return "", err
		}
	}
	return students, nil
}

// benchLoad loads the full student file: ours against sqlite3 .import of the same
// CSV into a bare table with the same indexes, and against PocketBase's batch API.
func benchLoad(e *env) error {
	data := filepath.Join(e.work, "load-data")
	path, err := e.studentFile(data, studentRows)
	if err != nil {
		return err
	}
	base, cols, err := e.sqliteImport(path)
	if err != nil {
		return err
	}
	rows := float64(studentRows)
	e.add("load", fmt.Sprintf("sqlite3 .import, %d rows × %d columns, same indexes", studentRows, len(cols)), base.seconds, "s", "")
	ours, err := e.command(0, e.bin, "load", "--data", data, "--entity", "student", "-o", "json", path)
	if err != nil {
		return err
	}
	var rep struct{ New, Refused int64 }
	if err := json.Unmarshal(ours.out, &rep); err != nil {
		return err
	}
	if rep.New != int64(studentRows) || rep.Refused != 0 {
		return fmt.Errorf("loaded %d new and %d refused of %d", rep.New, rep.Refused, studentRows)
	}
	e.add("load", "luoshu load of the same file, checked, with history and chain", ours.seconds, "s", "")
	e.add("load", "luoshu load, rows a second", rows/ours.seconds, "rows/s", "")
	e.add("load", "ratio to sqlite3 .import", ours.seconds/base.seconds, "×", "≤ 4 (goal 2.5)")
	e.add("load", "memory of the load", ours.rssMiB, "MiB", "< 1024")
	again, err := e.command(0, e.bin, "load", "--data", data, "--entity", "student", "-o", "json", path)
	if err != nil {
		return err
	}
	e.add("load", "the same file again: all unchanged", again.seconds, "s", "")
	check, err := e.command(0, e.bin, "check", "--data", data)
	if err != nil {
		return err
	}
	e.add("load", "luoshu check of chain against tables", check.seconds, "s", "")
	return e.peerLoad(path, cols, rows/ours.seconds)
}

// peerLoad sends the first 30,000 rows through PocketBase's batch API.
func (e *env) peerLoad(path string, cols []string, oursPerSecond float64) error {
	const n = 30_000
	rows, err := csvHead(path, n)
	if err != nil {
		return err
	}
	pb, err := e.startPocketBase(cols)
	if err != nil {
		return err
	}
	defer pb.stop()
	rate, err := pb.batch(cols, rows)
	if err != nil {
		return err
	}
	e.add("load", "PocketBase 0.34.0 batch API, same rows, requests of 1,000", rate, "rows/s", "")
	e.add("load", "luoshu ÷ PocketBase, rows a second", oursPerSecond/rate, "×", "≥ 5")
	return nil
}

// csvHead returns the first n records without the heading line.
func csvHead(path string, n int) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReader(f))
	var out [][]string
	for i := 0; i <= n; i++ {
		rec, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, rec)
		}
	}
	return out, nil
}

// sqliteImport imports the CSV with the sqlite3 command into a bare table with
// the indexes our table has: unique key, school, name (ours has three for search).
func (e *env) sqliteImport(path string) (usage, []string, error) {
	f, err := os.Open(path)
	if err != nil {
		return usage{}, nil, err
	}
	head, err := csv.NewReader(bufio.NewReader(f)).Read()
	f.Close()
	if err != nil {
		return usage{}, nil, err
	}
	cols := make([]string, len(head))
	defs := make([]string, len(head))
	for i := range head {
		cols[i] = "c" + strconv.Itoa(i)
		defs[i] = cols[i] + " TEXT"
	}
	key, school, name := column(head, "student_no", "学籍号"), column(head, "school_code", "学籍所在学校"), column(head, "name", "姓名")
	db := filepath.Join(e.work, "bare.db")
	_ = os.Remove(db)
	script := "PRAGMA journal_mode=WAL;\nCREATE TABLE t (" + strings.Join(defs, ",") + ");\n" +
		fmt.Sprintf("CREATE UNIQUE INDEX t1 ON t(c%d);\nCREATE INDEX t2 ON t(c%d);\nCREATE INDEX t3 ON t(c%d);\n", key, school, name) +
		".mode csv\n.import --skip 1 '" + path + "' t\n"
	file := filepath.Join(e.work, "import.sql")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		return usage{}, nil, err
	}
	u, err := e.command(0, "sqlite3", db, ".read '"+file+"'")
	return u, cols, err
}

// column finds a heading by one of its names; 0 if it has none of them.
func column(head []string, names ...string) int {
	for i, h := range head {
		for _, n := range names {
			if strings.TrimPrefix(h, "\ufeff") == n {
				return i
			}
		}
	}
	return 0
}

package demo_test

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"luoshu/demo"
)

// TestBig writes a city of the size in LUOSHU_DEMO_SCALE and prints what it cost.
func TestBig(t *testing.T) {
	s := os.Getenv("LUOSHU_DEMO_SCALE")
	if s == "" {
		s = "0.05"
	}
	scale, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	dir := os.Getenv("LUOSHU_DEMO_DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	at := time.Now()
	m, err := demo.Write(context.Background(), dir, demo.Options{Scale: scale, Seed: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, f := range m.Files {
		rows[f.Entity] += f.Rows
	}
	t.Logf("scale %v: %v, %d files, rows %v", scale, time.Since(at).Round(time.Millisecond), len(m.Files), rows)
	t.Logf("planted %v", m.Planted)
	for y := 2020; y <= 2024; y++ {
		t.Logf("%d enrolled %v teachers %v", y, m.Enrolled[y], m.Teachers[y])
	}
}

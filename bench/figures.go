package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// sealTimings is what `luoshu seal -o json` says of its stages.
type sealTimings struct {
	ID      string `json:"id"`
	Timings []struct {
		Stage   string  `json:"stage"`
		Seconds float64 `json:"seconds"`
		Rows    int64   `json:"rows"`
	} `json:"timings"`
}

// byHandTime is what the hand-written side took: opening the fields that Parquet copies
// hold no values of, and asking.
type byHandTime struct {
	open, ask float64 // s
	questions int
}

// benchFigures compares the figures of a seal (all indicators, all declared cuts,
// from the same Parquet files) with questions written by hand for DuckDB.
func benchFigures(e *env) error {
	dir, _, err := e.cityAt(e.scale)
	if err != nil {
		return err
	}
	u, err := e.command(0, e.bin, "seal", "--data", dir, "--note", "bench figures", "-o", "json")
	if err != nil {
		return err
	}
	var s sealTimings
	if err := json.Unmarshal(u.out, &s); err != nil {
		return err
	}
	var parquet, open, scan, roll float64
	for _, t := range s.Timings {
		switch {
		case strings.HasPrefix(t.Stage, "parquet"):
			parquet += t.Seconds
		case t.Stage == "open":
			open += t.Seconds
		case strings.HasPrefix(t.Stage, "scan"):
			scan += t.Seconds
		default:
			roll += t.Seconds
		}
	}
	e.add("figures", "seal: write Parquet", parquet, "s", "")
	e.add("figures", "seal: open the sealed fields that figures need", open, "s", "")
	e.add("figures", "seal: scan every grain (all indicators)", scan, "s", "")
	e.add("figures", "seal: roll up and store every figure", roll, "s", "")
	hand, err := handSeconds(e.ctx, dir, s.ID)
	if err != nil {
		return err
	}
	e.add("figures", "sealed fields opened by hand, into DuckDB", hand.open, "s", "")
	e.add("figures", fmt.Sprintf("%d questions by hand, DuckDB over the same Parquet", hand.questions), hand.ask, "s", "")
	e.add("figures", "scans ÷ questions by hand", scan/hand.ask, "×", "≤ 2")
	e.add("figures", "scans, roll-up and store ÷ questions by hand", (scan+roll)/hand.ask, "×", "≤ 2")
	e.add("figures", "the same with opening on both sides", (open+scan+roll)/(hand.open+hand.ask), "×", "≤ 2")
	return nil
}

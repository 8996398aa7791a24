package demo_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"luoshu/demo"
	"luoshu/demo/ground"
	"luoshu/demo/source"
)

// TestPlaces holds premises, blocks and estates against the boundaries, the schools
// and the enrolment of the last year.
func TestPlaces(t *testing.T) {
	boundaries, err := os.ReadFile(filepath.Join("..", "packs", "luoyang", "map.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	m, err := demo.Write(context.Background(), dir, demo.Options{Scale: 0.05, Seed: 3, Boundaries: boundaries}, nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := source.Counties()
	if err != nil {
		t.Fatal(err)
	}
	grounds, err := ground.Grounds(boundaries, list, map[string]string{"410371": "410305"})
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t, dir)
	open, housed, codes := map[string]bool{}, map[string]bool{}, map[string]bool{}
	states, rooms := map[string]int{}, map[string]int{}
	children, blocks := map[string]int{}, map[string]bool{}
	ways, next := map[string]int{}, map[string][]string{}
	inside := func(row record) {
		lon, _ := strconv.ParseFloat(row["longitude"], 64)
		lat, _ := strconv.ParseFloat(row["latitude"], 64)
		if !grounds[row["division_code"]].Inside(ground.Spot{Lon: lon, Lat: lat}) {
			t.Errorf("%s lies outside its county: %v %v", row["code"], lon, lat)
		}
	}
	for _, f := range m.Files {
		r.each(f, func(row record) {
			switch f.Entity {
			case "school":
				open[row["school_code"]] = row["closed"] == ""
			case "premises":
				inside(row)
				if codes[row["code"]] {
					t.Errorf("premises %s stand twice", row["code"])
				}
				codes[row["code"]] = true
				states[row["state"]]++
				n, _ := strconv.Atoi(row["classrooms"])
				rooms[row["state"]] += n
				if row["state"] == "in-use" {
					housed[row["school_code"]] = true
				} else if row["school_code"] != "" {
					t.Errorf("premises %s are %s and name a school", row["code"], row["state"])
				}
			case "block":
				inside(row)
				blocks[row["code"]] = true
			case "block_count":
				if !blocks[row["block_code"]] {
					t.Errorf("children of an unknown block %s", row["block_code"])
				}
				n, _ := strconv.Atoi(row["children"])
				children[row["stage"]] += n
			case "way":
				if !blocks[row["block_code"]] || !codes[row["premises_code"]] || !strings.HasPrefix(row["block_code"], "PQ410324") {
					t.Errorf("a way from %s to %s", row["block_code"], row["premises_code"])
				}
				there, _ := strconv.Atoi(row["metres"])
				back, _ := strconv.Atoi(row["back_metres"])
				ways["recorded"]++
				if back > there*3/2 && there > 0 {
					ways["uneven"]++
				}
				if there == 0 && row["minutes"] != "" {
					ways["minutes"]++
				}
			case "block_next":
				a, b := row["block_code"], row["next_code"]
				if !blocks[a] || !blocks[b] || a == b {
					t.Errorf("%s and %s touch", a, b)
				}
				next[a], next[b] = append(next[a], b), append(next[b], a)
			case "estate":
				inside(row)
				if !blocks[row["block_code"]] {
					t.Errorf("estate %s lies in an unknown block", row["code"])
				}
			}
		})
	}
	for code, is := range open {
		if is != housed[code] {
			t.Errorf("school %s: open %v, with premises %v", code, is, housed[code])
		}
	}
	for _, stage := range []string{"PRE", "PRI", "JUN", "SEN"} {
		if got, want := children[stage], m.Enrolled[2024][stage]; got != want {
			t.Errorf("%s: %d children in blocks, %d enrolled", stage, got, want)
		}
	}
	if states["idle"] < 15 || states["planned"] == 0 || rooms["planned"] != 0 {
		t.Errorf("premises by state %v, rooms %v", states, rooms)
	}
	if ways["recorded"] < 30 || ways["uneven"] != 1 || ways["minutes"] != 1 {
		t.Errorf("ways %v", ways)
	}
	// The blocks that touch hang together.
	met := map[string]bool{}
	var walk func(string)
	walk = func(b string) {
		if met[b] {
			return
		}
		met[b] = true
		for _, n := range next[b] {
			walk(n)
		}
	}
	for b := range next {
		walk(b)
		break
	}
	if len(met) != len(next) || len(next) < 10 {
		t.Errorf("of %d blocks that touch %d hang together", len(next), len(met))
	}
	t.Logf("premises %v, %d blocks", states, len(blocks))
}

func TestBadBoundaries(t *testing.T) {
	for _, text := range []string{`{`, `{"features": []}`, `{"features": [{"properties": {"adcode": "410302"}, "geometry": {"type": "Polygon", "coordinates": [[[1, 1], [1, 1]]]}}]}`} {
		_, err := demo.Write(context.Background(), t.TempDir(), demo.Options{Scale: 0.01, Boundaries: []byte(text)}, nil)
		if err == nil || !strings.Contains(err.Error(), "boundar") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

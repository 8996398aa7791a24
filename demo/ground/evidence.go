package ground

import (
	"fmt"

	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// evidence lists the items of quality balance that records cannot answer: those with
// a value from what a county reports and how much that varies, the others with a
// yes or no and its document.
var evidence = []struct {
	item         string
	value, vary  float64 // 0: answered by a document
	shareMissing float64
}{
	{"2.1", 0, 0, 0.05},
	{"2.2", 0, 0, 0.05},
	{"2.3", 0, 0, 0.2},
	{"2.6", 0, 0, 0.05},
	{"2.7", 7600, 1200, 0.1},
	{"2.8", 1.02, 0.04, 0.1},
	{"2.9", 98.5, 3, 0.1},
	{"2.10", 0, 0, 0.1},
	{"2.13-pri", 99.6, 1, 0.1},
	{"2.13-jun", 97, 3, 0.1},
	{"2.14", 52, 4, 0.1},
	{"3.3", 0, 0, 0.05},
	{"3.4", 5.2, 0.6, 0.15},
	{"3.5", 0, 0, 0.2},
	{"3.6", 0, 0, 0.2},
	{"3.7", 0, 0, 0.1},
	{"3.8", 0, 0, 0.3},
	{"3.9a", 0, 0, 0.4},
	{"3.9b", 14, 3, 0.4},
	{"4.1", 88, 5, 0.25},
}

// writeEvidence writes what a county holds as evidence for the last year: some items
// are missing, some are not met, some lack the number of their document.
func (d *land) writeEvidence(t *sheet.Table) {
	c, lastYear := d.c, d.city.Year
	r := source.Seeded(d.city.Seed, "evidence "+c.Code)
	for _, x := range evidence {
		missing, draw := r.Chance(x.shareMissing), r.F()
		if missing {
			continue
		}
		t.Str(c.Code)
		t.Str(x.item)
		t.Int(lastYear)
		if x.value > 0 {
			v := x.value + x.vary*(2*draw-1)
			if x.value < 100 && x.value > 50 {
				v = min(v, 100)
			}
			t.Dec(v, 2)
			t.Null()
		} else {
			t.Null()
			t.Bool(draw < 0.85)
		}
		t.Str("合成佐证材料")
		if draw > 0.1 && draw < 0.2 {
			t.Null()
		} else {
			t.Str(fmt.Sprintf("合成教〔%d〕%d号", lastYear, 1+r.N(200)))
		}
		t.Date(int32(lastYear*10000 + 1115))
		t.Null()
		t.End()
	}
}

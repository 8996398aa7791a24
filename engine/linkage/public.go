package linkage

import (
	"encoding/csv"
	"io"
	"strings"
)

// Score is how a result compares with the truth, over pairs.
type Score struct {
	Precision, Recall, F1 float64
	Found, True, Right    int // pairs called a match, pairs of one person, both
}

// ScorePairs scores the matches of a result against the truth: rows with the same
// label are one person.
func ScorePairs(pairs []Pair, truth []string) Score {
	sizes := map[string]int{}
	for _, l := range truth {
		sizes[l]++
	}
	s := Score{}
	for _, n := range sizes {
		s.True += n * (n - 1) / 2
	}
	for _, p := range pairs {
		if p.Verdict == Match {
			s.Found++
			if truth[p.A] == truth[p.B] {
				s.Right++
			}
		}
	}
	if s.Found > 0 {
		s.Precision = float64(s.Right) / float64(s.Found)
	}
	if s.True > 0 {
		s.Recall = float64(s.Right) / float64(s.True)
	}
	if s.Right > 0 {
		s.F1 = 2 * s.Precision * s.Recall / (s.Precision + s.Recall)
	}
	return s
}

// FEBRL is the configuration with which the FEBRL data sets are measured. The
// social security number is left out: with it the task is trivial.
func FEBRL() Config {
	return Config{
		Fields: []Field{
			{Name: "given_name", Kind: Word},
			{Name: "surname", Kind: Word},
			{Name: "street_number", Kind: Number},
			{Name: "address_1", Kind: Text},
			{Name: "address_2", Kind: Text},
			{Name: "suburb", Kind: Text},
			{Name: "postcode", Kind: Number},
			{Name: "state", Kind: Category},
			{Name: "date_of_birth", Kind: Date},
		},
		Passes: []Pass{
			{"birth", []Key{{"date_of_birth", Whole}}},
			{"birth digits", []Key{{"date_of_birth", Digits}}},
			{"surname and postcode", []Key{{"surname", Sound}, {"postcode", Whole}}},
			{"given name and postcode", []Key{{"given_name", Sound}, {"postcode", Whole}}},
			{"names", []Key{{"given_name", Sound}, {"surname", Sound}}},
			{"street", []Key{{"address_1", Whole}}},
			{"street number and suburb", []Key{{"street_number", Whole}, {"suburb", Prefix}}},
			{"second address", []Key{{"address_2", Whole}, {"postcode", Prefix}}},
			{"given name and suburb", []Key{{"given_name", Prefix}, {"suburb", Prefix}}},
			{"surname and suburb", []Key{{"surname", Prefix}, {"suburb", Prefix}}},
		},
		Match: 0.5, Possible: 0.05, Seed: 1,
	}
}

// RLdata is the configuration for RLdata500 and RLdata10000 of the R package
// RecordLinkage. The three parts of the birth date are read as one date.
func RLdata() Config {
	return Config{
		Fields: []Field{{Name: "fname", Kind: Word}, {Name: "lname", Kind: Word}, {Name: "born", Kind: Date}},
		Passes: []Pass{
			{"birth", []Key{{"born", Whole}}},
			{"names", []Key{{"fname", Sound}, {"lname", Sound}}},
			{"first name and year", []Key{{"fname", Prefix}, {"born", Year}}},
			{"last name and year", []Key{{"lname", Prefix}, {"born", Year}}},
			{"first name and digits", []Key{{"fname", Prefix}, {"born", Digits}}},
			{"last name", []Key{{"lname", Whole}}},
			{"first name", []Key{{"fname", Whole}}},
		},
		Match: 0.5, Possible: 0.05, Seed: 1,
	}
}

// ReadFEBRL reads a FEBRL file into a table; truth labels each row with its person.
func ReadFEBRL(r io.Reader) (t *Table, truth []string, err error) {
	return readPublic(r, FEBRL(), func(row map[string]string) ([]string, string) {
		var v []string
		for _, f := range FEBRL().Fields {
			v = append(v, row[f.Name])
		}
		id := strings.Split(row["rec_id"], "-")
		return v, id[min(1, len(id)-1)]
	})
}

// ReadRLdata reads RLdata500.csv into a table; truth labels each row.
func ReadRLdata(r io.Reader) (t *Table, truth []string, err error) {
	two := func(s string) string { return strings.Repeat("0", max(0, 2-len(s))) + s }
	name := func(parts ...string) string {
		return strings.TrimPrefix(strings.Join(parts, " "), "NA")
	}
	return readPublic(r, RLdata(), func(row map[string]string) ([]string, string) {
		return []string{
			name(row["fname_c1"]), name(row["lname_c1"]),
			row["by"] + two(row["bm"]) + two(row["bd"]),
		}, row["ident"]
	})
}

func readPublic(r io.Reader, c Config, pick func(map[string]string) ([]string, string)) (*Table, []string, error) {
	rows := csv.NewReader(r)
	rows.TrimLeadingSpace = true
	head, err := rows.Read()
	if err != nil {
		return nil, nil, err
	}
	t := NewTable(c.Fields)
	var truth []string
	for {
		rec, err := rows.Read()
		if err == io.EOF {
			return t, truth, nil
		}
		if err != nil {
			return nil, nil, err
		}
		row := map[string]string{}
		for i, h := range head {
			row[strings.TrimSpace(h)] = strings.TrimSpace(rec[i])
		}
		values, label := pick(row)
		if _, err := t.Add(values); err != nil {
			return nil, nil, err
		}
		truth = append(truth, label)
	}
}

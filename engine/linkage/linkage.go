// Package linkage is the only room that decides how alike two descriptions of
// people are. It is probabilistic record linkage after Fellegi and Sunter (1969):
// each field of a pair is compared into a level, each level has a probability m
// among pairs of one person and u among pairs of two people, and the logarithms of
// m/u add up to the weight of the pair. u is counted on random pairs, m is learned
// by expectation-maximisation on pairs that share a blocking key (Dempster, Laird
// and Rubin 1977; the split after Linacre et al. 2022), and what a rare value is
// worth follows its own frequency (Winkler 1989).
//
// Nothing here reads a file, a clock or a random source: the same table and the
// same settings give the same result, byte for byte, whatever the number of
// workers. Values are kept in memory only, in packed form; a result carries row
// numbers and levels, never values.
package linkage

import (
	"fmt"
	"runtime"
)

// Version stands on results; it changes when the same input may give another one.
const Version = "1"

// Kind says how a field is compared.
type Kind string

// The kinds of field. Levels lists the levels of each, strongest first.
const (
	Name         Kind = "name"       // a person's name, Chinese, Latin or with a middle dot
	Names        Kind = "names"      // several names, one a line: relatives; one shared is agreement
	Identifier   Kind = "cn_id"      // a resident identity number of 18 or 15 characters, or another document's
	Date         Kind = "date"       // yyyymmdd, with or without separators
	Phone        Kind = "phone"      // a telephone number in any spelling
	Category     Kind = "category"   // a code: the same or not
	Word         Kind = "word"       // a word or a short name in Latin letters, by Jaro-Winkler
	Text         Kind = "text"       // an address or the name of an organisation, by words and characters
	Number       Kind = "number"     // a number as people write it: house number, postcode
	maxFields         = 15           // four bits a field in a packed comparison
	noLevel           = uint8(0)     // one of the two values is missing
	maxSetSize        = 4            // names kept of one value of kind Names
	maxKeySlots       = 2            // keys one record can have in one pass
	defaultBlock      = 400          // Config.MaxBlock when it is 0
	defaultPairs      = 2_000_000    // Config.MaxPairs when it is 0
	sampleRandom      = 2_000_000    // random pairs on which u is counted
	samplePass        = 400_000      // pairs of each pass on which m is learned
	separator         = "\n"         // between the names of a value of kind Names
	maxCluster        = 50           // a larger cluster is flagged and not examined pair by pair
	certainNo         = 1.0 / 1000.0 // at or below: two rows of a cluster are surely two people
)

// levels of each kind, strongest first; the last always means disagreement.
var levels = map[Kind][]string{
	Name:       {"exact", "variant", "swapped", "sound", "partial", "near", "one_character", "surname", "different"},
	Names:      {"exact", "alike", "surname", "different"},
	Identifier: {"exact", "typo", "neighbour", "different"},
	Date:       {"exact", "by_id", "lunar", "swapped", "near", "partly", "different"},
	Phone:      {"exact", "typo", "different"},
	Category:   {"exact", "different"},
	Word:       {"exact", "close", "similar", "different"},
	Text:       {"exact", "close", "partly", "different"},
	Number:     {"exact", "typo", "different"},
}

// Levels returns the names of a kind's levels, strongest first; nil for a kind
// that does not exist. Level number l of a Pair is Levels(kind)[l-1].
func Levels(k Kind) []string { return append([]string(nil), levels[k]...) }

// Field is one thing that is compared.
type Field struct {
	Name string
	Kind Kind
	// Within names a field of kind Identifier that contains this one (the birth date
	// and sex of an identity number): when the identifiers agree, agreement here says
	// nothing new and weighs nothing. A date also takes its missing value from there.
	Within string
}

// Part is what of a field's value a blocking key takes.
type Part string

// The parts. Sound, Surname and Initials are for names, Year and Digits for dates,
// Front (first fourteen) and Back (last ten) for identifiers, Prefix for words.
const (
	Whole    Part = ""
	Sound    Part = "sound"    // pinyin; Soundex of a word in Latin letters
	Surname  Part = "surname"  // the surname's pinyin
	Initials Part = "initials" // first letters of the syllables
	Year     Part = "year"     // of a date
	Digits   Part = "digits"   // the digits of a date in ascending order: swaps fall together
	Front    Part = "front"    // place and birth date of an identity number
	Back     Part = "back"     // month, day, sequence and check of an identity number
	Prefix   Part = "prefix"   // first three characters
)

// Key is one part of a blocking key.
type Key struct {
	Field string
	Part  Part
}

// Pass is one way of bringing records together: those that agree on all keys and
// miss none are compared.
type Pass struct {
	Name string
	Keys []Key
}

// Caution is what a person knows and a formula does not: when the levels of a pair
// lie in all of the named sets, the pair is at most Verdict, whatever its weight.
type Caution struct {
	ID      string
	When    map[string][]string // field → names of levels; "missing" is one too
	Verdict Verdict             // Possible or NonMatch
}

// Verdict is what became of a pair.
type Verdict string

// The verdicts of Fellegi and Sunter.
const (
	Match    Verdict = "match"
	Possible Verdict = "possible"
	NonMatch Verdict = "non_match"
)

// Config is everything besides the records that a result depends on.
type Config struct {
	Fields   []Field
	Passes   []Pass
	Cautions []Caution
	Match    float64 // probability from which a pair is a match
	Possible float64 // probability from which a person is asked
	MaxBlock int     // larger blocks are compared in a window only, and reported
	MaxPairs int     // pairs kept at most, the likeliest first
	Seed     uint64  // of the random pairs; any value
	Workers  int     // 0: one a processor; the result does not depend on it
}

// Warning is something a person who reads the result should know.
type Warning struct {
	Kind  string // oversize_block, too_many_pairs, untrained_field
	Where string // name of the pass or field
	N     int64  // records of the block, pairs left out
}

// Pair is two rows of the table, A < B, with the level of each field (0 missing).
type Pair struct {
	A, B        uint32
	Weight      float64 // base-2 logarithm of the odds that this is one person
	Probability float64
	Verdict     Verdict
	Caution     string // id of the caution that held the verdict down
	levels      uint64
}

// Level returns the number of a field's level, 0 if a value was missing.
func (p Pair) Level(field int) int { return int(p.levels >> (4 * field) & 15) }

// Cluster is a set of rows that matches hold together.
type Cluster struct {
	Rows    []uint32
	Flagged bool      // a person should look before anything is merged
	Bridge  [2]uint32 // two of its rows that are surely two people, when Flagged
	TooBig  bool      // flagged for its size, not examined
}

// Result is what Run found. Pairs are ordered by A and B, clusters by first row.
type Result struct {
	Pairs    []Pair // matches and possible ones
	Clusters []Cluster
	Model    *Model
	Compared int64 // candidate pairs compared
	Warnings []Warning
	Version  string
}

// Check says what is wrong with a configuration before any record is read.
func (c *Config) Check() error {
	if len(c.Fields) == 0 || len(c.Fields) > maxFields {
		return fmt.Errorf("linkage: %d fields; one to %d can be compared", len(c.Fields), maxFields)
	}
	at := map[string]Kind{}
	for _, f := range c.Fields {
		if levels[f.Kind] == nil {
			return fmt.Errorf("linkage: field %q: no kind %q", f.Name, f.Kind)
		}
		if _, ok := at[f.Name]; ok {
			return fmt.Errorf("linkage: field %q stands twice", f.Name)
		}
		at[f.Name] = f.Kind
	}
	for _, f := range c.Fields {
		if f.Within != "" && at[f.Within] != Identifier {
			return fmt.Errorf("linkage: field %q lies within %q, which is no identifier", f.Name, f.Within)
		}
	}
	for _, p := range c.Passes {
		if len(p.Keys) == 0 {
			return fmt.Errorf("linkage: pass %q has no key", p.Name)
		}
		for _, k := range p.Keys {
			kind, ok := at[k.Field]
			if !ok {
				return fmt.Errorf("linkage: pass %q: no field %q", p.Name, k.Field)
			}
			if !HasPart(kind, k.Part) {
				return fmt.Errorf("linkage: pass %q: a %s has no part %q", p.Name, kind, k.Part)
			}
		}
	}
	if len(c.Passes) == 0 {
		return fmt.Errorf("linkage: no pass")
	}
	if !(c.Possible > 0 && c.Possible <= c.Match && c.Match < 1) {
		return fmt.Errorf("linkage: thresholds %g and %g; 0 < possible <= match < 1", c.Possible, c.Match)
	}
	return c.checkCautions(at)
}

func (c *Config) checkCautions(at map[string]Kind) error {
	for _, k := range c.Cautions {
		if k.Verdict != Possible && k.Verdict != NonMatch {
			return fmt.Errorf("linkage: caution %q: verdict %q", k.ID, k.Verdict)
		}
		if len(k.When) == 0 {
			return fmt.Errorf("linkage: caution %q has no condition", k.ID)
		}
		for f, names := range k.When {
			kind, ok := at[f]
			if !ok {
				return fmt.Errorf("linkage: caution %q: no field %q", k.ID, f)
			}
			for _, n := range names {
				if LevelNumber(kind, n) < 0 {
					return fmt.Errorf("linkage: caution %q: a %s has no level %q", k.ID, kind, n)
				}
			}
		}
	}
	return nil
}

// LevelNumber returns the number of a kind's level, 0 for "missing", -1 if there is
// none of that name.
func LevelNumber(k Kind, name string) int {
	if name == "missing" {
		return 0
	}
	for i, l := range levels[k] {
		if l == name {
			return i + 1
		}
	}
	return -1
}

// HasPart says whether a blocking key can take the part of a field of the kind.
func HasPart(k Kind, p Part) bool {
	switch p {
	case Whole:
		return true
	case Sound:
		return k == Name || k == Names || k == Word
	case Surname, Initials:
		return k == Name || k == Names
	case Year, Digits:
		return k == Date
	case Front, Back:
		return k == Identifier
	case Prefix:
		return k == Word || k == Text || k == Number
	}
	return false
}

func (c Config) withDefaults() Config {
	if c.MaxBlock <= 1 {
		c.MaxBlock = defaultBlock
	}
	if c.MaxPairs <= 0 {
		c.MaxPairs = defaultPairs
	}
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	return c
}

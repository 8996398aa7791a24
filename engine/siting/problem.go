// Package siting decides where places of education should be: which sites to
// keep, extend, build, close or turn into boarding ones, and who goes where, under
// budget, capacity, travel limits and the rule that idle buildings come first. It
// explains what it decides, compares layouts, and says of what has no layout which
// constraints conflict and the least that would have to change.
package siting

import "luoshu"

// Problem is one area to be laid out. Money is in whole fen, distances are in
// Unit ("km" or "min").
type Problem struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Stages []Stage `json:"stages"`
	Limits []Limit `json:"limits"`
	Blocks []Block `json:"blocks"`
	Sites  []Site  `json:"sites"`

	Detour     float64  `json:"detour"`      // way ÷ straight line; needed where there is no matrix
	LonLat     bool     `json:"lonlat"`      // x, y are degrees; otherwise plane, in Unit
	Matrices   []Matrix `json:"matrices"`    // ways, by mode
	MaxClasses int      `json:"max_classes"` // most classes an extended or new site may have
	ClassOver  int      `json:"class_over"`  // a class above it is counted in comparisons

	Budget     int64   `json:"budget"`       // most invest in all; 0: no limit
	PerWay     float64 `json:"per_way"`      // fen a child and unit of way, a year
	PerOver    float64 `json:"per_over"`     // fen a child and squared unit beyond its limit, a year
	PerBoarder int64   `json:"per_boarder"`  // fen a boarder and year
	PerWeekly  float64 `json:"per_weekly"`   // fen a boarder and unit of way, a year: who goes home at the end of a week
	PerMoved   int64   `json:"per_moved"`    // fen a child that changes site, once
	Capital    float64 `json:"capital_rate"` // share of invest counted as cost of a year

	IdleFirst  float64     `json:"idle_first"` // within this way of an idle building, nothing new for a compulsory stage; 0: off
	Whole      bool        `json:"whole"`      // a block goes to one site a stage
	Contiguous bool        `json:"contiguous"` // needs Whole: catchments hang together
	Adjacent   [][2]string `json:"adjacent"`   // neighbouring blocks
}

// Stage is a stage of schooling.
type Stage struct {
	ID         string      `json:"id"`
	Name       luoshu.Text `json:"name"`
	ClassSize  int         `json:"class_size"` // most children a class
	Compulsory bool        `json:"compulsory"`
}

// Limit is how far a child of a stage may have to go by a mode. Hard: nobody goes
// further, but boards; otherwise going further costs PerOver. Board is how far from home
// a child may board, 0 anywhere; NoBoard: these children are too young to board.
type Limit struct {
	Stage   string  `json:"stage"`
	Mode    string  `json:"mode"`
	Most    float64 `json:"most"`
	Hard    bool    `json:"hard"`
	Board   float64 `json:"board"`
	NoBoard bool    `json:"no_board"`
}

// Block is where children live.
type Block struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	X        float64           `json:"x"`
	Y        float64           `json:"y"`
	Mode     string            `json:"mode"`
	Children map[string]int64  `json:"children"` // by stage
	Weight   float64           `json:"weight"`   // of its ways in the sum; 0 is 1
	Now      map[string]string `json:"now"`      // stage → site
}

// Site is an existing or possible place.
type Site struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	X        float64  `json:"x"`
	Y        float64  `json:"y"`
	Block    string   `json:"block"` // where it lies; needed if contiguous
	Existing bool     `json:"existing"`
	Idle     bool     `json:"idle"` // an existing building out of use
	Options  []Option `json:"options"`
}

// The kinds of option.
const (
	Keep   = "keep"
	Extend = "extend"
	Build  = "build"
	Close  = "close"
	Board  = "board" // children beyond their limit may live there
	Reopen = "reopen"
)

// Option is one thing that can be done with a site. Places of a stage are its
// classes times the class size, or fewer if given.
type Option struct {
	Kind    string           `json:"kind"`
	Classes map[string]int   `json:"classes"`
	Places  map[string]int64 `json:"places"`
	Least   map[string]int64 `json:"least"`  // children below which the site is not run
	Annual  int64            `json:"annual"` // cost of a year
	Invest  int64            `json:"invest"`
}

// Matrix is the ways by a mode: Ways[block][site], null where unknown. Back, if
// given, is the way from site to block in the same places; the mean counts, and a
// difference beyond Tolerance (a share) is a fault. Without Missing = "straight",
// null is a fault.
type Matrix struct {
	Mode      string       `json:"mode"`
	Ways      [][]*float64 `json:"ways"`
	Back      [][]*float64 `json:"back"`
	Tolerance float64      `json:"tolerance"`
	Missing   string       `json:"missing"`
}

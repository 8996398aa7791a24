package run

import (
	"luoshu/kernel/catalog"
	"luoshu/kernel/run/asked"
	"luoshu/kernel/run/spec"
	"luoshu/kernel/yamltree"
)

// The words of what packs say of runs.
type (
	Spec   = spec.Spec
	Book   = spec.Book
	Counts = spec.Counts
	Ladder = spec.Ladder
	Input  = spec.Input
	Output = spec.Output
	Filing = spec.Filing
)

// What runs are asked to do.
type (
	Common         = asked.Common
	ForecastParams = asked.Forecast
	LayoutParams   = asked.Layout
)

// Load reads the runs of a catalog's packs. Faults come back all at once.
func Load(cat *catalog.Catalog) (*Book, []yamltree.Fault) { return spec.Load(cat) }

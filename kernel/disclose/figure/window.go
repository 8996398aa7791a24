// Package figure is the half of the door through which figures leave: stored and
// explored figures, dashboards, indicators and plans, within scope and with small
// groups withheld.
package figure

import (
	"sync"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/catalog"
	"luoshu/kernel/disclose/guard"
	"luoshu/kernel/indicator"
	"luoshu/kernel/target"
)

// Text is a label in two languages.
type Text = luoshu.Text

// Window shows figures. It is safe for concurrent use and keeps only what has
// passed the rules.
type Window struct {
	base *guard.Base
	cat  *catalog.Catalog
	eng  *indicator.Engine
	acc  *access.Access

	aims *target.Keeper // nil where targets are as the plans have them

	pages pageCache

	countMu sync.Mutex
	counts  map[string]*countPage // by organisation and role, while no commit is made

	smallMu sync.Mutex
	small   map[string]map[string]bool // withheld figures by seal, indicator and cut
}

// New returns the window over a base.
func New(b *guard.Base) *Window {
	return &Window{base: b, cat: b.Cat, eng: b.Eng, acc: b.Acc}
}

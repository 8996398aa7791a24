package siting

import (
	"cmp"
	"math"
	"slices"
)

// Figures are what layouts are compared by. Ways are of children who go daily, by
// child; classes are even within a site and stage.
type Figures struct {
	Annual      int64   `json:"annual"` // fen a year, sites only
	Invest      int64   `json:"invest"` // fen
	Sites       int     `json:"sites"`  // in use
	Places      int64   `json:"places"`
	Children    int64   `json:"children"`
	Moved       int64   `json:"moved"` // children whose site changes
	Boarders    int64   `json:"boarders"`
	MeanWay     float64 `json:"mean_way"`
	P95Way      float64 `json:"p95_way"`
	MaxWay      float64 `json:"max_way"`
	OverLimit   int64   `json:"over_limit"`   // children who go daily beyond their limit
	ClassesOver int     `json:"classes_over"` // classes above class_over
	SitesOver   int     `json:"sites_over"`   // sites with more than max_classes classes
	Short       int64   `json:"places_short"` // children beyond the places of their site
}

// figures counts a layout.
func (m *model) figures(l *Layout) Figures {
	var f Figures
	for i, c := range l.Sites {
		if c.Option < 0 {
			continue
		}
		o := m.Sites[i].Options[c.Option]
		f.Annual += o.Annual
		f.Invest += o.Invest
		classes := 0
		for k, st := range m.Stages {
			n, have := c.Children[st.ID], o.Classes[st.ID]
			f.Places += m.places(o, k)
			f.Short += max(0, n-m.places(o, k))
			f.ClassesOver += above(n, have, m.ClassOver)
			classes += have
		}
		if classes > 0 {
			f.Sites++
		}
		if m.MaxClasses > 0 && classes > m.MaxClasses {
			f.SitesOver++
		}
	}
	var daily []Assignment
	sum, total := 0.0, int64(0)
	for _, a := range l.Assign {
		f.Children += a.Children
		if a.Moved {
			f.Moved += a.Children
		}
		if a.Boards {
			f.Boarders += a.Children
			continue
		}
		if a.Over > 0 {
			f.OverLimit += a.Children
		}
		f.MaxWay = math.Max(f.MaxWay, a.Way)
		sum += a.Way * float64(a.Children)
		total += a.Children
		daily = append(daily, a)
	}
	if total == 0 {
		return f
	}
	f.MeanWay = sum / float64(total)
	slices.SortFunc(daily, func(a, b Assignment) int { return cmp.Compare(a.Way, b.Way) })
	rank, seen := (total*95+99)/100, int64(0)
	for _, a := range daily {
		if seen += a.Children; seen >= rank {
			f.P95Way = a.Way
			break
		}
	}
	return f
}

// above counts the classes of more than limit when n children are spread evenly.
func above(n int64, classes, limit int) int {
	if classes == 0 || limit == 0 {
		return 0
	}
	size, rest := n/int64(classes), int(n%int64(classes))
	switch {
	case size > int64(limit):
		return classes
	case size == int64(limit):
		return rest
	}
	return 0
}

// Column is one layout of a comparison and how it differs from the first.
type Column struct {
	Name    string  `json:"name"`
	Figures Figures `json:"figures"`
	// Differs lists the sites that are treated otherwise than in the first.
	Differs []string `json:"differs"`
}

// Compare puts layouts of one problem side by side.
func Compare(layouts ...*Layout) []Column {
	var out []Column
	for _, l := range layouts {
		c := Column{Name: l.Name, Figures: l.Figures, Differs: []string{}}
		for i, s := range l.Sites {
			if f := layouts[0].Sites; i < len(f) && (f[i].Option != s.Option) {
				c.Differs = append(c.Differs, s.Site)
			}
		}
		out = append(out, c)
	}
	return out
}

package brief

// document is a briefing before it is written as a file: what stands in it, in one
// language.
type document struct {
	title  string
	notice string // what the data are, "" where nothing need be said
	lead   []string
	parts  []part
	day    int64
	lang   string
}

// part is a section with its source.
type part struct {
	head   string
	text   []string
	table  *table
	source string
}

// table is rows under a head; widths are shares of the line, right the columns of
// numbers.
type table struct {
	head   []string
	widths []int
	right  []bool
	rows   [][]string
	names  []string // fields that the columns show, where they are of records
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// total is the sum of the widths.
func (t *table) total() int {
	n := 0
	for _, w := range t.widths {
		n += w
	}
	return n
}

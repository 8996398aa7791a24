// Package reach knows the tree of organisations as the records give it, and how far
// somebody reaches in it, as a WHERE fragment. Only access uses it; others meet its
// types by the names that access gives them.
package reach

import (
	"context"
	"database/sql"
	"fmt"
	"sort"
	"strings"
	"sync"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/flight"
	"luoshu/kernel/store"
)

// Forest reads the tree and keeps it until a commit changes it. It is safe for
// concurrent use.
type Forest struct {
	db  *store.DB
	cat *catalog.Catalog

	head     flight.Shared[int64]
	mu       sync.Mutex
	tree     *Tree
	treeHead int64 // the commit up to which the tree holds
}

// New returns the forest of a database.
func New(db *store.DB, cat *catalog.Catalog) *Forest { return &Forest{db: db, cat: cat} }

// maxDepth bounds walks up the tree, so that a loop in the data ends.
const maxDepth = 32

// Node is one organisation: a current record of an entity with `node`.
type Node struct {
	Code   string
	Parent string
	Level  string
	Entity string // "" for the city's root before its record is loaded
	Rec    int64
	Title  luoshu.Text
	Also   string // further names it is found by, such as a former one
	Opened int64
	Closed int64 // yyyymmdd, 0 while it lives; a closed one keeps its parent
}

// Tree is the organisations at one moment. It never changes once built.
type Tree struct {
	Seq      int64 // ledger sequence it was read at
	nodes    map[string]*Node
	children map[string][]*Node
}

// Get returns an organisation, nil if it is not known.
func (t *Tree) Get(code string) *Node { return t.nodes[code] }

// Len is the number of organisations.
func (t *Tree) Len() int { return len(t.nodes) }

// Children returns the organisations right under one, ordered by code.
func (t *Tree) Children(code string) []*Node { return t.children[code] }

// Within reports whether code is root or below it. Nothing is within an unknown
// root, and an unknown code is within nothing.
func (t *Tree) Within(root, code string) bool {
	if t.nodes[root] == nil {
		return false
	}
	for range maxDepth {
		n := t.nodes[code]
		if n == nil {
			return false
		}
		if code == root {
			return true
		}
		if n.Parent == "" || n.Parent == code {
			return false
		}
		code = n.Parent
	}
	return false
}

// Under returns root and every code below it, sorted; nil for an unknown root.
func (t *Tree) Under(root string) []string {
	if t.nodes[root] == nil {
		return nil
	}
	seen := map[string]bool{root: true}
	out := []string{root}
	for i := 0; i < len(out); i++ {
		for _, n := range t.children[out[i]] {
			if !seen[n.Code] {
				seen[n.Code] = true
				out = append(out, n.Code)
			}
		}
	}
	sort.Strings(out)
	return out
}

// Path returns the organisations from the top down to code.
func (t *Tree) Path(code string) []*Node {
	var out []*Node
	for range maxDepth {
		n := t.nodes[code]
		if n == nil {
			break
		}
		out = append([]*Node{n}, out...)
		if n.Parent == "" || n.Parent == code {
			break
		}
		code = n.Parent
	}
	return out
}

// Find returns organisations whose code starts with q or whose name, or another
// name they are found by, contains it,
// that pass keep, ordered by code, at most limit.
func (t *Tree) Find(q string, limit int, keep func(*Node) bool) []*Node {
	q = strings.ToLower(strings.TrimSpace(q))
	var out []*Node
	for _, n := range t.nodes {
		if keep(n) && (q == "" || strings.HasPrefix(n.Code, q) ||
			strings.Contains(n.Title.ZH, q) || strings.Contains(n.Also, q) || strings.Contains(strings.ToLower(n.Title.EN), q)) {
			out = append(out, n)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Code < out[j].Code })
	if len(out) > limit {
		out = out[:limit]
	}
	return out
}

// Head is the last commit of the ledger at a moment after the call; many who ask
// at once share one query.
func (a *Forest) Head(ctx context.Context) (int64, error) {
	return a.head.Ask(ctx, func(ctx context.Context) (int64, error) {
		var seq int64
		if err := a.db.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM commit_log`).Scan(&seq); err != nil {
			return 0, fmt.Errorf("read the head of the ledger: %w", err)
		}
		return seq, nil
	})
}

// Tree returns the organisations as the current records give them. It is read
// again only when a commit has touched an entity that makes organisations.
func (a *Forest) Tree(ctx context.Context) (*Tree, error) {
	head, err := a.Head(ctx)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tree != nil && a.treeHead >= head {
		return a.tree, nil
	}
	nodes := a.nodeEntities()
	if a.tree != nil {
		args := []any{a.treeHead}
		for _, e := range nodes {
			args = append(args, e.Name)
		}
		var touched int
		q := `SELECT count(*) FROM commit_log WHERE seq > ? AND entity IN (` + marks(len(nodes)) + `)`
		if err := a.db.QueryRow(ctx, q, args...).Scan(&touched); err != nil {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
		if touched == 0 {
			a.treeHead = head
			return a.tree, nil
		}
	}
	t, err := a.loadTree(ctx, nodes, 0)
	if err != nil {
		return nil, err
	}
	t.Seq = head
	a.tree, a.treeHead = t, head
	return t, nil
}

func (a *Forest) nodeEntities() []*catalog.Entity {
	var out []*catalog.Entity
	for _, e := range a.cat.Entities {
		if e.Node != nil && len(e.Key) == 1 {
			out = append(out, e)
		}
	}
	return out
}

// TreeAt returns the organisations as the ledger knew them at a commit; none
// before the first. It is read anew each time.
func (a *Forest) TreeAt(ctx context.Context, seq int64) (*Tree, error) {
	if seq <= 0 {
		return &Tree{nodes: map[string]*Node{}, children: map[string][]*Node{}}, nil
	}
	t, err := a.loadTree(ctx, a.nodeEntities(), seq)
	if err == nil {
		t.Seq = seq
	}
	return t, err
}

// loadTree reads the organisations at a commit, 0 for the present.
func (a *Forest) loadTree(ctx context.Context, entities []*catalog.Entity, seq int64) (*Tree, error) {
	t := &Tree{nodes: map[string]*Node{}, children: map[string][]*Node{}}
	for _, e := range entities {
		if err := a.loadNodes(ctx, t, e, seq); err != nil {
			return nil, fmt.Errorf("read organisations of %s: %w", e.Name, err)
		}
	}
	if root := a.cat.City.Root; root != "" && t.nodes[root] == nil {
		t.nodes[root] = &Node{Code: root, Level: "city", Title: a.cat.City.Title}
	}
	for _, n := range t.nodes {
		if n.Parent != "" && n.Parent != n.Code {
			t.children[n.Parent] = append(t.children[n.Parent], n)
		}
	}
	for _, c := range t.children {
		sort.Slice(c, func(i, j int) bool { return c[i].Code < c[j].Code })
	}
	return t, nil
}

// loadNodes reads one entity's organisations. The English name is the field
// named like the label with _en behind it, if the entity has one.
func (a *Forest) loadNodes(ctx context.Context, t *Tree, e *catalog.Entity, seq int64) error {
	cols := []string{e.Key[0], e.Node.Parent, e.Label, e.Label + "_en", e.Node.LevelField, e.Node.Open, e.Node.Close}
	sel := make([]string, len(cols))
	for i, c := range cols {
		sel[i] = "NULL"
		if c != "" && e.Field(c) != nil {
			sel[i] = store.Col(c)
		}
	}
	also := "NULL"
	for _, f := range e.Search {
		if f != e.Label {
			also = store.Col(f)
		}
	}
	when, args := `_to IS NULL`, []any{}
	if seq != 0 {
		when, args = `_from <= ? AND (_to IS NULL OR _to > ?)`, []any{seq, seq}
	}
	rows, err := a.db.Query(ctx, `SELECT _rec, `+also+`, `+strings.Join(sel, ", ")+` FROM `+store.Table(e.Name)+` WHERE `+when, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var also, code, parent, label, en, level sql.NullString
		var opened, closed sql.NullInt64
		n := &Node{Entity: e.Name, Level: e.Node.Level}
		if err := rows.Scan(&n.Rec, &also, &code, &parent, &label, &en, &level, &opened, &closed); err != nil {
			return err
		}
		n.Code, n.Parent, n.Opened, n.Closed = code.String, parent.String, opened.Int64, closed.Int64
		n.Title, n.Also = luoshu.Text{ZH: label.String, EN: en.String}, also.String
		if n.Title.EN == "" {
			n.Title.EN = label.String
		}
		if level.Valid {
			n.Level = level.String
		}
		if n.Code != "" && t.nodes[n.Code] == nil {
			t.nodes[n.Code] = n
		}
	}
	return rows.Err()
}

func marks(n int) string {
	if n <= 0 {
		return "NULL"
	}
	return strings.Repeat("?,", n-1) + "?"
}

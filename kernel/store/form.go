package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/vault"
)

// Envelope is the column of a table that holds the sealed values of a row.
const Envelope = "_x"

// Form says how the rows of an entity with sealed fields lie in its table: their
// values stand in the row's envelope (_x), their columns are empty or hold tokens.
// It is safe for concurrent use.
type Form struct {
	Entity string
	// Since is the last commit whose digest took the plain hashes of rows, 0 if
	// none did; Keyed says that _h holds keyed ones.
	Since int64
	Keyed bool
	// Pending says that the rows lie in another form still; Done is the last
	// version that has been brought into this one.
	Pending bool
	Done    int64

	keys   *vault.Vault
	fields []formField // by n
}

// formField is a field as the database knows it.
type formField struct {
	name   string
	n      int
	rest   catalog.Rest
	domain string
}

// forms of fields as vault_field has them.
const (
	formClear  = "clear"
	formHidden = "hidden"
	formToken  = "token "
)

func (f *formField) form() string {
	switch f.rest {
	case catalog.Hidden:
		return formHidden
	case catalog.Token:
		return formToken + f.domain
	}
	return formClear
}

func (f *formField) read(form string) {
	f.rest, f.domain = catalog.InClear, ""
	if domain, ok := strings.CutPrefix(form, formToken); ok {
		f.rest, f.domain = catalog.Token, domain
	} else if form == formHidden {
		f.rest = catalog.Hidden
	}
}

// Vault is the keys of the database.
func (db *DB) Vault() *vault.Vault { return db.keys }

// Form returns the form of an entity's rows, nil if they lie in clear. It is known
// once EnsureEntities has run.
func (db *DB) Form(entity string) *Form {
	m := db.forms.Load()
	if m == nil {
		return nil
	}
	return (*m)[entity]
}

// Forms lists the entities that have a form, sorted.
func (db *DB) Forms() []string {
	m := db.forms.Load()
	if m == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(*m))
}

// Fields lists the fields that lie, or once lay, otherwise than in clear.
func (f *Form) Fields() []string {
	out := make([]string, len(f.fields))
	for i := range f.fields {
		out[i] = f.fields[i].name
	}
	return out
}

// Rest says how a field lies.
func (f *Form) Rest(field string) catalog.Rest {
	if f != nil {
		for i := range f.fields {
			if f.fields[i].name == field {
				return f.fields[i].rest
			}
		}
	}
	return catalog.InClear
}

// RowHash returns the keyed hash of the form's rows, nil for rows in clear. Each
// goroutine takes its own.
func (f *Form) RowHash() hash.Hash {
	if f == nil {
		return nil
	}
	return f.keys.RowHash()
}

// next is the form as vault_entity notes it.
func (f *Form) next() string {
	var b strings.Builder
	for i := range f.fields {
		fmt.Fprintf(&b, "%d %s\n", f.fields[i].n, f.fields[i].form())
	}
	return b.String()
}

// Cells turns rows whose values stand in the order of some names into what the
// table holds, and back. It keeps scratch space: each goroutine takes its own. A
// nil Cells is that of an entity whose rows lie in clear.
type Cells struct {
	form  *Form
	s     *vault.Sealer
	at    []formField // sealed fields among the names; n stays, pos is where they stand
	pos   []int
	rest  []catalog.Rest // by position
	which []int          // by position: index into at, -1
	byN   map[int]int
	plain []byte
	aad   []byte
	head  int
	tok   []byte
}

// Cells returns the cells of rows with the given fields, nil for a nil form.
func (f *Form) Cells(names []string) *Cells {
	if f == nil {
		return nil
	}
	c := &Cells{form: f, s: f.keys.Sealer(), byN: map[int]int{}, rest: make([]catalog.Rest, len(names)), which: make([]int, len(names))}
	c.aad = append([]byte("luoshu x 1\x00"), f.Entity...)
	c.aad = append(c.aad, 0)
	c.head = len(c.aad)
	for i := range c.which {
		c.which[i] = -1
	}
	for _, x := range f.fields {
		i := slices.Index(names, x.name)
		if i < 0 {
			continue
		}
		c.byN[x.n] = i
		if x.rest == catalog.InClear {
			continue
		}
		c.rest[i], c.which[i] = x.rest, len(c.at)
		c.at, c.pos = append(c.at, x), append(c.pos, i)
	}
	return c
}

// Rest says how the field at a position lies.
func (c *Cells) Rest(i int) catalog.Rest {
	if c == nil {
		return catalog.InClear
	}
	return c.rest[i]
}

// Any reports whether any of the names is sealed.
func (c *Cells) Any() bool { return c != nil && len(c.at) > 0 }

// Stored is a value at a position as its column holds it: itself, a token, or
// nothing.
func (c *Cells) Stored(i int, v luoshu.Value) luoshu.Value {
	switch c.Rest(i) {
	case catalog.Hidden:
		return luoshu.Value{}
	case catalog.Token:
		if v.K != luoshu.IsText {
			return luoshu.Value{}
		}
		c.tok = c.s.Token(c.tok[:0], c.at[c.which[i]].domain, v.S)
		return luoshu.TextValue(string(c.tok))
	}
	return v
}

// formerHash is the number under which an envelope keeps the plain hash that its
// row had before it was sealed.
const formerHash = 0

// Seal makes the envelope of a row with the hash h, nil if no sealed field has a
// value. former is the plain hash the row had before, if it had one.
func (c *Cells) Seal(vals []luoshu.Value, h, former []byte) ([]byte, error) {
	if c == nil {
		return nil, nil
	}
	b := c.plain[:0]
	if former != nil {
		b = append(b, formerHash<<1, byte(len(former)))
		b = append(b, former...)
	}
	for k, i := range c.pos {
		switch v := &vals[i]; v.K {
		case luoshu.IsText:
			b = binary.AppendUvarint(b, uint64(c.at[k].n)<<1)
			b = binary.AppendUvarint(b, uint64(len(v.S)))
			b = append(b, v.S...)
		case luoshu.IsInt:
			b = binary.AppendUvarint(b, uint64(c.at[k].n)<<1|1)
			b = binary.AppendVarint(b, v.I)
		}
	}
	c.plain = b
	if len(b) == 0 {
		return nil, nil
	}
	c.aad = append(c.aad[:c.head], h...)
	return c.s.Seal(make([]byte, 0, len(b)+40), b, c.aad)
}

// Open puts the values of a row's envelope into their places; the other values
// stay as the columns have them. h is the row's hash. former is the plain hash that
// the row had before it was sealed, nil if it never had one. A row in the form of
// an earlier catalog is opened too.
func (c *Cells) Open(x, h []byte, vals []luoshu.Value) (former []byte, err error) {
	if c == nil || len(x) == 0 {
		return nil, nil
	}
	c.aad = append(c.aad[:c.head], h...)
	if c.plain, err = c.s.Open(c.plain[:0], x, c.aad); err != nil {
		return nil, err
	}
	for _, i := range c.pos {
		if c.rest[i] == catalog.Token && isToken(vals[i]) {
			vals[i] = luoshu.Value{}
		}
	}
	for b := c.plain; len(b) > 0; {
		tag, w := binary.Uvarint(b)
		if w <= 0 {
			return nil, vault.ErrAltered
		}
		b = b[w:]
		var v luoshu.Value
		if tag&1 == 1 {
			n, w := binary.Varint(b)
			if w <= 0 {
				return nil, vault.ErrAltered
			}
			v, b = luoshu.IntValue(n), b[w:]
		} else {
			n, w := binary.Uvarint(b)
			if w <= 0 || n > uint64(len(b)-w) {
				return nil, vault.ErrAltered
			}
			text := b[w : w+int(n)]
			b = b[w+int(n):]
			if tag>>1 == formerHash {
				former = slices.Clone(text)
				continue
			}
			v = luoshu.TextValue(string(text))
		}
		if i, ok := c.byN[int(tag>>1)]; ok {
			vals[i] = v
		}
	}
	return former, nil
}

// tokenSize is the length of a token.
const tokenSize = len(vault.TokenPrefix) + 20

func isToken(v luoshu.Value) bool {
	return v.K == luoshu.IsText && len(v.S) == tokenSize && strings.HasPrefix(v.S, vault.TokenPrefix)
}

// Anew opens an envelope and seals what is in it with the current key.
func (c *Cells) Anew(x, h []byte) ([]byte, error) {
	var err error
	c.aad = append(c.aad[:c.head], h...)
	if c.plain, err = c.s.Open(c.plain[:0], x, c.aad); err != nil {
		return nil, err
	}
	return c.s.Seal(nil, c.plain, c.aad)
}

// Token is what the column of a field holds for a value; ok is false where the
// field is not one that is found by equality.
func (f *Form) Token(field, value string) (string, bool) {
	if f == nil {
		return "", false
	}
	for i := range f.fields {
		if x := &f.fields[i]; x.name == field && x.rest == catalog.Token {
			if value == "" {
				return "", true
			}
			return string(f.keys.Sealer().Token(nil, x.domain, value)), true
		}
	}
	return "", false
}

// Stored is a text as the column of an entity's field holds it, for conditions of
// equality: itself, or its token.
func (db *DB) Stored(entity, field, value string) string {
	if t, ok := db.Form(entity).Token(field, value); ok {
		return t
	}
	return value
}

// ensureForms settles how the rows of every entity lie. A table without rows takes
// its form at once; another is marked as pending.
func (db *DB) ensureForms(ctx context.Context, cat *catalog.Catalog) error {
	var forms map[string]*Form
	change := false
	err := db.ReadTx(ctx, func(tx *Tx) (err error) {
		forms, change, err = tx.forms(ctx, cat, false)
		return err
	})
	if err == nil && change {
		err = db.Tx(ctx, func(tx *Tx) (err error) {
			forms, _, err = tx.forms(ctx, cat, true)
			return err
		})
	}
	if err != nil {
		return err
	}
	if len(forms) > 0 && db.keys == nil {
		return luoshu.Errorf(luoshu.Unavailable, "业务包有加密字段，但没有密钥，不能打开数据", "the packs have fields that are kept encrypted, but there are no keys; the data are not opened")
	}
	db.forms.Store(&forms)
	return nil
}

// known reads the forms that the database has.
func (tx *Tx) known(ctx context.Context) (map[string]*Form, map[string]string, error) {
	out, next := map[string]*Form{}, map[string]string{}
	rows, err := tx.Query(ctx, `SELECT e.entity, e.since, e.keyed, e.next, e.done, f.n, f.field, f.form FROM vault_entity e
		JOIN vault_field f ON f.entity = e.entity ORDER BY e.entity, f.n`)
	if err != nil {
		return nil, nil, fmt.Errorf("read forms: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var f Form
		var x formField
		var nx, form string
		var keyed int64
		if err := rows.Scan(&f.Entity, &f.Since, &keyed, &nx, &f.Done, &x.n, &x.name, &form); err != nil {
			return nil, nil, fmt.Errorf("read forms: %w", err)
		}
		if out[f.Entity] == nil {
			f.Keyed, f.keys, f.Pending = keyed != 0, tx.db.keys, nx != ""
			out[f.Entity], next[f.Entity] = &f, nx
		}
		x.read(form)
		out[f.Entity].fields = append(out[f.Entity].fields, x)
	}
	return out, next, rows.Err()
}

// forms works out the forms that the catalog asks for and whether anything must be
// noted for that; with write it is noted.
func (tx *Tx) forms(ctx context.Context, cat *catalog.Catalog, write bool) (map[string]*Form, bool, error) {
	have, next, err := tx.known(ctx)
	if err != nil {
		return nil, false, err
	}
	change := false
	for _, e := range cat.Entities {
		old := have[e.Name]
		if old == nil && !e.Sealed() {
			continue
		}
		f, fresh := wanted(e, old, tx.db.keys)
		switch {
		case len(fresh) == 0 && f.next() == old.next() && next[e.Name] == "":
			continue // as it is
		case f.next() == next[e.Name] && len(fresh) == 0:
			f.Pending, f.Done = true, old.Done // a walk that was interrupted
			have[e.Name] = f
			continue
		}
		change = true
		if write {
			if err := tx.noteForm(ctx, f, old, fresh); err != nil {
				return nil, false, err
			}
		}
		have[e.Name] = f
	}
	return have, change, nil
}

// wanted is the form that the catalog asks for; fields that have left it stay as
// they are. fresh are those that the database does not know yet.
func wanted(e *catalog.Entity, old *Form, keys *vault.Vault) (f *Form, fresh []formField) {
	f = &Form{Entity: e.Name, keys: keys, Keyed: true}
	if old != nil {
		*f = *old
		f.fields = slices.Clone(old.fields)
	}
	top := 0
	for i := range f.fields {
		x := &f.fields[i]
		top = max(top, x.n)
		if c := e.Field(x.name); c != nil {
			x.rest, x.domain = c.Rest, c.Domain
		}
	}
	for _, c := range e.Fields {
		if c.Rest == catalog.InClear || slices.ContainsFunc(f.fields, func(x formField) bool { return x.name == c.Name }) {
			continue
		}
		top++
		x := formField{c.Name, top, c.Rest, c.Domain}
		f.fields, fresh = append(f.fields, x), append(fresh, x)
	}
	return f, fresh
}

// noteForm writes a form down: as the one that holds, if the table has no rows,
// else as the one to bring about.
func (tx *Tx) noteForm(ctx context.Context, f, old *Form, fresh []formField) error {
	var rows int64
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(_rid), 0) FROM `+Table(f.Entity)).Scan(&rows); err != nil {
		return fmt.Errorf("note form of %s: %w", f.Entity, err)
	}
	f.Pending = rows > 0
	f.Done = 0
	if old == nil && rows > 0 {
		f.Keyed = false
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM commit_log`).Scan(&f.Since); err != nil {
			return fmt.Errorf("note form of %s: %w", f.Entity, err)
		}
	}
	for _, x := range fresh {
		if _, err := tx.Exec(ctx, `INSERT INTO vault_field (entity, n, field, form) VALUES (?, ?, ?, ?)`, f.Entity, int64(x.n), x.name, formClear); err != nil {
			return fmt.Errorf("note form of %s: %w", f.Entity, err)
		}
	}
	if !f.Pending {
		return tx.SettleForm(ctx, f)
	}
	return tx.noteEntity(ctx, f, f.next())
}

func (tx *Tx) noteEntity(ctx context.Context, f *Form, next string) error {
	keyed := int64(0)
	if f.Keyed {
		keyed = 1
	}
	_, err := tx.Exec(ctx, `INSERT INTO vault_entity (entity, since, keyed, next, done) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (entity) DO UPDATE SET since = excluded.since, keyed = excluded.keyed, next = excluded.next, done = excluded.done`,
		f.Entity, f.Since, keyed, next, f.Done)
	if err != nil {
		return fmt.Errorf("note form of %s: %w", f.Entity, err)
	}
	return nil
}

// MoveForm notes how far the walk that brings a form about has come.
func (tx *Tx) MoveForm(ctx context.Context, f *Form, done int64) error {
	g := *f
	g.Done = done
	return tx.noteEntity(ctx, &g, f.next())
}

// SettleForm notes that all rows of an entity lie in the form.
func (tx *Tx) SettleForm(ctx context.Context, f *Form) error {
	for i := range f.fields {
		x := &f.fields[i]
		if _, err := tx.Exec(ctx, `UPDATE vault_field SET form = ? WHERE entity = ? AND n = ?`, x.form(), f.Entity, int64(x.n)); err != nil {
			return fmt.Errorf("note form of %s: %w", f.Entity, err)
		}
	}
	g := *f
	g.Keyed, g.Done = true, 0
	return tx.noteEntity(ctx, &g, "")
}

// Settled makes a form known as the one that all rows lie in.
func (db *DB) Settled(f *Form) {
	old := *db.forms.Load()
	m := maps.Clone(old)
	g := *f
	g.Keyed, g.Pending, g.Done = true, false, 0
	m[f.Entity] = &g
	db.forms.Store(&m)
}

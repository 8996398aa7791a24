package guard

import (
	"context"
	"sync"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/store"
)

// references keeps the public names of small reference entities (those without
// an organisation and with a public label), read whole when first asked for and
// again when a commit has touched them.
type references struct {
	mu    sync.Mutex
	names map[string]referenceNames
}

type referenceNames struct {
	seq   int64
	title map[string]Text
}

// maxReference is the most records of a reference entity whose names are kept.
const maxReference = 50_000

// ReferenceLabel is what a record of a reference entity is called, nil if it has
// no public name.
func (d *Base) ReferenceLabel(ctx context.Context, e *catalog.Entity, code string) any {
	if e.Org != "" || len(e.Key) != 1 || e.Label == "" || e.Field(e.Label).Sensitivity != catalog.Public {
		return nil
	}
	names, err := d.referenceNames(ctx, e)
	if err != nil {
		return nil // a figure without its unit's name is still right
	}
	if t, ok := names[code]; ok {
		return t
	}
	return nil
}

func (d *Base) referenceNames(ctx context.Context, e *catalog.Entity) (map[string]Text, error) {
	seq, err := d.entitySeq(ctx, e)
	if err != nil {
		return nil, err
	}
	d.refs.mu.Lock()
	defer d.refs.mu.Unlock()
	if have, ok := d.refs.names[e.Name]; ok && have.seq == seq {
		return have.title, nil
	}
	en := "NULL"
	if f := e.Field(e.Label + "_en"); f != nil && f.Sensitivity == catalog.Public {
		en = store.Col(f.Name)
	}
	rows, err := d.DB.Query(ctx, "SELECT "+store.Col(e.Key[0])+", "+store.Col(e.Label)+", "+en+" FROM "+store.Table(e.Name)+
		" WHERE _to IS NULL LIMIT ?", maxReference)
	if err != nil {
		return nil, Fault("read reference names", err)
	}
	defer rows.Close()
	title := map[string]Text{}
	for rows.Next() {
		var code, zh, english any
		if err := rows.Scan(&code, &zh, &english); err != nil {
			return nil, Fault("read reference names", err)
		}
		t := Text{ZH: luoshu.ValueOf(zh).String(), EN: luoshu.ValueOf(english).String()}
		if t.EN == "" {
			t.EN = t.ZH
		}
		title[luoshu.ValueOf(code).String()] = t
	}
	if err := rows.Err(); err != nil {
		return nil, Fault("read reference names", err)
	}
	if d.refs.names == nil {
		d.refs.names = map[string]referenceNames{}
	}
	d.refs.names[e.Name] = referenceNames{seq: seq, title: title}
	return title, nil
}

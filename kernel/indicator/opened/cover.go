package opened

import (
	"io"

	"luoshu/kernel/cube"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// Cover seals cubes with the keys of a database, nil if it has none.
func Cover(db *store.DB) cube.Cover {
	if db.Vault() == nil {
		return nil
	}
	return cover{db.Vault()}
}

type cover struct{ keys *vault.Vault }

// Seal begins a sealed file with the newest key.
func (c cover) Seal(w io.Writer) (cube.SealedWriter, error) {
	if err := c.keys.Refresh(); err != nil {
		return nil, err
	}
	return c.keys.NewFileWriter(w)
}

// Open opens a sealed file.
func (c cover) Open(path string) (cube.SealedFile, error) { return c.keys.OpenFile(path) }

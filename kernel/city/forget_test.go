package city_test

import (
	"testing"

	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// forget takes the marks of keys, and that files were sealed, out of a database.
func forget(t *testing.T, path string, v *vault.Vault) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{DSN: path, Keys: v})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"DELETE FROM vault", "DELETE FROM vault_key", "DELETE FROM setting WHERE key = 'sealed:files'"} {
		if _, err := db.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

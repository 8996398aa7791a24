package store

import (
	"errors"
	"fmt"

	"luoshu"
	"luoshu/kernel/vault"
)

// SealText seals a text for this transaction to write, under the key that holds
// now. name is "table.column" and key says which row, by columns that never change.
// The column must stand in the list of kernel/reseal. "" stays "".
func (tx *Tx) SealText(name, text string, key ...any) (string, error) {
	if text == "" {
		return "", nil
	}
	if err := tx.db.keys.Refresh(); err != nil {
		return "", err
	}
	out, err := tx.db.keys.Sealer().SealText(vault.Place(name, key...), text)
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", name, err)
	}
	return out, nil
}

// OpenText opens what SealText made. Conflict, caused by vault.ErrAltered, for
// anything else.
func (db *DB) OpenText(name, text string, key ...any) (string, error) {
	if text == "" {
		return "", nil
	}
	place := vault.Place(name, key...)
	out, err := db.keys.Sealer().OpenText(place, text)
	if errors.Is(err, vault.ErrAltered) {
		return "", &luoshu.Error{Kind: luoshu.Conflict, Cause: err, Msg: luoshu.Text{
			ZH: "加密内容（" + place + "）被改动，打不开；请运行 luoshu check 核查，并从备份恢复",
			EN: "the sealed text of " + place + " was altered and cannot be opened; run luoshu check and restore from a backup",
		}}
	}
	if err != nil {
		return "", fmt.Errorf("open %s: %w", place, err)
	}
	return out, nil
}

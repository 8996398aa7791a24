package reseal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"luoshu"
	"luoshu/kernel/store"
	"luoshu/kernel/vault"
)

// maxProblems bounds what Check lists.
const maxProblems = 100

// Check reads every kept file and every sealed text beside the rows and names those
// that lie in clear, do not open, or are not what was handed in. The rows are the
// ledger's to check. p is told "check files".
func Check(ctx context.Context, db *store.DB, dir string, p luoshu.Progress) ([]luoshu.Text, error) {
	var out []luoshu.Text
	bad := func(zh, en string, args ...any) {
		if len(out) < maxProblems {
			out = append(out, luoshu.Errorf(luoshu.Conflict, zh, en, args...).Msg)
		}
	}
	n := int64(0)
	err := eachSealed(ctx, dir, func(path string) error {
		n++
		p.Tell("check files", n, 0)
		name := filepath.Base(path)
		sealed, err := vault.IsSealed(path)
		if err != nil {
			return err
		}
		if !sealed {
			bad("文件 %s 没有加密", "the file %s lies in clear", name)
			return nil
		}
		sum, err := content(db.Vault(), path)
		switch {
		case errors.Is(err, vault.ErrAltered):
			bad("文件 %s 被改动，打不开", "the file %s was altered and cannot be opened", name)
		case err != nil:
			return fmt.Errorf("read file %s: %w", name, err)
		case sum != name && filepath.Ext(name) != ".cube":
			bad("文件 %s 的内容不是当时提交的", "the content of the file %s is not what was handed in", name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, t := range texts {
		if err := checkTexts(ctx, db, t, bad); err != nil {
			return nil, fmt.Errorf("check %s: %w", t.table, err)
		}
	}
	return out, nil
}

// content is the SHA-256 of what a sealed file holds.
func content(v *vault.Vault, path string) (string, error) {
	f, err := v.OpenFile(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, f.Size())); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func checkTexts(ctx context.Context, db *store.DB, t text, bad func(zh, en string, args ...any)) error {
	s := db.Vault().Sealer()
	q := `SELECT ` + t.column + `, ` + strings.Join(t.place, ", ") + ` FROM ` + t.table + ` WHERE ` + t.where()
	return db.Scan(ctx, q, nil, func(r *store.Row) error {
		place, _ := t.at(r)
		_, err := s.OpenText(place, r.Text(0))
		if errors.Is(err, vault.ErrAltered) {
			bad("%s 中有一条加密内容被改动或没有加密", "a sealed text of %s was altered or lies in clear", place)
			return nil
		}
		return err
	})
}

package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/vault"
)

var day = time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC)

// keys makes a key file and opens it.
func keys(t *testing.T) (*vault.Vault, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.yaml")
	if err := vault.Create(path, nil, day); err != nil {
		t.Fatal(err)
	}
	return open(t, path), path
}

func open(t *testing.T, path string) *vault.Vault {
	t.Helper()
	src, err := vault.Config{File: path}.Source("")
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSealOpensOnlyInItsPlace(t *testing.T) {
	v, _ := keys(t)
	s := v.Sealer()
	env, err := s.Seal(nil, []byte("13800000000"), []byte("here"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(env, []byte("138")) {
		t.Error("the value shows")
	}
	if got, err := s.Open(nil, env, []byte("here")); err != nil || string(got) != "13800000000" {
		t.Fatalf("opened %q, %v", got, err)
	}
	if _, err := s.Open(nil, env, []byte("there")); !errors.Is(err, vault.ErrAltered) {
		t.Error("opened in another place", err)
	}
	for i := range env {
		bad := bytes.Clone(env)
		bad[i] ^= 1
		if _, err := s.Open(nil, bad, []byte("here")); err == nil {
			t.Errorf("opened with byte %d flipped", i)
		}
	}
	for i := range env {
		if _, err := s.Open(nil, env[:i], []byte("here")); err == nil {
			t.Errorf("opened cut to %d bytes", i)
		}
	}
	again, err := s.Seal(nil, []byte("13800000000"), []byte("here"))
	if err != nil || bytes.Equal(env, again) {
		t.Error("the same value twice looks the same", err)
	}
	text, err := s.SealText("a table", "开元大道1号")
	if err != nil || vault.TextKey(text) != 1 {
		t.Fatal(text, err)
	}
	if got, err := s.OpenText("a table", text); err != nil || got != "开元大道1号" {
		t.Error(got, err)
	}
	if _, err := s.OpenText("another", text); err == nil {
		t.Error("a text opens elsewhere")
	}
	if _, err := s.OpenText("a table", "clear"); err == nil {
		t.Error("a clear text passes for a sealed one")
	}
}

func TestTokens(t *testing.T) {
	v, path := keys(t)
	a, b := v.Sealer(), open(t, path).Sealer()
	one := string(a.Token(nil, "d", "11010519491231002X"))
	if one != string(b.Token(nil, "d", "11010519491231002X")) || len(one) != 21 {
		t.Error("tokens differ or have another length", one)
	}
	if one == string(a.Token(nil, "e", "11010519491231002X")) || one == string(a.Token(nil, "d", "110105194912310021")) {
		t.Error("tokens of different things are the same")
	}
	other, _ := keys(t)
	if one == string(other.Sealer().Token(nil, "d", "11010519491231002X")) {
		t.Error("another city has the same token")
	}
	if _, err := v.Rotate(day); err != nil {
		t.Fatal(err)
	}
	if one != string(v.Sealer().Token(nil, "d", "11010519491231002X")) {
		t.Error("a new data key changes tokens")
	}
}

func TestFilesReadAnywhereAndCutNowhere(t *testing.T) {
	v, path := keys(t)
	const chunk = 64 << 10
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, 3*chunk - 5, 3 * chunk} {
		plain := make([]byte, size)
		for i := range plain {
			plain[i] = byte(r.Uint32())
		}
		var out bytes.Buffer
		w, err := v.NewFileWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < size; {
			n := min(size-at, 1+r.IntN(chunk*2))
			if _, err := w.Write(plain[at : at+n]); err != nil {
				t.Fatal(err)
			}
			at += n
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := open(t, path).ReadFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil || f.Size() != int64(size) {
			t.Fatal(size, err)
		}
		got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatal(size, "differs", err)
		}
		for range 50 {
			off := r.IntN(size + 1)
			b := make([]byte, r.IntN(2*chunk))
			n, err := f.ReadAt(b, int64(off))
			if !bytes.Equal(b[:n], plain[off:min(size, off+len(b))]) || (n < len(b)) != errors.Is(err, io.EOF) {
				t.Fatal(size, off, len(b), n, err)
			}
		}
		// A file cut anywhere, or with chunks exchanged, is not read.
		for cut := 1; cut < out.Len(); cut += 1 + out.Len()/37 {
			if f, err := v.ReadFile(bytes.NewReader(out.Bytes()[:out.Len()-cut]), int64(out.Len()-cut)); err == nil {
				t.Fatalf("a file of %d bytes cut by %d opens with %d", size, cut, f.Size())
			}
		}
		if size > 2*chunk {
			bad := bytes.Clone(out.Bytes())
			head := out.Len() - (size + 16*((size+chunk-1)/chunk))
			first := bytes.Clone(bad[head : head+chunk+16])
			copy(bad[head:], bad[head+chunk+16:head+2*(chunk+16)])
			copy(bad[head+chunk+16:], first)
			f, err := v.ReadFile(bytes.NewReader(bad), int64(len(bad)))
			if err == nil {
				_, err = f.ReadAt(make([]byte, 10), 0)
			}
			if err == nil {
				t.Error("exchanged chunks are read")
			}
		}
	}
}

func TestRotation(t *testing.T) {
	v, path := keys(t)
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("a file of former days"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := v.SealFile(file, file+".tmp"); err != nil {
		t.Fatal(err)
	}
	env, err := v.Sealer().Seal(nil, []byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	other := open(t, path) // another process
	if n, err := v.Rotate(day.AddDate(1, 0, 0)); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	fresh, err := v.Sealer().Seal(nil, []byte("y"), nil)
	if err != nil || vault.KeyOf(fresh) != 2 || vault.KeyOf(env) != 1 {
		t.Fatal(vault.KeyOf(fresh), vault.KeyOf(env), err)
	}
	if got, err := other.Sealer().Open(nil, fresh, nil); err != nil || string(got) != "y" {
		t.Error("another process does not learn the new key", err)
	}
	if err := other.Refresh(); err != nil || other.Current() != 2 {
		t.Error("another process does not use the new key", err)
	}
	if k, err := v.FileKey(file); k != 1 || err != nil {
		t.Error(k, err)
	}
	if err := errors.Join(v.RekeyFile(file), v.RekeyFile(file)); err != nil {
		t.Fatal(err)
	}
	if k, err := v.FileKey(file); k != 2 || err != nil {
		t.Error(k, err)
	}
	f, err := v.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 6)
	if _, err := f.ReadAt(b, 2); err != nil || string(b) != "file o" {
		t.Error(string(b), err)
	}
	if err := v.Retire([]uint32{2}); err != nil {
		t.Fatal(err)
	}
	if v.Current() != 1 || len(v.Numbers()) != 1 {
		t.Error("a retired key is still there")
	}
	if _, err := v.Sealer().Open(nil, fresh, nil); err != nil {
		t.Error("what was read before a key was retired should open still:", err)
	}
	if _, err := open(t, path).Sealer().Open(nil, fresh, nil); err == nil || errors.Is(err, vault.ErrAltered) {
		t.Error("a value under a key that is gone should say so:", err)
	}
	if err := v.Retire([]uint32{1}); err == nil {
		t.Error("the last key was retired")
	}
}

func TestBadKeyFiles(t *testing.T) {
	v, path := keys(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", st.Mode().Perm())
	}
	if err := vault.Create(path, nil, day); err == nil {
		t.Error("an existing key file was replaced")
	}
	index := strings.Split(string(good), "index: ")[1][:64]
	for name, text := range map[string]string{
		"empty": "", "not YAML": "{", "unknown key": string(good) + "\nmore: 1\n", "no data key": strings.Split(string(good), "data:")[0],
		"short index":    strings.Replace(string(good), index, index[:62], 1),
		"not hex":        strings.Replace(string(good), index, "zz"+index[2:], 1),
		"number 0":       strings.Replace(string(good), "number: 1", "number: 0", 1),
		"no city":        strings.Replace(string(good), "city: "+v.City(), "city: ''", 1),
		"same key twice": string(good) + good1(string(good)),
	} {
		bad := filepath.Join(t.TempDir(), "k.yaml")
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		src, _ := vault.Config{File: bad}.Source("")
		_, err := vault.Open(src, nil)
		var e *luoshu.Error
		if !errors.As(err, &e) || e.Kind != luoshu.Unavailable || e.Msg.ZH == "" {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(fmt.Sprint(err), index[:20]) {
			t.Errorf("%s: the error quotes the key: %v", name, err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	src, _ := vault.Config{File: path}.Source("")
	if _, err := vault.Open(src, nil); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Error("a key file that others can read is taken:", err)
	}
}

func good1(s string) string { return "    - number: 1" + strings.SplitN(s, "- number: 1", 2)[1] }

func TestKeysOfACommand(t *testing.T) {
	v, path := keys(t)
	src, err := vault.Config{Command: []string{"cat", path}}.Source("")
	if err != nil {
		t.Fatal(err)
	}
	c, err := vault.Open(src, nil)
	if err != nil || c.City() != v.City() || c.Check(0) != v.Check(0) || c.Check(1) != v.Check(1) || c.Check(2) != "" {
		t.Fatal(err)
	}
	if _, err := c.Rotate(day); err == nil {
		t.Error("a key was made for a command")
	}
	for _, cmd := range [][]string{{"false"}, {"no-such-program-of-keys"}, {"echo", "hello"}} {
		src, _ := vault.Config{Command: cmd}.Source("")
		if _, err := vault.Open(src, nil); err == nil {
			t.Error(cmd, "was taken for keys")
		}
	}
	if _, err := (vault.Config{File: "a", Command: []string{"b"}}).Source(""); err == nil {
		t.Error("file and command were both taken")
	}
}

func BenchmarkSealRow(b *testing.B) {
	v, err := vault.Ephemeral()
	if err != nil {
		b.Fatal(err)
	}
	s, h, plain, aad := v.Sealer(), v.RowHash(), make([]byte, 100), make([]byte, 30)
	row := make([]byte, 800)
	var buf, tok []byte
	b.Run("seal", func(b *testing.B) {
		for b.Loop() {
			if buf, err = s.Seal(buf[:0], plain, aad); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("token", func(b *testing.B) {
		for b.Loop() {
			tok = s.Token(tok[:0], "domain", "G11010519491231002X")
		}
	})
	b.Run("hash800", func(b *testing.B) {
		var sum [32]byte
		for b.Loop() {
			h.Reset()
			h.Write(row)
			h.Sum(sum[:0])
		}
	})
}

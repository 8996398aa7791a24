package load

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"luoshu"
)

// A file of which marks were taken reads as it was, anywhere, and not at all where
// it has been changed.
func TestMarkedFile(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, size := range []int{0, 1, markSize - 1, markSize, markSize + 1, 5*markSize + 77} {
		plain := make([]byte, size)
		for i := range plain {
			plain[i] = byte(r.Uint32())
		}
		m := &marks{}
		for at := 0; at < size; {
			n := min(size-at, 1+r.IntN(2*markSize))
			m.Write(plain[at : at+n])
			at += n
		}
		m.end()
		f := &marked{r: bytes.NewReader(plain), size: int64(size), list: m.list}
		got, err := io.ReadAll(io.NewSectionReader(f, 0, int64(size)))
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatal(size, err)
		}
		for range 20 {
			off, b := r.IntN(size+1), make([]byte, r.IntN(markSize))
			n, err := f.ReadAt(b, int64(off))
			if !bytes.Equal(b[:n], plain[off:min(size, off+len(b))]) || (n < len(b)) != errors.Is(err, io.EOF) {
				t.Fatal(size, off, len(b), n, err)
			}
		}
		if size == 0 {
			continue
		}
		changed := bytes.Clone(plain)
		at := r.IntN(size)
		changed[at] ^= 1
		f = &marked{r: bytes.NewReader(changed), size: int64(size), list: m.list}
		var e *luoshu.Error
		if _, err := f.ReadAt(make([]byte, 1), int64(at)); !errors.As(err, &e) || e.Kind != luoshu.Conflict {
			t.Error(size, "a changed file is read:", err)
		}
		f = &marked{r: bytes.NewReader(plain[:size-1]), size: int64(size), list: m.list}
		if _, err := f.ReadAt(make([]byte, 1), int64(size-1)); err == nil {
			t.Error(size, "a file cut short is read")
		}
	}
}

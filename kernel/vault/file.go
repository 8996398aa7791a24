package vault

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// A sealed file is a head of headSize bytes and chunks. The head has the mark and
// two slots, of which one holds the file's own key, sealed with a data key; the
// other is written first when the data key changes. A chunk is chunkSize bytes of
// the file and a tag of 16; its nonce is its number and whether it is the last, so
// that chunks can be read in any order and a file cut short is known as such. No
// nonce comes twice: every file has a key of its own.
const (
	fileMark  = "LUOSHUV1"
	slotSize  = 64
	headSize  = len(fileMark) + 2*slotSize
	chunkSize = 64 << 10
	sealed    = chunkSize + tagSize
)

var slotPlace = []byte("luoshu file 1")

// FileWriter seals what is written to it. Close writes the last chunk; it does not
// close the file beneath.
type FileWriter struct {
	w    io.Writer
	aead cipher.AEAD
	buf  []byte // one chunk, plain
	out  []byte
	n    uint64
	own  []byte
	v    *Vault
	key  uint32
	err  error
}

// NewFileWriter begins a sealed file on w.
func (v *Vault) NewFileWriter(w io.Writer) (*FileWriter, error) {
	own := make([]byte, dataSize)
	if err := v.mod.Random(own); err != nil {
		return nil, fmt.Errorf("draw a file key: %w", err)
	}
	aead, err := v.mod.AEAD(own)
	if err != nil {
		return nil, err
	}
	slot, n, err := v.slot(own)
	if err != nil {
		return nil, err
	}
	head := append([]byte(fileMark), slot...)
	head = append(head, make([]byte, headSize-len(head))...)
	if _, err := w.Write(head); err != nil {
		return nil, err
	}
	return &FileWriter{w: w, aead: aead, buf: make([]byte, 0, chunkSize), out: make([]byte, 0, sealed), own: own, v: v, key: n}, nil
}

// slot seals a file's key.
func (v *Vault) slot(own []byte) ([]byte, uint32, error) {
	env, err := v.Sealer().Seal(make([]byte, 1, slotSize), own, slotPlace)
	if err != nil {
		return nil, 0, err
	}
	env[0] = byte(len(env) - 1)
	return append(env, make([]byte, slotSize-len(env))...), KeyOf(env[1:]), nil
}

// Key is the number of the data key under which the file's own key is sealed.
func (f *FileWriter) Key() uint32 { return f.key }

// Rekey seals the file's own key with the current data key, in the file that was
// written, which lies at path now: for when the one it was begun with is retired.
func (f *FileWriter) Rekey(path string) error {
	out, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer out.Close()
	slot, n, err := f.v.slot(f.own)
	if err != nil {
		return err
	}
	f.key = n
	_, err = out.WriteAt(append(slot, make([]byte, slotSize)...), int64(len(fileMark)))
	return errors.Join(err, out.Sync())
}

// Write takes the next bytes of the file.
func (f *FileWriter) Write(b []byte) (int, error) {
	done := 0
	for len(b) > 0 && f.err == nil {
		if len(f.buf) == chunkSize {
			f.err = f.flush(false)
			continue
		}
		n := min(len(b), chunkSize-len(f.buf))
		f.buf = append(f.buf, b[:n]...)
		b = b[n:]
		done += n
	}
	return done, f.err
}

// Close writes the last chunk.
func (f *FileWriter) Close() error {
	if f.err == nil {
		f.err = f.flush(true)
	}
	if f.err == nil {
		f.err = os.ErrClosed
		return nil
	}
	return f.err
}

func (f *FileWriter) flush(last bool) error {
	f.out = f.aead.Seal(f.out[:0], chunkNonce(f.n, last), f.buf, nil)
	f.n++
	f.buf = f.buf[:0]
	_, err := f.w.Write(f.out)
	return err
}

func chunkNonce(n uint64, last bool) []byte {
	b := make([]byte, nonceSize)
	binary.BigEndian.PutUint64(b[3:], n)
	if last {
		b[11] = 1
	}
	return b
}

// File is an open sealed file: what was written, read at any place. Its methods
// may be called from many goroutines.
type File struct {
	r     io.ReaderAt
	aead  cipher.AEAD
	size  int64 // of the plain file
	last  int64 // number of the last chunk
	close io.Closer

	mu   sync.Mutex
	held [heldChunks]heldChunk
	next int // the one to give up next
	raw  []byte
}

// heldChunks is how many chunks of an open file are kept: readers of workbooks go
// back and forth between a few places.
const heldChunks = 6

type heldChunk struct {
	n   int64 // 1 more than its number
	buf []byte
}

// OpenFile opens a sealed file by its path.
func (v *Vault) OpenFile(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	out, err := v.ReadFile(f, st.Size())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open sealed file: %w", err), f.Close())
	}
	out.close = f
	return out, nil
}

// ReadFile opens a sealed file of size bytes.
func (v *Vault) ReadFile(r io.ReaderAt, size int64) (*File, error) {
	own, _, _, err := v.fileKey(r)
	if err != nil {
		return nil, err
	}
	body := size - int64(headSize)
	chunks := (body + sealed - 1) / sealed
	if body < tagSize || body-(chunks-1)*sealed < tagSize {
		return nil, ErrAltered
	}
	aead, err := v.mod.AEAD(own)
	if err != nil {
		return nil, err
	}
	f := &File{r: r, aead: aead, size: body - chunks*tagSize, last: chunks - 1}
	// The end of the file is looked at first: one that was cut short is never begun.
	_, err = f.chunk(f.last)
	return f, err
}

// fileKey opens the slot that can be opened.
func (v *Vault) fileKey(r io.ReaderAt) (own []byte, key uint32, slot int, err error) {
	head := make([]byte, headSize)
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, 0, err
	}
	if string(head[:len(fileMark)]) != fileMark {
		return nil, 0, 0, ErrAltered
	}
	err = ErrAltered
	for i := range 2 {
		s := head[len(fileMark)+i*slotSize:][:slotSize]
		n := int(s[0])
		if n == 0 || n >= slotSize {
			continue
		}
		own, oerr := v.Sealer().Open(nil, s[1:1+n], slotPlace)
		if oerr == nil && len(own) == dataSize {
			return own, KeyOf(s[1 : 1+n]), i, nil
		}
		if oerr != nil {
			err = oerr
		}
	}
	return nil, 0, 0, err
}

// IsSealed reports whether the file at path begins as a sealed file does.
func IsSealed(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	b := make([]byte, len(fileMark))
	n, err := io.ReadFull(f, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return string(b[:n]) == fileMark, err
}

// Size is the length of the file that was sealed.
func (f *File) Size() int64 { return f.size }

// Close closes the file beneath, if OpenFile opened it.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close.Close()
}

// chunk returns a chunk of the plain file.
func (f *File) chunk(n int64) ([]byte, error) {
	for i := range f.held {
		if f.held[i].n == n+1 {
			return f.held[i].buf, nil
		}
	}
	h := &f.held[f.next]
	f.next = (f.next + 1) % heldChunks
	if h.buf == nil {
		h.buf = make([]byte, 0, chunkSize)
	}
	if f.raw == nil {
		f.raw = make([]byte, sealed)
	}
	h.n = 0
	raw := f.raw
	if n == f.last {
		raw = raw[:f.size-n*chunkSize+tagSize]
	}
	if _, err := f.r.ReadAt(raw, int64(headSize)+n*sealed); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	b, err := f.aead.Open(h.buf[:0], chunkNonce(uint64(n), n == f.last), raw, nil)
	if err != nil {
		return nil, ErrAltered
	}
	h.buf, h.n = b, n+1
	return b, nil
}

// ReadAt reads at a place of the file that was sealed.
func (f *File) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("read before the beginning")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	done := 0
	for len(b) > 0 {
		if off >= f.size {
			return done, io.EOF
		}
		n := off / chunkSize
		chunk, err := f.chunk(n)
		if err != nil {
			return done, err
		}
		k := copy(b, chunk[off-n*chunkSize:])
		b, off, done = b[k:], off+int64(k), done+k
	}
	return done, nil
}

// FileKey is the number of the data key under which a sealed file's own key lies.
func (v *Vault) FileKey(path string) (uint32, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	_, n, _, err := v.fileKey(f)
	return n, err
}

// RekeyFile seals a file's own key with the current data key; the content stays as
// it is. A crash leaves a file that opens. It does nothing if it is done already.
func (v *Vault) RekeyFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	own, n, at, err := v.fileKey(f)
	if err != nil {
		return err
	}
	if n == v.Current() {
		return nil
	}
	slot, _, err := v.slot(own)
	if err != nil {
		return err
	}
	place := func(i int) int64 { return int64(len(fileMark) + i*slotSize) }
	_, err = f.WriteAt(slot, place(1-at))
	if err := errors.Join(err, f.Sync()); err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, slotSize), place(at))
	return errors.Join(err, f.Sync())
}

// SealFile replaces a plain file by its sealed form, which a crash leaves whole in
// the one form or the other. tmp is a path in the same folder.
func (v *Vault) SealFile(path, tmp string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	w, err := v.NewFileWriter(out)
	if err == nil {
		if _, err = io.Copy(w, in); err == nil {
			err = w.Close()
		}
	}
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

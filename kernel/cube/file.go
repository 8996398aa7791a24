package cube

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// A cube file is
//
//	magic (8 bytes, with the version) | length of header (uint32) | header (JSON)
//	| one block a vector: length (uint32), zstd of little-endian integers
//	| SHA-256 of everything before it
//
// in the order year, dimensions, columns. It is written beside its name and
// renamed, so a file that exists is whole; a damaged one is refused.
const magic = "LSCUBE\x001"

const maxHeader = 256 << 20

// Header is the head of a cube file.
type Header struct {
	Grain string      `json:"grain"`
	Spec  string      `json:"spec"`
	Rows  int         `json:"rows"`
	Years []int       `json:"years"`
	Dims  []DimHeader `json:"dims"`
	Cols  []ColHeader `json:"cols"`
}

// DimHeader is a dimension in a Header.
type DimHeader struct {
	ID      string   `json:"id"`
	Integer bool     `json:"integer,omitempty"`
	Values  []string `json:"values"`
}

// ColHeader is a column in a Header.
type ColHeader struct {
	ID   string `json:"id"`
	Wide bool   `json:"wide,omitempty"`
}

var errDamaged = errors.New("cube file is damaged")

func (c *Cube) header() Header {
	h := Header{Grain: c.Grain, Spec: c.Spec, Rows: c.Rows, Years: c.Years}
	for _, d := range c.Dims {
		h.Dims = append(h.Dims, DimHeader{ID: d.ID, Integer: d.Integer, Values: d.Values})
	}
	for _, x := range c.cols {
		h.Cols = append(h.Cols, ColHeader{ID: x.id, Wide: x.data.i64 != nil})
	}
	return h
}

// write puts the cube into w.
func (c *Cube) write(w io.Writer) error {
	head, err := json.Marshal(c.header())
	if err != nil {
		return err
	}
	sum := sha256.New()
	out := io.MultiWriter(w, sum)
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	defer enc.Close()
	block := func(b []byte) error {
		if err := binary.Write(out, binary.LittleEndian, uint32(len(b))); err != nil {
			return err
		}
		_, err := out.Write(b)
		return err
	}
	if _, err := io.WriteString(out, magic); err != nil {
		return err
	}
	if err := block(head); err != nil {
		return err
	}
	vector := func(raw []byte) error { return block(enc.EncodeAll(raw, nil)) }
	if err := vector(c.year.raw()); err != nil {
		return err
	}
	for _, d := range c.Dims {
		if err := vector(d.codes.raw()); err != nil {
			return err
		}
	}
	for _, x := range c.cols {
		if err := vector(x.data.raw()); err != nil {
			return err
		}
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

// Cover seals files and opens them. The vault has one; nil leaves cubes in clear.
type Cover interface {
	// Seal begins a sealed file on w. Close ends it and leaves w open; Settle is
	// told where it lies in the end.
	Seal(w io.Writer) (SealedWriter, error)
	// Open opens a sealed file for reading at any place.
	Open(path string) (SealedFile, error)
}

// SealedWriter seals what is written to it.
type SealedWriter interface {
	io.WriteCloser
	Settle(path string) error
}

// SealedFile is a sealed file, opened.
type SealedFile interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// plainWriter writes in clear.
type plainWriter struct{ io.Writer }

func (plainWriter) Close() error        { return nil }
func (plainWriter) Settle(string) error { return nil }

// Save writes the cube to path; a crash leaves the old file or the new one.
func (c *Cube) Save(path string, cover Cover) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".cube-*")
	if err != nil {
		return fmt.Errorf("write cube: %w", err)
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 1<<20)
	out := SealedWriter(plainWriter{w})
	if cover != nil {
		if out, err = cover.Seal(w); err != nil {
			return errors.Join(fmt.Errorf("write cube: %w", err), f.Close())
		}
	}
	if err := errors.Join(c.write(out), out.Close(), w.Flush(), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write cube: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write cube: %w", err)
	}
	if err := out.Settle(path); err != nil {
		return fmt.Errorf("write cube: %w", err)
	}
	return nil
}

// reader reads blocks and remembers their hash.
type reader struct {
	r    io.Reader
	sum  hash.Hash
	left int64 // no block may be longer than what is left of the file
	dec  *zstd.Decoder
}

func (r *reader) block() ([]byte, error) {
	var n uint32
	if err := binary.Read(r.r, binary.LittleEndian, &n); err != nil {
		return nil, errDamaged
	}
	if int64(n) > r.left {
		return nil, errDamaged
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r.r, b); err != nil {
		return nil, errDamaged
	}
	return b, nil
}

func (r *reader) vector(size int) ([]byte, error) {
	b, err := r.block()
	if err != nil {
		return nil, err
	}
	raw, err := r.dec.DecodeAll(b, nil)
	if err != nil || len(raw) != size {
		return nil, errDamaged
	}
	return raw, nil
}

func (r *reader) header() (Header, error) {
	var h Header
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r.r, head); err != nil || string(head) != magic {
		return h, errDamaged
	}
	b, err := r.block()
	if err != nil || len(b) > maxHeader {
		return h, errDamaged
	}
	if err := json.Unmarshal(b, &h); err != nil || h.Rows < 0 || int64(h.Rows) > 1<<31 {
		return h, errDamaged
	}
	return h, nil
}

// open opens a cube file and reads its header; the caller closes the file.
func open(path string, cover Cover) (io.Closer, *reader, Header, error) {
	var f SealedFile
	var err error
	if cover != nil {
		f, err = cover.Open(path)
	} else {
		f, err = openPlain(path)
	}
	if err != nil {
		return nil, nil, Header{}, fmt.Errorf("open cube: %w", err)
	}
	r := &reader{sum: sha256.New(), left: f.Size()}
	r.r = io.TeeReader(bufio.NewReaderSize(io.NewSectionReader(f, 0, f.Size()), 1<<18), r.sum)
	h, err := r.header()
	if err != nil {
		f.Close()
		return nil, nil, Header{}, fmt.Errorf("open cube %s: %w", filepath.Base(path), err)
	}
	return f, r, h, nil
}

// plainFile is a file in clear.
type plainFile struct {
	*os.File
	size int64
}

func (f plainFile) Size() int64 { return f.size }

func openPlain(path string) (SealedFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return plainFile{f, st.Size()}, nil
}

// ReadHeader reads the head of a cube file only.
func ReadHeader(path string, cover Cover) (Header, error) {
	f, _, h, err := open(path, cover)
	if err != nil {
		return h, err
	}
	return h, f.Close()
}

// Load reads a cube file and checks its hash.
func Load(path string, cover Cover) (*Cube, error) {
	f, r, h, err := open(path, cover)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(4<<30))
	if err != nil {
		return nil, fmt.Errorf("read cube: %w", err)
	}
	defer r.dec.Close()
	c, err := r.body(h)
	if err != nil {
		return nil, fmt.Errorf("read cube %s: %w", filepath.Base(path), err)
	}
	return c, nil
}

func (r *reader) body(h Header) (*Cube, error) {
	c := &Cube{Grain: h.Grain, Spec: h.Spec, Rows: h.Rows, Years: h.Years}
	var err error
	if c.year, err = r.codes(h.Rows, len(h.Years)); err != nil {
		return nil, err
	}
	for _, d := range h.Dims {
		dim := &Dim{ID: d.ID, Integer: d.Integer, Values: d.Values}
		if dim.codes, err = r.codes(h.Rows, len(d.Values)); err != nil {
			return nil, err
		}
		c.Dims = append(c.Dims, dim)
	}
	for _, x := range h.Cols {
		col := &column{id: x.ID}
		if col.data, err = r.ints(h.Rows, x.Wide); err != nil {
			return nil, err
		}
		c.cols = append(c.cols, col)
	}
	want := r.sum.Sum(nil)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r.r, got); err != nil || !bytes.Equal(got, want) {
		return nil, errDamaged
	}
	return c, nil
}

func (r *reader) codes(rows, card int) (codes, error) {
	if card > 1<<16-1 {
		raw, err := r.vector(4 * rows)
		if err != nil {
			return codes{}, err
		}
		out := codes{u32: make([]uint32, rows)}
		for i := range out.u32 {
			out.u32[i] = binary.LittleEndian.Uint32(raw[4*i:])
			if int(out.u32[i]) >= card {
				return codes{}, errDamaged
			}
		}
		return out, nil
	}
	raw, err := r.vector(2 * rows)
	if err != nil {
		return codes{}, err
	}
	out := codes{u16: make([]uint16, rows)}
	for i := range out.u16 {
		out.u16[i] = binary.LittleEndian.Uint16(raw[2*i:])
		if int(out.u16[i]) >= card {
			return codes{}, errDamaged
		}
	}
	return out, nil
}

func (r *reader) ints(rows int, wide bool) (ints, error) {
	if wide {
		raw, err := r.vector(8 * rows)
		if err != nil {
			return ints{}, err
		}
		out := ints{i64: make([]int64, rows)}
		for i := range out.i64 {
			out.i64[i] = int64(binary.LittleEndian.Uint64(raw[8*i:]))
		}
		return out, nil
	}
	raw, err := r.vector(4 * rows)
	if err != nil {
		return ints{}, err
	}
	out := ints{i32: make([]int32, rows)}
	for i := range out.i32 {
		out.i32[i] = int32(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out, nil
}

func (c *codes) raw() []byte {
	if c.u32 != nil {
		out := make([]byte, 0, 4*len(c.u32))
		for _, v := range c.u32 {
			out = binary.LittleEndian.AppendUint32(out, v)
		}
		return out
	}
	out := make([]byte, 0, 2*len(c.u16))
	for _, v := range c.u16 {
		out = binary.LittleEndian.AppendUint16(out, v)
	}
	return out
}

func (v *ints) raw() []byte {
	if v.i64 != nil {
		out := make([]byte, 0, 8*len(v.i64))
		for _, x := range v.i64 {
			out = binary.LittleEndian.AppendUint64(out, uint64(x))
		}
		return out
	}
	out := make([]byte, 0, 4*len(v.i32))
	for _, x := range v.i32 {
		out = binary.LittleEndian.AppendUint32(out, uint32(x))
	}
	return out
}

package sheet

import (
	"archive/zip"
	"errors"
	"io"
	"strings"
	"sync/atomic"
)

// Archive is a ZIP whose size when unpacked is bounded, whatever its directory
// claims: parts count what they really yield.
type Archive struct {
	Files []*zip.File
	total atomic.Int64 // bytes unpacked so far
	max   int64
}

var errBomb = Blocked("zip-bomb",
	"压缩包解开后过大，不像是正常的表格。请检查文件来源，或分成几个文件再交。",
	"the file unpacks to far more than a normal table would. Check where it comes from, or split it into several files.")

// Corrupt makes the fault of a damaged file; what names the part.
func Corrupt(what string) *FileFault {
	return Blocked("corrupt", "文件已损坏或不完整（"+what+"）。请重新保存或重新导出后再交。",
		"the file is damaged or incomplete ("+what+"). Save or export it again and hand that in.")
}

// OpenArchive reads the directory of a ZIP and refuses what claims too much.
func OpenArchive(f File) (*Archive, error) {
	z, err := zip.NewReader(f.R, f.Size)
	if err != nil {
		return nil, Corrupt("zip")
	}
	if len(z.File) > MaxEntries {
		return nil, errBomb
	}
	var total uint64
	for _, e := range z.File {
		total += e.UncompressedSize64
		if total > MaxUnpacked || tooDense(int64(e.UncompressedSize64), int64(e.CompressedSize64)) {
			return nil, errBomb
		}
		if e.Flags&1 != 0 {
			return nil, Blocked("encrypted", "文件加了密码。请去掉密码后再交。", "the file has a password. Remove it and hand the file in again.")
		}
	}
	return &Archive{Files: z.File, max: MaxUnpacked}, nil
}

func tooDense(unpacked, packed int64) bool {
	return unpacked > MinRatioSize && unpacked/max(packed, 1) > MaxRatio
}

// Find returns an entry by its path, case and leading slash aside.
func (a *Archive) Find(name string) *zip.File {
	name = strings.TrimPrefix(name, "/")
	for _, e := range a.Files {
		if strings.EqualFold(strings.ReplaceAll(e.Name, `\`, "/"), name) {
			return e
		}
	}
	return nil
}

// Open returns a part that fails with a fault when it yields too much or is
// damaged; nil if there is no such part.
func (a *Archive) Open(name string) (io.ReadCloser, error) {
	e := a.Find(name)
	if e == nil {
		return nil, nil
	}
	r, err := e.Open()
	if err != nil {
		return nil, Corrupt(name)
	}
	return &part{archive: a, r: r, name: name, packed: int64(e.CompressedSize64)}, nil
}

type part struct {
	archive *Archive
	r       io.ReadCloser
	name    string
	packed  int64
	n       int64
}

// Read reads on, counting.
func (p *part) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.n += int64(n)
	if p.archive.total.Add(int64(n)) > p.archive.max || tooDense(p.n, p.packed) {
		return n, errBomb
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, Corrupt(p.name)
	}
	return n, err
}

// Close closes the part.
func (p *part) Close() error { return p.r.Close() }

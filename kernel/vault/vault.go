// Package vault holds the keys of data at rest and is the only room that seals
// and opens: small values (SM4-GCM), files in chunks, keyed tokens in place of
// values that must be found again, and the keyed hash of rows (HMAC-SM3). It
// knows no table and no entity.
package vault

import (
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"sync"

	"luoshu"
)

// Vault is an open key ring. It is safe for use by many goroutines.
type Vault struct {
	mod  Module
	from Source

	mu   sync.RWMutex
	ring *ring
	seen string // what the source looked like when it was last read
}

// dataKey is one numbered key of data.
type dataKey struct {
	Key
	aead cipher.AEAD
}

// ring is the keys as last read.
type ring struct {
	city    string
	index   []byte
	token   []byte // derived from the index key, one a purpose
	row     []byte
	data    map[uint32]*dataKey
	former  map[uint32]*dataKey // retired since: for what was read before that
	current *dataKey            // the newest: what is sealed from now on
}

// Open reads the keys of a source. mod may be nil: the software module.
func Open(from Source, mod Module) (*Vault, error) {
	if mod == nil {
		mod = Software{}
	}
	v := &Vault{mod: mod, from: from}
	seen := from.stamp()
	keys, err := from.read()
	if err != nil {
		return nil, err
	}
	if v.ring, err = newRing(mod, keys); err != nil {
		return nil, err
	}
	v.seen = seen
	return v, nil
}

func newRing(mod Module, k *Keys) (*ring, error) {
	if err := k.valid(); err != nil {
		return nil, err
	}
	r := &ring{city: k.City, index: k.Index, data: map[uint32]*dataKey{}}
	r.token, r.row = derive(mod, k.Index, "luoshu token 1"), derive(mod, k.Index, "luoshu row 1")
	for _, d := range k.Data {
		a, err := mod.AEAD(d.Key)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", d.Number, err)
		}
		r.data[d.Number] = &dataKey{d, a}
		if r.current == nil || d.Number > r.current.Number {
			r.current = r.data[d.Number]
		}
	}
	return r, nil
}

func derive(mod Module, key []byte, purpose string) []byte {
	h := mod.MAC(key)
	h.Write([]byte(purpose))
	return h.Sum(nil)
}

func (v *Vault) get() *ring {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.ring
}

// City is the name that the keys bear, drawn when they were made: a database
// takes no keys of another city.
func (v *Vault) City() string { return v.get().city }

// Current is the number of the key under which values are sealed from now on.
func (v *Vault) Current() uint32 { return v.get().current.Number }

// Numbers lists the keys that are there, oldest first, with the days on which
// they were made.
func (v *Vault) Numbers() []Key {
	r := v.get()
	out := make([]Key, 0, len(r.data))
	for _, d := range r.data {
		out = append(out, Key{Number: d.Number, Made: d.Made})
	}
	slices.SortFunc(out, func(a, b Key) int { return int(a.Number) - int(b.Number) })
	return out
}

// Managed reports whether keys are made and dropped by a key manager, out of whose
// hands they come by a command.
func (v *Vault) Managed() bool { return len(v.from.command) > 0 }

// Refresh reads the keys again if their file has changed since, so that a key
// that another process made is used from now on. Of a command nothing can be told
// beforehand: it is run again when a value names a key that is not known.
func (v *Vault) Refresh() error {
	stamp := v.from.stamp()
	v.mu.RLock()
	same := stamp == v.seen
	v.mu.RUnlock()
	if same {
		return nil
	}
	return v.reload(stamp)
}

func (v *Vault) reload(stamp string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	keys, err := v.from.read()
	if err != nil {
		return err
	}
	r, err := newRing(v.mod, keys)
	if err != nil {
		return err
	}
	if r.city != v.ring.city || !slices.Equal(r.index, v.ring.index) {
		return luoshu.Errorf(luoshu.Unavailable, "密钥在运行中被换成另一城市的或索引密钥已变；请恢复原密钥",
			"the keys were replaced by another city's, or their index key has changed, while the program runs; put the old ones back")
	}
	r.former = map[uint32]*dataKey{}
	for _, old := range []map[uint32]*dataKey{v.ring.former, v.ring.data} {
		for n, k := range old {
			if r.data[n] == nil {
				r.former[n] = k
			}
		}
	}
	v.ring, v.seen = r, stamp
	return nil
}

// key returns a data key, nil if there is none.
func (v *Vault) key(n uint32) *dataKey {
	if k := v.get().data[n]; k != nil {
		return k
	}
	if k := v.get().former[n]; k != nil || v.reload(v.from.stamp()) != nil {
		return k
	}
	return v.get().data[n]
}

// Check is a value by which a database knows its keys again without telling
// anything of them: of the index key for n = 0, else of data key n; "" if there is
// no such key.
func (v *Vault) Check(n uint32) string {
	r := v.get()
	key := r.index
	if n != 0 {
		if r.data[n] == nil {
			return ""
		}
		key = r.data[n].Key.Key
	}
	h := v.mod.MAC(key)
	fmt.Fprintf(h, "luoshu check 1 %s %d", r.city, n)
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// RowHash returns a keyed hash for row hashes; each goroutine takes its own.
func (v *Vault) RowHash() hash.Hash { return v.mod.MAC(v.get().row) }

// TokenPrefix stands before every token, so that none is taken for a value.
const TokenPrefix = "~"

// Sealer seals and opens small values. It keeps scratch space: each goroutine
// takes its own.
type Sealer struct {
	v      *Vault
	mac    hash.Hash
	random []byte
	buf    []byte
}

// Sealer returns a new one.
func (v *Vault) Sealer() *Sealer { return &Sealer{v: v, mac: v.mod.MAC(v.get().token)} }

// envelope is the first byte of an envelope of this form.
const envelope = 1

const (
	nonceSize = 12
	tagSize   = 16
)

// Seal appends to dst the envelope of a value: a byte of form, the key's number
// (varint), a random nonce of 12 bytes, ciphertext, tag of 16 bytes. aad is what
// the value belongs to: the same must be given to open it.
func (s *Sealer) Seal(dst, plain, aad []byte) ([]byte, error) {
	k := s.v.get().current
	nonce, err := s.nonce()
	if err != nil {
		return dst, err
	}
	dst = append(dst, envelope)
	dst = binary.AppendUvarint(dst, uint64(k.Number))
	dst = append(dst, nonce...)
	return k.aead.Seal(dst, nonce, plain, aad), nil
}

// nonce draws 12 random bytes out of a larger draught.
func (s *Sealer) nonce() ([]byte, error) {
	if len(s.random) < nonceSize {
		if s.buf == nil {
			s.buf = make([]byte, 128*nonceSize)
		}
		if err := s.v.mod.Random(s.buf); err != nil {
			return nil, fmt.Errorf("draw a nonce: %w", err)
		}
		s.random = s.buf
	}
	n := s.random[:nonceSize:nonceSize]
	s.random = s.random[nonceSize:]
	return n, nil
}

// ErrAltered says that a sealed value is not what was sealed, or not where it was.
var ErrAltered = errors.New("a sealed value was altered or is not in its place")

// Open appends the value of an envelope to dst.
func (s *Sealer) Open(dst, env, aad []byte) ([]byte, error) {
	n, rest, ok := split(env)
	if !ok {
		return dst, ErrAltered
	}
	k := s.v.key(n)
	if k == nil {
		return dst, missing(n)
	}
	out, err := k.aead.Open(dst, rest[:nonceSize], rest[nonceSize:], aad)
	if err != nil {
		return dst, ErrAltered
	}
	return out, nil
}

// KeyOf is the number of the key an envelope was sealed with, 0 if it is none.
func KeyOf(env []byte) uint32 {
	n, _, _ := split(env)
	return n
}

func split(env []byte) (key uint32, rest []byte, ok bool) {
	if len(env) < 1+1+nonceSize+tagSize || env[0] != envelope {
		return 0, nil, false
	}
	n, w := binary.Uvarint(env[1:])
	if w <= 0 || n == 0 || n > 1<<31 || len(env) < 1+w+nonceSize+tagSize {
		return 0, nil, false
	}
	return uint32(n), env[1+w:], true
}

func missing(n uint32) error {
	return luoshu.Errorf(luoshu.Unavailable, "缺少第 %d 号数据密钥，部分数据无法打开；请找回含有它的密钥文件",
		"data key %d is missing, so some data cannot be opened; find the key file that has it", n)
}

// Token appends the token of a value to dst: "~" and 20 characters that are the
// same for the same domain and value and tell nothing of it without the index key.
func (s *Sealer) Token(dst []byte, domain, value string) []byte {
	s.mac.Reset()
	s.mac.Write([]byte(domain))
	s.mac.Write([]byte{0})
	s.mac.Write([]byte(value))
	var sum [64]byte
	return base64.RawURLEncoding.AppendEncode(append(dst, TokenPrefix...), s.mac.Sum(sum[:0])[:15])
}

// Place names the row of a table that a sealed text belongs to, by columns that
// never change.
func Place(table string, key ...any) string {
	for _, k := range key {
		table += fmt.Sprint(" ", k)
	}
	return table
}

// SealText seals a text that lies in a text column of some table. place is what
// Place says of its row: the same must be given to open it. "" stays "".
func (s *Sealer) SealText(place, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	b, err := s.Seal(nil, []byte(text), []byte(place))
	if err != nil {
		return "", err
	}
	return TextPrefix + base64.RawStdEncoding.EncodeToString(b), nil
}

// TextPrefix stands before every sealed text.
const TextPrefix = "~1~"

// OpenText opens what SealText made.
func (s *Sealer) OpenText(place, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	env, err := textEnvelope(text)
	if err != nil {
		return "", err
	}
	b, err := s.Open(nil, env, []byte(place))
	return string(b), err
}

func textEnvelope(text string) ([]byte, error) {
	if len(text) < len(TextPrefix) || text[:len(TextPrefix)] != TextPrefix {
		return nil, ErrAltered
	}
	env, err := base64.RawStdEncoding.DecodeString(text[len(TextPrefix):])
	if err != nil {
		return nil, ErrAltered
	}
	return env, nil
}

// TextKey is the number of the key a sealed text was sealed with, 0 if it is none.
func TextKey(text string) uint32 {
	env, err := textEnvelope(text)
	if err != nil {
		return 0
	}
	return KeyOf(env)
}

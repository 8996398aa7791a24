package audit

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"luoshu"
)

// Key signs archives: SM2, in a PKCS #8 file that belongs off the machine.
type Key struct {
	private *sm2.PrivateKey
	pkix    []byte
}

const pemType = "PRIVATE KEY"

// NewKey makes a key and writes it to a new file that only its owner can read.
func NewKey(path string) (*Key, error) {
	p, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	der, err := smx509.MarshalPKCS8PrivateKey(p)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	err = pem.Encode(f, &pem.Block{Type: pemType, Bytes: der})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	return newKey(p)
}

// ReadKey reads a key file.
func ReadKey(path string) (*Key, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	bad := luoshu.Errorf(luoshu.Invalid, "密钥文件不是 PKCS #8 的 SM2 私钥", "the key file is no SM2 private key in PKCS #8")
	block, _ := pem.Decode(b)
	if block == nil || block.Type != pemType {
		return nil, bad
	}
	k, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
	p, ok := k.(*sm2.PrivateKey)
	if err != nil || !ok {
		return nil, bad
	}
	return newKey(p)
}

func newKey(p *sm2.PrivateKey) (*Key, error) {
	pkix, err := smx509.MarshalPKIXPublicKey(&p.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("write the public key: %w", err)
	}
	return &Key{p, pkix}, nil
}

// Fingerprint names the key: the first 16 bytes of SM3 over its public half.
func (k *Key) Fingerprint() string { return fingerprint(k.pkix) }

func (k *Key) public() string { return hex.EncodeToString(k.pkix) }

func (k *Key) sign(digest []byte) ([]byte, error) {
	sig, err := k.private.SignWithSM2(rand.Reader, nil, digest)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return sig, nil
}

func fingerprint(pkix []byte) string {
	sum := sm3.Sum(pkix)
	return hex.EncodeToString(sum[:16])
}

// verify checks a signature against the public key that came with it and returns
// the key's fingerprint.
func verify(key, signature string, digest []byte) (string, bool) {
	pkix, err := hex.DecodeString(key)
	if err != nil {
		return "", false
	}
	sig, err := hex.DecodeString(signature)
	if err != nil {
		return "", false
	}
	pub, err := smx509.ParsePKIXPublicKey(pkix)
	p, ok := pub.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return "", false
	}
	return fingerprint(pkix), sm2.VerifyASN1WithSM2(p, nil, digest, sig)
}

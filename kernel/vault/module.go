package vault

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"hash"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// Module is the cryptography that the vault rests on. A certified module takes the
// place of Software by offering the same three things; what has been sealed stays
// readable, since the algorithms are those of GB/T 32907 and GB/T 32905.
type Module interface {
	// AEAD is SM4-GCM under a key of 16 bytes, with nonces of 12 bytes and tags of 16.
	AEAD(key []byte) (cipher.AEAD, error)
	// MAC is HMAC-SM3 under a key.
	MAC(key []byte) hash.Hash
	// Random fills b with bytes fit for keys and nonces.
	Random(b []byte) error
}

// Software is the module in this program: the gmsm library and the system's
// random numbers.
type Software struct{}

// AEAD returns SM4-GCM.
func (Software) AEAD(key []byte) (cipher.AEAD, error) {
	b, err := sm4.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}

// MAC returns HMAC-SM3.
func (Software) MAC(key []byte) hash.Hash { return hmac.New(sm3.New, key) }

// Random reads the system's random numbers.
func (Software) Random(b []byte) error {
	_, err := rand.Read(b)
	return err
}

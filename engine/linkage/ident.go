package linkage

import "strings"

// Identifiers are packed into 64 bits: an identity number of 18 or 15 characters is
// its 17 digits times 16, plus the check character (0 to 10), plus two flags; any
// other document is a hash of its characters with the top bit set.
const (
	idOther   = uint64(1) << 63 // another document
	idUpgrade = uint64(1) << 62 // made from 15 digits: the check was computed, not read
	idMask    = idUpgrade - 1
)

// The weights and characters of ISO 7064 MOD 11-2 as GB 11643 uses them.
var idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// packID reads an identity number or another document; 0 is no value. A letter of
// a national number before 18 characters (G, J) is left out; such a number with L
// is temporary, says nothing about its holder and is no value.
func packID(s string) uint64 {
	var b [32]byte
	n := 0
	for _, r := range s {
		switch {
		case r >= 0xff01 && r <= 0xff5e:
			r -= 0xfee0
		case r == ' ' || r == '-' || r == '\'' || r == 0x3000:
			continue
		}
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		if r > 'Z' || n == len(b) {
			return hashOther(s)
		}
		b[n] = byte(r)
		n++
	}
	d := b[:n]
	if n == 19 && (d[0] == 'G' || d[0] == 'J' || d[0] == 'L') {
		if d[0] == 'L' {
			return 0
		}
		d = d[1:]
	}
	switch {
	case n == 0:
		return 0
	case len(d) == 18 && allDigits(d[:17]) && (d[17] == 'X' || allDigits(d[17:])):
		check := 10
		if d[17] != 'X' {
			check = int(d[17] - '0')
		}
		return packDigits(d[:17])<<4 | uint64(check)
	case len(d) == 15 && allDigits(d):
		full := append(append(append(b[:0:0], d[:6]...), '1', '9'), d[6:]...)
		v := packDigits(full)
		return v<<4 | uint64(idCheck(v)) | idUpgrade
	}
	return hashOther(string(d))
}

func hashOther(s string) uint64 { return hashText(0x9e37, strings.ToUpper(s)) | idOther }

func packDigits(b []byte) uint64 {
	v := uint64(0)
	for _, c := range b {
		v = v*10 + uint64(c-'0')
	}
	return v
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// idDigits writes the 17 digits and the check character's number (0 to 10).
func idDigits(v uint64) (d [18]byte) {
	d[17] = byte(v & 15)
	v = v & idMask >> 4
	for i := 16; i >= 0; i-- {
		d[i] = byte(v % 10)
		v /= 10
	}
	return d
}

// idCheck computes the check character's number (10 is X) of 17 digits.
func idCheck(v uint64) int {
	sum := 0
	for i := 16; i >= 0; i-- {
		sum += int(v%10) * idWeights[i]
		v /= 10
	}
	return (12 - sum%11) % 11
}

func idValid(v uint64) bool { return int(v&15) == idCheck(v&idMask>>4) }

// compareIDs is the level of two identifiers. A typo is one character wrong or two
// neighbours transposed where at least one of the two numbers fails its check (or
// never had one); the same difference between two numbers that both pass is a
// neighbour: it may be a mistake made before the check was computed, or the number
// of somebody else. Two documents of different kinds say nothing.
func compareIDs(a, b uint64) uint8 {
	if (a^b)&idOther != 0 {
		return noLevel
	}
	if a&^idUpgrade == b&^idUpgrade {
		return 1
	}
	if a&idOther != 0 {
		return 4
	}
	da, db := idDigits(a), idDigits(b)
	body := substituted(da[:17], db[:17])
	one := body == 1 || transposed(da[:17], db[:17])
	read := a&idUpgrade == 0 && b&idUpgrade == 0
	switch {
	case !read && body == 0:
		return 1
	case !read && one:
		return 2
	case body == 0: // only the check characters differ: one is misread
		return 2
	case !one:
		return 4
	case idValid(a) && idValid(b):
		return 3
	case da[17] == db[17], !idValid(a) || !idValid(b):
		return 2
	}
	return 4
}

// idBirth returns the birth date within an identity number, 0 if there is none.
func idBirth(v uint64) int32 {
	if v == 0 || v&idOther != 0 {
		return 0
	}
	d := int32(v & idMask >> 4 / 1000 % 100_000_000)
	if !validDate(d) {
		return 0
	}
	return d
}

// packPhone keeps the digits of a telephone number without the country's code; 0
// is no value. Numbers shorter than seven digits are none.
func packPhone(s string) uint64 {
	v, n := uint64(0), 0
	for _, r := range s {
		if r >= 0xff10 && r <= 0xff19 {
			r -= 0xfee0
		}
		if r >= '0' && r <= '9' && n < 18 {
			v = v*10 + uint64(r-'0')
			n++
		}
	}
	if n < 7 {
		return 0
	}
	for _, p := range []uint64{8600000000000} { // 86 before eleven digits
		if v >= p && v < p+100000000000 {
			v -= p
		}
	}
	return v
}

func comparePhones(a, b uint64) uint8 {
	if a == b {
		return 1
	}
	var x, y [20]byte
	na, nb := writeDigits(a, &x), writeDigits(b, &y)
	if na == nb && na >= 7 && (substituted(x[:na], y[:nb]) == 1 || transposed(x[:na], y[:nb])) {
		return 2
	}
	return 3
}

func writeDigits(v uint64, b *[20]byte) int {
	n := 0
	for ; v > 0; v /= 10 {
		b[n] = byte(v % 10)
		n++
	}
	return n
}

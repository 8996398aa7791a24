package source

const idWeights = "\x07\x09\x0a\x05\x08\x04\x02\x01\x06\x03\x07\x09\x0a\x05\x08\x04\x02"

// idCheck returns the check character of the first 17 digits of an ID number
// (ISO 7064 MOD 11-2).
func idCheck(b []byte) byte {
	sum := 0
	for i := 0; i < 17; i++ {
		sum += int(b[i]-'0') * int(idWeights[i])
	}
	return "10X98765432"[sum%11]
}

// AppendDigits writes v with exactly n digits.
func AppendDigits(b []byte, v, n int) []byte {
	at := len(b)
	for range n {
		b = append(b, '0')
	}
	for i := at + n - 1; i >= at; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
	return b
}

// AppendID writes an 18-character ID number: division, birth date, sequence, check.
func AppendID(b []byte, code string, birth, seq int) []byte {
	at := len(b)
	b = append(b, code...)
	b = AppendDigits(b, birth, 8)
	b = AppendDigits(b, seq, 3)
	return append(b, idCheck(b[at:]))
}

// IDPlace is a division code of ID numbers with the sequence numbers one county's
// people may draw from it, so that no two counties make the same number.
type IDPlace struct {
	Code   string
	Lo, Hi int
}

// IDMaker hands out sequence numbers within one county; each is used once.
type IDMaker struct {
	Places []IDPlace
	used   map[uint64]uint16
}

// Take returns a free sequence number for the place, day and sex (1 male, 2
// female); ok is false when the day is full.
func (m *IDMaker) Take(place uint8, birth int32, sex uint8) (seq uint16, ok bool) {
	key := uint64(place)<<40 | uint64(birth)<<2 | uint64(sex)
	k := m.used[key]
	p := m.Places[place]
	half := (p.Hi - p.Lo) / 2
	if int(k) >= half {
		return 0, false
	}
	m.used[key] = k + 1
	start := int(Mix(key) % uint64(half))
	n := (start + int(k)) % half
	seq = uint16(p.Lo + 2*n)
	if sex == 1 {
		seq++
	}
	return seq, true
}

const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CreditCode returns a unified social credit code with both check characters.
func CreditCode(kind, division string, org int) string {
	b := append([]byte(kind), division...)
	at := len(b)
	b = AppendDigits(b, org, 8)
	sum := 0
	for i, w := range []int{3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(b[at+i]-'0') * w
	}
	switch c := 11 - sum%11; c {
	case 10:
		b = append(b, 'X')
	case 11:
		b = append(b, '0')
	default:
		b = append(b, byte('0'+c))
	}
	sum, w := 0, 1
	for i := range 17 {
		v := 0
		for creditAlphabet[v] != b[i] {
			v++
		}
		sum += v * w
		w = w * 3 % 31
	}
	return string(append(b, creditAlphabet[(31-sum%31)%31]))
}

// SchoolCode returns a ten-digit school code: category, province, county, number.
func SchoolCode(category, county string, n int) string {
	b := append([]byte(category), "41"...)
	b = append(b, county[4:6]...)
	return string(AppendDigits(b, n, 4))
}

// TeacherCert returns a 17-digit teacher certificate number.
func TeacherCert(year int, body int, kind byte, sex uint8, n int) string {
	b := AppendDigits(nil, year, 4)
	b = append(b, "41"...)
	b = AppendDigits(b, body, 3)
	b = append(b, kind, '0'+sex)
	return string(AppendDigits(b, n, 6))
}

// Mobile returns an eleven-digit number in a block that has never been given out,
// so that no number in the demo rings anywhere.
func Mobile(key uint64) string {
	b := append([]byte("16"), "13489"[key%5])
	return string(AppendDigits(b, int(Mix(key)%100000000), 8))
}

// AddDays moves a date (yyyymmdd) by n days.
func AddDays(d int32, n int) int32 { return fromDays(toDays(d) + n) }

// toDays counts days since 1970-01-01 in the Gregorian calendar.
func toDays(d int32) int {
	y, m, day := int(d/10000), int(d/100%100), int(d%100)
	if m <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + day - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

// fromDays is the inverse of toDays.
func fromDays(z int) int32 {
	z += 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day := doy - (153*mp+2)/5 + 1
	m := mp + 3
	y := yoe + era*400
	if m > 12 {
		m -= 12
		y++
	}
	return int32(y*10000 + m*100 + day)
}

// NewIDMaker returns a maker for one county's places.
func NewIDMaker(places []IDPlace) IDMaker {
	return IDMaker{Places: places, used: map[uint64]uint16{}}
}

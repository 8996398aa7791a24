package rule

import (
	"slices"
	"strings"

	"luoshu"
)

// check is one identifier check: what is wrong with a value, nil if nothing.
type check struct {
	name string
	find func(s string) *luoshu.Text
}

// checks are the identifier checks, sorted by name.
var checks = []check{
	{"cn_id", cnID},
	{"credit_code", creditCode},
	{"disability_card", disabilityCard},
	{"mobile", mobile},
	{"school_code", schoolCode},
	{"student_no", studentNo},
	{"teacher_cert", teacherCert},
}

// Checks returns the names of the identifier checks, sorted.
func Checks() []string {
	out := make([]string, len(checks))
	for i, c := range checks {
		out[i] = c.name
	}
	return out
}

// Check tests a value against a named identifier check. ok is true if the value
// passes; otherwise the text says which rule is broken and how to mend it. The
// division part of a number is never held against today's list of divisions. An
// unknown name refuses every value. Empty values are not the affair of a check.
func Check(name, value string) (luoshu.Text, bool) {
	i, found := slices.BinarySearchFunc(checks, name, func(c check, n string) int { return strings.Compare(c.name, n) })
	if !found {
		return luoshu.Text{ZH: "没有名为 " + name + " 的校验", EN: "there is no check named " + name}, false
	}
	if t := checks[i].find(value); t != nil {
		return *t, false
	}
	return luoshu.Text{}, true
}

// Canonical returns the one spelling under which a value of a check is kept:
// capital letters. Values of other checks, and "" as the check, stay as they are.
func Canonical(check, value string) string {
	switch check {
	case "cn_id", "student_no", "credit_code", "disability_card":
		return strings.ToUpper(value)
	}
	return value
}

// The messages of the checks. Each names the rule and what to do.
var (
	badIDShape = luoshu.Text{
		ZH: "身份证号应为18位：17位数字加1位数字或大写X（也收15位老号）；请照证件重新填写",
		EN: "an ID number has 18 characters: 17 digits and a digit or capital X (the old 15-digit form is taken too); copy it again from the document",
	}
	badIDDate = luoshu.Text{
		ZH: "身份证号中的出生日期不存在；请核对第7至14位（老号第7至12位）",
		EN: "the birth date inside the ID number does not exist; check characters 7 to 14 (7 to 12 of an old number)",
	}
	badIDDigit = luoshu.Text{
		ZH: "身份证号校验位不符（GB 11643）；多为抄错一位或两位颠倒，请照证件核对",
		EN: "the check character of the ID number is wrong (GB 11643); usually one digit is miscopied or two are swapped: compare with the document",
	}
	badStudentShape = luoshu.Text{
		ZH: "学籍号应为19位：G、J或L加18位；请到学籍系统核对",
		EN: "a student number has 19 characters: G, J or L and 18 more; look it up in the registration system",
	}
	badStudentDigit = luoshu.Text{
		ZH: "学籍号校验位不符（G、J号后18位按GB 11643校验）；请到学籍系统核对",
		EN: "the check character of the student number is wrong (the 18 characters after G or J follow GB 11643); look it up in the registration system",
	}
	badStudentDate = luoshu.Text{
		ZH: "学籍号中的出生日期不存在；请核对第8至15位",
		EN: "the birth date inside the student number does not exist; check characters 8 to 15",
	}
	badTemporary = luoshu.Text{
		ZH: "临时学籍号（L）应为L加18位数字；请到学籍系统核对",
		EN: "a temporary student number is L and 18 digits; look it up in the registration system",
	}
	badSchool = luoshu.Text{
		ZH: "学校（机构）标识码应为10位数字；请查学校标识码表，注意不要丢掉开头的0",
		EN: "a school identifier has 10 digits; look it up in the list of schools and mind leading zeros",
	}
	badCreditShape = luoshu.Text{
		ZH: "统一社会信用代码应为18位数字或大写字母（不用I、O、S、V、Z）；请照证书填写",
		EN: "a unified social credit code has 18 digits or capital letters (no I, O, S, V, Z); copy it from the certificate",
	}
	badCreditDigit = luoshu.Text{
		ZH: "统一社会信用代码校验位不符（GB 32100）；请照证书核对",
		EN: "the check character of the unified social credit code is wrong (GB 32100); compare with the certificate",
	}
	badCertShape = luoshu.Text{
		ZH: "教师资格证号应为17位数字；请照证书填写",
		EN: "a teacher certificate number has 17 digits; copy it from the certificate",
	}
	badCertKind = luoshu.Text{
		ZH: "教师资格证号第10位是资格种类，应为1至7；请照证书核对",
		EN: "the 10th digit of a teacher certificate number is the kind of certificate, 1 to 7; compare with the certificate",
	}
	badCertYear = luoshu.Text{
		ZH: "教师资格证号前4位是发证年份，应在1990至2099之间；请照证书核对",
		EN: "the first 4 digits of a teacher certificate number are the year of issue, 1990 to 2099; compare with the certificate",
	}
	badMobile = luoshu.Text{
		ZH: "手机号应为11位数字，以13至19开头；固定电话请填其他栏",
		EN: "a mobile number has 11 digits and begins with 13 to 19; a landline belongs elsewhere",
	}
	badCardShape = luoshu.Text{
		ZH: "残疾人证号应为20位：18位身份证号加1位类别（1至7）加1位等级（1至4）；请照证件填写",
		EN: "a disability card number has 20 characters: the 18 of the ID number, a kind (1 to 7) and a level (1 to 4); copy it from the card",
	}
)

// cnID checks a resident ID number: 18 characters with check character, or the
// 15 digits of the first generation.
func cnID(s string) *luoshu.Text {
	switch len(s) {
	case 15:
		if !digits(s) {
			return &badIDShape
		}
		if !isDate(19, s[6:8], s[8:10], s[10:12]) {
			return &badIDDate
		}
		return nil
	case 18:
		return eighteen(s, &badIDShape, &badIDDate, &badIDDigit)
	}
	return &badIDShape
}

// eighteen checks the 18-character form and answers with the given messages.
func eighteen(s string, shape, date, digit *luoshu.Text) *luoshu.Text {
	if !digits(s[:17]) || s[17] != 'X' && (s[17] < '0' || s[17] > '9') {
		return shape
	}
	if !isDate(pairOf(s[6:8]), s[8:10], s[10:12], s[12:14]) {
		return date
	}
	if s[17] != CheckChar(s[:17]) {
		return digit
	}
	return nil
}

// CheckChar returns the check character of the first 17 digits of an ID number
// (GB 11643, ISO 7064 MOD 11-2); 0 if they are not 17 digits.
func CheckChar(first17 string) byte {
	if len(first17) != 17 || !digits(first17) {
		return 0
	}
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(first17[i]-'0') * w
	}
	return "10X98765432"[sum%11]
}

// studentNo checks a national student number. G and J carry a check character;
// L only looks like an ID number and has none.
func studentNo(s string) *luoshu.Text {
	if len(s) != 19 {
		return &badStudentShape
	}
	switch s[0] {
	case 'G', 'J':
		return eighteen(s[1:], &badStudentShape, &badStudentDate, &badStudentDigit)
	case 'L':
		if !digits(s[1:]) {
			return &badTemporary
		}
		if !isDate(pairOf(s[7:9]), s[9:11], s[11:13], s[13:15]) {
			return &badStudentDate
		}
		return nil
	}
	return &badStudentShape
}

func schoolCode(s string) *luoshu.Text {
	if len(s) != 10 || !digits(s) {
		return &badSchool
	}
	return nil
}

// creditCode checks a unified social credit code (GB 32100).
func creditCode(s string) *luoshu.Text {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	if len(s) != 18 {
		return &badCreditShape
	}
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return &badCreditShape
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	last := strings.IndexByte(alphabet, s[17])
	if last < 0 {
		return &badCreditShape
	}
	if (31-sum%31)%31 != last {
		return &badCreditDigit
	}
	return nil
}

// teacherCert checks a teacher certificate number: year 4, province 2, body 3,
// kind 1, sex 1, sequence 6. The sex digit is not tested: before 2009 the
// provinces wrote it in either sense.
func teacherCert(s string) *luoshu.Text {
	if len(s) != 17 || !digits(s) {
		return &badCertShape
	}
	if y := pairOf(s[0:2])*100 + pairOf(s[2:4]); y < 1990 || y > 2099 {
		return &badCertYear
	}
	if s[9] < '1' || s[9] > '7' {
		return &badCertKind
	}
	return nil
}

func mobile(s string) *luoshu.Text {
	if len(s) != 11 || !digits(s) || s[0] != '1' || s[1] < '3' {
		return &badMobile
	}
	return nil
}

func disabilityCard(s string) *luoshu.Text {
	if len(s) != 20 || s[18] < '1' || s[18] > '7' || s[19] < '1' || s[19] > '4' {
		return &badCardShape
	}
	return eighteen(s[:18], &badCardShape, &badIDDate, &badIDDigit)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// pairOf reads two digits.
func pairOf(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// isDate reports whether century, year, month and day are a day between 1850
// and 2149.
func isDate(century int, yy, mm, dd string) bool {
	y, m, d := century*100+pairOf(yy), pairOf(mm), pairOf(dd)
	if y < 1850 || y > 2149 || m < 1 || m > 12 || d < 1 {
		return false
	}
	days := [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	if m == 2 && y%4 == 0 && (y%100 != 0 || y%400 == 0) {
		return d <= 29
	}
	return d <= days[m]
}

package guard

import (
	"regexp"
	"strconv"

	"luoshu"
	"luoshu/kernel/catalog"
)

// SmallestGroup is the least number of persons that is told to whoever may not see
// small groups, where no figure has a minimum of its own.
const SmallestGroup = 5

// persons finds numbers of persons in a sentence: before the word for them, or in
// brackets after whom they go to.
var persons = regexp.MustCompile(`(^|[^0-9.,])([0-9]+)( ?(?:人|名儿童|children|beyond|go beyond|come from))|(（| \()([0-9]+)(）|\))`)

// coarse is what stands in place of a field that tells of few persons: a count below
// the smallest group is not told, any other to the nearest multiple of it, so that no
// difference of sums gives a small one away. Of text, the numbers of persons in it.
func coarse(f *catalog.Field, v luoshu.Value) string {
	if f.Type == catalog.TypeText {
		return persons.ReplaceAllStringFunc(v.String(), func(s string) string {
			m := persons.FindStringSubmatch(s)
			if m[2] != "" {
				return m[1] + Coarse(m[2]) + m[3]
			}
			return m[4] + Coarse(m[5]) + m[6]
		})
	}
	return Coarse(v.String()) // of a file's cell, the text of a number
}

// Coarse writes a number of persons as whoever may not see small groups is told it;
// what is no whole number is not told at all.
func Coarse(s string) string {
	n, err := strconv.ParseUint(s, 10, 63)
	switch {
	case err != nil:
		return "***"
	case n == 0:
		return "0"
	case n < SmallestGroup:
		return "<" + strconv.Itoa(SmallestGroup)
	}
	return "≈" + strconv.FormatUint((n+SmallestGroup/2)/SmallestGroup*SmallestGroup, 10)
}

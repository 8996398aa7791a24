package notation

import (
	"maps"
	"slices"
	"strings"
)

// Escape keeps the separators of a key out of its values.
var Escape = strings.NewReplacer("%", "%25", "&", "%26", "=", "%3D")

var unescape = strings.NewReplacer("%26", "&", "%3D", "=", "%25", "%")

// ByKey is the canonical form of a cut's values: "area=410311&stage=PRI", sorted
// by dimension; the empty string for the total.
func ByKey(by map[string]string) string {
	var b strings.Builder
	for i, d := range slices.Sorted(maps.Keys(by)) {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(d + "=" + Escape.Replace(by[d]))
	}
	return b.String()
}

// ParseKey is the inverse of ByKey.
func ParseKey(key string) map[string]string {
	by := map[string]string{}
	if key == "" {
		return by
	}
	for _, part := range strings.Split(key, "&") {
		d, v, _ := strings.Cut(part, "=")
		by[d] = unescape.Replace(v)
	}
	return by
}

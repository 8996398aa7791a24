package indicator

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func parseInt(s string) int64 {
	i, _ := strconv.ParseInt(s, 10, 64)
	return i
}

// escape keeps the separators of a key out of its values.
var escape = strings.NewReplacer("%", "%25", "&", "%26", "=", "%3D")

var unescape = strings.NewReplacer("%26", "&", "%3D", "=", "%25", "%")

// byKey is the canonical form of a cut's values: "area=410311&stage=PRI", sorted
// by dimension; the empty string for the total.
func byKey(by map[string]string) string {
	var b strings.Builder
	for i, d := range sortedKeys(by) {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(d + "=" + escape.Replace(by[d]))
	}
	return b.String()
}

// parseKey is the inverse of byKey.
func parseKey(key string) map[string]string {
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

package run

// engines is what each engine needs of a pack, and what it writes.
var engines = map[string]engine{
	"forecast": {
		counts: true,
		inputs: map[string]need{
			"units":      {must: true, all: []string{"unit", "area", "town"}},
			"capacity":   {must: true, all: []string{"unit", "area", "group", "rooms"}, may: []string{"places", "gone"}},
			"population": {all: []string{"area", "year", "age", "persons"}},
			"projects":   {all: []string{"area", "group", "opens", "places"}, may: []string{"unit", "replaced", "gone"}},
			"estates":    {all: []string{"area", "from", "homes"}},
		},
		params: map[string]bool{"size": true, "entry_age": true, "estate_yield": false, "place_cost": false},
		out: map[string][]string{
			"run":    {"number", "title", "body", "seal", "sequence", "engine_version", "made_on", "stages", "first_year", "last_year", "scenarios", "entry_assumption", "params", "note", "chosen"},
			"rows":   {"run", "scenario", "unit", "unit_kind", "body", "stage", "year", "children", "low80", "high80", "low95", "high95", "places", "short", "basis"},
			"grades": {"run", "scenario", "unit", "body", "grade", "year", "children"},
			"checks": {"run", "body", "stage", "grain", "horizon", "compared", "wape", "wape_no_change", "wape_plain", "coverage80", "coverage95"},
		},
	},
}

package spec

// engines is what each engine needs of a pack, and what it writes.
var engines = map[string]engine{
	"forecast": {
		counts: true,
		inputs: map[string]need{
			"units":      {must: true, all: []string{"unit", "area"}, may: []string{"town"}},
			"capacity":   {all: []string{"unit", "area", "group", "rooms"}, may: []string{"places", "gone"}},
			"population": {all: []string{"area", "year", "persons"}, may: []string{"age"}},
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
	"siting": {
		counts: true,
		inputs: map[string]need{
			"used":    {must: true, all: site, may: siteToo},
			"idle":    {all: site, may: siteToo},
			"planned": {all: site, may: siteToo},
			"blocks":  {must: true, all: []string{"code", "name", "area", "lon", "lat"}},
			"counts":  {must: true, all: []string{"block", "group", "year", "children"}},
			"outlook": {all: []string{"run", "scenario", "unit", "group", "year", "children"}},
			"ways":    {all: []string{"block", "site", "mode", "metres"}, may: []string{"back", "minutes"}},
			"next":    {all: []string{"block", "next"}},
		},
		params: map[string]bool{"size": true, "limit": true, "detour": true, "classes_max": true, "class_over": true, "least": true, "cost": true, "board_limit": false, "board_grade": false, "speed": false, "uneven": false},
		out: map[string][]string{
			"run": {
				"number", "title", "body", "seal", "sequence", "engine_version", "made_on", "stage", "year", "status", "value", "bound", "gap", "cost", "places",
				"moved", "mean_m", "p95_m", "max_m", "over_limit", "classes_over", "schools_over", "params", "note", "chosen", "ways_share",
			},
			"sites":  {"run", "site", "body", "at_school", "action", "classes", "places", "children", "cost", "words_zh", "words_en"},
			"blocks": {"run", "block", "site", "body", "children", "metres", "over_limit", "board"},
		},
	},
}

// site is what every kind of ground has, siteToo what it may have.
var (
	site    = []string{"code", "name", "area", "group", "rooms", "lon", "lat"}
	siteToo = []string{"places", "beds", "unit", "gone", "division"}
)

package main

import (
	"slices"

	"luoshu/kernel/city"
	"luoshu/web/audit"
	"luoshu/web/kit"
)

// areas are the routes of the businesses of trust over an open city.
func areas(a *app, ct *city.City) []kit.Route {
	return slices.Concat(
		audit.Routes(audit.Config{Log: ct.Audit, Door: ct.Door, Access: ct.Access, Catalog: ct.Catalog, Now: a.now}),
	)
}

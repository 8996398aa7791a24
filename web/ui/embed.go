// Package ui holds the built pages. Without a build it holds only a note.
package ui

import "embed"

// Dist is the folder dist with the built pages.
//
//go:embed all:dist
var Dist embed.FS

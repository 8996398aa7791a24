// Package packs holds the businesses as data: one folder a pack, embedded into
// the program. It has no behaviour; kernel/catalog reads the files.
package packs

import "embed"

// FS holds every pack folder under its name. A new kind of subfolder needs its
// pattern here; a test compares FS with the disk.
//
//go:embed */*.* */entities/* */codes/* */tests/* */data/*
var FS embed.FS

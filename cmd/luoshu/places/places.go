// Package places has the commands that say how many children will come and where
// the places for them should be.
package places

import (
	"context"
	"io"

	"luoshu"
	"luoshu/kernel/city"
)

// App is what commands need of the program.
type App interface {
	// JSON writes v as one line.
	JSON(v any) error
	Context() context.Context
	Out() io.Writer
	// Progress shows how far long work is.
	Progress() luoshu.Progress
	// With opens a data folder for the length of do.
	With(dir string, do func(*city.City) error) error
}

// Package places has the commands that say how many children will come and where
// the places for them should be.
package places

import (
	"context"
	"io"
)

// App is what commands need of the program.
type App interface {
	// JSON writes v as one line.
	JSON(v any) error
	Context() context.Context
	Out() io.Writer
}

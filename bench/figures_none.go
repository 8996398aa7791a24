//go:build !cgo || !(amd64 || arm64)

package main

import (
	"context"
	"errors"
)

func handSeconds(context.Context, string) (float64, int, error) {
	return 0, 0, errors.New("the hand-written side needs a build with cgo")
}

//go:build !cgo || !(amd64 || arm64)

package main

import (
	"context"
	"errors"
)

func handSeconds(context.Context, string, string) (byHandTime, error) {
	return byHandTime{}, errors.New("the hand-written side needs a build with cgo")
}

package verify_test

import (
	"math"
	"testing"

	"luoshu/kernel/verify"
)

// Sizes as tables of sampling print them (Krejcie & Morgan 1970 use the same
// formula with chi-square 3.841), and intervals as published for Wilson's score.
func TestSampleSize(t *testing.T) {
	for _, x := range []struct {
		n                  int64
		margin, confidence float64
		want               int64
	}{
		{1000000, 0.05, 0.95, 384},
		{10000, 0.05, 0.95, 370},
		{1000, 0.05, 0.95, 278},
		{100, 0.05, 0.95, 80},
		{1000000, 0.10, 0.95, 97},
		{1000000, 0.05, 0.99, 664},
		{1, 0.05, 0.95, 1},
		{0, 0.05, 0.95, 0},
	} {
		if got := verify.SampleSize(x.n, x.margin, x.confidence); got != x.want {
			t.Errorf("of %d within %v at %v: %d, want %d", x.n, x.margin, x.confidence, got, x.want)
		}
	}
	for _, x := range []struct {
		k, n      int64
		low, high float64
	}{{0, 10, 0, 0.2775}, {81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {1, 29, 0.0061, 0.1718}} { // Newcombe, Statistics in Medicine 17 (1998) 857–872
		low, high := verify.Interval(x.k, x.n, 0.95)
		if math.Abs(low-x.low) > 6e-5 || math.Abs(high-x.high) > 6e-5 {
			t.Errorf("%d of %d: %.4f–%.4f, want %.4f–%.4f", x.k, x.n, low, high, x.low, x.high)
		}
	}
}

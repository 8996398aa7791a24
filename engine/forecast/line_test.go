package forecast_test

import (
	"math"
	"testing"

	"luoshu/engine/forecast"
)

func near(t *testing.T, what string, got, want, off float64) {
	t.Helper()
	if math.Abs(got-want) > off {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Student's t against the printed tables (two-sided).
func TestQuantile(t *testing.T) {
	for _, x := range []struct {
		df    int
		level float64
		want  float64
	}{
		{1, 0.80, 3.078},
		{2, 0.80, 1.886},
		{3, 0.80, 1.638},
		{4, 0.80, 1.533},
		{5, 0.80, 1.476},
		{10, 0.80, 1.372},
		{2, 0.95, 4.303},
		{3, 0.95, 3.182},
		{7, 0.95, 2.365},
		{30, 0.95, 2.042},
		{1, 0.99, 63.657},
	} {
		near(t, "t", forecast.Quantile(x.df, x.level), x.want, 0.0006)
	}
}

// By hand: years 1..4 with 1, 3, 2, 4. The means are 2.5 and 2.5, Sxx = 5, Sxy = 4, so
// the slope is 0.8 and the line 0.5 + 0.8x. What is left over: −0.3, 0.9, −0.9, 0.3;
// squares 1.8, over two degrees of freedom 0.9. At year 6 the line is 5.3 and the
// spread √(0.9·(1 + 1/4 + 3.5²/5)) = √3.33 = 1.824829; t(2, 80 %) = 1.885618.
func TestLinearByHand(t *testing.T) {
	points := []forecast.Point{{2021, 1}, {2022, 3}, {2023, 2}, {2024, 4}}
	l, ok := forecast.Linear(points, 2026, 0.8)
	if !ok || l.Points != 4 || l.From != 2021 || l.To != 2024 || l.Year != 2026 {
		t.Fatalf("%+v %v", l, ok)
	}
	near(t, "slope", l.Slope, 0.8, 1e-9)
	near(t, "value", l.Value, 5.3, 1e-9)
	near(t, "half the interval", (l.High-l.Low)/2, 1.885618*1.824829, 1e-5)
	near(t, "middle", (l.High+l.Low)/2, l.Value, 1e-9)
}

// On a line the interval is a point, whatever the order of the years.
func TestLinearExact(t *testing.T) {
	l, ok := forecast.Linear([]forecast.Point{{2024, 90}, {2020, 86}, {2022, 88}, {2021, 87}, {2023, 89}}, 2025, 0.8)
	if !ok {
		t.Fatal("no line")
	}
	near(t, "value", l.Value, 91, 1e-9)
	near(t, "low", l.Low, 91, 1e-6)
	near(t, "high", l.High, 91, 1e-6)
}

// Three years are too few, and a year twice is no fourth one.
func TestTooFew(t *testing.T) {
	for _, points := range [][]forecast.Point{
		nil, {{2022, 1}, {2023, 2}, {2024, 3}}, {{2022, 1}, {2023, 2}, {2024, 3}, {2024, 4}}, {{2021, 1}, {2022, 1}, {2023, 2}, {2024, 3}, {2024, 4}},
	} {
		if l, ok := forecast.Linear(points, 2025, 0.8); ok {
			t.Errorf("%v gives %+v", points, l)
		}
	}
	if _, ok := forecast.Linear([]forecast.Point{{1, 1}, {2, 2}, {3, 3}, {4, 4}}, 5, 1); ok {
		t.Error("an interval that holds everything")
	}
}

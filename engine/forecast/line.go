package forecast

import "math"

// Fewest is how many years a line needs: with two degrees of freedom taken by the
// line at least two must be left to say how far off it is.
const Fewest = 4

// Point is a figure of one year.
type Point struct {
	Year  int
	Value float64
}

// Line is a forecast for one year.
type Line struct {
	Year   int     `json:"year"`
	Value  float64 `json:"value"`
	Low    float64 `json:"low"` // ends of the prediction interval
	High   float64 `json:"high"`
	Level  float64 `json:"level"`  // share of new figures that the interval holds
	Slope  float64 `json:"slope"`  // change a year
	Points int     `json:"points"` // years it was made from
	From   int     `json:"from"`
	To     int     `json:"to"`
}

// Linear draws the line of ordinary least squares through points and answers with
// its value at a year and the prediction interval of the given level (0.8 holds
// eight of ten), from Student's t with n−2 degrees of freedom. It is false with
// fewer than Fewest different years.
func Linear(points []Point, year int, level float64) (Line, bool) {
	years := map[int]bool{}
	for _, p := range points {
		years[p.Year] = true
	}
	if len(years) < Fewest || len(years) != len(points) || level <= 0 || level >= 1 {
		return Line{}, false
	}
	n := float64(len(points))
	out := Line{Year: year, Level: level, Points: len(points), From: points[0].Year, To: points[0].Year}
	var mx, my float64
	for _, p := range points {
		mx += float64(p.Year) / n
		my += p.Value / n
		out.From, out.To = min(out.From, p.Year), max(out.To, p.Year)
	}
	var sxx, sxy float64
	for _, p := range points {
		dx := float64(p.Year) - mx
		sxx += dx * dx
		sxy += dx * (p.Value - my)
	}
	out.Slope = sxy / sxx
	at := func(x float64) float64 { return my + out.Slope*(x-mx) }
	var rest float64
	for _, p := range points {
		e := p.Value - at(float64(p.Year))
		rest += e * e
	}
	x := float64(year)
	spread := math.Sqrt(rest / (n - 2) * (1 + 1/n + (x-mx)*(x-mx)/sxx))
	out.Value = at(x)
	half := Quantile(len(points)-2, level) * spread
	out.Low, out.High = out.Value-half, out.Value+half
	return out, true
}

// Quantile is the t for which a share level of Student's distribution with df degrees
// of freedom lies between −t and t.
func Quantile(df int, level float64) float64 {
	low, high := 0.0, 1.0
	for within(high, df) < level && high < 1e12 {
		low, high = high, high*2
	}
	for range 200 {
		mid := (low + high) / 2
		if within(mid, df) < level {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// within is the share of Student's distribution between −t and t, by its closed
// form for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4).
func within(t float64, df int) float64 {
	theta := math.Atan(t / math.Sqrt(float64(df)))
	sin, cos := math.Sin(theta), math.Cos(theta)
	if df%2 == 0 {
		term, sum := 1.0, 1.0
		for k := 2; k <= df-2; k += 2 {
			term *= cos * cos * float64(k-1) / float64(k)
			sum += term
		}
		return sin * sum
	}
	sum := theta
	if df > 1 {
		term, s := cos, cos
		for k := 3; k <= df-2; k += 2 {
			term *= cos * cos * float64(k-1) / float64(k)
			s += term
		}
		sum += sin * s
	}
	return sum * 2 / math.Pi
}

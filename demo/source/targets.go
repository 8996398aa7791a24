package source

import "math"

// Grades stand in one row: three of kindergarten, six primary, three junior,
// three senior, three vocational, nine special.
const (
	years = 5
	nGrad = 27
	pri1  = 3
	jun1  = 9
	sen1  = 12
	voc1  = 15
	spe1  = 18
)

// How the city behaves, year by year from 2020. Sources: the bulletins in
// data/README.md; where a year is missing, a line between its neighbours.
var (
	preCover    = [years]float64{0.9216, 0.930, 0.940, 0.952, 0.960} // children in kindergarten per resident aged 3–5
	firstGrade  = [years]float64{0.985, 0.99, 0.995, 1.005, 1.0}     // entrants per resident aged 6
	senEntrants = [years]float64{50800, 51500, 52300, 53000, 54000}  // city, grade 10
	vocEntrants = [years]float64{35900, 33000, 31000, 29500, 30500}  // city, first year
	speEntrants = [years]float64{240, 300, 310, 320, 300}            // city, first year
	retention   = [years]float64{0.960, 0.962, 0.964, 0.966, 0.968}  // ninth grade per pupil who entered eight years before
	disabledIn  = [years]float64{0.952, 0.957, 0.962, 0.967, 0.972}  // registered disabled children who are in school
	preRel      = [3]float64{0.93, 1.0, 1.06}                        // kindergarten years against their mean
	senRest     = [2]float64{49500, 49000}                           // grades 11 and 12 in 2020
	vocRest     = [2]float64{32000, 29900}                           // second and third year in 2020
	junRatio    = [3]float64{0.94, 0.955, 0.96}                      // junior grades per resident in 2020
)

// Targets is how many pupils a county has by year and grade.
type Targets [years][nGrad]int

// MakeTargets follows each cohort of each county through the grades.
func MakeTargets(list []*County, scale float64, sen, voc, spe []float64) []Targets {
	n := len(list)
	raw := make([][years][nGrad]float64, n)
	norm := pullNorm(list)
	for i, c := range list {
		pull := c.Pull / norm
		for y := range years {
			compulsory(c, &raw[i], y, pull)
		}
	}
	shareOut(raw, sen, senEntrants, senRest, sen1, 0.997)
	shareOut(raw, voc, vocEntrants, vocRest, voc1, 0.985)
	for y := range years {
		sum := Total(spe)
		for i := range list {
			w := spe[i] / sum
			raw[i][y][spe1] = speEntrants[y] * w
			for g := spe1 + 1; g < nGrad; g++ {
				if y == 0 {
					raw[i][y][g] = 213 * w
				} else {
					raw[i][y][g] = raw[i][y-1][g-1] * 0.995
				}
			}
		}
	}
	out := make([]Targets, n)
	for i := range raw {
		for y := range years {
			for g := range nGrad {
				out[i][y][g] = int(math.Round(raw[i][y][g] * scale))
			}
		}
	}
	return out
}

// pullNorm keeps the city's total when counties draw pupils from each other.
func pullNorm(list []*County) float64 {
	a, b := 0.0, 0.0
	for _, c := range list {
		for age := 6; age < 12; age++ {
			a += c.Pop[age]
			b += c.Pop[age] * c.Pull
		}
	}
	return b / a
}

// compulsory fills kindergarten, primary and junior grades of one year.
func compulsory(c *County, raw *[years][nGrad]float64, y int, pull float64) {
	year := CensusYear + y
	residents, weighted := 0.0, 0.0
	for g := range 3 {
		residents += c.People(year, 3+g)
		weighted += c.People(year, 3+g) * preRel[g]
	}
	for g := range 3 {
		raw[y][g] = preCover[y] * residents / weighted * c.People(year, 3+g) * preRel[g] * (1 + (pull-1)/2)
	}
	raw[y][pri1] = c.People(year, 6) * firstGrade[y] * pull
	for g := pri1 + 1; g < jun1; g++ {
		if y == 0 {
			raw[y][g] = c.People(year, g+3) * 1.0125 * pull
		} else {
			raw[y][g] = raw[y-1][g-1]
		}
	}
	for g := jun1; g < sen1; g++ {
		switch {
		case y == 0:
			raw[y][g] = c.People(year, g+3) * junRatio[g-jun1] * (1 + (pull-1)*0.6)
		case g == jun1:
			raw[y][g] = raw[y-1][g-1] * 0.993
		default:
			raw[y][g] = raw[y-1][g-1] * 0.998
		}
	}
}

// shareOut spreads the city's upper-secondary entrants over counties by weight
// and lets them rise.
func shareOut(raw [][years][nGrad]float64, weight []float64, entrants [years]float64, rest [2]float64, first int, keep float64) {
	sum := Total(weight)
	for i := range raw {
		w := weight[i] / sum
		for y := range years {
			raw[i][y][first] = entrants[y] * w
			for k := range 2 {
				if y == 0 {
					raw[i][y][first+1+k] = rest[k] * w
				} else {
					raw[i][y][first+1+k] = raw[i][y-1][first+k] * keep
				}
			}
		}
	}
}

// Total adds up weights.
func Total(w []float64) float64 {
	sum := 0.0
	for _, x := range w {
		sum += x
	}
	return sum
}

// Retention is the share of those who entered primary school eight years before
// that reaches the ninth grade in year 2020 + y.
func Retention(y int) float64 { return retention[y] }

// DisabledIn is the share of registered disabled children who are in school in
// year 2020 + y.
func DisabledIn(y int) float64 { return disabledIn[y] }

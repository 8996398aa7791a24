package forecast_test

import (
	"context"
	"fmt"

	"luoshu/engine/forecast"
)

// A town of one school year after year: forecast it, and see what its forecast rests on.
func ExampleRun() {
	s := forecast.Series{Grades: []string{"K", "1", "2"}}
	for year := 2015; year <= 2024; year++ {
		for g, grade := range s.Grades {
			s.Counts = append(s.Counts, forecast.Count{Unit: "North", Year: year, Grade: grade, Children: float64(50 + 2*(year-g-2015))})
		}
	}
	out, err := forecast.Run(context.Background(), s, forecast.Options{
		Horizons: 2,
		Changes:  forecast.Changes{Housing: []forecast.Housing{{Year: 2026, Unit: "North", Homes: 100, Yield: map[string]float64{"K": 0.05}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, y := range out.All.Years {
		fmt.Printf("%d: K %.0f, 1 %.0f, 2 %.0f\n", y.Year, y.By[out.Middle][0], y.By[out.Middle][1], y.By[out.Middle][2])
	}
	fmt.Println("entry:", out.Uses[0].Entry)
	// Output:
	// 2025: K 70, 1 68, 2 66
	// 2026: K 76, 1 70, 2 68
	// entry: trend
}

// The years in which places are short, and what closes the gap.
func ExamplePeaks() {
	o := &forecast.Outcome{
		Base: 2024, Grades: []string{"small", "middle", "large"}, Scenarios: []forecast.Scenario{{ID: "middle"}},
		Areas: []forecast.Outlook{{ID: "Old town", Now: []float64{300, 310, 320}, Years: []forecast.Ahead{
			{Year: 2025, By: [][]float64{{330, 300, 310}}},
			{Year: 2026, By: [][]float64{{260, 330, 300}}},
		}}},
	}
	plan, err := forecast.Peaks(o, 0, []forecast.Stage{{ID: "preschool", Grades: o.Grades, ClassSize: 30, PerPlace: 4_000_000}},
		[]forecast.Places{{Area: "Old town", Stage: "preschool", Year: 2024, Places: 900}})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := plan[0]
	fmt.Printf("peak %d with %.0f; short of %.0f from %d to %d; %d classrooms, %d fen\n", p.PeakYear, p.PeakSize, p.Worst, p.From, p.Ends, p.Classrooms, p.Cost)
	// Output: peak 2025 with 940; short of 40 from 2024 to 2026; 2 classrooms, 240000000 fen
}

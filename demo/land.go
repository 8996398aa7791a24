package demo

import (
	"luoshu/demo/ground"
	"luoshu/demo/sheet"
	"luoshu/demo/source"
)

// count keeps what premises are made from: classes and pupils by stage.
func (l *life) count() {
	for i := range l.schools {
		s := &l.schools[i]
		s.rooms, s.pupils = [nStages]int{}, [nStages]int{}
		for g := range nGrad {
			st := stageOf(g)
			s.rooms[st] += int(s.classes[g])
			s.pupils[st] += len(l.pupils(i, g))
			s.peak[st] = max(s.peak[st], s.rooms[st])
		}
	}
}

// writeGround hands in what the city's planning office holds after the last year.
func writeGround(f *office, list []*source.County, lives []*life, o Options) error {
	city := ground.City{Boundaries: o.Boundaries, Scale: o.Scale, Seed: o.Seed, Year: lastYear}
	for i, c := range list {
		county := ground.County{County: c}
		for j := range lives[i].schools {
			s := &lives[i].schools[j]
			name, _ := s.nameIn(lastYear)
			x := ground.School{
				Code: s.code, Name: name, Managing: s.managing, Division: s.division, Village: s.place, Urban: s.ur, Town: s.town,
				Opened: s.openDate, New: s.open != 0, Private: s.private, Boards: s.boarding, Space: s.space,
			}
			if !s.alive(lastYear) {
				x.Closed = s.close
			}
			for _, st := range kindStages[s.kind] {
				x.Parts = append(x.Parts, ground.Part{Stage: stageCode[st], Rooms: s.rooms[st], Pupils: s.pupils[st], Peak: s.peak[st], Capacity: s.capacity[st]})
			}
			county.Schools = append(county.Schools, x)
		}
		city.Counties = append(city.Counties, county)
	}
	return ground.Write(city, func(entity string) (*sheet.Table, error) { return f.table(entity, lastYear, "") })
}

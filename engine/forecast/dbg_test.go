package forecast
import ("fmt";"testing";"os")
func TestDbg(t *testing.T) {
	if os.Getenv("BT") == "" { t.Skip() }
	x := loadEC(t)
	a:=x.byArea()
	for y := range x.y { n:=0; for u := range x.n { if x.there(u,y) {n++} }; fmt.Println(x.years[y], n, a.row(0,y), a.sum(0,y)) }
}

package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"luoshu/kernel/intake"
	"luoshu/kernel/rule"
)

// studentCSV writes n rows of the register with the most columns, all of them
// filled as an office fills them.
func studentCSV(n int) []byte {
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	b.WriteString("学籍号,姓名,曾用名,性别,出生日期,身份证件类型,身份证件号,民族,国籍/地区,港澳台侨外,籍贯,出生地区划,户口性质,户口所在地区划,现住址,联系电话,政治面貌,健康状况,残疾类型,残疾人证号,学籍所在学校,学籍状态,入学日期,入学年级,入学方式,学生来源,学生类别,上下学方式,上下学距离,乘坐校车,独生子女,受过学前教育,孤儿,烈士或优抚子女,困难程度,申请资助,享受一补,邮政编码,电子信箱,备注\n")
	for i := range n {
		y, m, d := 2008+r.IntN(9), 1+r.IntN(12), 1+r.IntN(28)
		sex := 1 + r.IntN(2)
		id := fmt.Sprintf("4103%02d%04d%02d%02d%02d%d", 2+r.IntN(9), y, m, d, i%100, sex)
		id += string(rule.CheckChar(id))
		fmt.Fprintf(&b, "G%s,张三丰%d,,%d,%04d-%02d-%02d,1,%s,01,中国,00,河南洛阳,410311,1,410311,洛龙区开元大道%d号院,138%08d,13,1,,,21410%05d,01,%d-09-01,PRI1,,,,,1.5,否,否,是,否,否,,否,否,471000,,\n",
			id, i, sex, y, m, d, id, r.IntN(999), r.IntN(1e8), r.IntN(3000), y+6)
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	cat := loadAll(b)
	const n = 200_000
	data := studentCSV(n)
	b.SetBytes(int64(len(data)))
	var rows, faults int64
	for b.Loop() {
		rows, faults = 0, 0
		_, err := intake.Read(context.Background(), intake.File{Name: "s.csv", R: bytes.NewReader(data), Size: int64(len(data))}, cat, "student", nil, func(r intake.Row) error {
			rows++
			for _, f := range r.Faults {
				if faults == 0 {
					b.Logf("%+v", f)
				}
				faults++
			}
			return nil
		})
		if err != nil || rows != n {
			b.Fatal(rows, err)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(faults), "faults")
	b.ReportMetric(float64(m.HeapSys>>20), "heapMB")
}

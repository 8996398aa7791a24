package intake_test

import (
	"bytes"
	"context"
	"testing"

	"luoshu"
	"luoshu/kernel/catalog"
	"luoshu/kernel/intake"
	"luoshu/packs"
)

func loadAll(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, faults := catalog.Load(catalog.Options{FS: nil, NoCity: true})
	_ = c
	c, faults = catalog.LoadFS(packs.FS, "registry")
	for _, f := range faults {
		t.Fatal(f.String())
	}
	return c
}

func TestSmoke(t *testing.T) {
	cat := loadAll(t)
	for _, s := range []string{
		"学籍号,姓名,性别,出生日期,学校标识码,学籍状态\nG11010519491231002X,张三,男,1949-12-31,2141000001,在读\n",
		"学籍号;姓名;性别;出生日期;学校标识码;学籍状态\nG11010519491231002X;张三;男;1949年12月31日;2141000001;01\n合计;;;;;\n\n\n",
		"学籍号\t姓名\t性别\t出生日期\t学校标识码\t学籍状态\nG11010519491231002X\t张三\t9\t19491331\t2141000001\t01\n合计;;;;;\n\n\n",
	} {
		sum, err := intake.Read(context.Background(), intake.File{Name: "a.csv", R: bytes.NewReader([]byte(s)), Size: int64(len(s))}, cat, "student", nil, func(r intake.Row) error {
			for _, v := range r.Values[:6] {
				t.Logf("%v", v.String())
			}
			for _, f := range r.Faults {
				t.Logf("%+v", f)
			}
			return nil
		})
		t.Logf("%+v %v", sum, err)
	}
	var b bytes.Buffer
	if err := intake.Template(&b, cat, "student"); err != nil {
		t.Fatal(err)
	}
	sum, err := intake.Read(context.Background(), intake.File{Name: "a.xlsx", R: bytes.NewReader(b.Bytes()), Size: int64(b.Len())}, cat, "student", nil, func(r intake.Row) error {
		t.Errorf("%+v", r)
		return nil
	})
	t.Logf("%+v %v", sum, err)
	_ = luoshu.Value{}
}

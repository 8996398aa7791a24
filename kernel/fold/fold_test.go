package fold_test

import (
	"testing"

	"luoshu/kernel/fold"
)

func TestName(t *testing.T) {
	for _, c := range []struct{ in, folded, full, initials string }{
		{"张三", "张三", "zhangsan", "zs"},
		{"張三豐", "张三丰", "zhangsanfeng", "zsf"},
		{"单雄信", "单雄信", "shanxiongxin", "sxx"},
		{"解晓东", "解晓东", "xiexiaodong", "xxd"},
		{"仇英", "仇英", "qiuying", "qy"},
		{"區大伦", "区大伦", "oudalun", "odl"},
		{"盖叫天", "盖叫天", "gejiaotian", "gjt"},
		{"尉遲恭", "尉迟恭", "yuchigong", "ycg"},
		{"万俟卨", "万俟卨", "moqixie", "mqx"},
		{"欧阳修", "欧阳修", "ouyangxiu", "oyx"},
		{"吕布", "吕布", "lvbu", "lb"},
		{"买买提·艾力", "买买提艾力", "maimaitiaili", "mmtal"},
		{"ＪＯＨＮ　Smith", "johnsmith", "johnsmith", "js"},
		{"第３中学", "第3中学", "di3zhongxue", "d3zx"},
		{"", "", "", ""},
		{"\xff张", "\uFFFD张", "\uFFFDzhang", "\uFFFDz"},
	} {
		f, p, i := fold.Name(c.in)
		if f != c.folded || p != c.full || i != c.initials {
			t.Errorf("Name(%q) = %q %q %q, want %q %q %q", c.in, f, p, i, c.folded, c.full, c.initials)
		}
	}
}

func TestFoldIsStable(t *testing.T) {
	for _, s := range []string{"龍門縣裏後麵", "Ａｂ Ｃ", "繁體字與簡体字", "㑮", "豈"} {
		once := fold.Fold(s)
		if twice := fold.Fold(once); twice != once {
			t.Errorf("Fold(%q) = %q, folded again %q", s, once, twice)
		}
	}
}

func BenchmarkName(b *testing.B) {
	names := []string{"张三", "欧阳娜娜", "單雄信", "买买提·艾力"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		fold.Name(names[i%len(names)])
	}
}

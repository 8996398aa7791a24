package source

import "strings"

// PersonName is a name as indexes into the lists below; two people rarely share
// all three, as in life.
type PersonName struct{ Sur, A, B uint16 }

// surnames with their weights per ten thousand; compound ones stand at the end.
const surnameList = "王735 李719 张683 刘536 陈380 杨308 赵229 黄150 周190 吴150 徐120 孙154 胡131 朱126 高121 林60 何105 郭190 马180 罗70 梁104 宋130 郑100 谢60 韩110 唐50 冯95 于50 董90 萧20 程85 曹85 袁75 邓40 许90 傅40 沈40 曾30 彭40 吕80 苏50 卢55 蒋30 蔡45 贾70 丁50 魏70 薛50 叶25 阎50 余25 潘40 杜70 戴30 夏35 钟20 汪30 田55 任65 姜40 范60 方40 石50 姚60 谭15 廖12 邹15 熊15 金25 陆15 郝40 孔30 白45 崔50 康30 毛30 邱15 秦40 江15 史45 顾12 侯45 邵30 孟40 龙15 万15 段30 雷25 钱12 汤15 尹25 黎8 易10 常45 武40 乔35 贺30 赖5 龚10 文12 庞15 樊20 兰12 殷15 施10 陶12 洪8 翟30 安20 颜10 倪6 严10 牛30 温12 芦8 季8 俞5 章8 鲁20 葛20 伍5 韦5 申25 尤5 毕10 聂12 柴15 焦20 向6 柳12 邢25 路20 岳20 齐10 沿3 梅8 莫5 庄8 辛10 管6 祝8 左8 涂4 谷15 祁8 时10 舒5 耿20 牟4 卜4 詹5 关15 苗15 凌4 费4 纪8 靳20 盛5 童5 欧4 甄6 项6 曲6 成5 游5 阳4 裴10 席8 卫12 查4 屈5 鲍6 位5 覃4 霍10 翁4 隋4 宁6 甘5 景10 薄4 单6 包5 司5 柏5 宗5 欧阳6 上官5 司马4 诸葛2 皇甫5 令狐2 尉迟1 夏侯2 东方1 司徒1"

// Given-name characters by decade of birth (before 1980, 1980s–1990s, 2000s,
// 2010 and later) and sex.
var givenLists = [4][2]string{
	{"建国军志强伟明勇平海东文斌辉刚毅峰宏民利新华红卫永胜林生春来福根", "秀英玉兰桂芳丽红梅霞玲敏燕艳萍琴云凤珍莲菊淑爱荣翠芬香花春巧"},
	{"鹏飞超伟磊涛浩杰帅亮俊波凯旭阳博晓东宇航鑫龙凡辉雷斌坤刚松洋", "丽娜婷静敏燕倩丹晶莹雪琳佳颖慧洁晓蕾媛媛露璐萌艳芳培培玉利"},
	{"浩然子豪宇轩博文俊杰天佑泽宇鑫磊家豪梓豪一鸣志远旭晨佳乐明轩嘉奕航", "欣怡雨涵梦瑶思琪佳怡子涵诗涵雅婷静怡心怡梓萱佳慧紫萱嘉怡可馨婉婷"},
	{"沐宸浩宇奕辰宇轩子墨一诺梓睿铭泽承俊熙皓轩书瑾言瑞霖景行星泽禹安翊", "若汐一诺艺涵依诺梓涵苡沫雨桐欣妍可欣语桐诗琪梦琪语嫣芷晴清婉沐瑶念"},
}

// Names of the few students from Xinjiang are written with a middle dot.
var DottedNames = []string{"买买提", "阿依古丽", "艾山", "热合曼", "古丽娜尔", "吐尔逊", "阿不都", "帕提曼", "努尔兰", "迪丽拜尔", "肉孜", "木拉提"}

// Dotted marks a PersonName made of two DottedNames.
const Dotted = 0xffff

// Namer makes names.
type Namer struct {
	Surnames []string
	cum      []int
	given    [4][2][]string
}

func NewNamer() *Namer {
	n := &Namer{}
	total := 0
	for _, s := range strings.Fields(surnameList) {
		i := strings.IndexAny(s, "0123456789")
		w := 0
		for _, c := range s[i:] {
			w = w*10 + int(c-'0')
		}
		total += w
		n.Surnames = append(n.Surnames, s[:i])
		n.cum = append(n.cum, total)
	}
	for d := range givenLists {
		for s := range givenLists[d] {
			for _, c := range givenLists[d][s] {
				n.given[d][s] = append(n.given[d][s], string(c))
			}
		}
	}
	return n
}

func decade(year int) int {
	switch {
	case year < 1980:
		return 0
	case year < 2000:
		return 1
	case year < 2010:
		return 2
	}
	return 3
}

// surname draws a surname; Hui people are often called Ma.
func (n *Namer) surname(r *RNG, ethnic uint8) uint16 {
	if ethnic == 3 && r.Chance(0.35) {
		return n.find("马")
	}
	x := r.N(n.cum[len(n.cum)-1])
	lo, hi := 0, len(n.cum)-1
	for lo < hi {
		if m := (lo + hi) / 2; n.cum[m] > x {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return uint16(lo)
}

func (n *Namer) find(s string) uint16 {
	for i, x := range n.Surnames {
		if x == s {
			return uint16(i)
		}
	}
	return 0
}

// Draw makes a name for a person of the birth year and sex (1 male, 2 female).
func (n *Namer) Draw(r *RNG, year int, sex, ethnic uint8) PersonName {
	if ethnic == 5 {
		return PersonName{Dotted, uint16(r.N(len(DottedNames))), uint16(r.N(len(DottedNames)))}
	}
	d := decade(year)
	k := len(n.given[d][sex-1])
	one := []float64{0.18, 0.35, 0.15, 0.08}[d]
	p := PersonName{Sur: n.surname(r, ethnic), A: uint16(r.N(k)) + 1}
	if !r.Chance(one) {
		p.B = uint16(r.N(k)) + 1
	}
	return p
}

// Text writes the name of a person of the birth year and sex.
func (n *Namer) Text(b []byte, p PersonName, year int, sex uint8) []byte {
	if p.Sur == Dotted {
		b = append(b, DottedNames[p.A]...)
		b = append(b, "·"...)
		return append(b, DottedNames[p.B]...)
	}
	g := n.given[decade(year)][sex-1]
	b = append(b, n.Surnames[p.Sur]...)
	b = append(b, g[int(p.A-1)%len(g)]...)
	if p.B > 0 {
		b = append(b, g[int(p.B-1)%len(g)]...)
	}
	return b
}

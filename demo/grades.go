package demo

import "strconv"

const (
	firstYear = 2020
	lastYear  = 2024
	years     = lastYear - firstYear + 1
	sealYear  = 2023 // the year after which the history is sealed a first time
)

// Grades in order; the grade codes are stage + number.
const (
	pre1  = 0
	pri1  = 3
	jun1  = 9
	sen1  = 12
	voc1  = 15
	spe1  = 18
	nGrad = 27
)

// Stages in order.
const (
	stPre = iota
	stPri
	stJun
	stSen
	stVoc
	stSpe
	nStages
)

var (
	stageCode  = [nStages]string{"PRE", "PRI", "JUN", "SEN", "VOC", "SPE"}
	stageFirst = [nStages + 1]int{pre1, pri1, jun1, sen1, voc1, spe1, nGrad}
	gradeName  = [nGrad]string{
		"小班", "中班", "大班", "一年级", "二年级", "三年级", "四年级", "五年级", "六年级",
		"七年级", "八年级", "九年级", "高一", "高二", "高三", "中职一年级", "中职二年级", "中职三年级",
		"特教一年级", "特教二年级", "特教三年级", "特教四年级", "特教五年级", "特教六年级", "特教七年级", "特教八年级", "特教九年级",
	}
)

// stageOf returns the stage of a grade.
func stageOf(g int) int {
	for s := nStages - 1; s > 0; s-- {
		if g >= stageFirst[s] {
			return s
		}
	}
	return stPre
}

func gradeCode(g int) string {
	s := stageOf(g)
	return stageCode[s] + itoa(g-stageFirst[s]+1)
}

// gradeAge is the age on 1 September of a child who is where most are.
func gradeAge(g int) int {
	first := [nStages]int{stPre: 3, stPri: 6, stJun: 12, stSen: 15, stVoc: 15, stSpe: 6}
	return first[stageOf(g)] + g - stageFirst[stageOf(g)]
}

func itoa(n int) string { return strconv.Itoa(n) }

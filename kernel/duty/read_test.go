package duty_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"luoshu/kernel/catalog"
	"luoshu/kernel/duty"
)

const guildParameters = `parameters:
  - {id: soon, title: {zh: 近, en: Soon}, values: [{value: 30, zh: 试, en: test, certainty: D}]}
  - {id: half, title: {zh: 半, en: Half}, values: [{value: 2.5, zh: 试, en: test, certainty: D}]}
  - {id: huge, title: {zh: 大, en: Huge}, values: [{value: 999, zh: 试, en: test, certainty: D}]}
  - {id: later, title: {zh: 后, en: Later}, values: [{value: 12, from: 2030-01-01, zh: 试, en: test, certainty: D}]}
  - {id: months, title: {zh: 月, en: Months}, values: [{value: 12, zh: 试, en: test, certainty: D}]}
`

const guildEntity = `entity: shop
title: {zh: 店, en: Shop}
group: {zh: 店, en: Shops}
key: [code]
label: name
node: {parent: parent, level: county}
org: code
fields:
  - {name: code, title: {zh: 代码, en: Code}, type: text, required: true, max: 10, example: A}
  - {name: name, title: {zh: 名称, en: Name}, type: text, max: 10, example: 甲}
  - {name: parent, title: {zh: 上级, en: Parent}, type: ref, ref: shop, example: B}
  - {name: secret, title: {zh: 密, en: Secret}, type: text, max: 10, sensitivity: sensitive, example: x}
`

const head = "from: 2022-05-25\nsoon: soon\nunits:\n  named: {entity: shop, where: \"name == '甲'\"}\nduties:\n"

// one is a duty with some keys of its own.
func one(keys string) string {
	return head + "  - {id: D1, title: {zh: 职, en: Duty}, quote: 原文, section: 一, line: \"1\", evidence: {zh: 据, en: proof}, " + keys +
		", responsible: {levels: [county], who: {zh: 店, en: shops}, given: true}}\n"
}

// Every fault of a file is named with its place.
func TestDutyFaults(t *testing.T) {
	for name, x := range map[string]struct{ text, want string }{
		"good":                   {one("kind: recurring, period: year"), ""},
		"good by parameter":      {one("kind: recurring, period: months, open: true"), ""},
		"good deadline":          {one("kind: deadline, deadline: 2024-06-30"), ""},
		"good event":             {one("kind: event, within: months"), ""},
		"empty":                  {"", "empty"},
		"no kind":                {one("period: year"), "kind is missing"},
		"strange kind":           {one("kind: weekly"), "not one of"},
		"no period":              {one("kind: recurring"), "period is missing"},
		"strange period":         {one("kind: recurring, period: fortnight"), "no parameter fortnight"},
		"half a month":           {one("kind: recurring, period: half"), "whole numbers from 1 to 120"},
		"a thousand months":      {one("kind: recurring, period: huge"), "whole numbers from 1 to 120"},
		"a parameter that waits": {one("kind: recurring, period: later"), "always holds"},
		"days without attest":    {one("kind: recurring, period: day"), "needs attest"},
		"attested by the day":    {one("kind: recurring, period: day, attest: day"), "nothing is attested by the day"},
		"a term without terms":   {one("kind: recurring, period: day, attest: term"), "no terms"},
		"a deadline that recurs": {one("kind: recurring, period: year, deadline: 2024-06-30"), "deadline has no meaning"},
		"a period of a deadline": {one("kind: deadline, period: year, deadline: 2024-06-30"), "period has no meaning"},
		"no deadline":            {one("kind: deadline"), "deadline is missing"},
		"no day":                 {one("kind: deadline, deadline: 2024-06-31"), "a date such as"},
		"a number as a day":      {one("kind: deadline, deadline: months"), "whole numbers from 19000101"},
		"too often":              {one("kind: recurring, period: year, times: 99"), "from 1 to 50"},
		"unknown indicator":      {one("kind: standing, period: year, figure: {indicator: none}"), "no indicator none"},
		"unknown case":           {one("kind: event, case: none"), "no type of case none"},
		"unknown key":            {one("kind: event, colour: red"), "unknown key colour"},
		"twice":                  {one("kind: event") + strings.TrimPrefix(one("kind: event"), head), "already defined"},
		"bad id":                 {strings.Replace(one("kind: event"), "id: D1", "id: 1D", 1), "cannot be an id"},
		"no level":               {strings.Replace(one("kind: event"), "[county]", "[]", 1), "at least one level"},
		"strange level":          {strings.Replace(one("kind: event"), "[county]", "[planet]", 1), "not one of"},
		"no word on who":         {strings.Replace(one("kind: event"), ", given: true", "", 1), "given is missing"},
		"unknown units":          {strings.Replace(one("kind: event"), "levels:", "units: none, levels:", 1), "has no none"},
		"unknown role":           {strings.Replace(one("kind: event"), "levels:", "roles: [none], levels:", 1), "no role none"},
		"a secret condition":     {strings.Replace(one("kind: event"), "name == '甲'", "secret == 'x'", 1), "encrypted or closed"},
		"a broken condition":     {strings.Replace(one("kind: event"), "name == '甲'", "name ==", 1), "duties.yaml:4"},
		"good reminders":         {one("kind: event, remind: [1, 3]"), ""},
		"a reminder without end": {one("kind: standing, period: year, remind: [3]"), "no end to be reminded of"},
		"a reminder on the day":  {one("kind: event, remind: [0]"), "from 1 to 366"},
		"a reminder twice":       {"remind: [3, 3]\n" + one("kind: event"), "3 stands twice"},
		"units of no entity":     {strings.Replace(one("kind: event"), "entity: shop", "entity: none", 1), "no entity of organisations"},
		"unknown plan":           {"plan: none\n" + one("kind: event"), "no plan none"},
		"an anchor mid-month":    {"anchor: 2021-01-15\n" + one("kind: event"), "first day of a month"},
	} {
		t.Run(name, func(t *testing.T) {
			cat, faults := catalog.LoadFS(fstest.MapFS{
				"guild/pack.yaml":          {Data: []byte("name: guild\nversion: 1.0.0\ntitle: {zh: 会, en: Guild}\nowner: {zh: 会, en: Guild}\n")},
				"guild/parameters.yaml":    {Data: []byte(guildParameters)},
				"guild/entities/shop.yaml": {Data: []byte(guildEntity)},
				"guild/duties.yaml":        {Data: []byte(x.text)},
			})
			for _, f := range faults {
				t.Fatal(f)
			}
			_, faults = duty.Load(cat, func(string) bool { return false })
			all := ""
			for _, f := range faults {
				all += f.String() + "\n"
			}
			if x.want == "" && all != "" || !strings.Contains(all, x.want) {
				t.Errorf("%q, want %q", all, x.want)
			}
		})
	}
}

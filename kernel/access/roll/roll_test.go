package roll_test

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"luoshu"
	"luoshu/kernel/access"
	"luoshu/kernel/access/roll"
	"luoshu/kernel/catalog"
	"luoshu/kernel/ledger"
	"luoshu/kernel/sheet"
	"luoshu/kernel/store"
	"luoshu/kernel/store/storetest"
)

var databases storetest.Databases

func TestMain(m *testing.M) { os.Exit(databases.Main(m)) }

func csv(s string) sheet.File {
	return sheet.File{Name: "accounts.csv", R: strings.NewReader(s), Size: int64(len(s))}
}

func TestRoll(t *testing.T) {
	databases.Each(t, func(t *testing.T, c store.Config) {
		ctx := t.Context()
		cat, faults := catalog.Load(catalog.Options{FS: []fs.FS{os.DirFS("../../disclose/testdata/packs")}})
		for _, f := range faults {
			t.Fatal(f)
		}
		c.Keys = storetest.Keys(t)
		db, err := store.Open(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		now := func() time.Time { return time.Date(2025, 10, 1, 8, 0, 0, 0, time.UTC) }
		if _, err := ledger.Open(ctx, db, cat, now); err != nil {
			t.Fatal(err)
		}
		acc, err := access.Open(ctx, db, cat, now)
		if err != nil {
			t.Fatal(err)
		}
		count := func() int {
			var n int
			if err := db.QueryRow(ctx, `SELECT count(*) FROM account`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		sys := luoshu.Actor{Name: "sys", Role: "sysadmin", Org: "R"}
		bad := "开户表,,\n账号,姓名,角色,单位,统一身份标识\nli,李,,,\n,空,,,\n\na b,坏,,,\nli,重,,,\nzhao,赵,clerk,R,\nqian,钱,,,p1\nsun,孙,,,p1\n"
		out, err := roll.Run(ctx, acc, sys, csv(bad), false)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]string{}
		for _, f := range out.Faults {
			if f.ZH == "" || f.EN == "" || f.Col == 0 {
				t.Errorf("a fault without words or place: %+v", f)
			}
			got[f.Row] = f.Field
		}
		want := map[int]string{4: "name", 6: "name", 7: "name", 8: "role", 10: "subject"}
		for row, field := range want {
			if got[row] != field {
				t.Errorf("row %d: %q, want %q", row, got[row], field)
			}
		}
		if len(got) != len(want) || out.Rows != 7 || len(out.Made) != 0 || count() != 0 {
			t.Errorf("%+v, %d accounts", out, count())
		}
		var book bytes.Buffer
		if err := sheet.Colour(&book, csv(bad), out.Faults); err != nil || book.Len() == 0 {
			t.Error("no coloured workbook:", err)
		}
		ok := "Account;Name;English name\nli;李;Li\nzhao;赵;\n"
		if out, err = roll.Run(ctx, acc, sys, csv(ok), true); err != nil || out.Rows != 2 || len(out.Faults) != 0 || len(out.Made) != 0 || count() != 0 {
			t.Fatalf("dry run: %+v %v", out, err)
		}
		if out, err = roll.Run(ctx, acc, sys, csv(ok), false); err != nil || len(out.Made) != 2 || count() != 2 {
			t.Fatalf("%+v %v", out, err)
		}
		if out.Made[0].Password == out.Made[1].Password || out.Made[0].Display.EN != "Li" || out.Made[1].Display.EN != "赵" {
			t.Errorf("%+v", out.Made)
		}
		// No grant came with it, so the first password opens nothing yet.
		if _, _, err := acc.SignIn(ctx, "li", out.Made[0].Password, "here"); err == nil || !strings.Contains(err.Error(), "no grant") {
			t.Error(err)
		}
		if _, err := roll.Run(ctx, acc, luoshu.Actor{Name: "x", Role: "secadmin", Org: "R"}, csv(ok), true); err == nil {
			t.Error("the security administrator makes accounts")
		}
		// The machine's operator may give first grants with it, from a workbook too.
		var x bytes.Buffer
		xw, err := sheet.NewWriter(&x, "账号", []int{12, 12, 12, 12}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range [][]string{{"账号", "姓名", "角色", "单位"}, {"wu", "吴", "clerk", "R"}} {
			cells := make([]sheet.Out, len(r))
			for i, s := range r {
				cells[i] = sheet.Out{S: s}
			}
			if err := xw.Row(cells); err != nil {
				t.Fatal(err)
			}
		}
		if err := xw.Close(); err != nil {
			t.Fatal(err)
		}
		out, err = roll.Run(ctx, acc, access.Operator, sheet.File{Name: "a.xlsx", R: bytes.NewReader(x.Bytes()), Size: int64(x.Len())}, false)
		if err != nil || len(out.Made) != 1 {
			t.Fatalf("%+v %v", out, err)
		}
		if _, s, err := acc.SignIn(ctx, "wu", out.Made[0].Password, "here"); err != nil || s.Pending != "password" {
			t.Error("a first password must be changed:", s, err)
		}
		for _, junk := range []string{"", "a,b\n1,2\n", "PK\x03\x04junk", "%PDF-1.4"} {
			if out, err := roll.Run(ctx, acc, sys, csv(junk), false); err == nil && len(out.Faults) == 0 {
				t.Errorf("%.10q is taken for a list", junk)
			}
		}
	})
}

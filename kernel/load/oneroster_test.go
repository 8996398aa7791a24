package load_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"

	"luoshu/kernel/load"
)

// roster is a small bulk package as the standard lays it out.
var roster = map[string]string{
	"manifest.csv":         "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.users,bulk\n",
	"orgs.csv":             "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,metadata.typeCode,metadata.runner,metadata.urbanRural,metadata.divisionCode,metadata.counts,metadata.opened\no1,,,洛龙区教育体育局,district,410311,,,,,410311,,\ns1,active,,实验小学,school,2141000001,o1,211,public,111,410311,1,1985-09-01\nx,tobedeleted,,旧校,school,2141000002,o1,211,public,111,410311,1,1985-09-01\n",
	"academicSessions.csv": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\nt1,,,第一学期,semester,2024-09-01,2025-01-20,,2025\nt2,,,第二学期,semester,2025-02-20,2025-07-01,,2025\n",
	"classes.csv":          "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\nc1,,,一年级1班,01,k,2141000001-2024-PRI1-01,homeroom,,s1,\"t2,t1\",,,\nc2,,,语文,01,k,X,scheduled,,s1,t1,,,\n",
	"users.csv":            "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone\nu1,,,true,a,,三,张,,G11010519491231002X,,,\nu2,,,true,b,,四,李,,T4103110000001,,13800000000,\n",
	"roles.csv":            "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\nr1,,,u1,primary,student,2024-09-01,,s1,\nr2,,,u2,primary,teacher,2015-09-01,,s1,\n",
	"demographics.csv":     "sourcedId,status,dateLastModified,birthDate,sex\nu1,,,1949-12-31,female\nu2,,,1980-01-02,male\n",
	"enrollments.csv":      "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate,metadata.boarding,metadata.leftBehind,metadata.migrant\ne1,,,c1,s1,u1,student,true,2024-09-01,,否,0,0\ne2,,,c2,s1,u1,student,false,2024-09-01,,否,0,0\ne3,,,c1,s1,u2,teacher,true,2024-09-01,,,,\n",
}

func TestOneRosterPackage(t *testing.T) {
	d := open(t, "")
	d.load(load.Request{Entity: "division", Path: d.file("d.csv", divisions)})
	p := filepath.Join(t.TempDir(), "bulk.zip")
	f, err := os.Create(p)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, text := range roster {
		w, err := z.Create("export/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	r := d.load(load.Request{Entity: load.OneRoster, Path: p})
	for _, f := range r.Faults {
		if !f.Warning() {
			t.Errorf("%s %d %s %s: %s", f.Sheet, f.Row, f.Field, f.Rule, f.EN)
		}
	}
	want := []string{"organisation", "school", "class", "student", "staff", "posting", "enrolment"}
	if len(r.Parts) != len(want) {
		t.Fatalf("parts: %+v", r.Parts)
	}
	for i, p := range r.Parts {
		if p.Entity != want[i] || p.Result.New != 1 || p.Result.Rows != 1 {
			t.Errorf("%s: %+v", p.Entity, p.Result)
		}
	}
	if again := d.load(load.Request{Entity: load.OneRoster, Path: p}); again.Unchanged != 7 || again.Seq != 0 {
		t.Errorf("again: %+v", again)
	}
	if r := d.load(load.Request{Entity: load.OneRoster, Path: d.file("x.csv", divisions)}); !r.Blocked() {
		t.Errorf("a CSV is no package: %+v", r)
	}
}

package luoshu_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

// imports is the map of the house: which room may import which, inside the
// module. A room that is missing here is a fault, and so is an entry that no
// longer exists. docs/architecture.md says what each room is for.
var imports = map[string][]string{
	".":                      {}, // vocabulary: standard library only
	"kernel/rule":            {"."},
	"kernel/fold":            {}, // names to folded forms and pinyin
	"kernel/sheet":           {"."},
	"kernel/cube":            {"."},
	"kernel/yamltree":        {"."},
	"kernel/catalog":         {".", "kernel/rule", "kernel/yamltree"},
	"kernel/store":           {".", "kernel/rule", "kernel/catalog", "kernel/vault"},
	"kernel/store/storetest": {".", "kernel/rule", "kernel/catalog", "kernel/store", "kernel/vault"},
	"kernel/parquet":         {".", "kernel/catalog", "kernel/store", "kernel/cube"},
	"kernel/ledger":          {".", "kernel/rule", "kernel/catalog", "kernel/store", "kernel/ledger/chain", "kernel/ledger/keys", "kernel/ledger/search", "kernel/ledger/beside", "kernel/vault", "kernel/reseal"},
	"kernel/ledger/chain":    {"."},
	"kernel/ledger/keys":     {".", "kernel/catalog", "kernel/store"},
	"kernel/ledger/search":   {".", "kernel/catalog", "kernel/store", "kernel/fold"},
	"kernel/intake":          {".", "kernel/rule", "kernel/catalog", "kernel/fold", "kernel/sheet"},
	"kernel/load":            {".", "kernel/rule", "kernel/catalog", "kernel/store", "kernel/ledger", "kernel/intake", "kernel/sheet", "kernel/vault", "kernel/correct", "kernel/identity"},
	"kernel/indicator":       {".", "kernel/rule", "kernel/catalog", "kernel/store", "kernel/ledger", "kernel/cube", "kernel/parquet", "kernel/indicator/duck", "kernel/indicator/notation", "kernel/indicator/opened"},
	"kernel/flight":          {}, // many who ask at once share one fresh answer
	"kernel/access":          {".", "kernel/rule", "kernel/catalog", "kernel/store", "kernel/flight", "kernel/vault", "kernel/access/guest", "kernel/access/passkey", "kernel/access/oidc", "kernel/access/foureyes", "kernel/access/policy", "kernel/access/reach", "kernel/access/secret"},
	"kernel/access/foureyes": {".", "kernel/catalog", "kernel/store"},
	"kernel/access/guest":    {".", "kernel/catalog", "kernel/store"},
	"kernel/access/policy":   {".", "kernel/catalog"},
	"kernel/access/reach":    {".", "kernel/catalog", "kernel/store", "kernel/flight"},
	"kernel/access/secret":   {},
	"kernel/access/passkey":  {}, // WebAuthn ceremonies
	"kernel/access/oidc":     {"."},
	"kernel/access/roll":     {".", "kernel/access", "kernel/sheet"},
	"kernel/disclose":        {".", "kernel/rule", "kernel/catalog", "kernel/store", "kernel/ledger", "kernel/intake", "kernel/indicator", "kernel/access", "kernel/fold", "kernel/records", "kernel/disclose/guard", "kernel/disclose/figure", "kernel/vault"},
	"kernel/disclose/guard":  {".", "kernel/catalog", "kernel/store", "kernel/ledger", "kernel/indicator", "kernel/access", "kernel/flight"},
	"kernel/disclose/figure": {".", "kernel/catalog", "kernel/intake", "kernel/indicator", "kernel/access", "kernel/disclose/guard", "kernel/target"},
	"engine/linkage":         {".", "kernel/fold"}, // folding names is pure, and there is one way to do it
	"kernel/charter":         {".", "kernel/rule", "kernel/catalog", "kernel/yamltree", "engine/linkage"},
	"kernel/identity":        {".", "kernel/catalog", "kernel/charter", "kernel/store", "kernel/ledger", "kernel/records", "kernel/access", "engine/linkage"},
	"kernel/records":         {".", "kernel/catalog", "kernel/store"},
	"kernel/flow":            {".", "kernel/access", "kernel/access/guest", "kernel/access/reach", "kernel/catalog", "kernel/charter", "kernel/flow/clock", "kernel/flow/public", "kernel/intake", "kernel/ledger", "kernel/ledger/chain", "kernel/lifecycle", "kernel/notice", "kernel/paper/shelf", "kernel/records", "kernel/rule", "kernel/store", "kernel/workday"},
	"kernel/flow/clock":      {"kernel/workday"},                     // when a state's time is over
	"kernel/flow/public":     {".", "kernel/store"},                  // the published copy and consents: nothing of the registers
	"kernel/notice":          {".", "kernel/access", "kernel/store"}, // what organisations are told
	"kernel/paper/shelf":     {".", "kernel/ledger", "kernel/paper", "kernel/store"},
	"kernel/notify":          {".", "kernel/flow", "kernel/notice", "kernel/store"}, // digests out of the house
	"kernel/paper":           {"."},                                                 // what a piece of evidence is
	"kernel/correct":         {".", "kernel/paper", "kernel/catalog", "kernel/charter", "kernel/store", "kernel/ledger", "kernel/records", "kernel/access", "kernel/intake", "kernel/vault"},
	"kernel/audit":           {".", "kernel/store"},
	"kernel/city":            {".", "kernel/catalog", "kernel/charter", "kernel/store", "kernel/ledger", "kernel/records", "kernel/indicator", "kernel/access", "kernel/audit", "kernel/disclose", "kernel/load", "kernel/identity", "kernel/parquet", "kernel/vault", "kernel/reseal", "kernel/correct", "kernel/flow", "kernel/notify", "kernel/lifecycle", "kernel/movement", "kernel/access/oidc", "kernel/verify", "kernel/verify/finding", "kernel/workday", "kernel/duty", "kernel/run", "kernel/target"},
	"engine/attain":          {},                                         // what must be added until limits are reached
	"kernel/run/way":         {".", "engine/siting"},                     // how far it is, of what was measured
	"kernel/run/missed":      {".", "engine/forecast"},                   // how unsure, by what earlier years missed
	"kernel/run/asked":       {"."},                                      // what a run is asked to do
	"kernel/run/spec":        {".", "kernel/catalog", "kernel/yamltree"}, // what packs say of runs
	"kernel/run":             {".", "kernel/run/asked", "kernel/run/spec", "kernel/run/way", "kernel/run/missed", "engine/forecast", "engine/siting", "engine/siting/cfl", "kernel/access", "kernel/catalog", "kernel/indicator", "kernel/ledger", "kernel/records", "kernel/store", "kernel/yamltree"},
	"kernel/readiness":       {".", "engine/attain", "kernel/access", "kernel/catalog", "kernel/disclose"},
	"engine/forecast":        {"."},                                                        // a line through years, children to come, and how sure it is
	"engine/forecast/towns":  {"engine/forecast"},                                          // invented towns for tests and measurements
	"kernel/target":          {".", "kernel/catalog", "kernel/records", "kernel/yamltree"}, // what a target is on a day
	"kernel/brief":           {".", "engine/forecast", "kernel/access", "kernel/catalog", "kernel/disclose", "kernel/duty", "kernel/flow"},
	"kernel/movement":        {".", "kernel/catalog", "kernel/charter", "kernel/store", "kernel/ledger", "kernel/records", "kernel/access", "kernel/fold"},
	"kernel/lifecycle":       {".", "kernel/catalog", "kernel/charter", "kernel/store", "kernel/ledger", "kernel/records", "kernel/access", "kernel/movement"},
	"kernel/duty":            {".", "kernel/access", "kernel/catalog", "kernel/notice", "kernel/paper/shelf", "kernel/records", "kernel/rule", "kernel/store", "kernel/workday", "kernel/yamltree"},
	"kernel/workday":         {".", "kernel/catalog", "kernel/yamltree"},
	"kernel/verify":          {".", "kernel/access", "kernel/catalog", "kernel/charter", "kernel/ledger", "kernel/ledger/chain", "kernel/records", "kernel/rule", "kernel/store"},
	"kernel/verify/finding":  {".", "kernel/access", "kernel/catalog", "kernel/charter", "kernel/records", "kernel/rule", "kernel/store", "kernel/yamltree"},
	"kernel/packtest":        {".", "kernel/rule", "kernel/access", "kernel/catalog", "kernel/charter", "kernel/flow", "kernel/intake", "kernel/ledger", "kernel/lifecycle", "kernel/load", "kernel/movement", "kernel/indicator", "kernel/records", "kernel/store", "kernel/vault", "kernel/workday"},
	"packs":                  {},
	"demo":                   {".", "demo/ground", "demo/sheet", "demo/source"}, // writes files; knows nothing of the kernel
	"demo/dirt":              {".", "demo"},
	"demo/eauclaire":         {".", "demo", "demo/sheet"},
	"demo/ground":            {".", "demo/sheet", "demo/source"},
	"demo/sheet":             {"."},
	"demo/source":            {"."},
	"web/correct":            {".", "kernel/paper", "kernel/access", "kernel/audit", "kernel/catalog", "kernel/charter", "kernel/correct", "kernel/disclose", "web/kit"},
	"web":                    {".", "kernel/access", "kernel/audit", "kernel/catalog", "kernel/correct", "kernel/disclose", "kernel/indicator", "kernel/ledger", "kernel/load", "web/kit", "web/ui"},
	"web/flow":               {".", "kernel/access", "kernel/catalog", "kernel/charter", "kernel/disclose", "kernel/flow", "kernel/flow/clock", "kernel/flow/public", "kernel/notice", "kernel/paper", "web/kit"},
	"web/verify":             {".", "kernel/access", "kernel/catalog", "kernel/charter", "kernel/disclose", "kernel/ledger", "kernel/verify", "kernel/verify/finding", "web/kit"},
	"web/kit":                {".", "kernel/access", "kernel/audit", "kernel/disclose"},
	"web/audit":              {".", "kernel/access", "kernel/audit", "kernel/catalog", "kernel/disclose", "web/kit"},
	"web/movement":           {".", "kernel/access", "kernel/audit", "kernel/catalog", "kernel/disclose", "kernel/lifecycle", "kernel/movement", "web/kit"},
	"web/duty":               {".", "kernel/access", "kernel/duty", "kernel/paper", "kernel/workday", "web/kit"},
	"web/readiness":          {"kernel/readiness", "web/kit"},
	"web/run":                {".", "kernel/access", "kernel/catalog", "kernel/disclose", "kernel/run", "web/kit"},
	"web/brief":              {".", "kernel/audit", "kernel/brief", "web/kit"},
	"web/identity":           {".", "kernel/access", "kernel/catalog", "kernel/disclose", "kernel/identity", "kernel/records", "web/kit"},
	"web/account":            {".", "kernel/access", "kernel/access/foureyes", "kernel/access/roll", "kernel/catalog", "kernel/sheet", "web/kit"},
	"web/ui":                 {},
	"web/ui/e2e/provider":    {}, // an identity provider for the browser tests
	"cmd/luoshu":             {"*"},
	"cmd/luoshu/loop":        {".", "kernel/access", "kernel/access/reach", "kernel/audit", "kernel/brief", "kernel/catalog", "kernel/city", "kernel/duty", "kernel/flow", "kernel/load", "kernel/records", "kernel/run", "kernel/verify/finding"},
	"cmd/luoshu/places":      {".", "engine/forecast", "engine/siting", "engine/siting/cfl", "engine/siting/orlib", "engine/siting/pmedian", "kernel/access", "kernel/audit", "kernel/city", "kernel/records", "kernel/run", "kernel/sheet"},
	"bench":                  {"*"},

	// Data at rest.
	"kernel/vault":              {"."},
	"kernel/reseal":             {".", "kernel/catalog", "kernel/store", "kernel/vault", "kernel/ledger/beside", "kernel/ledger/chain"},
	"kernel/ledger/beside":      {".", "kernel/catalog", "kernel/store", "kernel/vault", "kernel/ledger/chain"},
	"kernel/indicator/duck":     {".", "kernel/catalog", "kernel/store", "kernel/parquet", "kernel/indicator/notation", "kernel/indicator/opened"},
	"kernel/indicator/opened":   {".", "kernel/catalog", "kernel/store", "kernel/cube", "kernel/indicator/notation", "kernel/vault"},
	"kernel/indicator/notation": {},

	// Engines: pure, of plain types.
	"engine/siting":         {".", "engine/siting/cfl"},
	"engine/siting/cfl":     {".", "engine/siting/dual", "engine/siting/pack"},
	"engine/siting/dual":    {},
	"engine/siting/drawn":   {"engine/siting/cfl"}, // instances for tests and measurements
	"engine/siting/orlib":   {".", "engine/siting/cfl", "engine/siting/pmedian"},
	"engine/siting/pack":    {}, // whole clients to chosen options
	"engine/siting/pmedian": {".", "engine/siting/dual"},
}

// businessWords may not stand in the kernel: a business is a pack.
var businessWords = regexp.MustCompile(`(?i)\b(luoyang|eau ?claire|school|schools|student|students|teacher|teachers|kindergarten|county|counties|pupil|pupils)\b|洛阳|学校|学生|教师|幼儿园|区县`)

// businessAllowed lists the few kernel files in which such a word is a term of a
// public standard, with the reason.
var businessAllowed = map[string]string{
	"kernel/rule/check.go":      "names of national identifiers that packs refer to",
	"kernel/catalog/entity.go":  "the five levels by their names: nation, province, city, county, school",
	"kernel/intake/template.go": "the five levels by their names",
}

// heavy third-party modules have one importing package each (docs/dependencies.md).
var oneImporter = map[string]string{
	"modernc.org/sqlite":              "kernel/store",
	"github.com/jackc/pgx":            "kernel/store",
	"cel.dev/cel-go":                  "kernel/rule",
	"github.com/google/cel-go":        "kernel/rule",
	"github.com/xuri/excelize":        "kernel/sheet",
	"github.com/apache/arrow-go":      "kernel/parquet",
	"github.com/duckdb/duckdb-go":     "kernel/indicator/duck",
	"github.com/mozillazg/go-pinyin":  "kernel/fold",
	"github.com/go-webauthn/webauthn": "kernel/access/passkey",
	"github.com/coreos/go-oidc":       "kernel/access/oidc",
	"golang.org/x/oauth2":             "kernel/access/oidc",
	"github.com/pquerna/otp":          "kernel/access",
	"github.com/wneessen/go-mail":     "kernel/notify",
	"github.com/gomutex/godocx":       "kernel/brief",
	"github.com/signintech/gopdf":     "kernel/brief",
	"github.com/emmansun/gmsm/sm4":    "kernel/vault", // SM3 is also the chain's and the audit log's
}

// demoMay: the demo writes XLSX files as offices do, without the kernel.
var oneImporterExceptions = map[string]string{
	"demo/sheet github.com/xuri/excelize": "writes workbooks as an office would, independent of the kernel's writer",
}

const (
	maxFile     = 600
	maxFunction = 80
	maxPackage  = 3000
)

type goFile struct {
	dir, path string
	lines     int
	ast       *ast.File
	fset      *token.FileSet
	text      string
}

func goFiles(t *testing.T) []goFile {
	t.Helper()
	var out []goFile
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case "node_modules", "testdata", ".git", "bin", "data":
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, p, b, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, goFile{filepath.ToSlash(filepath.Dir(p)), filepath.ToSlash(p), strings.Count(string(b), "\n"), f, fset, string(b)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestImportMap(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range goFiles(t) {
		seen[f.dir] = true
		allowed, ok := imports[f.dir]
		if !ok {
			t.Errorf("%s: room %q is not on the map; add it to imports and to docs/architecture.md", f.path, f.dir)
			continue
		}
		for _, im := range f.ast.Imports {
			p := strings.Trim(im.Path.Value, `"`)
			if p != "luoshu" && !strings.HasPrefix(p, "luoshu/") {
				continue
			}
			room := strings.TrimPrefix(strings.TrimPrefix(p, "luoshu"), "/")
			if room == "" {
				room = "."
			}
			if len(allowed) == 1 && allowed[0] == "*" {
				continue
			}
			if !contains(allowed, room) {
				t.Errorf("%s imports %s: %q may import only %v", f.path, p, f.dir, allowed)
			}
		}
	}
	for room := range imports {
		if !seen[room] {
			t.Errorf("the map names room %q, which does not exist", room)
		}
	}
}

func TestOneImporterPerDependency(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, im := range f.ast.Imports {
			p := strings.Trim(im.Path.Value, `"`)
			for mod, room := range oneImporter {
				if !strings.HasPrefix(p, mod) || f.dir == room || f.dir == "bench" {
					continue
				}
				if _, ok := oneImporterExceptions[f.dir+" "+mod]; !ok {
					t.Errorf("%s imports %s; only %s may", f.path, p, room)
				}
			}
		}
	}
}

func TestDependenciesAreExplained(t *testing.T) {
	doc, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(mod), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "require ")
		if strings.Contains(line, "// indirect") {
			continue
		}
		if w := strings.Fields(line); len(w) >= 2 && strings.Contains(w[0], ".") && strings.HasPrefix(w[1], "v") {
			if !strings.Contains(string(doc), w[0]) {
				t.Errorf("docs/dependencies.md has no line about %s", w[0])
			}
		}
	}
}

func TestCeilings(t *testing.T) {
	sum := map[string]int{}
	for _, f := range goFiles(t) {
		sum[f.dir] += f.lines
		if f.lines > maxFile {
			t.Errorf("%s has %d lines; the ceiling is %d", f.path, f.lines, maxFile)
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1
				if n > maxFunction {
					t.Errorf("%s: func %s has %d lines; the ceiling is %d", f.path, fn.Name.Name, n, maxFunction)
				}
			}
		}
	}
	for dir, n := range sum {
		if n > maxPackage {
			t.Errorf("package %s has %d lines; the ceiling is %d", dir, n, maxPackage)
		}
	}
}

func TestPackageComments(t *testing.T) {
	comments := map[string][]string{}
	for _, f := range goFiles(t) {
		comments[f.dir] = append(comments[f.dir], nil...)
		if f.ast.Doc != nil {
			comments[f.dir] = append(comments[f.dir], f.path)
		}
	}
	for dir, files := range comments {
		if len(files) != 1 {
			t.Errorf("package %s has %d package comments, want exactly one: %v", dir, len(files), files)
		}
	}
}

func TestKernelNamesNoBusiness(t *testing.T) {
	for _, f := range goFiles(t) {
		if !strings.HasPrefix(f.dir, "kernel/") && !strings.HasPrefix(f.dir, "engine/") || businessAllowed[f.path] != "" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool { // comments may give examples
			word := ""
			switch n := n.(type) {
			case *ast.Ident:
				word = businessWords.FindString(n.Name)
			case *ast.BasicLit:
				word = businessWords.FindString(n.Value)
			}
			if word != "" {
				t.Errorf("%s: %q is a business word; it belongs in a pack", f.fset.Position(n.Pos()), word)
			}
			return true
		})
	}
}

// TestClockAndGlobals keeps time and package state out of the kernel: the clock
// is a field, and nothing is set up by init().
func TestClockAndGlobals(t *testing.T) {
	for _, f := range goFiles(t) {
		if !strings.HasPrefix(f.dir, "kernel/") && !strings.HasPrefix(f.dir, "engine/") && f.dir != "demo" && f.dir != "." && f.dir != "web" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s: func init is not allowed; wire by hand in cmd/luoshu", f.fset.Position(n.Pos()))
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && n.Sel.Name == "Now" {
					t.Errorf("%s: time.Now belongs in cmd; take a clock", f.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
}

// TestDocsMatchTheMap: every room stands in docs/architecture.md.
func TestDocsMatchTheMap(t *testing.T) {
	doc, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	rooms := make([]string, 0, len(imports))
	for room := range imports {
		rooms = append(rooms, room)
	}
	sort.Strings(rooms)
	for _, room := range rooms {
		if room != "." && !strings.Contains(string(doc), "`"+room+"`") {
			t.Errorf("docs/architecture.md does not name room `%s`", room)
		}
	}
}

// fetches are the rooms that may open a connection to somewhere else, with where
// and why. Whatever fetches can be made to fetch for somebody else.
var fetches = map[string]string{
	"kernel/notify":      "posts digests to the robots that city.yaml names, and to no address from elsewhere",
	"bench":              "asks the servers it has started, to measure them",
	"kernel/access/oidc": "asks the one provider that city.yaml names, never an address that a user gives",
}

// TestNothingFetches: no room makes a request, opens a connection or looks up a
// name, but those that stand above; so there is no address that a user could have
// the server ask in their place.
func TestNothingFetches(t *testing.T) {
	calls := map[string]*regexp.Regexp{
		"net/http": regexp.MustCompile(`^(Get|Post|PostForm|Head|Client|DefaultClient|DefaultTransport|Transport|NewRequest|NewRequestWithContext)$`),
		"net":      regexp.MustCompile(`^(Dial\w*|Dialer|Lookup\w*|Resolver|DefaultResolver)$`),
	}
	used := map[string]bool{}
	for _, f := range goFiles(t) {
		names := map[string]string{} // as the file calls the package
		for _, im := range f.ast.Imports {
			p := strings.Trim(im.Path.Value, `"`)
			if calls[p] != nil {
				name := filepath.Base(p)
				if im.Name != nil {
					name = im.Name.Name
				}
				names[name] = p
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			x, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := x.X.(*ast.Ident); ok && names[id.Name] != "" && calls[names[id.Name]].MatchString(x.Sel.Name) {
				if used[f.dir] = true; fetches[f.dir] == "" {
					t.Errorf("%s: %s.%s reaches out; name the room in fetches with the reason", f.fset.Position(n.Pos()), id.Name, x.Sel.Name)
				}
			}
			return true
		})
	}
	for room := range fetches {
		if !used[room] {
			t.Errorf("%s is said to reach out and does not", room)
		}
	}
}

// TestSecurityNamesRealTests: docs/security.md names a test for each answer, and
// each one exists.
func TestSecurityNamesRealTests(t *testing.T) {
	doc, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "*_test.go", "*.test.mjs").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, p := range strings.Fields(string(out)) {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	names := regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`").FindAllStringSubmatch(string(doc), -1)
	if len(names) < 40 {
		t.Errorf("docs/security.md names %d tests only", len(names))
	}
	for _, m := range names {
		if !strings.Contains(all.String(), "func "+m[1]+"(") {
			t.Errorf("docs/security.md names %s, which does not exist", m[1])
		}
	}
	for _, m := range regexp.MustCompile("`([a-z]+\\.test\\.mjs)`[  ]“([^”]+)”").FindAllStringSubmatch(string(doc), -1) {
		b, err := os.ReadFile(filepath.Join("web/ui/e2e", m[1]))
		if err != nil || !strings.Contains(string(b), "test('"+m[2]) {
			t.Errorf("docs/security.md names %s “%s”, which does not exist", m[1], m[2])
		}
	}
}

// TestNoMachineNames: the repository names no path of a workplace and no registry host;
// addresses of the pages of work are none.
func TestNoMachineNames(t *testing.T) {
	bad := regexp.MustCompile(`(?i)registry\.npmjs|proxy\.golang\.org|npmmirror|deb\.debian\.org|goproxy\.(cn|io)|/wor` + `k/(main|wt|shared|\.)`)
	out, err := exec.Command("git", "ls-files").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v (run the tests in a git checkout)", err)
	}
	for _, p := range strings.Fields(string(out)) {
		if p == "arch_test.go" {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		if m := bad.Find(b); m != nil {
			t.Errorf("%s contains %q", p, m)
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

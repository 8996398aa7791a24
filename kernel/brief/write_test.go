package brief

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luoshu"
)

var update = flag.Bool("update", false, "write the golden files anew")

// busy is a world with cases of every standing.
func busy(t *testing.T) *world {
	w := newWorld(t)
	c := w.open(aideA, "task", map[string]string{"unit": "A", "words": "机密内容", "target": "enough"})
	w.act(aideA, c, "done")
	w.open(aideB, "task", map[string]string{"unit": "B", "words": "b", "target": "enough"})
	w.open(aideB, "decision", map[string]string{"unit": "B", "words": "增配床位", "due": "2025-06-30"})
	w.now = w.now.AddDate(0, 0, 30)
	return w
}

func (w *world) file(by luoshu.Actor, q Query, format string) []byte {
	w.Helper()
	var b bytes.Buffer
	w.must(w.desk.Write(w.ctx, by, q, format, &b))
	return b.Bytes()
}

// entry is one file of a DOCX.
func entry(t *testing.T, doc []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(doc), int64(len(doc)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// words are a DOCX's paragraphs a line each, cells of a row divided by bars.
func words(t *testing.T, doc []byte) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(entry(t, doc, "word/document.xml")))
	var out strings.Builder
	cells := 0
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := tok.(type) {
		case xml.CharData:
			out.Write(x)
		case xml.StartElement:
			if x.Name.Local == "tc" {
				if cells++; cells > 1 {
					out.WriteString(" | ")
				}
			}
		case xml.EndElement:
			if x.Name.Local == "tr" {
				cells = 0
			}
			if x.Name.Local == "tr" || x.Name.Local == "p" && cells == 0 {
				out.WriteString("\n")
			}
		}
	}
}

var digest = regexp.MustCompile(`[0-9a-f]{64}`)

// The text of the briefing, in both languages, of the city and of an office. The hash
// of the seal depends on keys of the test and is left out.
func TestBriefingText(t *testing.T) {
	w := busy(t)
	for name, got := range map[string][]byte{
		"city-zh.txt":   w.file(aideR, Query{Kind: HalfYear}, DOCX),
		"office-en.txt": w.file(aideR, Query{Kind: HalfYear, Org: "B", Lang: "en"}, DOCX),
	} {
		text := digest.ReplaceAllString(words(t, got), "HASH")
		if strings.Contains(text, "机密内容") {
			t.Error("the content of a case stands in", name)
		}
		path := filepath.Join("testdata", name)
		if *update {
			w.must(os.WriteFile(path, []byte(text), 0o600))
		}
		want, err := os.ReadFile(path)
		w.must(err)
		if text != string(want) {
			t.Errorf("%s differs; got\n%s", name, text)
		}
	}
}

// East Asian faces, repeated heads, and the library's own name nowhere.
func TestDOCXForm(t *testing.T) {
	w := busy(t)
	doc := w.file(aideR, Query{Kind: HalfYear}, DOCX)
	body := entry(t, doc, "word/document.xml")
	for _, want := range []string{`w:eastAsia="仿宋_GB2312"`, `w:eastAsia="黑体"`, `w:eastAsia="方正小标宋简体"`, `<w:tblHeader`, `w:w="11906"`} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %s", want)
		}
	}
	core := entry(t, doc, "docProps/core.xml")
	if strings.Contains(core, "godocx") || !strings.Contains(core, "总办规划实施情况半年汇报材料") || !strings.Contains(core, "2025-04-09T00:00:00Z") {
		t.Error(core)
	}
	again := w.file(aideR, Query{Kind: HalfYear}, DOCX)
	if !bytes.Equal(doc, again) {
		t.Error("the same seal and day give other bytes")
	}
}

// A PDF of the same text, the same bytes each time.
func TestPDF(t *testing.T) {
	w := busy(t)
	if _, err := findFonts("", usualFonts, usualLatin); err != nil {
		t.Skip("no TrueType font on this machine; scripts/setup-test installs one")
	}
	pdf := w.file(aideR, Query{Kind: HalfYear}, PDF)
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf[len(pdf)-64:], []byte("%%EOF")) || !bytes.Contains(pdf, []byte("/Count ")) {
		t.Fatalf("no PDF: %.40q", pdf)
	}
	if again := w.file(aideR, Query{Kind: HalfYear}, PDF); !bytes.Equal(pdf, again) {
		t.Error("the same seal and day give other bytes")
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed; scripts/setup-test installs it")
	}
	path := filepath.Join(t.TempDir(), "b.pdf")
	w.must(os.WriteFile(path, pdf, 0o600))
	out, err := exec.Command(tool, "-raw", path, "-").Output()
	w.must(err)
	flat := func(s string) string { return regexp.MustCompile(`\s+`).ReplaceAllString(s, "") }
	text := flat(string(out))
	for _, want := range []string{"总办规划实施情况半年汇报材料", "测试数据", "封存批次S000001", "够住", "50人(2024)", "+10人", "≥55人(2025)", "增配床位", "在册人数"} {
		if !strings.Contains(text, flat(want)) {
			t.Errorf("the PDF does not say %s:\n%s", want, out)
		}
	}
}

// Refusals say what to do, in both languages, and write nothing.
func TestRefused(t *testing.T) {
	w := busy(t)
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.ttf")
	w.must(os.WriteFile(bad, []byte("not a font"), 0o600))
	refused := func(by luoshu.Actor, q Query, format string, kind luoshu.ErrKind, zh, en string) {
		t.Helper()
		var b bytes.Buffer
		var e *luoshu.Error
		if err := w.desk.Write(w.ctx, by, q, format, &b); !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Msg.ZH, zh) || !strings.Contains(e.Msg.EN, en) {
			t.Errorf("got %v, want %s", err, kind)
		}
		if b.Len() > 0 {
			t.Error("something was written")
		}
	}
	half := Query{Kind: HalfYear}
	refused(aideR, Query{Kind: "weekly"}, DOCX, luoshu.Invalid, "half-year", "half-year")
	refused(aideR, half, "odt", luoshu.Invalid, ".docx", ".pdf")
	refused(chief, Query{Kind: HalfYear, Org: "nowhere"}, DOCX, luoshu.NotFound, "单位", "organisation")
	refused(aideB, Query{Kind: HalfYear, Org: "A"}, DOCX, luoshu.NotFound, "单位", "organisation")
	refused(watch, half, DOCX, luoshu.Denied, "", "")
	w.desk.Font = bad
	refused(aideR, half, PDF, luoshu.Unavailable, bad, "city.yaml")
	w.desk.Font = filepath.Join(dir, "none.ttf")
	refused(aideR, half, PDF, luoshu.Unavailable, "city.yaml", "DOCX needs no font")
	var e *luoshu.Error
	if _, err := findFonts("", []string{filepath.Join(dir, "no.ttf")}, nil); !errors.As(err, &e) || !strings.Contains(e.Msg.ZH, "fonts-droid-fallback") || !strings.Contains(e.Msg.EN, "font:") {
		t.Error("without a font:", err)
	}
}

// Lines end between Chinese characters and between words, not before a full stop or
// within a date.
func TestBreakAt(t *testing.T) {
	for _, x := range []struct {
		text string
		n    int
		want string
	}{
		{"规划目标。完成", 4, "规划目"}, {"seal S000002 of", 8, "seal "}, {"至2026-12-31止", 6, "至"}, {"senior-gross", 9, "senior-"}, {"abcdefgh", 3, "abc"},
	} {
		r := []rune(x.text)
		if got := string(r[:breakAt(r, x.n)]); got != x.want {
			t.Errorf("%s ends at %q, want %q", x.text, got, x.want)
		}
	}
}

package brief

import (
	"fmt"
	"os"

	"luoshu"
)

// usualFonts are where systems keep a TrueType font with Chinese characters; the
// first that is there is taken. Collections (.ttc) cannot be.
var usualFonts = []string{
	"/usr/share/fonts/truetype/simfang.ttf",
	"/usr/share/fonts/win/simfang.ttf",
	"/usr/share/fonts/zh_CN/simfang.ttf",
	`C:\Windows\Fonts\simfang.ttf`,
	`C:\Windows\Fonts\simhei.ttf`,
	"/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
	"/usr/share/fonts-droid-fallback/truetype/DroidSansFallbackFull.ttf",
	"/usr/share/fonts/google-droid-sans-fonts/DroidSansFallbackFull.ttf",
	"/usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf",
	"/Library/Fonts/Arial Unicode.ttf",
	"/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
}

// noFont says what to do about a font that is not there or cannot be used.
func noFont(path string, cause error) error {
	if path == "" {
		return luoshu.Errorf(luoshu.Unavailable,
			"生成 PDF 需要一个含汉字的 TrueType 字体，这台机器上没有找到。请安装（Debian：apt-get install fonts-droid-fallback），或在 city.yaml 写 font: 字体文件.ttf；DOCX 不需要字体",
			"PDF needs a TrueType font with Chinese characters, and none was found on this machine. Install one (Debian: apt-get install fonts-droid-fallback), or write font: FILE.ttf in city.yaml; DOCX needs no font")
	}
	e := luoshu.Errorf(luoshu.Unavailable,
		"字体 %s 不能使用：须为含汉字的 TrueType 文件（.ttf，不是 .ttc 或 .otf）。请改 city.yaml 的 font；DOCX 不需要字体",
		"the font %s cannot be used: a TrueType file with Chinese characters is needed (.ttf, not .ttc or .otf). Change font in city.yaml; DOCX needs no font", path)
	e.Cause = cause
	return e
}

// usualLatin are where systems keep a TrueType font with Latin letters and digits, for
// a Chinese one that has none.
var usualLatin = []string{
	"/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf",
	"/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf",
	"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
	"/usr/share/fonts/dejavu/DejaVuSans.ttf",
	"/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
	`C:\\Windows\\Fonts\\times.ttf`,
}

// fonts are the files that a PDF is written with: latin for what main does not have.
type fonts struct{ main, latin string }

// findFonts takes the given file, or the first of the usual ones that is there.
func findFonts(given string, usual, latin []string) (fonts, error) {
	first := func(list []string) string {
		for _, p := range list {
			if _, err := os.Stat(p); err == nil {
				return p
			}
		}
		return ""
	}
	f := fonts{given, first(latin)}
	if given == "" {
		f.main = first(usual)
	}
	if f.main == "" {
		return f, noFont("", nil)
	}
	return f, nil
}

// glyph is where a character is found and how wide it is, in thousandths of the size.
type glyph struct {
	family string
	width  float64
}

// load opens the fonts and sees to it that figures and Chinese can be written.
func (s *sheet) load(f fonts) error {
	for _, x := range []struct{ family, path, must string }{{"main", f.main, "规划目标"}, {"latin", f.latin, "09azAZ%"}} {
		if x.path == "" {
			continue
		}
		if err := s.AddTTFFont(x.family, x.path); err != nil {
			return noFont(x.path, err)
		}
		if err := s.SetFont(x.family, "", 10); err != nil {
			return noFont(x.path, err)
		}
		for _, r := range x.must {
			if ok, err := s.IsCurrFontContainGlyph(r); err != nil || !ok {
				return noFont(x.path, err)
			}
		}
		s.families = append(s.families, x.family)
	}
	for _, r := range "0123456789%" {
		g, err := s.find(r)
		if err != nil {
			return err
		}
		if g.family == "" {
			return luoshu.Errorf(luoshu.Unavailable,
				"字体 %s 没有数字和字母，这台机器上也没有找到西文字体。请安装（Debian：apt-get install fonts-dejavu-core），或在 city.yaml 的 font 换一个；DOCX 不需要字体",
				"the font %s has no digits and letters, and no Latin font was found on this machine. Install one (Debian: apt-get install fonts-dejavu-core), or name another in city.yaml (font); DOCX needs no font", f.main)
		}
	}
	return nil
}

// find looks a character up once: in the first font that has it; in none, family is "".
func (s *sheet) find(r rune) (glyph, error) {
	if g, ok := s.glyphs[r]; ok {
		return g, nil
	}
	var g glyph
	for _, family := range s.families {
		if err := s.SetFont(family, "", 10); err != nil {
			return g, fmt.Errorf("set the font: %w", err)
		}
		ok, err := s.IsCurrFontContainGlyph(r)
		if err != nil {
			return g, fmt.Errorf("look a character up: %w", err)
		}
		if ok {
			w, err := s.MeasureTextWidth(string(r))
			if err != nil {
				return g, fmt.Errorf("measure a character: %w", err)
			}
			g = glyph{family, w * 100}
			break
		}
	}
	s.glyphs[r] = g
	return g, nil
}

// width measures text; a character that no font has is shown as one that stands for it.
func (s *sheet) width(text []rune, size float64) (float64, error) {
	sum := 0.0
	for i, r := range text {
		g, err := s.find(r)
		if err != nil {
			return 0, err
		}
		if g.family == "" {
			text[i] = '?'
			if g, err = s.find('?'); err != nil {
				return 0, err
			}
		}
		sum += g.width
	}
	return sum * size / 1000, nil
}

package export

import (
	"strings"
	"unicode"

	"github.com/consbench/consbench/bench/report"
)

// cell makes text safe for a spreadsheet: no control characters, and nothing that
// would be taken for a formula. Such text gets an apostrophe before it, as the
// OWASP page on CSV injection advises.
func cell(s string) string {
	s = report.Clean(s)
	first := strings.TrimLeftFunc(s, unicode.IsSpace)
	for _, sign := range []string{"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"} { // and their full-width forms
		if strings.HasPrefix(first, sign) {
			return "'" + s
		}
	}
	return s
}

// word makes text a part of a benchmark's name or the tag of a histogram: letters,
// digits and a few signs of ASCII stay, every other byte becomes %XX. Different
// texts stay different.
func word(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("._-+~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// comment makes text a part of a comment line in a histogram log, whose readers
// look for #[StartTime: and #[BaseTime: anywhere in it.
func comment(s string) string { return strings.ReplaceAll(report.Clean(s), "#", `\x23`) }

// md makes text show as it is in GitHub's Markdown, in a cell of a table too. Signs
// with a meaning become character references, which have none. GitHub makes links,
// mentions and emojis of text that is rendered already, so a zero-width space takes
// the sign that they begin with apart from what follows.
func md(s string) string {
	const signs = "\\`*_[]<>#|~&$@:"
	s = report.Clean(s)
	var b strings.Builder
	for i, r := range s {
		next := byte(' ')
		if i+1 < len(s) {
			next = s[i+1]
		}
		switch {
		case r == '_' && i > 0 && alphanumeric(s[i-1]) && alphanumeric(next), r == ':' && next == ' ': // no markup there
			b.WriteRune(r)
		case r < 0x80 && strings.IndexByte(signs, byte(r)) >= 0:
			b.WriteString("&#" + decimal(int64(r)) + ";")
			if strings.IndexByte("@#:", byte(r)) >= 0 && next != ' ' {
				b.WriteString("&#8203;")
			}
		case r == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			b.WriteString("&#8203;.")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

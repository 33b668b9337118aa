package fault

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word or a mark of the grammar. The end of the text is an empty one.
type token struct {
	text     string
	pos, end int // bytes of the text
}

// lex cuts s into tokens. It cannot fail: whatever is no mark is part of a word.
func lex(s string) []token {
	var out []token
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if unicode.IsSpace(r) {
			i += size
			continue
		}
		n := mark(s[i:])
		if n == 0 {
			n = wordLen(s[i:])
		}
		out = append(out, token{s[i : i+n], i, i + n})
		i += n
	}
	return append(out, token{"", len(s), len(s)})
}

// mark is the length of the mark that s begins with, or 0.
func mark(s string) int {
	switch {
	case strings.HasPrefix(s, "<->"):
		return 3
	case strings.HasPrefix(s, "->"):
		return 2
	case strings.IndexByte(";|{},", s[0]) >= 0:
		return 1
	}
	return 0
}

func wordLen(s string) int {
	for i, r := range s {
		if i > 0 && mark(s[i:]) > 0 || unicode.IsSpace(r) {
			return i
		}
	}
	return len(s)
}

// ParseError says what is wrong with a text and where.
type ParseError struct {
	Text     string
	Pos, End int    // bytes of Text that are wrong; Pos = len(Text): something is missing at the end
	Msg      string // one line
}

// Error is the message, the text, and a line that points at the word:
//
//	expected a time after "at", such as 2s
//	  crash leader at soon
//	                  ^^^^
func (e *ParseError) Error() string {
	var text strings.Builder
	pos, width, column := 0, 0, 0
	for i, r := range e.Text {
		if i == e.Pos {
			pos = column
		}
		if i >= e.Pos && i < e.End {
			width++
		}
		column++
		if !unicode.IsPrint(r) { // control characters would tear the caret from its word
			r = ' '
		}
		text.WriteRune(r)
	}
	if e.Pos >= len(e.Text) {
		// Missing at the end: point one blank behind the last word.
		trimmed := strings.TrimRight(text.String(), " ")
		text.Reset()
		text.WriteString(trimmed)
		pos = utf8.RuneCountInString(trimmed) + min(len(trimmed), 1)
	}
	return e.Msg + "\n  " + text.String() + "\n  " + strings.Repeat(" ", pos) + strings.Repeat("^", max(width, 1))
}

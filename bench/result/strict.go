package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A FormatError says where data is not what it must be.
type FormatError struct {
	Field  string // such as runs[0].commands.offered; empty: the whole
	Offset int    // in bytes, of what is wrong; -1 where there is no one place
	Line   int    // counted from 1
	Msg    string
}

func (e *FormatError) Error() string {
	var parts []string
	if e.Field != "" {
		parts = append(parts, e.Field)
	}
	parts = append(parts, e.Msg)
	s := strings.Join(parts, ": ")
	if e.Offset >= 0 {
		s += fmt.Sprintf(" (line %d, byte %d)", e.Line, e.Offset)
	}
	return s
}

// Unmarshal is [json.Unmarshal] for what must be complete: every field is there
// once and known, unless it is optional (omitempty), names are spelled exactly so,
// a null stands only where the type is a pointer, slice or map, and nothing follows.
// Errors are [FormatError].
func Unmarshal(data []byte, v any) error {
	if err := wellFormed(data); err != nil {
		return err
	}
	w := &walker{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	w.dec.UseNumber()
	if err := w.value("", reflect.TypeOf(v).Elem()); err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return &FormatError{"", -1, 0, err.Error()} // the walk has missed something
	}
	return nil
}

// wellFormed reports what keeps data from being one JSON value.
func wellFormed(data []byte) error {
	at := func(offset int, format string, args ...any) error {
		return &FormatError{"", offset, 1 + bytes.Count(data[:offset], []byte("\n")), fmt.Sprintf(format, args...)}
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return &FormatError{"", -1, 0, "empty"}
	}
	if i := invalidUTF8(data); i >= 0 {
		return at(i, "not text: it holds a byte 0x%02x", data[i])
	}
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return &FormatError{"", -1, 0, err.Error()}
	}
	offset := min(max(int(syntax.Offset)-1, 0), len(data))
	if int(syntax.Offset) >= len(data) && strings.Contains(err.Error(), "unexpected end") {
		return at(len(data), "truncated: it ends in the middle of a value")
	}
	if word := wordAt(data, offset); notNumbers[strings.ToLower(strings.TrimLeft(word, "+-"))] {
		e := at(offset, "%s is no number in JSON", word).(*FormatError)
		e.Field = keyBefore(data[:offset])
		return e
	}
	if strings.HasSuffix(err.Error(), "after top-level value") {
		return at(offset, "something follows the end of the value")
	}
	return at(offset, "not JSON: %v", err)
}

// notNumbers is what other languages write for floats that JSON does not have.
var notNumbers = map[string]bool{"nan": true, "inf": true, "infinity": true}

// wordAt is the word that data[i] is part of.
func wordAt(data []byte, i int) string {
	part := func(b byte) bool { return b == '+' || b == '-' || b|0x20 >= 'a' && b|0x20 <= 'z' }
	from, to := i, i
	for from > 0 && part(data[from-1]) {
		from--
	}
	for to < len(data) && part(data[to]) {
		to++
	}
	return string(data[from:to])
}

var lastKey = regexp.MustCompile(`"([^"]*)"\s*:[^,"]*$`)

// keyBefore is the name of the field whose value data breaks off in, if it can be
// told.
func keyBefore(data []byte) string {
	if m := lastKey.FindSubmatch(data[max(0, len(data)-200):]); m != nil {
		return string(m[1])
	}
	return ""
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			return i
		}
		i += n
	}
	return -1
}

// walker holds JSON that is well-formed against a type.
type walker struct {
	data []byte
	dec  *json.Decoder
}

var rawType = reflect.TypeFor[json.RawMessage]()

// start is where the next token begins.
func (w *walker) start() int {
	i := int(w.dec.InputOffset())
	for i < len(w.data) && strings.IndexByte(" \t\r\n,:", w.data[i]) >= 0 {
		i++
	}
	return i
}

func (w *walker) wrong(path string, offset int, format string, args ...any) error {
	return &FormatError{path, offset, 1 + bytes.Count(w.data[:offset], []byte("\n")), fmt.Sprintf(format, args...)}
}

// value reads one value that must be of type t.
func (w *walker) value(path string, t reflect.Type) error {
	at := w.start()
	if t == rawType {
		var raw json.RawMessage
		if err := w.dec.Decode(&raw); err != nil {
			return w.wrong(path, at, "%v", err)
		}
		if raw[0] != '{' {
			return w.wrong(path, at, "%s where an object must be", kindOf(raw[0]))
		}
		return nil
	}
	token, err := w.dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return w.wrong(path, at, "%v", err)
	}
	return w.token(path, at, token, t)
}

func (w *walker) token(path string, at int, token json.Token, t reflect.Type) error {
	must := func(what string) error {
		return w.wrong(path, at, "%s where %s must be", kindOf(w.data[at]), what)
	}
	switch t.Kind() {
	case reflect.Pointer:
		if token == nil {
			return nil
		}
		return w.token(path, at, token, t.Elem())
	case reflect.Struct:
		if token != json.Delim('{') {
			return must("an object")
		}
		return w.object(path, at, t)
	case reflect.Map:
		if token == nil {
			return nil
		}
		if token != json.Delim('{') {
			return must("an object")
		}
		return w.keys(path, func(key string, _ int) error { return w.value(join(path, key), t.Elem()) })
	case reflect.Slice:
		if token == nil {
			return nil
		}
		if token != json.Delim('[') {
			return must("a list")
		}
		for i := 0; w.dec.More(); i++ {
			if err := w.value(path+"["+strconv.Itoa(i)+"]", t.Elem()); err != nil {
				return err
			}
		}
		_, err := w.dec.Token()
		return err
	case reflect.Array:
		if token != json.Delim('[') {
			return must("a list")
		}
		n := 0
		for ; w.dec.More(); n++ {
			if err := w.value(path+"["+strconv.Itoa(n)+"]", t.Elem()); err != nil {
				return err
			}
		}
		if n != t.Len() {
			return w.wrong(path, at, "a list of %d where one of %d must be", n, t.Len())
		}
		_, err := w.dec.Token()
		return err
	case reflect.String:
		if _, ok := token.(string); !ok {
			return must("a text")
		}
	case reflect.Bool:
		if _, ok := token.(bool); !ok {
			return must("true or false")
		}
	default:
		n, ok := token.(json.Number)
		if !ok {
			return must("a number")
		}
		if msg := number(string(n), t); msg != "" {
			return w.wrong(path, at, "%s", msg)
		}
	}
	return nil
}

// number says what keeps text from being a number of type t.
func number(text string, t reflect.Type) string {
	whole := !strings.ContainsAny(text, ".eE")
	var err error
	switch kind := t.Kind(); {
	case kind == reflect.Float64:
		_, err = strconv.ParseFloat(text, 64)
	case !whole:
		return text + " where a whole number must be"
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		if text[0] == '-' {
			return text + " is negative: a count cannot be"
		}
		_, err = strconv.ParseUint(text, 10, t.Bits())
	default:
		_, err = strconv.ParseInt(text, 10, t.Bits())
	}
	if err != nil {
		return text + " is out of range"
	}
	return ""
}

// object reads the fields of a struct.
func (w *walker) object(path string, at int, t reflect.Type) error {
	fields := make(map[string]reflect.Type, t.NumField())
	var required []string
	var collect func(t reflect.Type)
	collect = func(t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct: // its fields stand beside the others
				collect(f.Type)
				continue
			case name == "" || name == "-":
				continue
			}
			fields[name] = f.Type
			if options != "omitempty" {
				required = append(required, name)
			}
		}
	}
	collect(t)
	seen := make(map[string]bool, len(fields))
	err := w.keys(path, func(key string, at int) error {
		field, ok := fields[key]
		if !ok {
			return w.wrong(join(path, key), at, "unknown field")
		}
		seen[key] = true
		return w.value(join(path, key), field)
	})
	if err != nil {
		return err
	}
	for _, name := range required {
		if !seen[name] {
			return w.wrong(join(path, name), at, "missing")
		}
	}
	return nil
}

// keys reads an object whose brace has been read. None may be there twice.
func (w *walker) keys(path string, value func(key string, at int) error) error {
	seen := map[string]bool{}
	for w.dec.More() {
		at := w.start()
		token, err := w.dec.Token()
		if err != nil {
			return w.wrong(path, at, "%v", err)
		}
		key := token.(string) // the JSON is well-formed
		if seen[key] {
			return w.wrong(join(path, key), at, "stands there twice")
		}
		seen[key] = true
		if err := value(key, at); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// kindOf names the value that begins with b.
func kindOf(b byte) string {
	switch b {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

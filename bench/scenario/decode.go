package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/consbench/consbench/bench/fault"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/stat"
	"github.com/consbench/consbench/bench/workload"
)

// Limits of a file. Real ones have a kilobyte.
const (
	MaxSize   = 64 << 10 // bytes
	maxErrors = 100      // that are told
	maxText   = 1 << 10  // of one value that is quoted in an error
)

// Error says what is wrong with a file and where.
type Error struct {
	File         string
	Line, Column int    // counted from 1; columns are characters
	Path         string // of the key, such as cluster.nodes; may be empty
	Msg          string
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s:%d:%d: ", e.File, e.Line, e.Column)
	if e.Path != "" {
		s += e.Path + ": "
	}
	return s + e.Msg
}

// Setting is a key with its value, as text that its flag reads.
type Setting struct {
	Option       string // flag of consbench run
	Value        string
	Path         string // cluster.nodes, faults[0] ...
	Line, Column int
}

// Expected is a threshold that runs must keep to.
type Expected struct {
	Protocol     string // "" = every one
	Threshold    stat.Threshold
	Line, Column int
}

// Scenario is a file that was read. Its settings are each in order, but may not go
// together: whoever applies them tells.
type Scenario struct {
	Name     string // of a built-in one, or the file's
	Doc      string
	Settings []Setting
	Expect   []Expected
	Text     []byte // as it stands in the file
	Builtin  bool
}

// decoder reads one file.
type decoder struct {
	Scenario
	errs []error
}

// Parse reads a scenario. name is for errors. They are [Error]s, joined, in the
// order of the file.
func Parse(name string, text []byte) (*Scenario, error) {
	d := &decoder{Scenario: Scenario{Name: name, Text: text}}
	if root := d.document(text); root != nil {
		d.object(root, reflect.TypeFor[File](), "")
	}
	slices.SortStableFunc(d.errs, func(a, b error) int {
		x, y := a.(*Error), b.(*Error)
		if x.Line != y.Line {
			return x.Line - y.Line
		}
		return x.Column - y.Column
	})
	if n := len(d.errs); n > maxErrors {
		first := *d.errs[maxErrors].(*Error)
		first.Path, first.Msg = "", fmt.Sprintf("and %d more mistakes from here on", n-maxErrors)
		d.errs = append(d.errs[:maxErrors], &first)
	}
	if len(d.errs) > 0 {
		return nil, errors.Join(d.errs...)
	}
	return &d.Scenario, nil
}

func (d *decoder) wrong(line, column int, path, format string, args ...any) {
	d.errs = append(d.errs, &Error{d.Name, max(line, 1), max(column, 1), path, fmt.Sprintf(format, args...)})
}

func (d *decoder) at(n *yaml.Node, path, format string, args ...any) {
	d.wrong(n.Line, n.Column, path, format, args...)
}

// document reads YAML as a tree and returns its root, nil after an error.
func (d *decoder) document(text []byte) *yaml.Node {
	if len(text) > MaxSize {
		d.wrong(1, 1, "", "the file is larger than %s, the most that a scenario has", workload.Size(MaxSize))
		return nil
	}
	line, column := 1, 1
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 || r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f {
			d.wrong(line, column, "", "not text: it holds a byte 0x%02x", text[i])
			return nil
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
		i += n
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		d.wrong(1, 1, "", "%v", err)
		return nil
	}
	var doc yaml.Node
	err = loader.Load(&doc)
	if doc.Kind == 0 && (err == nil || strings.Contains(err.Error(), "no documents") || strings.Contains(err.Error(), "EOF")) {
		d.wrong(1, 1, "", "empty: a scenario is at least a doc, such as doc: the leader crashes")
		return nil
	}
	if err != nil {
		d.syntax(err)
		return nil
	}
	var second yaml.Node
	if err := loader.Load(&second); err == nil || second.Kind != 0 {
		d.at(&second, "", "a second document begins here: a file holds one scenario")
		return nil
	} else if second.Kind == 0 && !strings.Contains(err.Error(), "EOF") && !strings.Contains(err.Error(), "no documents") {
		d.syntax(err)
		return nil
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) > 0 {
		root = doc.Content[0]
	}
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		d.at(root, "", "empty: a scenario is at least a doc, such as doc: the leader crashes")
		return nil
	}
	return root
}

// syntax takes over what the parser says.
func (d *decoder) syntax(err error) {
	var one *yaml.LoadError
	var several *yaml.LoadErrors
	switch {
	case errors.As(err, &several):
		for _, e := range several.Errors {
			d.wrong(e.Mark.Line, e.Mark.Column, "", "not YAML: %s", e.Message)
		}
	case errors.As(err, &one):
		d.wrong(one.Mark.Line, one.Mark.Column, "", "not YAML: %s", one.Message)
	default:
		d.wrong(1, 1, "", "not YAML: %v", err)
	}
}

// plain reports whether n is of that kind, without anchor, alias or tag.
func (d *decoder) plain(n *yaml.Node, kind yaml.Kind, path string) bool {
	words := map[yaml.Kind]string{yaml.MappingNode: "a mapping of keys to values", yaml.SequenceNode: "a list", yaml.ScalarNode: "a single value"}
	switch {
	case n.Kind == yaml.AliasNode:
		d.at(n, path, "*%s: aliases are not followed: write it out", clip(n.Value))
	case n.Anchor != "":
		d.at(n, path, "&%s: anchors are not used here, for aliases are not followed", clip(n.Anchor))
	case n.Style&yaml.TaggedStyle != 0:
		d.at(n, path, "%s: tags are not used here", clip(n.Tag))
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" && n.Kind != kind:
		d.at(n, path, "has no value: it takes %s", words[kind])
	case n.Kind != kind:
		d.at(n, path, "%s where %s belongs", words[n.Kind], words[kind])
	default:
		return true
	}
	return false
}

// clip keeps quotations short.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

// object reads a mapping as a struct type.
func (d *decoder) object(n *yaml.Node, t reflect.Type, path string) {
	if !d.plain(n, yaml.MappingNode, path) {
		return
	}
	var names []string
	fields := map[string]reflect.StructField{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
		fields[name] = t.Field(i)
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !d.plain(key, yaml.ScalarNode, path) {
			continue
		}
		below := join(path, clip(key.Value))
		f, known := fields[key.Value]
		switch line := seen[key.Value]; {
		case line != 0:
			d.at(key, below, "given twice: first in line %d", line)
			continue
		case key.Value == "<<":
			d.at(key, path, "<<: keys are not merged: write them out")
			continue
		case !known:
			d.at(key, below, "unknown key%s", orList(nearest.Hint(key.Value, names), names))
			seen[key.Value] = key.Line
			continue
		}
		seen[key.Value] = key.Line
		d.field(value, f, below)
	}
}

func orList(hint string, names []string) string {
	if hint != "" {
		return hint
	}
	return ": there are " + strings.Join(names, ", ")
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// field reads the value of one key.
func (d *decoder) field(n *yaml.Node, f reflect.StructField, path string) {
	option := f.Tag.Get("option")
	switch {
	case f.Type.Kind() == reflect.Struct:
		d.object(n, f.Type, path)
	case f.Type.Kind() == reflect.Slice:
		d.list(n, f, option, path)
	default:
		if text, ok := d.value(n, f.Type, words(f), path); ok {
			if option == "" {
				d.Doc = text
				return
			}
			d.Settings = append(d.Settings, Setting{option, text, path, n.Line, n.Column})
		}
	}
}

// words are the values that a field may have, if they are few.
func words(f reflect.StructField) (out []string) {
	for _, part := range strings.Split(f.Tag.Get("jsonschema"), ",") {
		if w, ok := strings.CutPrefix(part, "enum="); ok {
			out = append(out, w)
		}
	}
	return out
}

// list reads a list. Faults and phases are a setting each, names one together.
func (d *decoder) list(n *yaml.Node, f reflect.StructField, option, path string) {
	if !d.plain(n, yaml.SequenceNode, path) {
		return
	}
	if len(n.Content) == 0 && option != "fault" && f.Type.Elem() != reflect.TypeFor[Expectation]() {
		d.at(n, path, "an empty list")
		return
	}
	var names []string
	for i, item := range n.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		if f.Type.Elem() == reflect.TypeFor[Expectation]() {
			d.expectation(item, at)
			continue
		}
		text, ok := d.value(item, f.Type.Elem(), nil, at)
		if !ok {
			continue
		}
		if f.Type.Elem() == reflect.TypeFor[Text]() {
			if strings.ContainsRune(text, ',') || strings.TrimSpace(text) == "" {
				d.at(item, at, "%q is not one name", clip(text))
				continue
			}
			names = append(names, text)
			continue
		}
		d.Settings = append(d.Settings, Setting{option, text, at, item.Line, item.Column})
	}
	if len(names) > 0 {
		d.Settings = append(d.Settings, Setting{option, strings.Join(names, ","), path, n.Line, n.Column})
	}
}

// expectation reads a threshold, or a protocol with its own.
func (d *decoder) expectation(n *yaml.Node, path string) {
	e := Expected{Line: n.Line, Column: n.Column}
	if n.Kind == yaml.MappingNode && n.Anchor == "" {
		if len(n.Content) != 2 || n.Content[0].Kind != yaml.ScalarNode {
			d.at(n, path, "a threshold such as unavailable<=500ms, or one protocol with its own, such as raft: unavailable<=500ms")
			return
		}
		e.Protocol = n.Content[0].Value
		n = n.Content[1]
	}
	text, ok := d.value(n, reflect.TypeFor[Text](), nil, path)
	if !ok {
		return
	}
	t, err := stat.ParseThreshold(text)
	switch {
	case err != nil:
		d.at(n, path, "%s", clipLines(err))
	case t.Relative:
		d.at(n, path, "threshold %q: a change needs a side to compare with: give a value, such as 500ms", clip(text))
	default:
		e.Threshold = t
		d.Expect = append(d.Expect, e)
	}
}

func clipLines(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// value reads a single value of a type and returns it as its flag reads it.
func (d *decoder) value(n *yaml.Node, t reflect.Type, among []string, path string) (string, bool) {
	if !d.plain(n, yaml.ScalarNode, path) {
		return "", false
	}
	text, tag := n.Value, n.ShortTag()
	if tag == "!!null" {
		d.at(n, path, "has no value")
		return "", false
	}
	if len(text) > maxText {
		d.at(n, path, "%q: the value is longer than %d bytes", clip(text), maxText)
		return "", false
	}
	if err := check(t, tag, text); err != nil {
		line, column, msg := n.Line, n.Column, clipLines(err)
		var p *fault.ParseError
		if errors.As(err, &p) {
			msg = fmt.Sprintf("%q: %s", clip(text), p.Msg)
			if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && !strings.Contains(text, "\n") {
				column += utf8.RuneCountInString(text[:min(p.Pos, len(text))])
				if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
					column++
				}
			}
		}
		d.wrong(line, column, path, "%s", msg)
		return "", false
	}
	if len(among) > 0 && !slices.Contains(among, text) {
		d.at(n, path, "%q is not one of %s%s", clip(text), strings.Join(among, ", "), nearest.Hint(text, among))
		return "", false
	}
	return text, true
}

// check reports why text is no value of type t.
func check(t reflect.Type, tag, text string) (err error) {
	switch t {
	case reflect.TypeFor[Number]():
		if _, err := strconv.Atoi(text); err != nil || tag != "!!int" {
			return fmt.Errorf("%q is not a whole number", clip(text))
		}
	case reflect.TypeFor[Seed]():
		if _, err := strconv.ParseUint(text, 10, 64); err != nil {
			return fmt.Errorf("%q is not a whole number from 0 to 18446744073709551615", clip(text))
		}
	case reflect.TypeFor[Switch]():
		if tag != "!!bool" || text != "true" && text != "false" {
			return fmt.Errorf("%q is not true or false", clip(text))
		}
	case reflect.TypeFor[Duration]():
		_, err = workload.ParseDuration(text)
	case reflect.TypeFor[Range]():
		_, _, err = workload.ParseRange(text)
	case reflect.TypeFor[Size]():
		_, err = workload.ParseSize(text)
	case reflect.TypeFor[Rate]():
		_, err = workload.ParseRate(text)
	case reflect.TypeFor[Percent]():
		_, err = workload.ParseProbability(text)
	case reflect.TypeFor[Fault]():
		_, err = fault.Parse(text)
	case reflect.TypeFor[Phase]():
		_, err = workload.ParsePhase(text)
	}
	return err
}

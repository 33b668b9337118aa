package export

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// node is an element of any XML.
type node struct {
	name  string
	attrs map[string]string
	kids  []*node
	text  string
}

func parseXML(data []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(data))
	root := &node{}
	stack := []*node{root}
	for {
		token, err := dec.Token()
		if err == io.EOF && len(stack) == 1 && len(root.kids) == 1 {
			return root.kids[0], nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch x := token.(type) {
		case xml.StartElement:
			n := &node{name: x.Name.Local, attrs: map[string]string{}}
			for _, a := range x.Attr {
				n.attrs[a.Name.Local] = a.Value
			}
			top.kids = append(top.kids, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(x)
		case xml.Comment, xml.Directive:
			return nil, fmt.Errorf("a comment or directive")
		}
	}
}

// The types of attributes in Ant's schema. A token is collapsed before it is
// measured.
var (
	anyText  = regexp.MustCompile(`(?s)^.*$`)
	nonEmpty = regexp.MustCompile(`\S`)
	whole    = regexp.MustCompile(`^[0-9]+$`)
	fraction = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	moment   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$`)
)

type element struct {
	required, optional map[string]*regexp.Regexp
	kids               []string // a regular expression over the children's names would be this list, in order
	choice             bool     // at most one of kids, once
	text               bool
}

// junitSchema is JUnit.xsd of github.com/windyroad/JUnit-Schema.
var junitSchema = map[string]element{
	"testsuites": {kids: []string{"testsuite*"}},
	"testsuite": {
		required: map[string]*regexp.Regexp{
			"package": anyText, "id": whole, "name": nonEmpty, "timestamp": moment, "hostname": nonEmpty,
			"tests": whole, "failures": whole, "errors": whole, "time": fraction,
		},
		optional: map[string]*regexp.Regexp{"skipped": whole},
		kids:     []string{"properties", "testcase*", "system-out", "system-err"},
	},
	"properties": {kids: []string{"property*"}},
	"property":   {required: map[string]*regexp.Regexp{"name": nonEmpty, "value": anyText}},
	"testcase": {
		required: map[string]*regexp.Regexp{"name": anyText, "classname": anyText, "time": fraction},
		kids:     []string{"skipped", "error", "failure"}, choice: true,
	},
	"failure":    {required: map[string]*regexp.Regexp{"type": anyText}, optional: map[string]*regexp.Regexp{"message": anyText}, text: true},
	"error":      {required: map[string]*regexp.Regexp{"type": anyText}, optional: map[string]*regexp.Regexp{"message": anyText}, text: true},
	"skipped":    {optional: map[string]*regexp.Regexp{"message": anyText}, text: true},
	"system-out": {text: true},
	"system-err": {text: true},
}

func validJUnit(data []byte) error {
	root, err := parseXML(data)
	if err != nil {
		return err
	}
	if root.name != "testsuites" {
		return fmt.Errorf("<%s> is no root", root.name)
	}
	for i, s := range root.kids {
		count := map[string]int{}
		for _, c := range s.kids {
			if c.name == "testcase" {
				count["tests"]++
				for _, k := range c.kids {
					count[map[string]string{"failure": "failures", "error": "errors", "skipped": "skipped"}[k.name]]++
				}
			}
		}
		for _, a := range []string{"tests", "failures", "errors", "skipped"} {
			if s.attrs[a] != strconv.Itoa(count[a]) {
				return fmt.Errorf("suite %d: %s=%q, counted %d", i, a, s.attrs[a], count[a])
			}
		}
		if s.attrs["id"] != strconv.Itoa(i) {
			return fmt.Errorf("suite %d has id %s", i, s.attrs["id"])
		}
	}
	return root.valid()
}

func (n *node) valid() error {
	e, ok := junitSchema[n.name]
	if !ok {
		return fmt.Errorf("<%s> is unknown", n.name)
	}
	for a, pattern := range e.required {
		if v, ok := n.attrs[a]; !ok || !pattern.MatchString(v) {
			return fmt.Errorf("<%s %s=%q>", n.name, a, v)
		}
	}
	for a, v := range n.attrs {
		if e.required[a] == nil && (e.optional[a] == nil || !e.optional[a].MatchString(v)) {
			return fmt.Errorf("<%s %s=%q>", n.name, a, v)
		}
	}
	if !e.text && strings.TrimSpace(n.text) != "" {
		return fmt.Errorf("<%s> holds the text %q", n.name, n.text)
	}
	if e.choice && len(n.kids) > 1 {
		return fmt.Errorf("<%s> holds %d elements", n.name, len(n.kids))
	}
	rest := n.kids
	for _, want := range e.kids {
		name, many := strings.CutSuffix(want, "*")
		got := 0
		for len(rest) > 0 && rest[0].name == name && (many || got == 0) {
			rest = rest[1:]
			got++
		}
		if !many && !e.choice && got == 0 {
			return fmt.Errorf("<%s> lacks <%s>", n.name, name)
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("<%s> in <%s> is out of place", rest[0].name, n.name)
	}
	for _, k := range n.kids {
		if err := k.valid(); err != nil {
			return err
		}
	}
	return nil
}

func TestJUnit(t *testing.T) {
	all := files()
	text, _ := write(t, "junit", Options{}, all[Result], all[Verdict])
	if err := validJUnit([]byte(text)); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	for _, want := range []string{
		`<testcase name="logs agree" classname="raft/3/sim" time="0"></testcase>`,
		`<failure message="n1 and n2 differ" type="check">n1 and n2 differ</failure>`,
		`<error message="listen: address in use" type="failed">`,
		`<skipped message="interrupted before anything was verified">`,
		`<system-out>the load generator was late</system-out>`,
		`timestamp="2025-01-02T03:04:05"`,
		`<testcase name="messages/commit +-0.1%" classname="raft/3/sim" time="0">`,
		`<failure message="was 4, is 5: +25.0%, limit +-0.1%" type="fail">`,
		`<skipped message="inconclusive: was 1,000,000/s, is 990,000/s: -1.0% [-5.0%, +3.0%], limit &gt;=-3%; needs about 80 pairs">`,
		`<skipped message="live: not repeatable">`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

// TestJUnitNeverLooksGood: a gate that did not pass has a failure or an error,
// whatever its rows say; one that passed has none.
func TestJUnitNeverLooksGood(t *testing.T) {
	for _, outcome := range []string{"pass", "inconclusive", "fail", "odd", ""} {
		for _, verdict := range []string{"pass", "inconclusive", "fail", "incorrect", "broken", "interrupted", "odd"} {
			for _, exit := range []int{0, 4, 99} {
				for _, rows := range []int{0, 1, 3} {
					g := gateFile()
					g.Rows, g.Verdict, g.Exit = g.Rows[:rows], verdict, exit
					for i := range g.Rows {
						g.Rows[i].Outcome = outcome
					}
					text, _ := write(t, "junit", Options{}, Document{Name: "g", Gate: g})
					if err := validJUnit([]byte(text)); err != nil {
						t.Fatal(err)
					}
					bad := strings.Contains(text, "<failure") || strings.Contains(text, "<error")
					if exit != 0 && !bad {
						t.Errorf("%s, exit %d, %d rows %q: looks good:\n%s", verdict, exit, rows, outcome, text)
					}
					if good := exit == 0 && (outcome == "pass" || outcome == "inconclusive" || rows == 0); good && bad {
						t.Errorf("%s, exit %d, %d rows %q: looks bad:\n%s", verdict, exit, rows, outcome, text)
					}
				}
			}
		}
	}
}

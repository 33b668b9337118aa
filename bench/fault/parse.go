package fault

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/smr"
)

// Parse reads a schedule of one or more faults. Its errors are [ParseError]s.
func Parse(s string) ([]Fault, error) {
	p := &parser{text: s, tokens: lex(s)}
	var out []Fault
	for {
		f, err := p.fault()
		if err != nil {
			return nil, err
		}
		out = append(out, f)
		if p.peek().text == ";" {
			p.next()
		}
		if p.peek().text == "" {
			return out, nil
		}
	}
}

type parser struct {
	text   string
	tokens []token
	i      int
}

func (p *parser) peek() token { return p.tokens[p.i] }

// next takes a token; the end of the text is there forever.
func (p *parser) next() token {
	t := p.tokens[p.i]
	p.i = min(p.i+1, len(p.tokens)-1)
	return t
}

// is takes the next token if it is that keyword or mark.
func (p *parser) is(word string) bool {
	if strings.EqualFold(p.peek().text, word) {
		p.next()
		return true
	}
	return false
}

func (p *parser) fail(t token, format string, args ...any) error {
	return &ParseError{p.text, t.pos, t.end, fmt.Sprintf(format, args...)}
}

// unknown complains of t, of which one of known should have been there.
func (p *parser) unknown(t token, expected string, known []string) error {
	return p.fail(t, "expected %s%s", expected, didYouMean(t.text, known))
}

func (p *parser) fault() (f Fault, err error) {
	if f.Verb, err = p.verb(); err != nil {
		return f, err
	}
	info := verbs[f.Verb]
	if f.Amount, err = p.amount(info); err != nil {
		return f, err
	}
	switch info.shape {
	case groups:
		err = p.groups(&f)
	default:
		err = p.ends(&f, info)
	}
	if err != nil {
		return f, err
	}
	return f, p.clauses(&f)
}

var firstWords, diskWords, clockWords, cpuWords = func() (first, disk, clock, cpu []string) {
	for _, v := range verbs {
		head, tail, _ := strings.Cut(v.name, " ")
		switch head {
		case "disk":
			disk = append(disk, tail)
		case "clock":
			clock = append(clock, tail)
		case "cpu":
			cpu = append(cpu, tail)
		default:
			first = append(first, head)
		}
	}
	return append(first, "disk", "clock", "cpu"), disk, clock, cpu
}()

func (p *parser) verb() (Verb, error) {
	t := p.next()
	name := strings.ToLower(t.text)
	switch name {
	case "", ";":
		return 0, p.fail(t, "expected a fault, such as crash leader at 2s")
	case "disk", "clock", "cpu":
		words, example := diskWords, "disk stall leader at 2s"
		switch name {
		case "clock":
			words, example = clockWords, "clock drift 1% node 2 at 1s"
		case "cpu":
			words, example = cpuWords, "cpu slow 4x node 3 at 2s"
		}
		t = p.next()
		if !slices.Contains(words, strings.ToLower(t.text)) {
			return 0, p.unknown(t, or(words)+fmt.Sprintf(" after %q, such as %s", name, example), words)
		}
		name += " " + strings.ToLower(t.text)
	}
	for v, info := range verbs {
		if info.name == name {
			return Verb(v), nil
		}
	}
	return 0, p.unknown(t, "an action ("+or(firstWords)+")", firstWords)
}

func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func (p *parser) amount(info verbInfo) (a Amount, err error) {
	if info.amount == nothing {
		return a, nil
	}
	t := p.next()
	after := fmt.Sprintf("after %q", info.name)
	switch info.amount {
	case aTime:
		a.Min, err = p.time(t, after, "10ms")
		a.Max = a.Min
	case aTimeRange:
		lo, hi, isRange := t.text, "", false
		if i := strings.LastIndexByte(t.text, '-'); i > 0 { // a leading one is a sign
			lo, hi, isRange = t.text[:i], t.text[i+1:], true
		}
		if a.Min, err = p.time(token{lo, t.pos, t.pos + len(lo)}, after, "50ms or 40ms-60ms"); err != nil || !isRange {
			a.Max = a.Min
			break
		}
		if a.Max, err = p.time(token{hi, t.end - len(hi), t.end}, "as the upper end", "60ms"); err == nil && a.Max < a.Min {
			err = p.fail(t, "the lower end of a range comes first, as in %s-%s", hi, lo)
		}
	case aSignedTime:
		abs, negative := strings.CutPrefix(t.text, "-")
		a.Min, err = p.time(token{abs, t.end - len(abs), t.end}, after, "50ms or -50ms")
		if negative {
			a.Min = -a.Min
		}
		a.Max = a.Min
	case aPercent:
		a.Percent, err = p.percent(t, after, "1%")
		if err == nil && a.Percent > 100 {
			err = p.fail(t, "a chance is at most 100%%")
		}
	case aSignedPercent:
		abs, negative := strings.CutPrefix(t.text, "-")
		a.Percent, err = p.percent(token{abs, t.end - len(abs), t.end}, after, "1% or -1%")
		if err == nil && a.Percent >= 100 {
			err = p.fail(t, "a clock drifts by less than 100%%")
		}
		if negative {
			a.Percent = -a.Percent
		}
	case aBandwidth:
		a.Bandwidth, err = p.bandwidth(t)
	case aFactor:
		a.Factor, err = p.factor(t)
	}
	return a, err
}

func (p *parser) groups(f *Fault) error {
	seen := map[uint64]bool{}
	for {
		from := p.i
		g, err := p.target("a target")
		if err != nil {
			return err
		}
		for _, t := range p.tokens[from:p.i] {
			id, err := strconv.ParseUint(t.text, 10, 32)
			if err != nil || g.Role == Region {
				continue
			}
			if seen[id] {
				return p.fail(t, "node %d is in two groups", id)
			}
			seen[id] = true
		}
		f.Groups = append(f.Groups, g)
		if !p.is("|") {
			break
		}
	}
	if f.Groups[0].Role == All && len(f.Groups) == 1 {
		return p.fail(p.tokens[p.i-1], "all against nobody is no partition: use isolate all, or groups such as {1,2} | {3,4,5}")
	}
	return nil
}

// ends reads a target, or the two ends of a link.
func (p *parser) ends(f *Fault, info verbInfo) (err error) {
	if f.Target, err = p.target("a target"); err != nil {
		return err
	}
	t := p.peek()
	switch t.text {
	case "->":
		f.Arrow = OneWay
	case "<->":
		f.Arrow = BothWays
	default:
		if info.shape == link {
			return p.fail(t, "%q needs a link, such as leader -> node 3; to cut a replica off altogether: isolate %s", info.name, f.Target)
		}
		return nil
	}
	if info.shape == nodes {
		return p.fail(t, "%q strikes replicas, not a link", info.name)
	}
	p.next()
	far := p.peek()
	if f.To, err = p.target("the other end of the link"); err != nil {
		return err
	}
	if f.To.Role == f.Target.Role && (f.To.Role == Leader || f.To.Role == Node && f.To.Nodes[0] == f.Target.Nodes[0]) {
		return p.fail(far, "both ends of the link are %s", f.To)
	}
	return nil
}

var targetWords = []string{"leader", "follower", "any", "all", "minority", "majority", "node", "region"}

func (p *parser) target(what string) (g Target, err error) {
	t := p.next()
	word := strings.ToLower(t.text)
	switch word {
	case "leader":
		g.Role = Leader
	case "follower":
		g.Role = Follower
	case "any":
		g.Role = Any
	case "all":
		g.Role = All
	case "minority", "majority":
		g.Role = Minority
		if word == "majority" {
			g.Role = Majority
		}
		switch {
		case p.is("with"):
			g.Side = WithLeader
		case p.is("without"):
			g.Side = WithoutLeader
		default:
			return g, nil
		}
		if t := p.peek(); !p.is("leader") {
			return g, p.unknown(t, "leader, as in "+g.String(), []string{"leader"})
		}
	case "node":
		id, err := p.number(`a node's number, as in node 3`)
		return Target{Role: Node, Nodes: []smr.NodeID{id}}, err
	case "{":
		return p.set()
	case "region":
		t := p.next()
		if t.text == "" || mark(t.text) > 0 {
			return g, p.fail(t, "expected the name of a region, as in region eu-west-1")
		}
		return Target{Role: Region, Name: t.text}, nil
	default:
		return g, p.unknown(t, what+", such as leader, follower, any, minority, node 3 or {1,2}", targetWords)
	}
	return g, nil
}

func (p *parser) set() (Target, error) {
	var ids []smr.NodeID
	for {
		at := p.peek()
		id, err := p.number("a node's number, as in {1,2}")
		if err != nil {
			return Target{}, err
		}
		if slices.Contains(ids, id) {
			return Target{}, p.fail(at, "node %d is named twice", id)
		}
		ids = append(ids, id)
		if p.is("}") {
			slices.Sort(ids)
			return Target{Role: Nodes, Nodes: ids}, nil
		}
		if t := p.peek(); !p.is(",") {
			return Target{}, p.fail(t, `expected "," or "}", as in {1,2}`)
		}
	}
}

func (p *parser) number(expected string) (smr.NodeID, error) {
	t := p.next()
	n, err := strconv.ParseUint(t.text, 10, 32)
	if err != nil || n == 0 || n > smr.MaxNodes {
		return 0, p.fail(t, "expected %s: a number from 1 to %d", expected, smr.MaxNodes)
	}
	return smr.NodeID(n), nil
}

var clauseWords = []string{"at", "every", "for", "until", "jitter"}

func (p *parser) clauses(f *Fault) error {
	given := map[string]token{}
	for {
		t := p.peek()
		word := strings.ToLower(t.text)
		if word == "" || word == ";" {
			break
		}
		if !slices.Contains(clauseWords, word) {
			return p.unknown(t, or(clauseWords), clauseWords)
		}
		if _, twice := given[word]; twice {
			return p.fail(t, "%q was given already", word)
		}
		given[word] = t
		p.next()
		if word == "until" {
			if t := p.peek(); !p.is("healed") {
				return p.unknown(t, `healed after "until"; for a length of time use for, such as for 1s`, []string{"healed"})
			}
			f.UntilHealed = true
			continue
		}
		v, err := p.time(p.next(), fmt.Sprintf("after %q", word), map[string]string{"for": "1s", "jitter": "100ms"}[word])
		if err != nil {
			return err
		}
		switch word {
		case "at":
			f.At = v
		case "every":
			f.Every = v
		case "for":
			f.For = v
		case "jitter":
			f.Jitter = v
		}
		if v == 0 && word != "at" && word != "jitter" {
			return p.fail(p.tokens[p.i-1], "%q needs a time above zero", word)
		}
	}
	return p.consistent(f, given)
}

// consistent holds the clauses of one fault against each other.
func (p *parser) consistent(f *Fault, given map[string]token) error {
	at, hasAt := given["at"]
	every, hasEvery := given["every"]
	length, hasFor := given["for"]
	until, hasUntil := given["until"]
	switch {
	case !hasAt && !hasEvery:
		return p.fail(p.peek(), "expected when: %q and a time, such as at 2s, or %q, such as every 3s", "at", "every")
	case hasFor && hasUntil:
		return p.fail(later(length, until), "a fault lasts for a time or until healed, not both")
	case f.Verb.Instant() && (hasFor || hasUntil):
		return p.fail(later(length, until), "%s happens at an instant: it has no length", f.Verb)
	case hasEvery && !hasFor && !hasUntil && !f.Verb.Instant():
		return p.fail(every, `a fault that repeats needs an end: add "for" and a time shorter than %s, or "until healed"`, formatTime(f.Every))
	case hasEvery && f.For >= f.Every:
		return p.fail(length, "it would strike again before it is over: %q must be shorter than %q", "for", "every")
	case hasEvery && f.Jitter >= f.Every-f.For:
		return p.fail(given["jitter"], "it would strike again before it is over: for + jitter must be less than %s", formatTime(f.Every))
	case f.At > math.MaxInt64/4 || f.For > math.MaxInt64/4 || f.Jitter > math.MaxInt64/4:
		return p.fail(later(later(at, length), given["jitter"]), "that is longer than any run")
	}
	if !hasAt {
		f.At = f.Every
	}
	return nil
}

func later(a, b token) token {
	if b.pos > a.pos {
		return b
	}
	return a
}

package swarm

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/consbench/consbench/bench/smr"
)

// proofs is what a Transcript remembers, so that it can say of the entry, term or ballot
// that a violation is about what each replica had said of it before.
type proofs struct {
	entries map[uint64][]*fact     // by index
	terms   map[uint64][]*fact     // by term or ballot
	open    map[smr.NodeID][]*fact // not yet durable
	chosen  []value                // chosen[i-1] is what entry i was first committed as
}

// fact is something that a replica has said.
type fact struct {
	at      smr.Time
	node    smr.NodeID
	said    said
	text    string
	ballot  uint64   // term or ballot
	write   uint64   // that it stands in, 0 = in none
	durable smr.Time // when that was, Never: not yet
	lost    smr.Time // when a crash came first, Never: none did
}

// said is what a fact is about.
type said uint8

const (
	accepts said = iota
	commits
	pledges
	wins
)

func newProofs() proofs {
	return proofs{make(map[uint64][]*fact), make(map[uint64][]*fact), make(map[smr.NodeID][]*fact), nil}
}

// mostFacts bounds what is remembered of an entry or term; the first ones count.
const mostFacts = 200

func remember(of map[uint64][]*fact, key uint64, f *fact) {
	if len(of[key]) < mostFacts {
		of[key] = append(of[key], f)
	}
}

// logs remembers what a Ready has written to the log.
func (t *Transcript) logs(n *node, rd *smr.Ready) {
	if t == nil {
		return
	}
	if p := &n.pledges[len(n.pledges)-1]; p.term != t.last(n).term || p.vote != t.last(n).vote {
		what := "enters it"
		switch {
		case p.vote != smr.None:
			what = fmt.Sprintf("votes for %v", p.vote)
		case !t.protocol.LogMatching:
			what = "promises it"
		}
		if !t.protocol.Leaderless {
			t.open[n.id] = append(t.open[n.id], t.fact(n, t.terms, p.term, fact{said: pledges, text: what, ballot: p.term, write: rd.Number}))
		}
	}
	for _, w := range n.pending {
		if w.number == rd.Number {
			what := fmt.Sprintf("accepts %s under %s", value{w.sum, w.sum}.name(), t.termed(w.ballot))
			t.open[n.id] = append(t.open[n.id], t.fact(n, t.entries, w.index, fact{said: accepts, text: what, ballot: w.ballot, write: rd.Number}))
		}
	}
}

// last is what n has pledged in its log before the last Ready.
func (t *Transcript) last(n *node) *standing {
	if k := len(n.pledges); k > 1 {
		return &n.pledges[k-2]
	}
	return &n.stand
}

func (t *Transcript) fact(n *node, of map[uint64][]*fact, key uint64, f fact) *fact {
	f.at, f.node, f.durable, f.lost = n.now, n.id, smr.Never, smr.Never
	remember(of, key, &f)
	return &f
}

func (t *Transcript) durable(n *node, number uint64) {
	for _, f := range t.open[n.id] {
		if f.write <= number {
			f.durable = n.now
		}
	}
	t.open[n.id] = slices.DeleteFunc(t.open[n.id], func(f *fact) bool { return f.write <= number })
}

// crashed remembers what a replica has not been told to be durable.
func (t *Transcript) crashed(of smr.NodeID, now smr.Time) {
	for _, f := range t.open[of] {
		f.lost = now
	}
	t.open[of] = nil
}

func (t *Transcript) chose(n *node, index uint64, v value) {
	if index == uint64(len(t.chosen))+1 {
		t.chosen = append(t.chosen, v)
	}
	t.fact(n, t.entries, index, fact{said: commits, text: "commits " + v.name()})
}

func (t *Transcript) elected(n *node, term uint64) {
	t.fact(n, t.terms, term, fact{said: wins, text: "IS ELECTED", ballot: term})
}

// Where the texts of violations name an entry, and where a term or ballot.
var (
	aboutEntry = regexp.MustCompile(`(?:index|slot|up to|knows|commit index falls from) (\d+)|(\d+) (?:is chosen|was when)`)
	aboutTerm  = regexp.MustCompile(`(?:term or ballot|term|ballot|under) (\d+)|(?:in term or ballot \d+, )(\d+) was durable`)
)

// about lists the numbers that a pattern finds in a text, each once.
func about(pattern *regexp.Regexp, text string) (numbers []uint64) {
	for _, found := range pattern.FindAllStringSubmatch(text, -1) {
		for _, s := range found[1:] {
			if v, err := strconv.ParseUint(s, 10, 64); err == nil && !slices.Contains(numbers, v) {
				numbers = append(numbers, v)
			}
		}
	}
	return numbers
}

// ballotNumber finds numbers so large that no entry of a case has such an index.
var ballotNumber = regexp.MustCompile(`\b\d{5,}\b`)

// violation tells which invariant broke, and what was said before about the entries and
// terms that it is about.
func (t *Transcript) violation(v *Violation) {
	if t == nil || t.over {
		return
	}
	text, _, _ := strings.Cut(v.Text, "\n")
	entries, terms := about(aboutEntry, text), about(aboutTerm, text)
	text = ballotNumber.ReplaceAllStringFunc(text, func(s string) string {
		n, _ := strconv.ParseUint(s, 10, 64) // digits; what is too large stays the largest
		return t.term(n)
	})
	who := "--"
	if v.Node != smr.None {
		who = v.Node.String()
	}
	t.next(held{at: v.At, who: []string{who}, text: fmt.Sprintf("VIOLATED %s: %s", v.Invariant, text)})
	if v.Invariant == Completeness && len(entries) > 1 { // the log is too short for the longest
		entries = []uint64{slices.Max(entries)}
	}
	told := false
	for _, i := range entries {
		told = t.recall(fmt.Sprintf("entry %d", i), t.entries[i], v, terms) || told
	}
	if !told || v.Invariant == OneLeader || v.Invariant == Completeness {
		for _, term := range terms {
			t.recall(t.termed(term), t.terms[term], v, terms)
		}
	}
	if v.Invariant == Once {
		t.repeats()
	}
	t.over = true
}

// repeats lists the values that stand in the log more than once.
func (t *Transcript) repeats() {
	told := false
	for i := uint64(1); i <= uint64(len(t.chosen)); i++ {
		v := t.chosen[i-1]
		if v.size == 0 || slices.Index(t.chosen, v) != int(i-1) {
			continue
		}
		var places []string
		for j, w := range t.chosen {
			if w == v {
				places = append(places, strconv.Itoa(j+1))
			}
		}
		if len(places) == 1 {
			continue
		}
		if !told {
			t.print("")
			t.print("What was chosen more than once, which is legal if it takes effect once:")
			told = true
		}
		t.paragraph("            ", fmt.Sprintf("%s, as entries %s", v.name(), some(places)))
	}
}

// contradicts reports whether a violation says that this should not have been, or that
// something else should not be because of this.
func (f *fact) contradicts(v *Violation, terms []uint64) bool {
	named := slices.Contains(terms, f.ballot)
	switch v.Invariant {
	case OneValue, Completeness:
		return f.said == commits
	case LogMatching:
		return f.said == accepts && named
	case OneLeader:
		return f.said == wins
	case Regression, Contract:
		return f.node == v.Node && (named || len(terms) == 0)
	case Durability:
		return f.node == v.Node && f.durable == smr.Never
	}
	return false
}

// recall tells what was said about one thing, if anything was.
func (t *Transcript) recall(what string, facts []*fact, v *Violation, terms []uint64) bool {
	if len(facts) == 0 {
		return false
	}
	t.flush()
	t.print("")
	note := ""
	if slices.ContainsFunc(facts, func(f *fact) bool { return f.contradicts(v, terms) }) {
		note = " (* = with this the violation is at odds)"
	}
	t.print("What was said of " + what + note + ":")
	for _, f := range facts {
		text := f.text
		switch {
		case f.write == 0:
		case f.durable == f.at:
			text += ", durably"
		case f.durable != smr.Never:
			text += fmt.Sprintf(", durable at %.3f", float64(f.durable)/1e6)
		case f.lost != smr.Never:
			text += fmt.Sprintf(", not known to be durable when it crashed at %.3f", float64(f.lost)/1e6)
		default:
			text += ", not durable"
		}
		mark := ' '
		if f.contradicts(v, terms) {
			mark = '*'
		}
		t.paragraph(fmt.Sprintf("%c%9.3f  %-3s ", mark, float64(f.at)/1e6, f.node), text)
	}
	return true
}

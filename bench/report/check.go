package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/smr/probe"
	"github.com/consbench/consbench/bench/swarm"
)

// Check writes what a search of many seeds came to.
func Check(w io.Writer, t *swarm.Tally) {
	cut := ""
	if t.Cut {
		cut = fmt.Sprintf(" of %s: time was up", Count(t.Of))
	}
	verdict := "no violation in"
	if t.Failed != nil {
		verdict = "VIOLATION after"
	}
	fmt.Fprintf(w, "%s: %s %s seeds%s\n", t.Protocol, verdict, Count(t.Seeds), cut)
	fmt.Fprintf(w, "  %s seeds/s, %s events, %s events/s a core with all checks on,\n  %v of virtual time in %v\n",
		Count(uint64(float64(t.Seeds)/max(t.Took.Seconds(), 1e-9))), Count(t.Events), Count(uint64(t.EventsPerSecond())),
		time.Duration(t.Virtual).Round(time.Second), t.Took.Round(100*time.Millisecond))
	fmt.Fprintf(w, "  %s entries chosen, %s commands acknowledged\n", Count(t.Chosen), Count(t.Commands))
	var parts []string
	for _, k := range swarm.Kinds {
		parts = append(parts, fmt.Sprintf("%s %s", k, Count(t.Faults[k])))
	}
	list(w, "faults", parts)
	parts = parts[:0]
	for name, n := range t.Points {
		parts = append(parts, fmt.Sprintf("%s %s", name, Count(n)))
	}
	slices.Sort(parts)
	list(w, "crashes inside a turn", parts)
	places(w, t)
}

func list(w io.Writer, what string, parts []string) {
	for i, line := range Wrap(strings.Join(parts, ", "), 76-len(what)) {
		if i == 0 {
			fmt.Fprintf(w, "  %s: %s\n", what, line)
		} else {
			fmt.Fprintf(w, "  %s  %s\n", strings.Repeat(" ", len(what)), line)
		}
	}
}

// places says which of the places that a search must reach it has not reached.
func places(w io.Writer, t *swarm.Tally) {
	all, missing := len(probe.Of(t.Protocol)), t.Missing()
	fmt.Fprintf(w, "  places reached: %d of %d\n", all-len(missing), all)
	if t.Failed != nil {
		return // it ended early, and the violation is what counts
	}
	for _, id := range missing {
		for i, line := range Wrap(id.Info().Means, 66-len(id.String())) {
			if i == 0 {
				fmt.Fprintf(w, "    never %s: %s\n", id, line)
			} else {
				fmt.Fprintf(w, "          %s\n", line)
			}
		}
	}
}

package cmd

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/workload"
)

// plainEvery is how often progress is told where it cannot be shown in place.
const plainEvery = 10 * time.Second

// progress tells on standard error how a run is doing: on a terminal in one line
// that is written over, else in a plain line now and then.
type progress struct {
	w       io.Writer
	columns int // of the terminal; 0: not one
	now     func() time.Time
	last    time.Time
	shown   bool
	ending  func() bool // a signal has asked the run to end
}

func newProgress(w io.Writer, quiet bool, ending func() bool) *progress {
	p := &progress{w: w, now: time.Now, ending: ending}
	if quiet {
		p.w = nil
		return p
	}
	if n, ok := terminal(w); ok && os.Getenv("TERM") != "dumb" {
		p.columns = n
	}
	p.last = p.now()
	return p
}

func (p *progress) update(u bench.Update) {
	switch {
	case p.w == nil:
	case p.columns > 0:
		line := describe(u, true)
		if p.ending() {
			line = "interrupted, finishing (Ctrl-C again to kill)  " + line
		}
		if r := []rune(line); len(r) >= p.columns { // the last column would wrap
			line = string(r[:p.columns-1])
		}
		fmt.Fprint(p.w, "\r"+line+"\x1b[K")
		p.shown = true
	default:
		if now := p.now(); now.Sub(p.last) >= plainEvery {
			p.last = now
			fmt.Fprintln(p.w, describe(u, false))
		}
	}
}

// note says what is going on, where a line can be written over.
func (p *progress) note(text string) {
	if p.w != nil && p.columns > 0 {
		fmt.Fprint(p.w, "\r"+report.Clean(text)+"\x1b[K")
		p.shown = true
	}
}

// pairs tells how far a batch of pairs is.
func (p *progress) pairs(done, of int, protocols string) {
	text := fmt.Sprintf("%s  pair %d of %d", report.Clean(protocols), done+1, of)
	switch {
	case p.w == nil:
	case p.columns > 0:
		p.note(text)
	default:
		if now := p.now(); now.Sub(p.last) >= plainEvery {
			p.last = now
			fmt.Fprintln(p.w, text)
		}
	}
}

// done clears the line.
func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// describe is one update in words, with a bar if there is something to fill it.
func describe(u bench.Update, bar bool) string {
	const cells = 20
	parts := []string{report.Clean(u.Protocol), string(u.Phase)}
	if u.Of > 0 {
		parts = append(parts, round(u.Elapsed)+" of "+round(u.Of))
		if bar {
			n := int(min(max(float64(u.Elapsed)/float64(u.Of), 0), 1) * cells)
			parts = append(parts, "["+strings.Repeat("#", n)+strings.Repeat(".", cells-n)+"]")
		}
	}
	if u.Phase == bench.Measuring {
		parts = append(parts, report.Count(u.Acknowledged)+" commands, "+report.Count(uint64(max(u.RatePerSecond, 0)+0.5))+"/s")
	}
	return strings.Join(parts, "  ")
}

// round shows a time to a tenth of a second.
func round(d time.Duration) string { return workload.FormatDuration(d.Round(100 * time.Millisecond)) }

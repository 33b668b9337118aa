package cmd

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/smr"
)

const runAbout = `Run protocols one after another under the same workload, seed and faults, and
report latency, throughput, elections, costs, and the proof that nothing was
lost.`

const runExamples = `  consbench run
  consbench run -p raft,paxos -n 5 -d 30s --fault 'crash leader every 3s for 1s'
  consbench run --network tcp --rate 10k/s -d 10s -o result.json
  consbench run -p multipaxos -n 5 --q1 4 --q2 2 --delay 10ms`

// help is the help of run: flags in groups, protocols with what they are.
func help(w io.Writer, b *binding, protocols []smr.Protocol) {
	wide := min(max(width(w), 80), 120)
	fmt.Fprintf(w, "%s\n\nUsage:\n  consbench run [SCENARIO] [flags]\n\nExamples:\n%s\n\nProtocols:\n", runAbout, runExamples)
	longest := 0
	for _, p := range protocols {
		longest = max(longest, len(p.Name))
	}
	for _, p := range protocols {
		name, lines := p.Name, report.Wrap(p.Doc, wide-longest-4)
		if len(lines) == 0 {
			lines = []string{""}
		}
		for _, line := range lines {
			fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %-*s  %s", longest, name, line), " "))
			name = ""
		}
	}
	for _, group := range groups {
		fmt.Fprintf(w, "\n%s:\n%s", group, b.flags[group].FlagUsagesWrapped(wide))
	}
	fmt.Fprint(w, `
Sizes and times carry their unit: 256B, 64KiB, 150ms, 2s. Rates: 10k/s.
Exit status: 0 good, 1 run failed, 2 usage, 3 INCORRECT, 130 interrupted.
`)
}

// helpText is help on its way to a terminal.
type helpText struct {
	strings.Builder
	to io.Writer
}

// fitHelp has the help of c and of its commands fit a terminal that is narrower than
// its prose.
func fitHelp(c *cobra.Command, stdout io.Writer) {
	print := c.HelpFunc()
	for _, sub := range c.Commands() {
		fitHelp(sub, stdout)
	}
	c.SetHelpFunc(func(c *cobra.Command, args []string) {
		p := &helpText{to: stdout}
		c.SetOut(p)
		print(c, args)
		c.SetOut(nil) // as its parent
		io.WriteString(stdout, fit(p.String(), max(width(stdout), 40)))
	})
}

// fit wraps the paragraphs of text that are wider than a terminal. What is indented, and
// what is above it, stays as it is.
func fit(text string, width int) string {
	var out []string
	paragraphs := strings.Split(text, "\n\n")
	for _, p := range paragraphs {
		wide, prose := false, true
		lines := strings.Split(strings.TrimRight(p, "\n"), "\n")
		for _, line := range lines {
			wide = wide || utf8.RuneCountInString(line) > width
			prose = prose && !strings.HasPrefix(line, " ")
		}
		if wide && prose {
			end := p[len(strings.TrimRight(p, "\n")):]
			p = strings.Join(report.Wrap(strings.Join(lines, " "), width), "\n") + end
		}
		out = append(out, p)
	}
	return strings.Join(out, "\n\n")
}

// complete declares what a shell may complete after flags that take a word.
func complete(c *cobra.Command, protocols []smr.Protocol, words map[string][]string) {
	register := func(flag string, f cobra.CompletionFunc) {
		if err := c.RegisterFlagCompletionFunc(flag, f); err != nil {
			panic("cmd: " + err.Error()) // no such flag
		}
	}
	for _, o := range options {
		words[o.name] = o.words
	}
	delete(words, "protocol")
	delete(words, "dir") // files
	for flag, list := range words {
		register(flag, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp))
	}
	register("protocol", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := ""
		if i := strings.LastIndexByte(typed, ','); i >= 0 {
			before = typed[:i+1]
		}
		var list []string
		for _, p := range protocols {
			if !contains(strings.Split(before, ","), p.Name) {
				list = append(list, before+p.Name+"\t"+p.Doc)
			}
		}
		return list, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	})
}

package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/scenario"
	"github.com/consbench/consbench/bench/smr"
)

// newScenario is the commands on scenario files.
func newScenario(protocols []smr.Protocol, stdout io.Writer) *cobra.Command {
	parent := &cobra.Command{
		Use:   "scenario",
		Short: "list, print, check and explain scenario files",
		Long: `A scenario is a run in a file: cluster, network, storage, workload, faults and what
is expected of it. consbench run NAME runs a built-in one, consbench run FILE one
of your own; consbench help scenarios tells how they are written.`,
		Example: `  consbench scenario ls
  consbench scenario show leader-crash > mine.yaml
  consbench scenario validate mine.yaml
  consbench scenario explain mine.yaml --nodes 7
  consbench run mine.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown command %q%s", args[0], orHelp(nearest.Hint(args[0], commandNames(c)), c))
			}
			return c.Help()
		},
	}
	parent.AddCommand(newScenarioList(stdout), newScenarioShow(stdout), newScenarioSchema(stdout), newScenarioValidate(protocols, stdout), newScenarioExplain(protocols, stdout))
	return parent
}

func newScenarioList(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "ls",
		Short: "list the built-in scenarios",
		Args:  noMore,
		RunE: func(*cobra.Command, []string) error {
			longest := 0
			for _, name := range scenario.Names() {
				longest = max(longest, len(name))
			}
			var err error
			for _, name := range scenario.Names() {
				head := name
				for _, line := range report.Wrap(scenario.Builtin(name).Doc, width(stdout)-longest-2) {
					_, e := fmt.Fprintf(stdout, "%-*s  %s\n", longest, head, line)
					err = errors.Join(err, e)
					head = ""
				}
			}
			return failedIf(err)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func newScenarioShow(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "print a built-in scenario, to begin one of your own with",
		Args:  oneScenario,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := scenario.Load(args[0])
			if err != nil {
				return err
			}
			_, err = stdout.Write(s.Text)
			return failedIf(err)
		},
		ValidArgsFunction: completeScenarios,
	}
}

func newScenarioSchema(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema of scenario files, for editors",
		Args:  noMore,
		RunE: func(*cobra.Command, []string) error {
			_, err := stdout.Write(scenario.Schema())
			return failedIf(err)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func newScenarioValidate(protocols []smr.Protocol, stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE ...",
		Short: "check scenario files without running them",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("validate: needs a file, such as consbench scenario validate mine.yaml")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			var errs []error
			for _, arg := range args {
				s, err := scenario.Load(arg)
				if err == nil {
					err = check(s, protocols)
				}
				if err != nil {
					errs = append(errs, err)
					continue
				}
				if _, err := fmt.Fprintf(stdout, "%s: good\n", arg); err != nil {
					return failed(err)
				}
			}
			return errors.Join(errs...)
		},
		ValidArgsFunction: completeScenarios,
	}
}

func newScenarioExplain(protocols []smr.Protocol, stdout io.Writer) *cobra.Command {
	var b *binding
	c := &cobra.Command{
		Use:   "explain NAME|FILE [flags of run]",
		Short: "show each setting of a run and where it came from",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("explain: unexpected argument %q", args[1])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := b.configure(args); err != nil {
				return err
			}
			if _, err := b.resolve(protocols); err != nil {
				return err
			}
			return failedIf(b.explain(stdout))
		},
		ValidArgsFunction: completeScenarios,
	}
	c.Flags().SortFlags = false
	b = bind(c.Flags())
	b.offer(protocols)
	return c
}

// explain writes each setting with its value and where that came from.
func (b *binding) explain(w io.Writer) error {
	rows := [][3]string{}
	if s := b.scenario; s != nil {
		if _, err := fmt.Fprintf(w, "%s: %s\n\n", s.Name, report.Clean(s.Doc)); err != nil {
			return err
		}
	}
	def := bindNothing()
	for _, group := range groups {
		for _, o := range options {
			if o.group != group {
				continue
			}
			v, from := o.value(&b.config).String(), b.origins[o.name]
			text := from.text
			switch {
			case from.layer == byFile:
				text += " (" + from.path + ")"
			case from.layer == byDefault && v != o.value(&def.config).String():
				text = "default with the other settings"
			case from.layer == byDefault:
				text = "default"
			}
			if v == "" {
				v = "-"
			}
			rows = append(rows, [3]string{o.name, v, text})
		}
	}
	wide := [2]int{}
	for _, r := range rows {
		for i := range wide {
			wide[i] = min(max(wide[i], len(r[i])), 24)
		}
	}
	for _, r := range rows {
		line := fmt.Sprintf("%-*s  %-*s  %s", wide[0], r[0], wide[1], r[1], r[2])
		if len(r[1]) > wide[1] || len(line) > width(w) { // a long value has the line to itself
			line = fmt.Sprintf("%-*s  %s\n%*s  %s", wide[0], r[0], r[1], wide[0]+wide[1]+2, "", r[2])
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	if b.scenario != nil {
		for _, e := range b.scenario.Expect {
			who := "every protocol"
			if e.Protocol != "" {
				who = e.Protocol
			}
			if _, err := fmt.Fprintf(w, "%-*s  %-*s  %s:%d:%d (%s)\n", wide[0], "expect", wide[1], e.Threshold, b.scenario.Name, e.Line, e.Column, who); err != nil {
				return err
			}
		}
	}
	return nil
}

// check reports what is wrong with the settings of a scenario together.
func check(s *scenario.Scenario, protocols []smr.Protocol) error {
	b := bindNothing()
	b.offer(protocols)
	b.scenario = s
	b.layers(s, nil)
	_, err := b.resolve(protocols)
	return err
}

func noMore(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s: unexpected argument %q", c.Name(), args[0])
	}
	return nil
}

func oneScenario(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s: needs one scenario, such as consbench scenario %s leader-crash", c.Name(), c.Name())
	}
	return nil
}

func failedIf(err error) error {
	if err != nil {
		return failed(err)
	}
	return nil
}

func completeScenarios(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var list []string
	for _, name := range scenario.Names() {
		list = append(list, name+"\t"+strings.TrimSuffix(scenario.Builtin(name).Doc, "."))
	}
	return list, cobra.ShellCompDirectiveDefault // files too
}

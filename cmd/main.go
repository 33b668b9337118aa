package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/smr"
)

// Exit statuses.
const (
	exitGood      = 0
	exitFailed    = 1
	exitUsage     = 2
	exitIncorrect = 3
)

// failure is an error that carries its exit status. Every other error that
// reaches Main is one of usage.
type failure struct {
	status int
	err    error // nil: said already
}

func (f *failure) Error() string {
	if f.err == nil {
		return ""
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

func failed(err error) error { return &failure{exitFailed, err} }

func init() { cobra.EnableCommandSorting = false } // the help lists them in the order in which somebody needs them

// Main runs the command line args (without the program's name) over protocols and
// returns the exit status.
func Main(protocols []smr.Protocol, args []string, stdout, stderr io.Writer) int {
	root := newRoot(protocols, stdout, stderr)
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := singleDash(root, args)
	if err == nil {
		err = root.ExecuteContext(context.Background())
	}
	if err == nil {
		return exitGood
	}
	status := exitUsage
	if f := (*failure)(nil); errors.As(err, &f) {
		status = f.status
	}
	for _, e := range flatten(err) {
		say(stderr, e.Error())
	}
	return status
}

// say writes a message for people: a line, and where it points at a word of what
// was typed, lines below it.
func say(w io.Writer, msg string) {
	for i, line := range strings.Split(msg, "\n") {
		if i == 0 {
			line = "consbench: " + line
		}
		fmt.Fprintln(w, report.Clean(line))
	}
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		var all []error
		for _, one := range e.Unwrap() {
			all = append(all, flatten(one)...)
		}
		return all
	case *failure:
		if e.err == nil {
			return nil
		}
		return flatten(e.err)
	}
	return []error{err}
}

const about = `consbench measures replicated logs. It runs a cluster of Raft or Paxos replicas
under a workload and failures of your choice, and reports what their users would
feel: latency, throughput, and how long the log stands still when a leader dies.
Every run proves that nothing was lost, or says INCORRECT.`

const examples = `  # Three Raft replicas in virtual time; the leader crashes after two seconds:
  consbench run --fault 'crash leader at 2s for 1s'

  # Raft and Multi-Paxos side by side over TCP, 10,000 commands a second:
  consbench run -p raft,multipaxos --network tcp --rate 10k/s

  # Is it worth batching? Interleaved pairs, with bounds and a verdict in words:
  consbench compare raft raft:batch=1 --network inproc

  # As fast as this machine goes, in process; the result is kept as JSON:
  consbench run --network inproc --clients 1024 -d 10s -o result.json`

func newRoot(protocols []smr.Protocol, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:           "consbench",
		Short:         "measure replicated logs",
		Long:          about,
		Example:       examples,
		SilenceErrors: true, // Main prints them
		SilenceUsage:  true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return fmt.Errorf("unknown command %q%s", args[0], orHelp(nearest.Hint(args[0], commandNames(c)), c))
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newRun(protocols, stdout, stderr), newCompare(protocols, stdout, stderr), newElections(protocols, stdout, stderr), newSweep(protocols, stdout, stderr), newScenario(protocols, stdout), newCalibrate(protocols, stdout, stderr))
	root.AddCommand(newCheck(protocols, stdout, stderr), newGate(protocols, stdout, stderr))
	root.AddCommand(newReport(stdout, stderr), newHistory(stdout, stderr), newExport(stdout, stderr), newMetrics(stdout))
	root.AddCommand(newWal(protocols, stdout), newVersion(stdout), newNode(protocols))
	root.AddCommand(newFaultsTopic(), newScenariosTopic())
	root.AddCommand(newGuides(protocols)...)
	addMutants(root, protocols, stdout)
	root.SetHelpCommand(newHelp(root))
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" { // cobra's own shows its help and exits 0 whatever is asked of it
			c.Short = "print a script that completes commands and flags in a shell"
			c.Args = root.Args
			c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	}
	group(root)
	root.SetHelpTemplate(rootHelp)
	fitHelp(root, stdout)
	return root
}

// commandGroups are the commands as the help lists them; what is in none comes last.
var commandGroups = []struct {
	title string
	names []string
}{
	{"Measure", []string{"run", "compare", "elections", "sweep", "scenario", "calibrate"}},
	{"Test", []string{"check", "gate"}},
	{"Look at results", []string{"report", "history", "export", "metrics"}},
}

// group puts the commands of the root into their groups.
func group(root *cobra.Command) {
	for _, g := range commandGroups {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title + ":"})
		for _, c := range root.Commands() {
			if contains(g.names, c.Name()) {
				c.GroupID = g.title
			}
		}
	}
}

// rootHelp is the help of every command that has none of its own.
const rootHelp = `{{with or .Long .Short}}{{. | trimTrailingWhitespaces}}{{end}}
{{- if not .IsAdditionalHelpTopicCommand}}

Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} <command>{{else}}{{.UseLine}}{{end}}
{{- end}}
{{- if .HasExample}}

Examples:
{{.Example}}
{{- end}}
{{- if .HasAvailableSubCommands}}{{$commands := .Commands}}
{{- range $g := .Groups}}

{{.Title}}
{{- range $commands}}{{if and (eq .GroupID $g.ID) .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{- end}}

{{if .Groups}}Other commands:{{else}}Commands:{{end}}
{{- range $commands}}{{if and (not .GroupID) (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{- if .HasHelpSubCommands}}

Topics of consbench help:
{{- range $commands}}{{if .IsAdditionalHelpTopicCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{- end}}

{{.CommandPath}} <command> --help tells more.
{{- end}}
`

func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "explain a command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return fmt.Errorf("help: unknown command %q%s", args[len(args)-1], orHelp(nearest.Hint(args[len(args)-1], commandNames(root)), root))
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func commandNames(c *cobra.Command) []string {
	names := []string{"help"}
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	return names
}

// orHelp is hint, or where to look if there is none.
func orHelp(hint string, c *cobra.Command) string {
	if hint != "" {
		return hint
	}
	return "; see " + c.CommandPath() + " --help"
}

// flagError turns what pflag says about a flag into one line that helps.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var noValue *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return fmt.Errorf("unknown flag -%s%s", unknown.GetSpecifiedName(), orHelp("", c))
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		hint := ""
		if n := nearest.Of(name, flagNames(c)); n != "" {
			hint = "; did you mean --" + n + "?"
		}
		return fmt.Errorf("unknown flag --%s%s", name, orHelp(hint, c))
	case errors.As(err, &noValue):
		flag := noValue.GetFlag()
		if example := flag.Annotations[exampleOf]; len(example) > 0 {
			return fmt.Errorf("--%s: needs a value, such as --%s %s", flag.Name, flag.Name, quote(example[0]))
		}
		return fmt.Errorf("--%s: needs a value", flag.Name)
	}
	return err
}

func flagNames(c *cobra.Command) []string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// singleDash refuses -nodes, which would be read as -n odes.
func singleDash(root *cobra.Command, args []string) error {
	c, rest, err := root.Find(args)
	if err != nil || c == root {
		return nil
	}
	for _, arg := range rest {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && len(name) > 1 && c.Flags().Lookup(name) != nil {
			return fmt.Errorf("-%s: a long flag has two dashes: --%s", name, name)
		}
	}
	return nil
}

package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/export"
)

// exporting is an export as it was asked for.
type exporting struct {
	b      *binding
	format string
	series bool
	path   string // -o; "" and "-" = stdout
}

func newExport(stdout, stderr io.Writer) *cobra.Command {
	k := exporting{b: &binding{flags: map[string]*pflag.FlagSet{}, bad: map[string]bool{}}}
	c := &cobra.Command{
		Use:   "export --to FORMAT FILE... [flags]",
		Short: "turn results into the formats of other programs",
		RunE: func(c *cobra.Command, args []string) error {
			if err := k.check(args); err != nil {
				return err
			}
			return k.run(args, c.InOrStdin(), stdout, stderr)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
	}
	k.b.all = c.Flags()
	k.b.all.SortFlags = false
	add := func(v pflag.Value, name, short, usage, kind, example string) *pflag.Flag {
		return k.b.add("Flags", k.b.collect(v, name, kind), name, short, usage, example)
	}
	add(choiceValue{&k.format, export.Formats()}, "to", "", "the format: "+strings.Join(export.Formats(), ", "), "format", "csv")
	add((*boolValue)(&k.series), "series", "", "the time series of the runs, not their metrics (csv, jsonl)", "", "")
	k.b.all.Lookup("series").NoOptDefVal, k.b.all.Lookup("series").DefValue = "true", ""
	add((*textValue)(&k.path), "output", "o", "the file to write; - is standard output", "file", "result.csv")
	if err := c.RegisterFlagCompletionFunc("to", cobra.FixedCompletions(export.Formats(), cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("cmd: " + err.Error()) // no such flag
	}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { exportHelp(c.OutOrStdout(), k.b) })
	return c
}

const exportAbout = `Turn files that consbench has written (-o of run, compare, gate,
elections and sweep) into formats of other programs. A FILE of - is standard input.`

const exportExamples = `  consbench export --to csv result.json -o result.csv
  consbench export --to csv --series result.json | head
  consbench export --to gobench old.json >old.txt   # then: benchstat old.txt new.txt
  consbench export --to junit gate.json -o junit.xml
  consbench export --to markdown results/*.json >>"$GITHUB_STEP_SUMMARY"`

func exportHelp(w io.Writer, b *binding) {
	wide := min(max(width(w), 80), 120)
	fmt.Fprintf(w, "%s\n\nUsage:\n  consbench export --to FORMAT FILE... [flags]\n\nExamples:\n%s\n", exportAbout, exportExamples)
	fmt.Fprintf(w, `
Formats:
  csv       a row per run and metric; of a comparison per pair of sides and
            metric, of elections per setting, of a sweep per point
  jsonl     the same as a line of JSON each, or one per row of a gate
  hlog      HdrHistogram's log: latencies in ns, tagged such as raft.response
  gobench   Go's benchmark format, for benchstat; of a comparison the runs of all
            sides, for benchstat -col /side
  junit     JUnit XML: the checks and expectations of each run, the metrics of a
            gate
  markdown  tables that GitHub renders

Flags:
%s
Runs that are not correct have a status in csv, jsonl, junit and markdown; hlog and
gobench leave them out and say so.
Exit status: 0 good, 1 a file cannot be read or written, 2 usage.
`, b.flags["Flags"].FlagUsagesWrapped(wide))
}

// check reports all that is wrong with the command line.
func (k *exporting) check(args []string) error {
	errs := k.b.errs
	wrong := func(flag, format string, values ...any) {
		errs = append(errs, &bench.FieldError{Flag: flag, Msg: fmt.Sprintf(format, values...)})
	}
	if k.format == "" && !k.b.bad["to"] {
		wrong("to", "needs a format: %s", strings.Join(export.Formats(), ", "))
	}
	if k.b.all.Changed("output") && k.path == "" {
		wrong("output", "needs the name of a file, such as result.csv")
	}
	errs = append(errs, readable("export", args)...)
	for _, a := range args {
		if a != "" && a != "-" && k.path != "" && k.path != "-" && sameFile(a, k.path) {
			wrong("output", "%s is one of the files to read", k.path)
		}
	}
	return errors.Join(errs...)
}

// readable reports what is wrong with the names of the files that a command reads.
func readable(command string, args []string) (errs []error) {
	if len(args) == 0 {
		errs = append(errs, fmt.Errorf("%s: needs a file, such as one that consbench run -o result.json has written", command))
	}
	seen := map[string]bool{}
	for _, a := range args {
		switch {
		case a == "":
			errs = append(errs, fmt.Errorf("%s: the name of a file is empty", command))
		case seen[a]:
			errs = append(errs, fmt.Errorf("%s: %s is given twice", command, a))
		}
		seen[a] = true
	}
	return errs
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// run reads all files, then writes all of the export or nothing.
func (k *exporting) run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var target *target
	if k.path != "" && k.path != "-" {
		var err error
		if target, err = openTarget(k.path); err != nil {
			return failed(fmt.Errorf("--output: %w", err))
		}
	}
	var docs []export.Document
	var errs []error
	for _, a := range args {
		d, err := readDocument(a, stdin)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		docs = append(docs, d)
	}
	if len(errs) > 0 {
		return failed(errors.Join(errs...))
	}
	opt := export.Options{Series: k.series}
	if err := export.Check(k.format, docs, opt); err != nil {
		return err
	}
	var out bytes.Buffer
	notes, err := export.Write(&out, k.format, docs, opt)
	if err != nil {
		return failed(err)
	}
	for _, n := range notes {
		say(stderr, n)
	}
	content := func(w io.Writer) error {
		_, err := w.Write(out.Bytes())
		return err
	}
	if target != nil {
		if err := target.replace(content); err != nil {
			return failed(fmt.Errorf("--output: %w", err))
		}
	} else if err := content(stdout); err != nil {
		return failed(fmt.Errorf("standard output: %w", err))
	}
	return nil
}

// readDocument reads a file, or standard input if its name is -.
func readDocument(name string, stdin io.Reader) (export.Document, error) {
	if name == "-" {
		return export.Read("standard input", stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return export.Document{}, fmt.Errorf("%s: %w", name, plain(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return export.Document{}, fmt.Errorf("%s: is a directory, not a file of consbench", name)
	}
	return export.Read(name, f)
}

package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/elections"
	"github.com/consbench/consbench/bench/page"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/store"
)

// reporting is a report as it was asked for.
type reporting struct {
	b     *binding
	html  string // the file to write; - = stdout, "" = tables
	store string // directory where results go by their IDs; "" = CONSBENCH_STORE, or results
	open  bool
	quiet bool
	color string
}

func newReport(stdout, stderr io.Writer) *cobra.Command {
	k := reporting{b: &binding{flags: map[string]*pflag.FlagSet{}, bad: map[string]bool{}}, color: "auto"}
	c := &cobra.Command{
		Use:   "report FILE... [flags]",
		Short: "show results again: as tables, or as a page with figures",
		RunE: func(c *cobra.Command, args []string) error {
			if err := k.check(args); err != nil {
				return err
			}
			return k.run(args, c.InOrStdin(), stdout, stderr)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	k.b.all = c.Flags()
	k.b.all.SortFlags = false
	add := func(v pflag.Value, name, short, usage, kind, example, shown string) {
		f := k.b.add("Flags", k.b.collect(v, name, kind), name, short, usage, example)
		f.DefValue = shown
		if _, ok := v.(*boolValue); ok {
			f.NoOptDefVal = "true"
		}
	}
	add((*textValue)(&k.html), "html", "", "the page to write; - is standard output", "file", "report.html", "")
	add((*textValue)(&k.store), "store", "", "directory of results that are named by their IDs", "dir", "results", defaultStore)
	add((*boolValue)(&k.open), "open", "", "show the page in a browser", "", "", "")
	add(choiceValue{&k.color, []string{"auto", "always", "never"}}, "color", "", "colours of tables: auto, always, never", "when", "never", "auto")
	add((*boolValue)(&k.quiet), "quiet", "", "do not say what was written", "", "", "")
	if err := c.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("cmd: " + err.Error()) // no such flag
	}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { reportHelp(c.OutOrStdout(), k.b) })
	return c
}

const reportAbout = `Show files that consbench has written with -o (run, compare, elections, sweep,
gate): as the tables that the command printed, or with --html as one page with
figures that needs nothing beside it. Runs of several files are drawn over each
other. A FILE of - is standard input; what is no file is the ID of a result in a
store, or its path there (see consbench history).`

const reportExamples = `  consbench report result.json
  consbench report result.json --html report.html --open
  consbench report before.json after.json --html both.html
  consbench report 3fa9c1d2 --store results --html report.html
  consbench run -p raft,paxos -o - | consbench report - --html - >report.html`

func reportHelp(w io.Writer, b *binding) {
	wide := min(max(width(w), 80), 120)
	fmt.Fprintf(w, "%s\n\nUsage:\n  consbench report FILE... [flags]\n\nExamples:\n%s\n\nFlags:\n%s", reportAbout, reportExamples, b.flags["Flags"].FlagUsagesWrapped(wide))
	fmt.Fprint(w, `
The page asks the network for nothing. A file that is there is replaced if it is
a page of HTML, and left alone if it is anything else.
Exit status: 0 good, 1 a file cannot be read or written, 2 usage.
`)
}

// check reports all that is wrong with the command line.
func (k *reporting) check(args []string) error {
	errs := k.b.errs
	wrong := func(flag, format string, values ...any) {
		errs = append(errs, &bench.FieldError{Flag: flag, Msg: fmt.Sprintf(format, values...)})
	}
	if k.b.all.Changed("html") && k.html == "" {
		wrong("html", "needs the name of a file, such as report.html")
	}
	if k.open && (k.html == "" || k.html == "-") {
		wrong("open", "needs a page to show: --html report.html")
	}
	if k.b.all.Changed("store") && k.store == "" {
		wrong("store", "needs a directory, such as results")
	}
	errs = append(errs, readable("report", args)...)
	for _, a := range args {
		switch {
		case a != "" && a != "-" && k.html != "" && k.html != "-" && sameFile(a, k.html):
			wrong("html", "%s is one of the files to read", k.html)
		case strings.HasSuffix(a, ".html") && k.html == "":
			errs = append(errs, fmt.Errorf("report: %s is a page: name the file of the result, and the page with --html", a))
		}
	}
	return errors.Join(errs...)
}

// run reads all files, then writes all of the report or nothing.
func (k *reporting) run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	var target *target
	if k.html != "" && k.html != "-" {
		var err error
		if target, err = openTarget(k.html); err == nil {
			err = replaceable(target)
		}
		if err != nil {
			return failed(fmt.Errorf("--html: %w", err))
		}
	}
	paths, errs := k.paths(args)
	var files []*page.File
	for _, a := range paths {
		f, err := readReport(a, stdin)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, f)
	}
	if len(errs) > 0 {
		return failed(errors.Join(errs...))
	}
	var out bytes.Buffer
	if k.html == "" {
		for i, f := range files {
			if i > 0 {
				fmt.Fprintln(&out)
			}
			if len(files) > 1 {
				fmt.Fprintf(&out, "== %s\n\n", report.Clean(f.Name))
			}
			if err := k.table(&out, f, stdout); err != nil {
				return failed(fmt.Errorf("%s: %w", f.Name, err))
			}
		}
	} else if err := page.Write(&out, files); err != nil {
		return failed(err)
	}
	content := func(w io.Writer) error {
		_, err := w.Write(out.Bytes())
		return err
	}
	if target == nil {
		if err := content(stdout); err != nil {
			return failed(fmt.Errorf("standard output: %w", err))
		}
		return nil
	}
	if err := target.replace(content); err != nil {
		return failed(fmt.Errorf("--html: %w", err))
	}
	if !k.quiet {
		say(stderr, fmt.Sprintf("wrote %s (%d KiB)", k.html, (out.Len()+1023)/1024))
	}
	if k.open {
		return browse(target.path, stderr)
	}
	return nil
}

// paths are the files that arguments name: themselves, or results of the store.
func (k *reporting) paths(args []string) (paths []string, errs []error) {
	dir := k.store
	if dir == "" {
		dir = orElse(os.Getenv(storeEnv), defaultStore)
	}
	var s *store.Store
	var all []store.Entry
	var skipped []store.Skipped
	for _, a := range args {
		_, err := os.Stat(a)
		if a == "-" || err == nil {
			paths = append(paths, a)
			continue
		}
		if s == nil {
			var failure error
			if s, failure = store.Open(dir); failure == nil {
				all, skipped, failure = s.List()
			}
			switch {
			case failure != nil && k.store != "":
				return nil, append(errs, fmt.Errorf("--store: %w", failure))
			case failure != nil: // nobody spoke of a store
				s = nil
				errs = append(errs, fmt.Errorf("%s: %w", a, plain(err)))
				continue
			}
		}
		e, failure := s.Find(all, a)
		if failure != nil {
			why := failure.Error()
			for _, d := range skipped {
				if d.Path == filepath.ToSlash(a) || d.Path == filepath.ToSlash(a)+".json" {
					why = filepath.Join(dir, d.Path) + " " + d.Why
				}
			}
			errs = append(errs, fmt.Errorf("%s: no such file, and %s", a, why))
			continue
		}
		path := filepath.Join(s.Dir(), filepath.FromSlash(e.Path))
		if slices.ContainsFunc(paths, func(p string) bool { return p != "-" && sameFile(p, path) }) {
			errs = append(errs, fmt.Errorf("%s is %s, which is given already", a, path))
			continue
		}
		paths = append(paths, path)
	}
	return paths, errs
}

// replaceable refuses to replace what is no page: whoever mistypes a name loses nothing.
func replaceable(t *target) error {
	if !t.exists {
		return nil
	}
	f, err := os.Open(t.path)
	if err != nil {
		return plain(err)
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return plain(err)
	}
	text := strings.ToLower(strings.TrimSpace(string(head[:n])))
	if text == "" || strings.HasPrefix(text, "<!doctype html") || strings.HasPrefix(text, "<html") {
		return nil
	}
	return fmt.Errorf("%s is there and no page of HTML: name another file, or remove it", t.path)
}

func readReport(name string, stdin io.Reader) (*page.File, error) {
	r, label := stdin, "standard input"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, plain(err))
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, fmt.Errorf("%s: is a directory, not a file of consbench", name)
		}
		r, label = f, name
	}
	f, err := page.Read(label, r)
	if err != nil {
		return nil, err
	}
	complement(f)
	return f, nil
}

// table writes what the command that made f has printed.
func (k *reporting) table(w io.Writer, f *page.File, stdout io.Writer) error {
	o := report.Options{Width: width(stdout), Color: colored(k.color, stdout, os.LookupEnv), Rerun: f.Rerun}
	switch {
	case f.Comparison != nil:
		return report.Comparison(w, f.Comparison, o, false)
	case f.Elections != nil:
		return report.Trials(w, f.Elections, o)
	case f.Sweep != nil:
		return report.Sweep(w, f.Sweep, nil, o)
	case f.Gate != nil:
		return report.Gate(w, f.Gate, o, false)
	}
	return report.Table(w, f.Result, o)
}

// complement adds to a file what only the command line knows: its settings as flags, and the
// command that repeats it.
func complement(f *page.File) {
	var raw json.RawMessage
	switch {
	case f.Result != nil:
		raw = f.Result.Config
	case f.Comparison != nil && len(f.Comparison.Sides) > 0:
		raw = f.Comparison.Sides[0].Config
	case f.Sweep != nil:
		raw = f.Sweep.Config
	case f.Gate != nil:
		f.Rerun = gateAgain(f)
		return
	case f.Elections != nil:
		f.Rerun = electionsAgain(f)
		return
	}
	var cfg bench.Config
	if json.Unmarshal(raw, &cfg) != nil {
		return
	}
	switch {
	case f.Comparison != nil:
		f.Rerun = comparisonAgain(f, cfg)
	case f.Sweep != nil:
		f.Rerun = sweepAgain(f, cfg)
	case f.Result.Scenario != "":
		f.Rerun = []string{"consbench", "run", quote(f.Result.Scenario)}
	default:
		f.Rerun = Rerun(cfg)
	}
	set := map[string]bool{}
	changed(cfg, func(o option, _ string) { set[o.name] = true })
	for _, o := range options {
		f.Settings = append(f.Settings, page.Setting{Name: "--" + o.name, Value: o.value(&cfg).String(), Default: !set[o.name]})
	}
}

// comparisonAgain is the command of a comparison of sides that were run for it.
func comparisonAgain(f *page.File, cfg bench.Config) []string {
	parts := []string{"consbench", "compare"}
	own := map[string]bool{"protocol": true}
	for _, d := range f.Comparison.Differences {
		own[d.Option] = true
	}
	fresh := false
	for _, s := range f.Comparison.Sides {
		name := s.Name
		if s.File != "" {
			name = s.File
		} else {
			fresh = true
		}
		parts = append(parts, quote(name))
	}
	if !fresh {
		return parts
	}
	changed(cfg, func(o option, value string) {
		if !own[o.name] {
			parts = append(parts, "--"+o.name+" "+quote(value))
		}
	})
	return append(parts, fmt.Sprintf("--pairs %d", f.Comparison.Pairs))
}

// sweepAgain is the command of a sweep.
func sweepAgain(f *page.File, cfg bench.Config) []string {
	parts := []string{"consbench", "sweep"}
	for _, a := range f.Sweep.Over {
		text := a.Setting + "=" + strings.Join(a.Values, ",")
		if a.From != "" {
			text = a.Setting + "=" + a.From + ".." + a.To
		}
		parts = append(parts, "--over "+quote(text))
	}
	for _, o := range f.Sweep.Objective {
		parts = append(parts, "--find-max "+quote(o))
	}
	return append(parts, Rerun(cfg)[2:]...)
}

func gateAgain(f *page.File) []string {
	parts := []string{"consbench", "gate"}
	for _, b := range f.Gate.Baselines {
		parts = append(parts, "--baseline "+quote(b))
	}
	if f.Gate.Against != "" {
		parts = append(parts, "--against "+quote(f.Gate.Against))
	}
	return parts
}

// electionsAgain is the command of trials: its flags are those whose values in the file
// are not the defaults.
func electionsAgain(f *page.File) []string {
	declared := func(c elections.Config) *electing {
		k := &electing{config: c, b: &binding{all: pflag.NewFlagSet("elections", pflag.ContinueOnError), flags: map[string]*pflag.FlagSet{}, bad: map[string]bool{}}}
		k.declare()
		return k
	}
	e := f.Elections
	want, have := declared(e.Settings[0].Config), declared(elections.Defaults())
	want.names, want.timeouts = nil, nil
	for i := range e.Settings {
		s := &e.Settings[i]
		if !contains(want.names, s.Config.Protocol) {
			want.names = append(want.names, s.Config.Protocol)
		}
		if r := [2]time.Duration{s.Config.ElectionMin, s.Config.ElectionMax}; !slices.Contains(want.timeouts, r) {
			want.timeouts = append(want.timeouts, r)
		}
		want.figure16 = want.figure16 || s.Published != nil
		want.raw = want.raw || s.Samples != nil
	}
	have.config.Heartbeat = want.config.ElectionMin / 2
	if want.figure16 {
		have.config.Trials = figureTrials
	}
	parts := []string{"consbench", "elections"}
	for _, group := range electionGroups {
		if want.b.flags[group] == nil {
			continue
		}
		want.b.flags[group].VisitAll(func(flag *pflag.Flag) {
			value := flag.Value.String()
			switch {
			case value == have.b.all.Lookup(flag.Name).Value.String(), want.figure16 && !contains(figureFlags, flag.Name):
			case flag.NoOptDefVal == value && value != "":
				parts = append(parts, "--"+flag.Name)
			case flag.NoOptDefVal != "":
				parts = append(parts, "--"+flag.Name+"="+value)
			default:
				parts = append(parts, "--"+flag.Name+" "+quote(value))
			}
		})
	}
	return parts
}

// openers are the commands that show a file in a browser, by system.
var openers = map[string][]string{
	"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"},
}

// browse opens a page in a browser, and says so where there is none.
func browse(path string, stderr io.Writer) error {
	command, ok := openers[runtime.GOOS]
	if !ok {
		command = []string{"xdg-open"}
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	program, err := exec.LookPath(command[0])
	if err != nil {
		return failed(fmt.Errorf("--open: %s is not installed: open %s in a browser yourself", command[0], path))
	}
	c := exec.Command(program, append(command[1:], path)...)
	c.Stderr = stderr
	if err := c.Run(); err != nil {
		return failed(fmt.Errorf("--open: %s: %w: open %s in a browser yourself", command[0], err, path))
	}
	return nil
}

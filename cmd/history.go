package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/export"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/page"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/store"
)

const (
	defaultStore = "results"
	storeEnv     = envPrefix + "STORE"
)

// history is a look into a store as it was asked for.
type history struct {
	b        *binding
	out      output
	dir      string
	protocol string
	network  string
	limit    int
	unlike   bool
	all      bool

	stdin          io.Reader
	stdout, stderr io.Writer
}

const historyAbout = `A store is a directory of results (./results, or --store DIR, or CONSBENCH_STORE):
every file in it that consbench has written, wherever it came from. Results get
there with run --store DIR (compare, elections, gate and sweep have it too), with
history add, or under any name with -o. They go by the first digits of their ID, or
by their path. What cannot be read is skipped and named.`

func newHistory(stdout, stderr io.Writer) *cobra.Command {
	c := &cobra.Command{
		Use:   "history",
		Short: "results that were kept: list, show, compare, follow over commits",
		Long:  historyAbout,
		Example: `  consbench run --store results
  consbench history ls
  consbench history show 3fa9c1d2
  consbench history diff 3fa9c1d2 results/baseline/steady.json
  consbench history trend throughput p99`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		names := commandNames(c)[1:]
		return fmt.Errorf("history: unknown command %q%s", args[0], orHelp(nearest.Hint(args[0], names), c))
	}
	sub := func(use, short, long string, declare func(*history, *cobra.Command), run func(*history, []string) error) {
		h := &history{stdout: stdout, stderr: stderr, b: &binding{flags: map[string]*pflag.FlagSet{}, bad: map[string]bool{}}}
		s := &cobra.Command{
			Use: use, Short: short, Long: long,
			RunE: func(s *cobra.Command, args []string) error {
				h.stdin = s.InOrStdin()
				if err := errors.Join(errors.Join(h.b.errs...), h.check()); err != nil {
					return err
				}
				return run(h, args)
			},
		}
		h.b.all = s.Flags()
		h.b.all.SortFlags = false
		h.add((*textValue)(&h.dir), "store", "directory of the results", "dir", "results").DefValue = defaultStore
		if declare != nil {
			declare(h, s)
		}
		s.SetHelpFunc(func(s *cobra.Command, _ []string) { h.help(s) })
		s.ValidArgsFunction = h.complete
		if strings.HasPrefix(use, "ls") {
			s.Args = func(_ *cobra.Command, args []string) error {
				if len(args) > 0 {
					return fmt.Errorf("history ls: unexpected argument %q: the directory is --store %s", args[0], quote(args[0]))
				}
				return nil
			}
			s.ValidArgsFunction = cobra.NoFileCompletions
		}
		c.AddCommand(s)
	}
	format := func(h *history, _ *cobra.Command) { h.look(true) }
	sub("add FILE...", "keep results", "Copies files that consbench has written into the store, under a name that says what\nthey are. A FILE of - is standard input. A result that is there already stays as it\nis.", nil, (*history).keep)
	sub("ls [flags]", "list results, the latest last", "Lists every result of the store with its revision and key metrics. A + after the\nrevision: there were changes on top of it.", func(h *history, s *cobra.Command) {
		h.add((*textValue)(&h.protocol), "protocol", "only runs of this protocol", "name", "raft")
		h.add((*textValue)(&h.network), "network", "only runs on this network", "name", "sim")
		h.add((*intValue)(&h.limit), "limit", "only the latest so many results", "", "20").DefValue = ""
		h.look(true)
	}, (*history).list)
	sub("show ID", "print a result's report again", "Prints the report of a result again, as wide as the terminal is now.", func(h *history, s *cobra.Command) {
		h.look(true)
		h.out.plot = "auto"
		kinds := []string{"auto", "unicode", "ascii", "none"}
		h.add(choiceValue{&h.out.plot, kinds}, "plot", "what to draw with; unicode and ascii draw all there is", "auto|unicode|ascii|none", "ascii")
	}, (*history).show)
	sub("diff ID ID", "compare two results: environment, configuration, metrics", "Compares two results of run, of elections or of sweep: what their environments and\nconfigurations differ in, and the metrics of every protocol that both have, as consbench\ncompare does; of sweeps, each value that both have. Live results of unlike machines are\nnot compared unless --unlike-machines says so.", func(h *history, s *cobra.Command) {
		h.flag(&h.unlike, "unlike-machines", "compare live results although the machines differ")
		h.flag(&h.all, "all", "show every metric, not the important ones only")
		format(h, s)
	}, (*history).diff)
	sub("rm ID...", "move results out of the store", "Moves results to the directory .removed of the store, from where they can be moved\nback; nothing is deleted. All of them are found and are results, or none is moved.", nil, (*history).remove)
	sub("trend [METRIC...]", "follow metrics over commits, and find where they changed", "Follows metrics over the results of the same run, configuration, seed and machine, in\nthe order of the revisions where git knows them, else by time. Exact metrics of virtual\nruns change wherever they step; in noisy ones change points are found by E-divisive\n(Matteson and James 2014) at a level of 0.01, from 10 results on.", func(h *history, s *cobra.Command) {
		h.add((*textValue)(&h.protocol), "protocol", "only runs of this protocol", "name", "raft")
		h.add((*textValue)(&h.network), "network", "only runs on this network", "name", "sim")
		h.look(true)
		h.out.plot = "auto"
		kinds := []string{"auto", "unicode", "ascii", "none"}
		h.add(choiceValue{&h.out.plot, kinds}, "plot", "what to draw with", "auto|unicode|ascii|none", "ascii")
	}, (*history).trend)
	return c
}

func (h *history) add(v pflag.Value, name, usage, kind, example string) *pflag.Flag {
	return h.b.add("Flags", h.b.collect(v, name, kind), name, "", usage, example)
}

func (h *history) flag(v *bool, name, usage string) {
	f := h.add((*boolValue)(v), name, usage, "", "")
	f.NoOptDefVal, f.DefValue = "true", ""
}

// look adds the flags that say how output looks.
func (h *history) look(formats bool) {
	h.out = output{format: "table", color: "auto"}
	if formats {
		h.add(choiceValue{&h.out.format, []string{"table", "json"}}, "format", "what standard output shows", "table|json", "json")
	}
	h.add(choiceValue{&h.out.color, []string{"auto", "always", "never"}}, "color", "auto heeds NO_COLOR, CLICOLOR and CLICOLOR_FORCE", "auto|always|never", "never")
}

func (h *history) help(s *cobra.Command) {
	w := s.OutOrStdout()
	wide := min(max(width(w), 80), 120)
	fmt.Fprintf(w, "%s\n\nUsage:\n  consbench history %s\n\nFlags:\n%s", s.Long, s.Use, h.b.flags["Flags"].FlagUsagesWrapped(wide))
	fmt.Fprint(w, "\nExit status: 0 good, 1 a file cannot be read or written, 2 usage.\n")
}

// complete offers the IDs of the store.
func (h *history) complete(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	s, err := store.Open(h.where())
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	all, _, err := s.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var ids []string
	for i := range all {
		ids = append(ids, all[i].Short()+"\t"+report.Clean(all[i].Path))
	}
	return ids, cobra.ShellCompDirectiveDefault
}

// where is the directory of the store.
func (h *history) where() string {
	if h.dir != "" {
		return h.dir
	}
	return orElse(os.Getenv(storeEnv), defaultStore)
}

// check reports what is wrong with the flags.
func (h *history) check() error {
	var errs []error
	if h.b.all.Changed("store") && h.dir == "" {
		errs = append(errs, &bench.FieldError{Flag: "store", Msg: "needs a directory, such as results"})
	}
	if h.b.all.Changed("limit") && !h.b.bad["limit"] && h.limit < 1 {
		errs = append(errs, &bench.FieldError{Flag: "limit", Msg: fmt.Sprintf("%d is not at least 1", h.limit)})
	}
	return errors.Join(errs...)
}

// entries reads the store, and says what it had to skip.
func (h *history) entries() (*store.Store, []store.Entry, error) {
	s, err := store.Open(h.where())
	if err != nil {
		return nil, nil, failed(fmt.Errorf("%w: consbench run --store %s keeps a result there", err, quote(h.where())))
	}
	all, skipped, err := s.List()
	if err != nil {
		return nil, nil, failed(err)
	}
	const most = 10
	for _, f := range skipped[:min(len(skipped), most)] {
		say(h.stderr, "skipped "+filepath.Join(s.Dir(), f.Path)+": "+f.Why)
	}
	if n := len(skipped) - most; n > 0 {
		say(h.stderr, fmt.Sprintf("skipped %d more", n))
	}
	return s, all, nil
}

// matching are the entries with a run of the protocol and the network that were
// asked for, and of those these runs only.
func (h *history) matching(all []store.Entry) []store.Entry {
	if h.protocol == "" && h.network == "" {
		return all
	}
	var out []store.Entry
	for _, e := range all {
		e.Runs = slices.DeleteFunc(slices.Clone(e.Runs), func(r store.Head) bool {
			return h.protocol != "" && r.Protocol != h.protocol || h.network != "" && r.Network != h.network
		})
		if len(e.Runs) > 0 {
			out = append(out, e)
		}
	}
	return out
}

func (h *history) list([]string) error {
	s, all, err := h.entries()
	if err != nil {
		return err
	}
	some := h.matching(all)
	if h.limit > 0 {
		some = some[max(0, len(some)-h.limit):]
	}
	if h.out.format == "json" {
		if some == nil {
			some = []store.Entry{}
		}
		return wrote(report.JSON(h.stdout, some))
	}
	if len(some) == 0 {
		if len(all) > 0 {
			say(h.stderr, fmt.Sprintf("none of the %d results in %s is of such a run", len(all), s.Dir()))
			return nil
		}
		say(h.stderr, fmt.Sprintf("there are no results in %s yet: consbench run --store %s keeps one", s.Dir(), quote(s.Dir())))
		return nil
	}
	return wrote(report.History(h.stdout, some, h.out.look(h.stdout, nil)))
}

// wrote is the error of writing to standard output.
func wrote(err error) error {
	if err != nil {
		return failed(fmt.Errorf("standard output: %w", err))
	}
	return nil
}

// find returns the entries of names, or all that is wrong with them.
func (h *history) find(what string, names []string, least, most int) (*store.Store, []store.Entry, []*store.Entry, error) {
	if len(names) < least || len(names) > most {
		return nil, nil, nil, fmt.Errorf("history %s: needs %s; consbench history ls lists them", what, map[int]string{1: "the ID of a result", 2: "the IDs of two results"}[least])
	}
	s, all, err := h.entries()
	if err != nil {
		return nil, nil, nil, err
	}
	var found []*store.Entry
	var errs []error
	for _, n := range names {
		e, err := s.Find(all, n)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("history %s: %w", what, err))
		case slices.Contains(found, e):
			errs = append(errs, fmt.Errorf("history %s: %s is given twice", what, n))
		default:
			found = append(found, e)
		}
	}
	return s, all, found, errors.Join(errs...)
}

// keep copies files into the store.
func (h *history) keep(args []string) error {
	if len(args) == 0 {
		return errors.New("history add: needs a file, such as one that consbench run -o result.json has written")
	}
	s, err := store.Create(h.where())
	if err != nil {
		return failed(err)
	}
	var errs []error
	for _, name := range args {
		data, err := readAll(name, h.stdin)
		if err == nil {
			err = addTo(s, data, h.stdout)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	if len(errs) > 0 {
		return failed(errors.Join(errs...))
	}
	return nil
}

// readAll reads a file, or standard input if its name is -.
func readAll(name string, stdin io.Reader) ([]byte, error) {
	const most = 256 << 20
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, plain(err)
		}
		defer f.Close()
		stdin = f
	}
	data, err := io.ReadAll(io.LimitReader(stdin, most+1))
	if err == nil && len(data) > most {
		err = fmt.Errorf("is larger than %d MiB: no result", most>>20)
	}
	return data, plain(err)
}

// addTo adds a result to a store and says under which name.
func addTo(s *store.Store, data []byte, w io.Writer) error {
	e, known, err := s.Add(data)
	if err != nil {
		return err
	}
	there := ""
	if known {
		there = ", where it was already"
	}
	_, err = fmt.Fprintln(w, report.Clean(fmt.Sprintf("kept as %s in %s%s", e.Short(), filepath.Join(s.Dir(), filepath.FromSlash(e.Path)), there)))
	return err
}

// store opens the store that results are kept in, nil if none was asked for.
func (o *output) openStore() (*store.Store, error) {
	dir := orElse(o.store, os.Getenv(storeEnv))
	if dir == "" {
		return nil, nil
	}
	return store.Create(dir)
}

// keep adds a result to the store of a job.
func (j *job) keep(v any) error {
	if j.store == nil {
		return nil
	}
	var data bytes.Buffer
	err := report.JSON(&data, v)
	if err == nil {
		err = addTo(j.store, data.Bytes(), j.stderr)
	}
	if err != nil {
		return fmt.Errorf("--store: %w", err)
	}
	return nil
}

// remove moves results out of the store.
func (h *history) remove(args []string) error {
	s, _, found, err := h.find("rm", args, 1, 1<<30)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range found {
		to, err := s.Remove(e)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintln(h.stdout, report.Clean(fmt.Sprintf("%s is now %s", filepath.Join(s.Dir(), filepath.FromSlash(e.Path)), filepath.Join(s.Dir(), filepath.FromSlash(to)))))
	}
	if len(errs) > 0 {
		return failed(errors.Join(errs...))
	}
	return nil
}

// show prints the report of a result again.
func (h *history) show(args []string) error {
	s, _, found, err := h.find("show", args, 1, 1)
	if err != nil {
		return err
	}
	e := found[0]
	doc, print, err := h.document(s, e)
	if err != nil {
		return failed(err)
	}
	if h.out.format == "json" {
		return wrote(report.JSON(h.stdout, doc))
	}
	return wrote(print())
}

// document reads a result, and returns it with what prints its report. Runs of other
// versions are shown as far as they are known; other results must be complete.
func (h *history) document(s *store.Store, e *store.Entry) (doc any, print func() error, err error) {
	o := h.out.look(h.stdout, nil)
	path := filepath.Join(s.Dir(), filepath.FromSlash(e.Path))
	switch e.Kind {
	case store.Run:
		f := &page.File{Document: export.Document{Result: new(result.File)}}
		if err := s.Load(e, f.Result); err != nil {
			return nil, nil, err
		}
		complement(f)
		o.Rerun = f.Rerun
		return f.Result, func() error { return report.Table(h.stdout, f.Result, o) }, nil
	case store.Sweep:
		data, err := readAll(path, nil)
		w := new(result.Sweep)
		if err == nil {
			err = result.Unmarshal(data, w)
		}
		if err == nil && len(w.Over) == 0 {
			err = errors.New("over: empty: nothing was swept")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		return w, func() error { return report.Sweep(h.stdout, w, nil, o) }, nil
	}
	f, err := readReport(path, nil)
	if err != nil {
		return nil, nil, err
	}
	o.Rerun = f.Rerun
	switch {
	case f.Comparison != nil:
		return f.Comparison, func() error { return report.Comparison(h.stdout, f.Comparison, o, false) }, nil
	case f.Elections != nil:
		return f.Elections, func() error { return report.Trials(h.stdout, f.Elections, o) }, nil
	case f.Gate != nil:
		return f.Gate, func() error { return report.Gate(h.stdout, f.Gate, o, false) }, nil
	}
	return nil, nil, fmt.Errorf("%s: has become something else since it was listed", path)
}

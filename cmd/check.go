package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/swarm"
	"github.com/consbench/consbench/bench/workload"
)

const checkAbout = `Hunt for bugs. Every seed draws a cluster of its own, with options, workload and
faults; invariants are checked at every step in virtual time, and after the faults
the cluster must make progress. A seed that fails is shrunk, and its transcript says
who said what to whom until the invariant broke.`

const checkExamples = `  consbench check
  consbench check -p raft --seeds 100000 --jobs 4
  consbench check --time 10m
  consbench check -p multipaxos --seed 123 --transcript run.txt
  consbench check --replay raft-123.json`

// checking is a search as it was asked for.
type checking struct {
	b          *binding
	names      listValue
	seeds      int
	seed       uint64
	time       time.Duration
	jobs       int
	shrink     bool
	replay     string
	transcript string
	save       string
	reach      bool
	out        output // quiet and profiles

	protocols      []smr.Protocol
	stdout, stderr io.Writer
}

func newCheck(protocols []smr.Protocol, stdout, stderr io.Writer) *cobra.Command {
	k := &checking{
		b:     &binding{flags: map[string]*pflag.FlagSet{}, bad: map[string]bool{}},
		names: listValue{"all"}, seeds: 1000, jobs: runtime.GOMAXPROCS(0), shrink: true,
		protocols: protocols, stdout: stdout, stderr: stderr,
	}
	c := &cobra.Command{
		Use:   "check [flags]",
		Short: "hunt for bugs: random clusters, faults and crashes",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return settingsAreFlags(args[0], "check")
		},
		RunE:              func(c *cobra.Command, _ []string) error { return k.run(c.Context()) },
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	k.b.all = c.Flags()
	k.b.all.SortFlags = false
	k.declare()
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { k.help(c.OutOrStdout()) })
	return c
}

// declare adds the flags.
func (k *checking) declare() {
	add := func(v pflag.Value, name, short, usage, kind, example string) *pflag.Flag {
		return k.b.add("Flags", k.b.collect(v, name, kind), name, short, usage, example)
	}
	add(&k.names, "protocol", "p", "protocols to check, commas between them", "names", "raft,multipaxos")
	add((*intValue)(&k.seeds), "seeds", "", "how many seeds for each protocol, from 1 on", "", "100000")
	add((*seedValue)(&k.seed), "seed", "", "only this seed", "", "123").DefValue = ""
	add((*workload.Duration)(&k.time), "time", "", "begin no new seed after so long, all protocols together", "", "10m").DefValue = ""
	add((*intValue)(&k.jobs), "jobs", "", "seeds at once", "", "2").DefValue = "CPUs"
	add((*boolValue)(&k.shrink), "shrink", "", "look for a smaller case where a seed fails, for a minute at most", "", "false").NoOptDefVal = "true"
	add((*textValue)(&k.replay), "replay", "", "a saved case, in place of seeds", "file", "raft-123.json")
	add((*textValue)(&k.transcript), "transcript", "", "where to write who said what to whom; - is standard output", "file", "run.txt")
	add((*textValue)(&k.save), "save", "", "where to save the case that fails, in place of protocol-seed.json", "file", "case.json")
	add((*boolValue)(&k.reach), "reach", "", "fail where a place that the seeds must reach was never reached", "", "").NoOptDefVal = "true"
	add((*boolValue)(&k.out.quiet), "quiet", "", "no progress on standard error", "", "").NoOptDefVal = "true"
	k.b.all.Lookup("quiet").DefValue, k.b.all.Lookup("reach").DefValue = "", ""
	for name, p := range map[string]*string{"cpuprofile": &k.out.cpu, "memprofile": &k.out.mem} {
		k.b.all.Var((*textValue)(p), name, "")
		k.b.all.Lookup(name).Hidden = true
		k.b.all.Lookup(name).Annotations = map[string][]string{exampleOf: {name + ".out"}}
	}
}

func (k *checking) help(w io.Writer) {
	wide := min(max(width(w), 80), 120)
	fmt.Fprintf(w, "%s\n\nUsage:\n  consbench check [flags]\n\nExamples:\n%s\n\nFlags:\n%s", checkAbout, checkExamples, k.b.flags["Flags"].FlagUsagesWrapped(wide))
	fmt.Fprint(w, "\nExit status: 0 no violation, 3 a violation, 1 failed, 2 usage, 130 interrupted.\n")
}

// chosen is the protocols that were asked for.
func (k *checking) chosen() ([]smr.Protocol, error) {
	if len(k.names) == 1 && k.names[0] == "all" {
		return k.protocols, nil
	}
	var chosen []smr.Protocol
	var known []string
	for _, p := range k.protocols {
		known = append(known, p.Name)
	}
	for _, name := range k.names {
		i := index(known, name)
		if i < 0 {
			return nil, &bench.FieldError{Flag: "protocol", Msg: fmt.Sprintf("there is no %q, only all, %s%s", name, strings.Join(known, ", "), nearest.Hint(name, known))}
		}
		chosen = append(chosen, k.protocols[i])
	}
	return chosen, nil
}

func index(list []string, s string) int {
	for i, one := range list {
		if one == s {
			return i
		}
	}
	return -1
}

// check reports all that is wrong with the command line.
func (k *checking) check() ([]smr.Protocol, error) {
	errs := k.b.errs
	wrong := func(bad bool, flag, msg string) {
		if bad && !k.b.bad[flag] {
			errs = append(errs, &bench.FieldError{Flag: flag, Msg: msg})
		}
	}
	chosen, err := k.chosen()
	if err != nil && !k.b.bad["protocol"] {
		errs = append(errs, err)
	}
	wrong(k.seeds < 1, "seeds", "must be positive, such as 1000")
	wrong(k.jobs < 1 || k.jobs > 1024, "jobs", "must be between 1 and 1024")
	wrong(k.time < 0 || k.time == 0 && k.b.given("time"), "time", "must be positive, such as 10m")
	wrong(k.b.given("seed") && k.b.given("seeds"), "seed", "excludes --seeds: one seed or many")
	wrong(k.b.given("replay") && k.replay == "", "replay", "needs a file, such as raft-123.json")
	wrong(k.b.given("replay") && (k.b.given("seed") || k.b.given("seeds")), "replay", "excludes --seed and --seeds: the file says what to run")
	wrong(k.transcript != "" && !k.b.given("seed") && k.replay == "", "transcript", "needs --seed or --replay: which run to tell of")
	return chosen, errors.Join(errs...)
}

// run carries out what was asked for.
func (k *checking) run(ctx context.Context) error {
	chosen, err := k.check()
	if err != nil {
		return err
	}
	ctx, job, err := k.out.begin(ctx, k.stderr)
	if err != nil {
		return err
	}
	defer job.stop()
	switch {
	case k.replay != "":
		err = k.replayed(ctx)
	case k.b.given("seed"):
		err = k.single(ctx, chosen)
	default:
		err = k.search(ctx, chosen, job.progress)
	}
	job.done()
	if err != nil && job.came() {
		return &failure{job.status(), errors.New("interrupted")}
	}
	return err
}

// replayed runs a saved case.
func (k *checking) replayed(ctx context.Context) error {
	data, err := os.ReadFile(k.replay)
	if err != nil {
		return failed(fmt.Errorf("--replay: %s: %w", k.replay, plain(err)))
	}
	c, err := swarm.Parse(data)
	if err != nil {
		return failed(fmt.Errorf("--replay: %s: %w", k.replay, err))
	}
	for _, p := range k.protocols {
		if p.Name == c.Protocol {
			return k.one(ctx, p, c, fmt.Sprintf("consbench check --replay %s", quote(k.replay)), false)
		}
	}
	return failed(fmt.Errorf("--replay: %s: there is no protocol %q", k.replay, c.Protocol))
}

// single runs one seed of each protocol.
func (k *checking) single(ctx context.Context, chosen []smr.Protocol) error {
	var errs []error
	for _, p := range chosen {
		errs = append(errs, k.one(ctx, p, swarm.Draw(p, k.seed), replayLine(p, k.seed), k.shrink))
	}
	return worst(errs)
}

// worst joins errors under the highest exit status among them.
func worst(errs []error) error {
	joined := errors.Join(errs...)
	if joined == nil {
		return nil
	}
	status := 0
	for _, err := range errs {
		if f := (*failure)(nil); errors.As(err, &f) {
			status = max(status, f.status)
		} else if err != nil {
			status = max(status, exitFailed)
		}
	}
	return &failure{status, joined}
}

func replayLine(p smr.Protocol, seed uint64) string {
	return fmt.Sprintf("consbench check -p %s --seed %d", p.Name, seed)
}

// one runs one case and says what came of it.
func (k *checking) one(ctx context.Context, p smr.Protocol, c *swarm.Case, again string, shrink bool) error {
	out, err := k.tell(ctx, p, c)
	if err != nil {
		return failed(err)
	}
	fmt.Fprintf(k.stdout, "%s seed %d: %s events, %s entries chosen, %s commands acknowledged, trace %016x\n", p.Name, c.Seed,
		report.Count(out.Events), report.Count(out.Chosen), report.Count(out.Commands), out.Trace)
	if out.Violation == nil {
		fmt.Fprintln(k.stdout, "no violation")
		return nil
	}
	if out.History != nil {
		if err := k.draw(p, c, out); err != nil {
			return failed(err)
		}
	}
	return k.broken(ctx, p, c, out.Violation, again, shrink)
}

// draw writes a page that shows a history which is not linearizable.
func (k *checking) draw(p smr.Protocol, c *swarm.Case, out *swarm.Outcome) error {
	path := fmt.Sprintf("%s-%d.html", p.Name, c.Seed)
	target, err := openTarget(path)
	if err == nil {
		err = target.replace(out.Draw)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fmt.Fprintf(k.stdout, "HISTORY     %s\n", path)
	return nil
}

// tell runs a case, with a transcript if one was asked for.
func (k *checking) tell(ctx context.Context, p smr.Protocol, c *swarm.Case) (*swarm.Outcome, error) {
	switch k.transcript {
	case "":
		return swarm.Run(ctx, p, c)
	case "-":
		return swarm.Narrate(ctx, k.stdout, p, c)
	}
	target, err := openTarget(k.transcript)
	if err != nil {
		return nil, fmt.Errorf("--transcript: %w", err)
	}
	var out *swarm.Outcome
	err = target.replace(func(w io.Writer) (err error) {
		out, err = swarm.Narrate(ctx, w, p, c)
		return err
	})
	return out, err
}

// shrinkLimit is how long a smaller case is looked for.
const shrinkLimit = 50 * time.Second

// broken reports a violation, with a smaller case and its transcript.
func (k *checking) broken(ctx context.Context, p smr.Protocol, c *swarm.Case, v *swarm.Violation, again string, shrink bool) error {
	fmt.Fprintf(k.stdout, "\nVIOLATION   %v\nREPLAY      %s\n", v, again)
	if shrink {
		if err := k.smaller(ctx, p, c); err != nil {
			return failed(err)
		}
	}
	return &failure{exitIncorrect, fmt.Errorf("%s: INCORRECT: %s; replay: %s", p.Name, v.Invariant, again)}
}

// smaller shrinks a case and saves what it comes to.
func (k *checking) smaller(ctx context.Context, p smr.Protocol, c *swarm.Case) error {
	defer debug.SetGCPercent(debug.SetGCPercent(searchGOGC))
	s, err := swarm.Shrink(ctx, p, c, shrinkLimit)
	if err != nil || s == nil {
		return err
	}
	path := k.save
	if path == "" {
		path = fmt.Sprintf("%s-%d.json", p.Name, c.Seed)
	}
	target, err := openTarget(path)
	if err == nil {
		err = target.replace(func(w io.Writer) error {
			_, err := w.Write(s.Case.JSON())
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	fmt.Fprintf(k.stdout, "SHRUNK      %s events of %s, %d nodes, %d faults, in %d runs and %v\n", report.Count(s.Outcome.Events), report.Count(s.Before), s.Case.Nodes, len(s.Case.Faults), s.Runs, s.Took.Round(10*time.Millisecond))
	fmt.Fprintf(k.stdout, "            %v\n", s.Outcome.Violation)
	fmt.Fprintf(k.stdout, "REPLAY      consbench check --replay %s --transcript -\n", quote(path))
	return nil
}

// searchGOGC is the garbage collector's target in a search: what is live is small.
const searchGOGC = 400

// search runs many seeds of each protocol.
func (k *checking) search(ctx context.Context, chosen []smr.Protocol, progress *progress) error {
	defer debug.SetGCPercent(debug.SetGCPercent(searchGOGC))
	var errs []error
	start := time.Now()
	for i, p := range chosen {
		s := swarm.Search{Protocol: p, First: 1, Seeds: uint64(k.seeds), Jobs: k.jobs}
		if k.time > 0 { // what is left, in equal parts
			s.Time = max(1, (k.time-time.Since(start))/time.Duration(len(chosen)-i))
		}
		s.Progress = func(t *swarm.Tally) {
			progress.seeds(p.Name, t.Seeds, t.Of, t.Took, t.EventsPerSecond())
		}
		tally, err := s.Run(ctx)
		progress.done()
		if err != nil {
			return errors.Join(append(errs, failed(err))...)
		}
		report.Check(k.stdout, tally)
		if missing := tally.Missing(); k.reach && len(missing) > 0 && tally.Failed == nil {
			errs = append(errs, failed(fmt.Errorf("%s: %d places were never reached in %s seeds: the search has shown nothing about them", p.Name, len(missing), report.Count(tally.Seeds))))
		}
		if tally.Failed != nil {
			errs = append(errs, k.broken(ctx, p, tally.Failed, tally.Violation, replayLine(p, tally.Failed.Seed), k.shrink))
		}
	}
	return worst(errs)
}

// seeds tells how far a search is.
func (p *progress) seeds(protocol string, done, of uint64, took time.Duration, events float64) {
	text := fmt.Sprintf("%s  seed %s of %s  %.0f seeds/s  %s events/s a core", report.Clean(protocol), report.Count(done), report.Count(of),
		float64(done)/max(took.Seconds(), 1e-9), report.Count(uint64(events)))
	switch now := p.now(); {
	case p.w == nil:
	case p.columns > 0 && now.Sub(p.last) >= 100*time.Millisecond:
		p.last = now
		p.note(text)
	case p.columns == 0 && now.Sub(p.last) >= plainEvery:
		p.last = now
		fmt.Fprintln(p.w, text)
	}
}

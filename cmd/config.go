package cmd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/fault"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/scenario"
	"github.com/consbench/consbench/bench/smr"
)

// The virtual network's link where no delay is asked for.
const (
	simDelay  = time.Millisecond
	simJitter = 200 * time.Microsecond
)

// exampleOf is the annotation of a flag that holds a value that works.
const exampleOf = "example"

// binding is a configuration and the flags that set it.
type binding struct {
	config bench.Config
	flags  map[string]*pflag.FlagSet // by group
	all    *pflag.FlagSet            // what was parsed
	errs   []error
	bad    map[string]bool // flags that could not be read

	scenario *scenario.Scenario // nil: none
	origins  map[string]origin  // of settings that are not defaults
}

// bindNothing is a binding whose flags nobody types.
func bindNothing() *binding { return bind(pflag.NewFlagSet("", pflag.ContinueOnError)) }

// bind declares the flags of options on all.
func bind(all *pflag.FlagSet) *binding {
	b := &binding{config: bench.Defaults(), all: all, flags: map[string]*pflag.FlagSet{}, bad: map[string]bool{}}
	for _, o := range options {
		shown := o.shown
		value := o.value(&b.config)
		if shown == "" {
			shown = value.String()
		} else if shown == "-" {
			shown = ""
		}
		f := b.add(o.group, b.collect(value, o.name, o.kind), o.name, o.short, o.usage, o.example)
		f.DefValue = shown
		if o.isBool() {
			f.NoOptDefVal = "true"
		}
	}
	return b
}

// offer makes the protocols of this program those that there are: what is run where
// nobody names one is Raft, or without it the first of them.
func (b *binding) offer(protocols []smr.Protocol) {
	b.config.Protocols = []string{usual(protocols)}
	b.all.Lookup("protocol").DefValue = b.config.Protocols[0]
}

// usual is the name of the protocol that is run where nobody names one.
func usual(protocols []smr.Protocol) string {
	name := bench.Defaults().Protocols[0]
	if len(protocols) > 0 && !slices.ContainsFunc(protocols, func(p smr.Protocol) bool { return p.Name == name }) {
		return protocols[0].Name
	}
	return name
}

// add declares one flag in a group of the help.
func (b *binding) add(group string, value pflag.Value, name, short, usage, example string) *pflag.Flag {
	f := b.all.VarPF(value, name, short, usage)
	f.Annotations = map[string][]string{exampleOf: {example}}
	set := b.flags[group]
	if set == nil {
		set = pflag.NewFlagSet(group, pflag.ContinueOnError)
		set.SortFlags = false
		b.flags[group] = set
	}
	set.AddFlag(f)
	return f
}

// collect wraps the value of a flag so that its errors are collected in b.
func (b *binding) collect(v pflag.Value, flag, kind string) pflag.Value {
	return collected{v, kind, func(err error) { b.wrong(flag, err) }}
}

func (b *binding) wrong(flag string, err error) {
	b.bad[flag] = true
	b.errs = append(b.errs, &bench.FieldError{Flag: flag, Msg: err.Error()})
}

func (b *binding) given(flag string) bool { return b.all.Changed(flag) || b.come(flag) }

// resolve completes the configuration after the flags were parsed and returns
// everything that is wrong with it.
func (b *binding) resolve(protocols []smr.Protocol) (bench.Config, error) {
	c := &b.config
	if b.given("rate") && b.given("clients") {
		b.errs = append(b.errs, fmt.Errorf("--rate and --clients exclude each other: --rate sends at a rate whatever happens (open loop), --clients each send when they have their answer (closed loop)"))
	}
	for _, flag := range []string{"rate", "clients", "duration"} {
		if b.given("phase") && b.given(flag) {
			b.errs = append(b.errs, fmt.Errorf("--phase and --%s exclude each other: phases are an open loop and say its rates and its length", flag))
			b.bad[flag] = true
		}
	}
	if b.given("arrival") && !b.given("rate") && !b.given("phase") {
		b.wrong("arrival", errors.New("a closed loop has no arrivals: it needs --rate, such as --rate 10k/s"))
	}
	if b.given("listen") {
		if err := checkListen(c); err != nil && !b.bad["nodes"] {
			b.wrong("listen", err)
		}
	}
	for flag, q := range map[string]int{"q1": c.Q1, "q2": c.Q2} {
		if b.given(flag) && q == 0 && !b.bad[flag] {
			b.wrong(flag, errors.New("0 is no quorum: at least 1, or leave it out for a majority"))
		}
	}
	dependentDefaults(c, b.given)
	if err := c.Validate(protocols); err != nil {
		for _, e := range flatten(err) {
			if !b.follows(e) {
				b.errs = append(b.errs, b.hinted(e))
			}
		}
	}
	if !b.bad["fault"] && !b.bad["nodes"] && !b.bad["duration"] {
		if _, err := c.Schedule(); err != nil {
			for _, e := range flatten(err) {
				b.wrong("fault", e)
			}
		}
	}
	for i, err := range b.errs {
		b.errs[i] = b.placed(err)
	}
	b.errs = append(b.errs, b.unmatched()...)
	return *c, errors.Join(b.errs...)
}

// hinted adds the word that was probably meant to an error about a word.
func (b *binding) hinted(err error) error {
	var f *bench.FieldError
	if !errors.As(err, &f) {
		return err
	}
	for _, o := range options {
		if o.name == f.Flag && len(o.words) > 0 && !contains(o.words, o.value(&b.config).String()) {
			return &bench.FieldError{Flag: f.Flag, Msg: f.Msg + nearest.Hint(o.value(&b.config).String(), o.words)}
		}
	}
	return err
}

// follows reports whether an error of Validate only follows from a flag that
// could not be read.
func (b *binding) follows(err error) bool {
	var f *bench.FieldError
	if !errors.As(err, &f) {
		return false
	}
	causes := map[string][]string{
		"q1": {"nodes", "q1", "q2", "protocol"}, "q2": {"nodes", "q1", "q2", "protocol"},
		"heartbeat": {"election-timeout", "heartbeat"}, "jitter": {"delay", "jitter", "network"},
		"proposers":    {"protocol"},
		"sync-latency": {"delay", "topology", "rate", "network", "cost", "q2", "nodes"},
	}
	for _, cause := range causes[f.Flag] {
		if b.bad[cause] {
			return true
		}
	}
	return b.bad[f.Flag]
}

// checkDir reports a directory for files that is none.
func (b *binding) checkDir() error {
	if !b.given("dir") || b.bad["dir"] {
		return nil
	}
	switch info, err := os.Stat(b.config.Dir); {
	case err != nil:
		return &bench.FieldError{Flag: "dir", Msg: fmt.Sprintf("%q: %v", b.config.Dir, plain(err))}
	case !info.IsDir():
		return &bench.FieldError{Flag: "dir", Msg: fmt.Sprintf("%q is not a directory", b.config.Dir)}
	}
	return nil
}

func checkListen(c *bench.Config) error {
	if c.Network != bench.NetworkTCP {
		return fmt.Errorf("only tcp listens: it needs --network tcp")
	}
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("%q is not host:port, such as 127.0.0.1:7000", c.Listen)
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q is not a port from 1 to 65535, such as 127.0.0.1:7000", port)
	}
	if n+c.Nodes-1 > 65535 {
		return fmt.Errorf("%d nodes from port %d on go beyond port 65535", c.Nodes, n)
	}
	return nil
}

// Rerun is the command that repeats runs of c: the flags that differ from their
// defaults and the seed, quoted for a shell, each part a flag with its value.
func Rerun(c bench.Config) []string {
	parts := []string{"consbench", "run"}
	changed(c, func(o option, value string) {
		if o.isBool() && value == "true" {
			parts = append(parts, "--"+o.name)
		} else if o.isBool() {
			parts = append(parts, "--"+o.name+"="+value)
		} else {
			parts = append(parts, "--"+o.name+" "+quote(value))
		}
	})
	if c.Seed == bench.Defaults().Seed { // of another version it may not be the default
		parts = append(parts, "--seed "+strconv.FormatUint(c.Seed, 10))
	}
	return parts
}

// arguments are the flags that make another process run c.
func arguments(c bench.Config) []string {
	var args []string
	changed(c, func(o option, value string) { args = append(args, "--"+o.name+"="+value) })
	return args
}

// changed calls f for each option whose value in c is not its default, and for
// every fault.
func changed(c bench.Config, f func(o option, value string)) {
	def := bench.Defaults()
	given := map[string]bool{}
	dependentDefaults(&def, func(flag string) bool { return given[flag] })
	for _, o := range options {
		want, have := o.value(&c), o.value(&def)
		if want.String() == have.String() {
			continue
		}
		given[o.name] = true
		if faults, ok := want.(*fault.Flag); ok {
			for _, one := range *faults {
				f(o, one)
			}
			continue
		}
		f(o, want.String())
		_ = have.Set(want.String()) // reads back what it printed
		dependentDefaults(&def, func(flag string) bool { return given[flag] })
	}
}

// quote makes s one word of a shell.
func quote(s string) string {
	plain := s != ""
	control := false
	for _, r := range s {
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,%+@=", r))
		control = control || r < ' ' || r >= 0x7f
	}
	switch {
	case plain:
		return s
	case control: // bash, ksh and zsh read $'...'
		var b strings.Builder
		b.WriteString("$'")
		for i := range len(s) {
			switch c := s[i]; {
			case c == '\'' || c == '\\':
				b.WriteByte('\\')
				b.WriteByte(c)
			case c < ' ' || c >= 0x7f:
				fmt.Fprintf(&b, `\x%02x`, c)
			default:
				b.WriteByte(c)
			}
		}
		return b.String() + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

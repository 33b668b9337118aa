package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/compare"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/scenario"
	"github.com/consbench/consbench/bench/smr"
)

// ofAll are the options that all sides share.
var ofAll = []string{"protocol", "repeat", "seed", "fault", "listen", "dir"}

// named is a side as it was typed, taken apart.
type named struct {
	arg      string
	protocol string             // that it names; "": none
	scenario *scenario.Scenario // nil: none
	settings []string           // batch=1 ...
	recorded *compare.Side      // a result file; nil: it runs
}

// take takes a side apart and reads what it names.
func take(arg string, protocols []smr.Protocol) (named, error) {
	if name, settings := separate(arg); find(protocols, name) {
		return named{arg: arg, protocol: name, settings: settings}, nil
	}
	for i := range len(arg) + 1 { // leader-crash:raft,batch=1
		if i < len(arg) && arg[i] != ':' || !isScenario(arg[:i]) {
			continue
		}
		s, err := scenario.Load(arg[:i])
		if err != nil {
			return named{}, err
		}
		n := named{arg: arg, scenario: s}
		if i < len(arg) {
			n.settings = strings.Split(arg[i+1:], ",")
			if first := n.settings[0]; find(protocols, first) {
				n.protocol, n.settings = first, n.settings[1:]
			}
		}
		return n, nil
	}
	side, err := recorded(arg, protocols)
	return named{arg: arg, recorded: &side}, err
}

// isScenario tells scenarios from result files by their names.
func isScenario(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || scenario.Builtin(name) != nil
}

// sides reads the sides of a comparison. Of several mistakes it reports all. A
// scenario or a file that stands alone is a side for each protocol that it has.
func (k *comparing) sides(args []string, protocols []smr.Protocol) ([]compare.Side, error) {
	var all []named
	var errs []error
	for _, arg := range args {
		n, err := take(arg, protocols)
		k.scenarios = k.scenarios || n.scenario != nil
		var several *severalError
		switch {
		case errors.As(err, &several) && len(args) == 1:
			for _, p := range several.have {
				one, err := take(arg+":"+p, protocols)
				all, errs = append(all, one), append(errs, err)
			}
		case err != nil:
			errs = append(errs, err)
		case n.scenario != nil && n.protocol == "":
			list, err := k.spread(n, len(args) == 1)
			all, errs = append(all, list...), append(errs, err)
		default:
			all = append(all, n)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(append(k.b.errs, err)...)
	}
	k.share(all)
	sides := make([]compare.Side, len(all))
	own := make([][]error, len(all))
	for i, n := range all {
		if n.recorded != nil {
			sides[i] = *n.recorded
			continue
		}
		cfg, err := k.b.with(n, protocols)
		if k.repeat = max(k.repeat, cfg.Repeat); err != nil {
			own[i] = flatten(err)
		}
		cfg.Repeat = bench.Defaults().Repeat
		sides[i] = compare.Side{Name: n.arg, Config: cfg}
	}
	errs = append(errs, k.b.errs...) // flags that could not be read
	var shared []string
	for i := range own {
		for _, err := range own[i] {
			everywhere := true
			for j := range own {
				everywhere = everywhere && (sides[j].File != nil || slices.ContainsFunc(own[j], func(e error) bool { return e.Error() == err.Error() }))
			}
			switch {
			case !everywhere:
				errs = append(errs, fmt.Errorf("%s: %w", all[i].arg, err))
			case !slices.Contains(shared, err.Error()):
				shared = append(shared, err.Error())
				errs = append(errs, err)
			}
		}
	}
	return sides, errors.Join(errs...)
}

// spread is a scenario as sides, one for each of its protocols, or of those that
// --protocol names.
func (k *comparing) spread(n named, alone bool) ([]named, error) {
	names := k.b.config.Protocols
	if !k.b.given("protocol") {
		b := k.b.copy(bench.Defaults().Protocols[0])
		b.layers(n.scenario, os.Environ())
		names = b.config.Protocols
	}
	if len(names) > 1 && !alone {
		return nil, &severalError{n.scenario.Name, names}
	}
	var list []named
	for _, p := range names {
		one := n
		one.protocol = p
		if len(names) > 1 {
			one.arg = strings.Join(append([]string{n.scenario.Name + ":" + p}, n.settings...), ",")
		}
		list = append(list, one)
	}
	return list, nil
}

// share gives all sides one seed: that of --seed, the environment, or the first side
// that brings one.
func (k *comparing) share(all []named) {
	if k.b.given("seed") {
		return
	}
	for _, n := range all {
		b := k.b.copy(n.protocol)
		if b.layers(n.scenario, os.Environ()); b.come("seed") {
			k.b.config.Seed = b.config.Seed
			return
		}
		if n.recorded != nil {
			k.b.config.Seed = n.recorded.Config.Seed
			return
		}
	}
}

// severalError says that a side does not say which of several it is.
type severalError struct {
	name string
	have []string
}

func (e *severalError) Error() string {
	return fmt.Sprintf("%s: holds %s: say which, such as %s:%s", e.name, strings.Join(e.have, ", "), e.name, e.have[0])
}

// copy is a binding of its own with the same values, for one protocol.
func (b *binding) copy(protocol string) *binding {
	c := bind(pflag.NewFlagSet("side", pflag.ContinueOnError))
	c.config = b.config
	c.config.Protocols, c.config.Faults = []string{protocol}, slices.Clone(b.config.Faults)
	b.all.Visit(func(f *pflag.Flag) {
		if own := c.all.Lookup(f.Name); own != nil {
			own.Changed = true
		}
	})
	for flag := range b.bad {
		c.bad[flag] = true
	}
	c.scenario, c.origins = b.scenario, maps.Clone(b.origins)
	return c
}

// shorten sets the defaults of live pairs.
func (b *binding) shorten() {
	if b.config.Network == bench.NetworkSim || len(b.config.Faults) > 0 || len(b.config.Phases) > 0 {
		return // a schedule needs its time
	}
	if !b.given("duration") {
		b.config.Duration = pairDuration
	}
	if !b.given("warmup") {
		b.config.Warmup = pairWarmup
	}
}

// with is the configuration of a side: below its own settings, such as batch=1, and
// the flags come the environment and its scenario.
func (b *binding) with(n named, protocols []smr.Protocol) (bench.Config, error) {
	c := b.copy(n.protocol)
	c.all.Lookup("protocol").Changed, c.all.Lookup("seed").Changed = true, true
	var errs []error
	var seen, names []string
	for _, o := range options {
		if !contains(ofAll, o.name) {
			names = append(names, o.name)
		}
	}
	for _, s := range n.settings {
		name, value, valued := strings.Cut(s, "=")
		name = strings.TrimSpace(strings.TrimLeft(name, "-"))
		flag := c.all.Lookup(name)
		switch {
		case contains(ofAll, name):
			errs = append(errs, fmt.Errorf("%s is the same for all sides: give it as --%s", name, name))
		case flag == nil:
			errs = append(errs, fmt.Errorf("%q is not a setting%s", name, orElse(nearest.Hint(name, names), ": settings are flags of run, such as batch=1")))
		case contains(seen, name):
			errs = append(errs, fmt.Errorf("%s is given twice", name))
		case !valued && flag.NoOptDefVal == "":
			errs = append(errs, fmt.Errorf("%s needs a value, such as %s=%s", name, name, flag.Annotations[exampleOf][0]))
		default:
			if !valued {
				value = flag.NoOptDefVal
			}
			if err := c.all.Set(name, value); err != nil {
				errs = append(errs, err)
			}
		}
		seen = append(seen, name)
	}
	c.scenario = n.scenario
	c.layers(n.scenario, os.Environ())
	c.shorten()
	cfg, err := c.resolve(protocols)
	return cfg, errors.Join(append(errs, err)...)
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// recorded reads a side from a result file: result.json, or result.json:raft where
// it holds several protocols.
func recorded(arg string, protocols []smr.Protocol) (compare.Side, error) {
	path, protocol := arg, ""
	if _, err := os.Stat(path); err != nil {
		if i := strings.LastIndexByte(arg, ':'); i > 0 {
			if _, err := os.Stat(arg[:i]); err == nil {
				path, protocol = arg[:i], arg[i+1:]
			}
		}
		if path == arg {
			return compare.Side{}, notASide(arg, protocols)
		}
	}
	file, err := result.Load(path)
	if err != nil {
		return compare.Side{}, err
	}
	s := compare.Side{Name: arg, Path: path, File: file}
	if err := json.Unmarshal(file.Config, &s.Config); err != nil {
		return compare.Side{}, fmt.Errorf("%s: config: %w", path, err)
	}
	var have []string
	for _, r := range file.Runs {
		if !contains(have, r.Protocol) {
			have = append(have, r.Protocol)
		}
	}
	switch {
	case len(have) == 0:
		return compare.Side{}, fmt.Errorf("%s: holds no runs", path)
	case protocol == "" && len(have) > 1:
		return compare.Side{}, &severalError{path, have}
	case protocol == "":
		protocol = have[0]
	case !contains(have, protocol):
		return compare.Side{}, fmt.Errorf("%s: holds no %q, but %s", path, protocol, strings.Join(have, ", "))
	}
	s.Config.Protocols = []string{protocol}
	return s, nil
}

func notASide(arg string, protocols []smr.Protocol) error {
	name, _ := separate(arg)
	var names []string
	for _, p := range protocols {
		names = append(names, p.Name)
	}
	if strings.HasSuffix(arg, ".json") || strings.ContainsRune(arg, os.PathSeparator) {
		return fmt.Errorf("%s: no such file", arg)
	}
	return fmt.Errorf("%q is neither a protocol (%s) nor a scenario or a file%s", name, strings.Join(names, ", "), nearest.Hint(name, append(names, scenario.Names()...)))
}

package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/compare"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// ofAll are the options that all sides share.
var ofAll = []string{"protocol", "repeat", "seed", "fault", "listen", "dir"}

// sides reads the sides of a comparison. Of several mistakes it reports all.
func (k *comparing) sides(args []string, protocols []smr.Protocol) ([]compare.Side, error) {
	sides := make([]compare.Side, len(args))
	var errs []error
	for i, arg := range args { // files first: they may bring the seed
		if name, _ := separate(arg); find(protocols, name) {
			continue
		}
		var err error
		if sides[i], err = recorded(arg, protocols); err != nil {
			errs = append(errs, err)
		} else if !k.b.given("seed") {
			k.b.config.Seed = sides[i].Config.Seed
		}
	}
	own := make([][]error, len(args))
	for i, arg := range args {
		if name, settings := separate(arg); find(protocols, name) {
			cfg, err := k.b.with(name, settings, protocols)
			sides[i] = compare.Side{Name: arg, Config: cfg}
			if err != nil {
				own[i] = flatten(err)
			}
		}
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
				errs = append(errs, fmt.Errorf("%s: %w", args[i], err))
			case !slices.Contains(shared, err.Error()):
				shared = append(shared, err.Error())
				errs = append(errs, err)
			}
		}
	}
	return sides, errors.Join(errs...)
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
	return c
}

// shorten sets the defaults of live pairs.
func (b *binding) shorten() {
	if b.config.Network == bench.NetworkSim || len(b.config.Faults) > 0 {
		return // a schedule needs its time
	}
	if !b.given("duration") {
		b.config.Duration = pairDuration
	}
	if !b.given("warmup") {
		b.config.Warmup = pairWarmup
	}
}

// with is the configuration with other settings, such as batch=1.
func (b *binding) with(protocol string, settings []string, protocols []smr.Protocol) (bench.Config, error) {
	c := b.copy(protocol)
	var errs []error
	var seen, names []string
	for _, o := range options {
		if !contains(ofAll, o.name) {
			names = append(names, o.name)
		}
	}
	for _, s := range settings {
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
		return compare.Side{}, fmt.Errorf("%s: holds %s: say which, such as %s:%s", path, strings.Join(have, ", "), path, have[0])
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
	return fmt.Errorf("%q is neither a protocol (%s) nor a file%s", name, strings.Join(names, ", "), nearest.Hint(name, names))
}

package cmd

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/fault"
	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/scenario"
)

// A setting comes from its default, a scenario file, the environment or a flag: each
// of these wins over those before it.
type layer uint8

const (
	byDefault layer = iota
	byFile
	byEnvironment
	byFlag
)

// origin is where the value of a setting comes from.
type origin struct {
	layer layer
	text  string // scenario.yaml:3:5 or CONSBENCH_NODES
	path  string // of a file: cluster.nodes
}

// instead are the settings of lower layers that one of a higher layer replaces,
// because they answer the same question.
var instead = map[string][]string{
	"rate": {"clients", "phase"}, "phase": {"clients", "rate", "duration"}, "clients": {"rate", "phase", "arrival"},
	"topology": {"delay"}, "delay": {"topology", "client-regions"},
}

// layers adds what the environment and a scenario say, where no flag does. s may be
// nil.
func (b *binding) layers(s *scenario.Scenario, environ []string) {
	b.origins = map[string]origin{}
	for _, o := range options {
		if b.all.Changed(o.name) {
			b.origins[o.name] = origin{layer: byFlag, text: "--" + o.name}
		}
	}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, envPrefix)
		if !ours || contains(reservedEnv, rest) {
			continue
		}
		flag := strings.ReplaceAll(strings.ToLower(rest), "_", "-")
		if envName(flag) != name || optionOf(flag) == nil {
			if hint := nearest.Of(flag, optionNames()); hint != "" {
				b.errs = append(b.errs, fmt.Errorf("%s is no setting; did you mean %s?", name, envName(hint)))
			}
			continue // the variable of a test, or of another version
		}
		b.apply(flag, value, origin{layer: byEnvironment, text: name})
	}
	if s == nil {
		return
	}
	for _, set := range s.Settings {
		b.apply(set.Option, set.Value, origin{byFile, fmt.Sprintf("%s:%d:%d", s.Name, set.Line, set.Column), set.Path})
	}
}

// envPrefix begins the names of environment variables that are settings.
const envPrefix = "CONSBENCH_"

// reservedEnv are variables of ours that are none.
var reservedEnv = []string{"MUTANT", "NODE", "TEST_NODE", "FLOORS", "TRIAL_JOB", "STORE"}

// isSetting reports whether an entry of the environment sets a flag.
func isSetting(entry string) bool {
	name, _, _ := strings.Cut(entry, "=")
	rest, ours := strings.CutPrefix(name, envPrefix)
	return ours && !contains(reservedEnv, rest)
}

func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func optionNames() (names []string) {
	for _, o := range options {
		names = append(names, o.name)
	}
	return names
}

func optionOf(flag string) *option {
	if i := slices.IndexFunc(options, func(o option) bool { return o.name == flag }); i >= 0 {
		return &options[i]
	}
	return nil
}

// apply sets an option unless a higher layer has said it, or something in its place.
func (b *binding) apply(flag, value string, from origin) {
	have, set := b.origins[flag]
	if have.layer > from.layer {
		return
	}
	for other, replaced := range instead {
		if b.origins[other].layer > from.layer && contains(replaced, flag) {
			return
		}
	}
	v := optionOf(flag).value(&b.config)
	if err := v.Set(value); err != nil {
		b.origins[flag] = from
		b.wrong(flag, err)
		return
	}
	if !set { // of a list the first entry is where it is
		b.origins[flag] = from
	}
}

// placed tells of an error where its value came from, in place of a flag that nobody
// typed.
func (b *binding) placed(err error) error {
	var f *bench.FieldError
	if !errors.As(err, &f) {
		return err
	}
	from, ok := b.origins[f.Flag]
	switch {
	case !ok || from.layer == byFlag:
		return err
	case from.layer == byFile && f.Flag == "fault":
		from = b.faultPlace(f.Msg, from)
	}
	msg := f.Msg
	if from.path != "" {
		msg = from.path + ": " + msg
	}
	return fmt.Errorf("%s: %s", from.text, msg)
}

// faultPlace finds the fault of the file that an error begins with.
func (b *binding) faultPlace(msg string, from origin) origin {
	for _, set := range b.scenario.Settings {
		if set.Option != "fault" {
			continue
		}
		faults, err := fault.Parse(set.Value)
		for _, f := range faults {
			if err == nil && strings.HasPrefix(msg, f.String()+":") {
				return origin{byFile, fmt.Sprintf("%s:%d:%d", b.scenario.Name, set.Line, set.Column), set.Path}
			}
		}
	}
	return from
}

// come reports whether a flag has a value of its own, wherever it comes from.
func (b *binding) come(flag string) bool { return b.origins[flag].layer > byDefault }

// configure reads the environment and the scenario that args name, if any, and
// completes the configuration.
func (b *binding) configure(args []string) error {
	if len(args) == 1 {
		s, err := scenario.Load(args[0])
		if err != nil {
			return err
		}
		b.scenario = s
	}
	b.layers(b.scenario, os.Environ())
	return nil
}

// flagsGiven are the flags that were typed, for a rerun.
func (b *binding) flagsGiven() (parts []string) {
	for _, o := range options {
		if b.origins[o.name].layer < byEnvironment {
			continue
		}
		v := o.value(&b.config)
		values := []string{v.String()}
		if l, ok := v.(*fault.Flag); ok {
			values = *l
		}
		for _, value := range values {
			if o.isBool() {
				parts = append(parts, "--"+o.name+"="+value)
			} else {
				parts = append(parts, "--"+o.name+" "+quote(value))
			}
		}
	}
	return parts
}

package cmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/topology"
	"github.com/consbench/consbench/bench/workload"
)

// The plain types of a configuration as values of flags. Rates, sizes, durations
// and ranges are in bench/workload, faults in bench/fault.

type intValue int

func (v *intValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", s)
	}
	*v = intValue(n)
	return nil
}
func (v *intValue) String() string { return strconv.Itoa(int(*v)) }
func (*intValue) Type() string     { return "number" }

type seedValue uint64

func (v *seedValue) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number from 0 to 18446744073709551615", s)
	}
	*v = seedValue(n)
	return nil
}
func (v *seedValue) String() string { return strconv.FormatUint(uint64(*v), 10) }
func (*seedValue) Type() string     { return "number" }

type boolValue bool

func (v *boolValue) Set(s string) error {
	b, err := strconv.ParseBool(s)
	if err != nil {
		return fmt.Errorf("%q is not true or false", s)
	}
	*v = boolValue(b)
	return nil
}
func (v *boolValue) String() string { return strconv.FormatBool(bool(*v)) }
func (*boolValue) Type() string     { return "bool" }

type textValue string

func (v *textValue) Set(s string) error { *v = textValue(s); return nil }
func (v *textValue) String() string     { return string(*v) }
func (*textValue) Type() string         { return "text" }

// listValue is words with commas between them; given again it starts anew.
type listValue []string

func (v *listValue) Set(s string) error {
	var list []string
	for _, word := range strings.Split(s, ",") {
		word = strings.TrimSpace(word)
		switch {
		case word == "":
			return fmt.Errorf("%q has an empty name in it", s)
		case contains(list, word):
			return fmt.Errorf("%q is given twice", word)
		}
		list = append(list, word)
	}
	*v = list
	return nil
}
func (v *listValue) String() string { return strings.Join(*v, ",") }
func (*listValue) Type() string     { return "list" }

// choiceValue is one of a few words.
type choiceValue struct {
	p     *string
	words []string
}

func (v choiceValue) Set(s string) error {
	if !contains(v.words, s) {
		return fmt.Errorf("%q is not one of %s", s, strings.Join(v.words, ", "))
	}
	*v.p = s
	return nil
}
func (v choiceValue) String() string { return *v.p }
func (choiceValue) Type() string     { return "word" }

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// collected is a value that notes what it could not read and lets parsing go on,
// so that all mistakes are shown at once.
type collected struct {
	pflag.Value
	kind string // replaces the type in the help
	note func(error)
}

func (v collected) Type() string {
	if v.kind != "" {
		return v.kind
	}
	return v.Value.Type()
}

func (v collected) Set(s string) error {
	if err := v.Value.Set(s); err != nil {
		v.note(err)
	}
	return nil
}

// topologyValue sets the regions of a configuration: built in, or from a file.
type topologyValue struct{ c *bench.Config }

func (v *topologyValue) Set(s string) error {
	m, err := topology.Load(s)
	if err != nil {
		return err
	}
	v.c.Topology, v.c.Matrix = s, nil
	if topology.Builtin(s) == nil {
		v.c.Matrix = m
	}
	return nil
}
func (v *topologyValue) String() string { return v.c.Topology }
func (*topologyValue) Type() string     { return "name" }

// costValue sets what work costs: none, built in, or from a file.
type costValue struct{ c *bench.Config }

func (v *costValue) Set(s string) error {
	v.c.Cost, v.c.CostModel = "", nil
	if s == "none" {
		return nil
	}
	m, err := bench.LoadCost(s)
	if err != nil {
		return err
	}
	v.c.Cost = s
	if cost.Builtin(s) == nil {
		v.c.CostModel = m
	}
	return nil
}

func (v *costValue) String() string {
	if v.c.Cost == "" {
		return "none"
	}
	return v.c.Cost
}
func (*costValue) Type() string { return "name" }

// phasesValue is the phases of an open loop in canonical form; given again, more
// follow.
type phasesValue []string

func (v *phasesValue) Set(s string) error {
	phases, err := workload.ParsePhases(s)
	if err != nil {
		return err
	}
	for _, p := range phases {
		*v = append(slices.Clip(*v), p.String())
	}
	return nil
}
func (v *phasesValue) String() string { return strings.Join(*v, "; ") }
func (*phasesValue) Type() string     { return "phase" }

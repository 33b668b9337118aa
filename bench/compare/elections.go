package compare

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/stat"
	"github.com/consbench/consbench/bench/workload"
)

// Electing is a side of trials: one protocol of a file of consbench elections.
type Electing struct {
	Name, Path, Protocol string
	File                 *result.Elections
}

// settings of the side's protocol.
func (s *Electing) settings() (list []*result.ElectionSetting) {
	for i := range s.File.Settings {
		if c := &s.File.Settings[i]; c.Config.Protocol == s.Protocol {
			list = append(list, c)
		}
	}
	return list
}

// Elections compares trials, setting by setting: those of equal configuration, else
// those of equal timeouts, else the only one that is left on either side.
func Elections(sides []Electing) (*result.Comparison, error) {
	switch {
	case len(sides) < 2:
		return nil, errors.New("a comparison needs two sides, such as: consbench compare old.json new.json")
	case len(sides) > maxSides:
		return nil, fmt.Errorf("%d sides are more than %d", len(sides), maxSides)
	}
	c := &result.Comparison{
		Schema: result.ComparisonSchema, Started: time.Now().UTC().Format(time.RFC3339), Environment: sides[0].File.Environment,
		Exact: true, Confidence: stat.DefaultConfidence, Power: stat.DefaultPower, Tolerance: stat.DefaultTolerance,
		Differences: []result.Difference{}, Against: []result.Against{}, Notes: []string{},
	}
	for i := range sides {
		s := &sides[i]
		list := s.settings()
		raw, err := json.Marshal(list[0].Config)
		if err != nil {
			return nil, err
		}
		side := result.Side{Name: s.Name, File: s.Path, Protocol: s.Protocol, Network: network(list), Config: raw, Good: len(list), Samples: []result.Sample{}}
		for _, setting := range list {
			side.Trials += setting.Trials
		}
		c.Sides = append(c.Sides, side)
		if s.File.Interrupted {
			c.Notes = append(c.Notes, report.Letter(i)+" was interrupted: settings or trials are missing.")
		}
	}
	differ := map[string]bool{}
	var know facts
	for i := 1; i < len(sides); i++ {
		pairs, lone := match(sides[0].settings(), sides[i].settings())
		for _, p := range pairs {
			a := result.Against{Base: 0, Side: i, Pairs: min(p[0].Trials, p[1].Trials), Setting: timeouts(p), Lines: trialLines(c, p, &know)}
			c.Against = append(c.Against, a)
			c.Exact = c.Exact && how(p) == exactly
			for _, o := range report.TrialOptions {
				differ[o.Name] = differ[o.Name] || o.Of(&p[0].Config) != o.Of(&p[1].Config)
			}
		}
		for _, s := range lone {
			c.Notes = append(c.Notes, fmt.Sprintf("%s has no counterpart between %s and %s.", report.SettingName(&s.Config), report.Letter(0), report.Letter(i)))
		}
		if len(pairs) == 0 {
			c.Against = append(c.Against, result.Against{Base: 0, Side: i, Lines: []result.Line{}})
		}
	}
	for _, o := range report.TrialOptions {
		if !differ[o.Name] {
			continue
		}
		d := result.Difference{Option: o.Name}
		for i := range sides {
			var values []string
			for _, s := range sides[i].settings() {
				if v := o.Of(&s.Config); !slices.Contains(values, v) {
					values = append(values, v)
				}
			}
			d.Values = append(d.Values, strings.Join(values, ", "))
		}
		c.Differences = append(c.Differences, d)
	}
	know.note(c)
	return c, nil
}

// match finds the settings that belong together, in the order of the first side, and
// those that stand alone.
func match(a, b []*result.ElectionSetting) (pairs [][2]*result.ElectionSetting, lone []*result.ElectionSetting) {
	partner := map[*result.ElectionSetting]*result.ElectionSetting{}
	taken := map[*result.ElectionSetting]bool{}
	left := func(list []*result.ElectionSetting) (out []*result.ElectionSetting) {
		for _, s := range list {
			if partner[s] == nil && !taken[s] {
				out = append(out, s)
			}
		}
		return out
	}
	for _, key := range []func(*result.ElectionSetting) string{
		func(s *result.ElectionSetting) string { return identity(&s.Config, true) },
		func(s *result.ElectionSetting) string { return identity(&s.Config, false) },
		func(s *result.ElectionSetting) string {
			return workload.FormatRange(s.Config.ElectionMin, s.Config.ElectionMax)
		},
	} {
		for _, x := range left(a) {
			for _, y := range left(b) {
				if key(x) == key(y) {
					partner[x], taken[y] = y, true
					break
				}
			}
		}
	}
	if x, y := left(a), left(b); len(x) == 1 && len(y) == 1 {
		partner[x[0]], taken[y[0]] = y[0], true
	}
	for _, x := range a {
		if partner[x] != nil {
			pairs = append(pairs, [2]*result.ElectionSetting{x, partner[x]})
		}
	}
	return pairs, append(left(a), left(b)...)
}

// identity is all of a configuration but the protocol; draws: with what decides which
// trials are drawn.
func identity(c *result.ElectionConfig, draws bool) string {
	k := *c
	k.Protocol = ""
	if !draws {
		k.Seed, k.Trials, k.GiveUp = 0, 0, 0
	}
	return fmt.Sprintf("%+v", k)
}

// network is that of all settings of a side; "" if they are not of one.
func network(list []*result.ElectionSetting) string {
	name := cmp.Or(list[0].Config.Network, "sim")
	for _, s := range list {
		if cmp.Or(s.Config.Network, "sim") != name {
			return ""
		}
	}
	return name
}

func live(p [2]*result.ElectionSetting) bool { return p[0].Config.Live() || p[1].Config.Live() }

// timeouts is the range of timeouts of a pair, and where it is live its networks.
func timeouts(p [2]*result.ElectionSetting) string {
	of := func(c *result.ElectionConfig) string {
		text := workload.FormatRange(c.ElectionMin, c.ElectionMax)
		if live(p) {
			text += " " + cmp.Or(c.Network, "sim")
		}
		return text
	}
	a := of(&p[0].Config)
	if b := of(&p[1].Config); a != b {
		a += " and " + b
	}
	return a
}

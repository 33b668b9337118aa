package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// Fingerprint is a hash of what makes two runs comparable: the protocol and all
// that the configuration says, where and how excepted. It is of what is measured;
// version, machine and GOMAXPROCS are not in it.
func (c *Config) Fingerprint(protocol string) string { return c.fingerprint(protocol) }

// Stored returns the configuration that a result file brings. It is an error,
// naming the field, if that is incomplete or cannot run in this program, or if a
// virtual run of the file is not of it. Live runs are not looked at.
func Stored(file *result.File, known []smr.Protocol) (Config, error) {
	var c Config
	if err := result.Unmarshal(file.Config, &c); err != nil {
		var f *result.FormatError
		if errors.As(err, &f) { // its place is one in the configuration
			err = &result.FormatError{Field: strings.TrimSuffix("config."+f.Field, "."), Offset: -1, Msg: f.Msg}
		}
		return c, err
	}
	if err := c.Validate(known); err != nil {
		return c, fmt.Errorf("config: %w", err)
	}
	if _, err := c.Schedule(); err != nil {
		return c, fmt.Errorf("config: %w", err)
	}
	for i := range file.Runs {
		r := &file.Runs[i]
		if r.Network != NetworkSim || r.Error != "" {
			continue
		}
		wrong := func(field string, has, wants any) error {
			return fmt.Errorf("runs[%d].%s: %v, but the file's configuration says %v", i, field, has, wants)
		}
		switch {
		case !slices.Contains(c.Protocols, r.Protocol):
			return c, wrong("protocol", r.Protocol, c.Protocols)
		case r.Network != c.Network:
			return c, wrong("network", r.Network, c.Network)
		case r.Nodes != c.Nodes:
			return c, wrong("nodes", r.Nodes, c.Nodes)
		case r.Rep < 0 || r.Rep > c.repetitions():
			return c, wrong("rep", r.Rep, c.repetitions())
		case r.Seed != c.Seed+uint64(max(r.Rep, 1)-1):
			return c, wrong("seed", r.Seed, c.Seed+uint64(max(r.Rep, 1)-1))
		}
		own := c
		own.Seed = r.Seed
		switch {
		case r.Fingerprint != own.Fingerprint(r.Protocol):
			return c, fmt.Errorf("runs[%d].fingerprint: %s is not that of the file's configuration, %s: one of the two was changed", i, r.Fingerprint, own.Fingerprint(r.Protocol))
		}
	}
	return c, nil
}

// StoredLeniently is what of a configuration this program understands: what the file
// lacks has its default. It is for replacing a result that another version wrote.
func StoredLeniently(raw json.RawMessage, known []smr.Protocol) (Config, error) {
	c := Defaults()
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fmt.Errorf("config: %w", err)
	}
	if err := c.Validate(known); err != nil {
		return c, fmt.Errorf("config: %w", err)
	}
	if _, err := c.Schedule(); err != nil {
		return c, fmt.Errorf("config: %w", err)
	}
	return c, nil
}

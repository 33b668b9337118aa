package gate_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/elections"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/stat"
	"github.com/consbench/consbench/raft"
)

// TestTrials: elections repeat to the nanosecond, a quantile that moved fails, and a
// file that was cut short or damaged is no baseline.
func TestTrials(t *testing.T) {
	known := []smr.Protocol{raft.Protocol}
	c := elections.Defaults()
	c.Trials = 60
	file, err := elections.All(context.Background(), []elections.Config{c}, elections.Options{Protocols: known})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	load := func() *gate.Trials {
		file, err := result.ParseElections(data)
		if err != nil {
			t.Fatal(err)
		}
		return &gate.Trials{Name: "e.json", File: file}
	}
	b := load()
	if err := b.Check(known); err != nil {
		t.Fatal(err)
	}
	fresh, err := b.Repeat(context.Background(), known, func(*result.ElectionConfig, int) {})
	if err != nil {
		t.Fatal(err)
	}
	failed := func(b *gate.Trials, thresholds ...stat.Threshold) (list []string) {
		for _, r := range b.Exact(fresh, thresholds) {
			if r.Outcome != stat.Pass.String() {
				list = append(list, r.Metric)
			}
		}
		return list
	}
	if list := failed(b); list != nil {
		t.Errorf("the same trials differ in %v", list)
	}
	*b.File.Settings[0].Phases.Elected.P50 -= 1e6
	if list := failed(b); len(list) != 1 || list[0] != "election.elected" {
		t.Errorf("a median that moved by 1 ms fails %v", list)
	}
	limit, err := stat.ParseThreshold("election.elected<=+5%")
	if err != nil {
		t.Fatal(err)
	}
	if list := failed(b, limit); list != nil {
		t.Errorf("within a limit of 5 %% it fails %v", list)
	}
	if errs := gate.Matches(nil, []stat.Threshold{limit}, *b); errs != nil {
		t.Error(errs)
	}
	live := b.File.Settings[0] // one that took real time is named, held to nothing and left as it is
	live.Config.Network, live.Trials = "tcp", 7
	b.File.Settings = append([]result.ElectionSetting{live}, b.File.Settings...)
	if err := b.Usable(); err != nil || b.Virtual() != 1 || len(b.Skipped()) != 1 || b.Skipped()[0].Run != "raft/5/tcp/elections 150ms-300ms" {
		t.Errorf("%v, %d virtual, skipped %+v", err, b.Virtual(), b.Skipped())
	}
	again, err := b.Repeat(context.Background(), known, func(*result.ElectionConfig, int) {})
	if err != nil || len(again.Settings) != 1 || len(b.Exact(again, nil)) == 0 {
		t.Fatal(err)
	}
	if r := b.Replacement(again).Settings; len(r) != 2 || r[0].Trials != 7 || *r[1].Phases.Elected.P50 != *fresh.Settings[0].Phases.Elected.P50 {
		t.Errorf("replaced by %+v", r)
	}
	b = load()
	b.File.Settings[0].Trials--
	if err := b.Usable(); err == nil || !strings.Contains(err.Error(), "e.json: settings[0].trials: 59, but the setting asks for 60") {
		t.Error(err)
	}
	b.File.Settings[0].Config.Nodes = 2
	if err := b.Check(known); err == nil || !strings.Contains(err.Error(), "e.json: settings[0].config: ") {
		t.Error(err)
	}
	for old, with := range map[string]string{
		`"p50_ns"`: `"p51_ns"`, `"mean_ns":`: `"mean_ns":NaN,"x":`, `"trials":60,"unfinished"`: `"trials":61,"unfinished"`,
		`"split_vote_rate":`: `"split_vote_rate":1`, `"quantiles_ns":[`: `"quantiles_ns":[1,`, `"settings":[`: `"settings":[],"x":[`,
	} {
		if _, err := result.ParseElections([]byte(strings.Replace(string(data), old, with, 1))); err == nil {
			t.Errorf("%s for %s passes", with, old)
		}
	}
	for n := 0; n < len(data); n += 1 + len(data)/100 {
		if _, err := result.ParseElections(data[:n]); err == nil {
			t.Errorf("cut off at byte %d it passes", n)
		}
	}
}

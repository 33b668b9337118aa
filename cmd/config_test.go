package cmd

import (
	"math/rand/v2"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/consbench/consbench/bench"
)

// parse reads flags as consbench run does.
func parse(t *testing.T, args []string) (bench.Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	b := bind(flags)
	if err := flags.Parse(args); err != nil {
		return bench.Config{}, err
	}
	return b.resolve(protocols)
}

// split takes a command apart as a shell does.
func split(t *testing.T, command string) []string {
	t.Helper()
	var words []string
	var word strings.Builder
	in := false
	for i := 0; i < len(command); i++ {
		switch c := command[i]; {
		case c == '\'':
			end := strings.IndexByte(command[i+1:], '\'')
			if end < 0 {
				t.Fatalf("open quote in %s", command)
			}
			word.WriteString(command[i+1 : i+1+end])
			i += 1 + end
			in = true
		case c == '\\':
			i++
			word.WriteByte(command[i])
			in = true
		case c == ' ':
			if in {
				words = append(words, word.String())
			}
			word.Reset()
			in = false
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if in {
		words = append(words, word.String())
	}
	return words
}

// rerun parses the command that repeats c.
func rerun(t *testing.T, c bench.Config) (bench.Config, string) {
	t.Helper()
	command := strings.Join(Rerun(c), " ")
	words := split(t, command)
	if len(words) < 2 || words[0] != "consbench" || words[1] != "run" {
		t.Fatalf("not a run: %s", command)
	}
	got, err := parse(t, words[2:])
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return got, command
}

func TestDefaults(t *testing.T) {
	c, err := parse(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := bench.Defaults()
	want.Delay, want.Jitter = time.Millisecond, 200*time.Microsecond
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v\nwant %+v", c, want)
	}
	if _, command := rerun(t, c); command != "consbench run --seed 42" {
		t.Errorf("the defaults need no flag but the seed: %s", command)
	}
}

func TestDependentDefaults(t *testing.T) {
	for _, c := range []struct {
		args          string
		delay, jitter time.Duration
		clients, open int
		rerun         string
	}{
		{"", time.Millisecond, 200 * time.Microsecond, 64, 1, ""},
		{"--delay 10ms", 10 * time.Millisecond, 0, 64, 1, "--delay 10ms"},
		{"--delay 0s --sync-latency 1ms", 0, 0, 64, 1, "--sync-latency 1ms --delay 0s"},
		{"--delay 1ms", time.Millisecond, 0, 64, 1, "--jitter 0s"},
		{"--jitter 300us", time.Millisecond, 300 * time.Microsecond, 64, 1, "--jitter 300us"},
		{"--delay 10ms --jitter 200us", 10 * time.Millisecond, 200 * time.Microsecond, 64, 1, "--delay 10ms --jitter 200us"},
		{"--network inproc", 0, 0, 64, 1, "--network inproc"},
		{"--network tcp --delay 1ms", time.Millisecond, 0, 64, 1, "--network tcp --delay 1ms"},
		{"--clients 1024", time.Millisecond, 200 * time.Microsecond, 1024, 1, "--clients 1024"},
		{"--rate 10k/s", time.Millisecond, 200 * time.Microsecond, 1024, 64, "--rate 10k/s"},
		{"--rate 1M/s", time.Millisecond, 200 * time.Microsecond, 16384, 64, "--rate 1M/s"},
		{"--rate 600/m --inflight 1", time.Millisecond, 200 * time.Microsecond, 1024, 1, "--rate 10/s --inflight 1"},
	} {
		got, err := parse(t, strings.Fields(c.args))
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		if got.Delay != c.delay || got.Jitter != c.jitter || got.Clients != c.clients || got.Inflight != c.open {
			t.Errorf("%s: delay %v jitter %v clients %d inflight %d, want %v %v %d %d",
				c.args, got.Delay, got.Jitter, got.Clients, got.Inflight, c.delay, c.jitter, c.clients, c.open)
		}
		back, command := rerun(t, got)
		if want := strings.TrimSpace("consbench run "+c.rerun) + " --seed 42"; command != want {
			t.Errorf("%s: rerun is %q, want %q", c.args, command, want)
		}
		if !reflect.DeepEqual(back, got) {
			t.Errorf("%s: %s gives another configuration", c.args, command)
		}
	}
}

// TestRerun reads random command lines, and the commands that repeat them give
// the same configuration.
func TestRerun(t *testing.T) {
	values := map[string][]string{
		"protocol": {"raft", "multipaxos,paxos", "paxos", "raft,multipaxos,paxos"}, "nodes": {"3", "5", "7"},
		"q1": {"0", "4", "5"}, "q2": {"0", "2", "5"}, "proposers": {"one", "all"}, "batch": {"1", "1024"}, "retain": {"0", "1KB", "3MiB"},
		"storage": {"memory", "disk"}, "fsync": {"always", "off"}, "keep": {"true"}, "sync-latency": {"0", "1.5ms", "2us"}, "dir": {"/tmp/a b", "it's", `back\slash`, "$HOME", "x"}, "gogc": {"100", "400"},
		"network": {"sim", "inproc", "tcp"}, "processes": {"true", "false"}, "delay": {"0", "1ms", "20ms", "1h"}, "jitter": {"0", "1ns", "200us"}, "loss": {"0", "1%", "0.333"},
		"listen": {"127.0.0.1:7000", "[::1]:7"}, "rate": {"10k/s", "7/m", "1234567/s", "3/h", "0.1M/s"}, "clients": {"1", "64", "1024"},
		"arrival": {"poisson", "constant"}, "inflight": {"1", "64", "3"}, "size": {"0", "1B", "256B", "64KiB"}, "keys": {"0", "12"}, "check": {"linearizable"},
		"duration": {"1ns", "90s", "1h30m"}, "warmup": {"0", "3s"}, "timeout": {"1s", "1ms"},
		"election-timeout": {"150ms-300ms", "1s", "12ms-24ms"}, "heartbeat": {"1ms", "50ms"}, "pre-vote": {"true", "false"}, "check-quorum": {"true", "false"},
		"cost": {"none", "example"}, "cores": {"0", "2"},
		"topology": {"wan5", "wan9"}, "client-regions": {"us-east-1", "us-east-1,eu-west-1"}, "leader": {"2", "us-east-1"}, "repeat": {"1", "3"},
		"phase": {"steady 10k/s for 5s", "ramp 1k/s to 2k/s for 1s; pause for 1s; burst 5 for 1s"},
		"fault": {"crash leader at 0s for 1s", "partition {1,2} | {3} at 0s", "crash leader at 0s; pause follower at 0s for 1ms"}, "seed": {"0", "42", "18446744073709551615"},
	}
	for _, o := range options {
		if values[o.name] == nil {
			t.Fatalf("no values for --%s", o.name)
		}
	}
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	good := 0
	for range 3000 {
		var args []string
		for _, o := range options {
			if rng.IntN(4) == 0 {
				list := values[o.name]
				args = append(args, "--"+o.name+"="+list[rng.IntN(len(list))])
			}
		}
		rng.Shuffle(len(args), func(i, j int) { args[i], args[j] = args[j], args[i] })
		c, err := parse(t, args)
		if err != nil {
			continue // flags that do not go together
		}
		good++
		if back, command := rerun(t, c); !reflect.DeepEqual(back, c) {
			t.Fatalf("seed %d: %q became %s\n%+v\n%+v", seed, args, command, c, back)
		}
	}
	if good < 20 {
		t.Errorf("seed %d: only %d of the command lines were valid", seed, good)
	}
}

// TestOptionsCoverConfig finds fields of the configuration that no flag sets.
func TestOptionsCoverConfig(t *testing.T) {
	fixed := map[string]bool{"Drain": true, "BatchBytes": true, "Window": true, "Matrix": true, "Evidence": true, "Transcript": true, "CostModel": true, "Meter": true}
	changed := map[string]bool{}
	for _, o := range options {
		c := bench.Defaults()
		c.Rate = 1
		before := c
		for _, s := range []string{o.example, "7", "7s", "1s-2s", "7B", "zzz", "false", "true", "7/s", "7%"} {
			_ = o.value(&c).Set(s)
			a, b := reflect.ValueOf(before), reflect.ValueOf(c)
			for i := range a.NumField() {
				if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
					changed[a.Type().Field(i).Name] = true
				}
			}
		}
	}
	typ := reflect.TypeFor[bench.Config]()
	for i := range typ.NumField() {
		if name := typ.Field(i).Name; changed[name] == fixed[name] {
			t.Errorf("%s: set by a flag: %v, left out by intent: %v", name, changed[name], fixed[name])
		}
	}
}

// TestOptionsAreWhole checks that each flag has a group that is shown and an
// example that works.
func TestOptionsAreWhole(t *testing.T) {
	for _, o := range options {
		if !contains(groups, o.group) || o.usage == "" || o.example == "" {
			t.Errorf("--%s: group %q, usage %q, example %q", o.name, o.group, o.usage, o.example)
		}
		var c bench.Config
		if err := o.value(&c).Set(o.example); err != nil {
			t.Errorf("--%s %s: %v", o.name, o.example, err)
		}
	}
}

func TestQuote(t *testing.T) {
	for s, want := range map[string]string{
		"": "''", "raft,paxos": "raft,paxos", "a b": "'a b'", "it's": `'it'\''s'`, "$x": "'$x'", "a\nb": `$'a\x0ab'`, "é": `$'\xc3\xa9'`, "~": "'~'",
		"~\n'\\": `$'~\x0a\'\\'`,
	} {
		got := quote(s)
		if got != want {
			t.Errorf("quote(%q) = %s, want %s", s, got, want)
		}
		if bash, err := exec.LookPath("bash"); err == nil {
			out, err := exec.Command(bash, "-c", "printf %s "+got).Output()
			if err != nil || string(out) != s {
				t.Errorf("bash reads %s as %q (%v), want %q", got, out, err, s)
			}
		}
	}
}

package calibrate

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/cost"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// Options say what a calibration is of.
type Options struct {
	Network  string        // inproc or tcp
	Protocol string        // whose replicas do the work
	Duration time.Duration // measured, of each run
	Seed     uint64
	Progress func(done, of int, run string) // may be nil
}

// setting is what distinguishes one run from another.
type setting struct{ nodes, size, batch, clients int }

func (s setting) String() string {
	return fmt.Sprintf("-n %d --size %d --batch %d --clients %d", s.nodes, s.size, s.batch, s.clients)
}

// The runs. Of those that are held out, none has the size or the batch of a fitted one
// together with its nodes.
var (
	fitted = []setting{
		{1, 16, 1, 256}, {1, 16, 1024, 256}, {1, 2048, 1, 256}, {1, 2048, 1024, 256},
		{3, 16, 1, 256}, {3, 16, 1024, 256}, {3, 2048, 1, 256}, {3, 2048, 1024, 256},
		{5, 16, 1, 256}, {5, 16, 1024, 256}, {5, 2048, 1, 256}, {5, 2048, 1024, 256},
		{3, 16, 1024, 2048}, {3, 256, 16, 32}, {5, 256, 16, 1024},
	}
	held = []setting{{3, 256, 1024, 256}, {3, 512, 1, 512}, {5, 1024, 64, 512}, {7, 128, 1024, 256}}
)

// Runs is how many runs a calibration carries out, live and virtual.
func Runs() int { return 2 * (len(fitted) + len(held)) }

// predicted is how long a virtual run is measured: it repeats itself.
const predicted = 300 * time.Millisecond

// config is the live run of a setting.
func (s setting) config(o *Options) bench.Config {
	c := bench.Defaults()
	c.Protocols, c.Network, c.Seed = []string{o.Protocol}, o.Network, o.Seed
	c.Nodes, c.Size, c.Batch, c.Clients = s.nodes, s.size, s.batch, s.clients
	c.Duration, c.Warmup, c.Meter = o.Duration, 200*time.Millisecond, true
	return c
}

// Check reports what is wrong with o.
func Check(o Options, known []smr.Protocol) error {
	c := fitted[0].config(&o)
	if o.Network == bench.NetworkSim {
		return &bench.FieldError{Flag: "network", Msg: "sim has no times of its own to measure: tcp or inproc"}
	}
	return c.Validate(known)
}

// measured is a live run and what it is called.
type measured struct {
	setting
	run       result.Run
	disturbed bool
}

// Run calibrates. It returns ctx's error if it was ended early: half of the runs make
// no model.
func Run(ctx context.Context, o Options, known []smr.Protocol) (*cost.File, error) {
	if err := Check(o, known); err != nil {
		return nil, err
	}
	done, disturbed := 0, 0
	carryOut := func(s setting, c bench.Config) (result.Run, error) {
		if o.Progress != nil {
			o.Progress(done, Runs(), c.Network+" "+s.String())
		}
		done++
		file, err := bench.Run(ctx, c, known, nil)
		if err != nil {
			return result.Run{}, fmt.Errorf("%s: %w", s, err)
		}
		if r := file.Runs[0]; !r.Verdict.Correct || r.Commands.Acknowledged == 0 {
			return r, fmt.Errorf("%s: %s with %d commands: no run to calibrate by", s, r.Verdict.Word(), r.Commands.Acknowledged)
		}
		return file.Runs[0], nil
	}
	live := func(settings []setting) (out []measured, err error) {
		for _, s := range settings {
			r, err := carryOut(s, s.config(&o))
			if err != nil {
				return nil, err
			}
			m := measured{setting: s, run: r, disturbed: bench.Disturbed(&r)}
			if m.disturbed {
				disturbed++
			}
			out = append(out, m)
		}
		return out, nil
	}
	basis, err := live(fitted)
	if err != nil {
		return nil, err
	}
	others, err := live(held)
	if err != nil {
		return nil, err
	}
	file := &cost.File{
		Schema: cost.Schema, Network: o.Network, Protocol: o.Protocol,
		About: fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.Version()),
	}
	if disturbed > 0 {
		file.About += fmt.Sprintf("; other programs were busy during %d of %d runs", disturbed, len(fitted)+len(held))
	}
	model, stderr, err := fit(basis)
	if err != nil {
		return nil, err
	}
	file.Model, file.Errors = model, &stderr
	delay := wayThere(o.Network)
	predict := func(all []measured) (out []cost.Comparison, err error) {
		for _, m := range all {
			c := m.config(&o)
			c.Network, c.Meter, c.Duration, c.Delay = bench.NetworkSim, false, predicted, delay
			c.Cost, c.CostModel, c.Cores = "calibrated", &model, runtime.GOMAXPROCS(0)
			r, err := carryOut(m.setting, c)
			if err != nil {
				return nil, err
			}
			out = append(out, cost.Comparison{
				Run: m.String(), Throughput: [2]float64{m.run.Throughput, r.Throughput}, P50: [2]float64{p50(&m.run), p50(&r)}, Disturbed: m.disturbed,
			})
		}
		return out, nil
	}
	if file.Fitted, err = predict(basis); err != nil {
		return nil, err
	}
	file.Held, err = predict(others)
	return file, err
}

func p50(r *result.Run) float64 {
	if r.Latency.Response.P50 == nil {
		return 0
	}
	return float64(*r.Latency.Response.P50)
}

// wayThere is what passes between sending and hearing where nothing else is to be done:
// half of the measured round trip.
func wayThere(network string) time.Duration {
	floors := bench.Floors("")
	trip := floors.Wake
	if network == bench.NetworkTCP {
		trip = floors.Loopback
	}
	if trip == nil {
		return 0
	}
	return time.Duration(*trip / 2)
}

// fit makes a model of live runs. The processor time that the process used is divided
// among replicas and clients as the lengths of their turns are: so everything is paid
// for that happens beside turns, and what other programs take is not.
func fit(runs []measured) (model, stderr cost.Model, err error) {
	var rows []cost.Row
	var every [cost.Terms]bool
	for i := range every {
		every[i] = true
	}
	for _, m := range runs {
		c := m.run.Cost
		if c == nil || c.CPU <= 0 {
			return model, stderr, fmt.Errorf("%s: how much processor time the program used is not known on this system: nothing to calibrate by", m)
		}
		all := slices.Concat(c.Replicas, c.Clients)
		busy := int64(0)
		for _, w := range all {
			busy += w.Busy
		}
		if busy <= 0 {
			return model, stderr, fmt.Errorf("%s: no turn took any time: the clock is too coarse to calibrate by", m)
		}
		for i, w := range all {
			if i >= len(c.Replicas) {
				w.Done = cost.Work{Answered: w.Done.Answered} // a client's turn is part of its commands
			}
			rows = append(rows, cost.Row{Work: w.Done, Time: float64(c.CPU) * float64(w.Busy) / float64(busy)})
		}
	}
	if model, stderr, err = cost.Fit(rows, every); err != nil {
		return model, stderr, fmt.Errorf("the %d runs make no model: %w", len(runs), err)
	}
	for _, m := range []*cost.Model{&model, &stderr} {
		times := m.Times()
		for i := range times {
			times[i] = rounded(times[i])
		}
		m.SetTimes(times)
	}
	return model, stderr, model.Validate()
}

// rounded keeps what a model can hold: whole picoseconds.
func rounded(ns float64) float64 { return math.Round(ns*1000) / 1000 }

package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/command"
	"github.com/consbench/consbench/bench/fault"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// runner is one run of one protocol: its parts, and what its phases note down.
type runner struct {
	cfg      *Config
	protocol smr.Protocol
	schedule []fault.Fault
	cluster  system
	window   *replica.Window
	series   *measure.Series
	faults   *injector
	files    *files          // of logs on disk; nil without
	floor    []time.Duration // of the device under them
	tell     *teller

	transcript *replica.Transcript // nil: nobody follows

	from, to     smr.Time // the measured window
	leaders      []smr.NodeID
	leader       smr.NodeID // at the start of the window
	byRegion     []result.Region
	before       snapshot
	after        snapshot
	inFlight     float64 // commands, mean over the window
	interrupted  bool
	settled      bool // all replicas stood at the same entry in the end
	started      time.Time
	measuredWall time.Duration
	busy         smr.Time      // CPU time of all processes within the window
	machineBusy  time.Duration // CPU time of all programs of the machine within it
}

// snapshot is all counters at one moment.
type snapshot struct {
	cluster cluster.Totals
	usage   measure.Usage
}

// step is how often a run looks up: the interval of the time series.
const step = smr.Time(100 * time.Millisecond)

// Limits on waiting. They are generous: that they end a run at all is an error.
const (
	electLimit  = smr.Time(60 * time.Second)
	settleLimit = smr.Time(20 * time.Second)
)

// runOne carries out all phases. After an interruption it returns what was
// measured, with ctx's error.
func runOne(ctx context.Context, cfg *Config, p smr.Protocol, progress Progress) (run *result.Run, err error) {
	schedule, err := cfg.Schedule()
	if err != nil {
		return nil, err
	}
	r := &runner{cfg: cfg, protocol: p, schedule: schedule, window: replica.NewWindow(), started: time.Now()}
	r.tell = &teller{progress: progress, protocol: p.Name}
	defer func() { r.close(run) }()
	if err := r.build(); err != nil {
		r.cluster = nil
		return nil, err
	}
	r.faults = newInjector(r.cluster, cfg, schedule)
	r.faults.transcript = r.transcript
	for _, phase := range []func(context.Context) error{r.elect, r.warmUp, r.measure} {
		if err := phase(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.drain(ctx); err != nil {
		return nil, err
	}
	r.tell.phase(Checking, 0, 0)
	r.cluster.Stop()
	if err := r.measureFloor(); err != nil {
		return nil, err
	}
	if err := r.transcript.Close(); err != nil {
		return nil, fmt.Errorf("--transcript: %w", err)
	}
	run = r.collect()
	if r.interrupted {
		return run, context.Cause(ctx)
	}
	return run, nil
}

// close gives back what the run has.
func (r *runner) close(run *result.Run) {
	if r.cluster != nil {
		_ = r.cluster.Close() // the verdict does not depend on how it ends
	}
	if err := r.files.close(); err != nil && run != nil {
		run.Warnings = append(run.Warnings, "files are left behind: "+err.Error())
	}
}

// await lets time pass until done() is true or limit has passed, and tells of it.
func (r *runner) await(ctx context.Context, phase Phase, limit smr.Time, done func() bool) (bool, error) {
	start := r.cluster.Now()
	for {
		now := r.cluster.Now()
		r.tell.phase(phase, now-start, limit)
		if now >= start+limit {
			return false, nil
		}
		if ok, err := r.cluster.Await(ctx, min(now+step, start+limit), done); ok || err != nil {
			return ok, err
		}
	}
}

// elect waits for the first leader.
func (r *runner) elect(ctx context.Context) error {
	ok, err := r.await(ctx, Electing, electLimit, func() bool { return r.cluster.Leader() != smr.None })
	if err == nil && !ok {
		err = fmt.Errorf("no leader was elected within %v%s", time.Duration(electLimit), r.cfg.whyUnstable())
	}
	return err
}

// whyUnstable is what may keep a leader from staying: messages that travel for as
// long as election timers run (Raft paper, 5.6).
func (c *Config) whyUnstable() string {
	if trip := c.trip(); trip >= c.ElectionMin {
		return fmt.Sprintf("; a round trip of %v is no shorter than the shortest election timeout: raise --election-timeout %v-%v", trip, c.ElectionMin, c.ElectionMax)
	}
	return ""
}

// warmUp sends commands for a while and then lets everything come to rest, so
// that the costs of the measured commands are theirs alone.
func (r *runner) warmUp(ctx context.Context) error {
	r.transcript.Note(r.cluster.Now(), "the warm-up begins")
	r.cluster.Load(r.cluster.Now(), smr.Never)
	if _, err := r.await(ctx, WarmingUp, smr.Time(r.cfg.Warmup), nil); err != nil {
		return err
	}
	r.cluster.Unload()
	ok, err := r.rest(ctx, WarmingUp)
	if err == nil && !ok {
		err = fmt.Errorf("the cluster did not come to rest within %v after the warm-up: %s%s", time.Duration(settleLimit), r.cluster.Standing(), r.cfg.whyUnstable())
	}
	return err
}

// rest waits until no command is open and all replicas stand at the same entry.
func (r *runner) rest(ctx context.Context, phase Phase) (bool, error) {
	return r.await(ctx, phase, settleLimit, func() bool { return r.cluster.Open() == 0 && r.cluster.Settled() })
}

// measure is the measured window, with its faults.
func (r *runner) measure(ctx context.Context) error {
	r.before = snapshot{r.cluster.Totals(), r.cluster.Usage()}
	wall, machine := time.Now(), busyTime()
	r.from = r.cluster.Now()
	r.to = r.from + smr.Time(r.cfg.Duration)
	r.faults.from = r.from
	r.leader = r.cluster.Leader()
	r.transcript.Note(r.from, "the measured window begins")
	r.window.Set(r.from, r.to)
	r.cluster.Load(r.from, r.to)
	for now := r.from; now < r.to; now = r.cluster.Now() {
		r.tell.measuring(now-r.from, r.to-r.from, r.cluster.Acknowledged())
		r.faults.tend()
		for r.faults.next() <= now {
			r.faults.step()
		}
		for r.from+smr.Time(len(r.leaders)+1)*step <= now {
			r.leaders = append(r.leaders, r.cluster.Leader())
		}
		until := min(r.to, r.faults.next(), r.from+smr.Time(len(r.leaders)+1)*step)
		var overcome func() bool
		if r.faults.heals() {
			overcome = r.faults.heal
		}
		if _, err := r.cluster.Await(ctx, until, overcome); err != nil {
			r.interrupted = true
			r.to = r.cluster.Now()
			r.window.Set(r.from, r.to)
			break
		}
	}
	r.leaders = append(r.leaders, r.cluster.Leader())
	r.transcript.Note(r.to, "the measured window ends, and with it all faults")
	r.cluster.Unload()
	r.measuredWall = time.Since(wall)
	r.busy = r.cluster.Usage().Sub(r.before.usage).CPU
	if now := busyTime(); machine >= 0 && now >= 0 {
		r.machineBusy = now - machine
	}
	return nil
}

// hurry returns a context that ends a while after ctx: whoever interrupts a run still
// wants its verdict, but not to wait for one that takes long. A live run has to wait
// for elections in real time.
func (r *runner) hurry(ctx context.Context) (context.Context, context.CancelFunc) {
	grace := time.Second
	if r.cfg.Network != NetworkSim {
		grace = 3 * time.Second
	}
	slow, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			cancel()
		case <-slow.Done():
		}
	})
	return slow, func() { stop(); cancel() }
}

// drain undoes all faults, waits for the answers that are still to come and for
// the replicas to stand at the same entry. An interruption leaves it a while for that;
// then the cluster is taken as it stands.
func (r *runner) drain(interruption context.Context) error {
	ctx, cancel := r.hurry(interruption)
	defer cancel()
	err := r.settle(ctx)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		r.interrupted, err = true, nil
	}
	r.cluster.Silence()
	r.after = snapshot{r.cluster.Totals(), r.cluster.Usage()}
	return err
}

func (r *runner) settle(ctx context.Context) error {
	r.faults.end()
	limit := smr.Time(r.cfg.Drain)
	if _, err := r.await(ctx, Draining, limit, func() bool { r.faults.tend(); return r.cluster.Open() == 0 }); err != nil {
		return err
	}
	r.cluster.Silence() // what has no answer yet will have none; the replicas can come to rest
	for end := r.cluster.Now() + settleLimit; !r.settled; {
		ok, err := r.await(ctx, Draining, end-r.cluster.Now(), func() bool { r.faults.tend(); return r.cluster.Settled() })
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if r.settled = r.cluster.Freeze(); !r.settled {
			if _, err := r.cluster.Await(ctx, r.cluster.Now()+smr.Time(time.Millisecond), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// teller passes on progress, not too often.
type teller struct {
	progress Progress
	protocol string
	last     time.Time
	acks     uint64
	acksAt   smr.Time
	current  Phase
}

const tellEvery = 200 * time.Millisecond

func (t *teller) phase(p Phase, elapsed, of smr.Time) {
	if p == t.current && time.Since(t.last) < tellEvery {
		return
	}
	t.current, t.last = p, time.Now()
	t.progress(Update{Protocol: t.protocol, Phase: p, Elapsed: time.Duration(elapsed), Of: time.Duration(of), Acknowledged: t.acks})
}

func (t *teller) measuring(elapsed, of smr.Time, acks uint64) {
	if t.current == Measuring && time.Since(t.last) < tellEvery {
		return
	}
	u := Update{Protocol: t.protocol, Phase: Measuring, Elapsed: time.Duration(elapsed), Of: time.Duration(of), Acknowledged: acks}
	if d := elapsed - t.acksAt; d > 0 {
		u.RatePerSecond = float64(acks-t.acks) / time.Duration(d).Seconds()
	}
	t.current, t.last, t.acks, t.acksAt = Measuring, time.Now(), acks, elapsed
	t.progress(u)
}

var errNoSuchNetwork = errors.New("no such network")

// Schedule returns the faults of the configuration. The error says of each that
// cannot be carried out why.
func (c *Config) Schedule() ([]fault.Fault, error) {
	var all []fault.Fault
	for _, s := range c.Faults {
		faults, err := fault.Parse(s)
		if err != nil {
			return nil, err
		}
		all = append(all, faults...)
	}
	if err := c.survives(all); err != nil {
		return nil, err
	}
	return all, fault.Validate(all, fault.Limits{
		Nodes: c.Nodes, Window: smr.Time(c.Duration), UntilHealed: true, Regions: c.nodeRegions(),
		Verbs: c.verbs(), Refused: c.unfit(),
	})
}

// maxFrame is the longest frame in bytes: long enough for a single command.
func (c *Config) maxFrame() int {
	return max(256<<10, command.Size(c.Size)+smr.Overhead)
}

// coreConfig is what every protocol core is told.
func (c *Config) coreConfig() smr.Config {
	core := smr.Config{
		Seed:        c.Seed,
		ElectionMin: smr.Time(c.ElectionMin), ElectionMax: smr.Time(c.ElectionMax), Heartbeat: smr.Time(c.Heartbeat),
		MaxFrame: c.maxFrame(), Inflight: c.Window, Retain: c.Retain,
		Prefault: c.Network != NetworkSim,
		PreVote:  c.PreVote, CheckQuorum: c.CheckQuorum, Q1: c.Q1, Q2: c.Q2,
	}
	for i := range c.Nodes {
		core.Peers = append(core.Peers, smr.NodeID(i+1))
	}
	return core
}

// clientOptions is what every worker is told. A client gives up on a silent
// replica after the time in which the cluster itself would: the longest election
// timeout, or a few round trips where those are longer.
func (c *Config) clientOptions(p smr.Protocol) client.Options {
	return client.Options{
		Workers: c.workers(), Sessions: c.Clients, Inflight: c.Inflight, Size: c.Size, Keys: c.Keys, Seed: c.Seed,
		Rate: c.openingRate() / rate(c.workers()), Arrival: c.Arrival, Phases: c.phases(),
		Timeout:    smr.Time(c.Timeout),
		RetryAfter: max(smr.Time(c.ElectionMax), 5*smr.Time(c.trip())+4*smr.Time(c.SyncLatency)),
		Leaderless: p.Leaderless, Spread: c.Proposers == "all", First: c.firstLeader(),
	}
}

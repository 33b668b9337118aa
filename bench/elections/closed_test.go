package elections_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/elections"
	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

const ms = float64(time.Millisecond)

var both = []smr.Protocol{raft.Protocol, paxos.Multi}

// trials is how many trials a closed form gets.
func trials() int {
	if testing.Short() {
		return 100
	}
	return 1000
}

// setting is the defaults with changes.
func setting(change func(*elections.Config)) elections.Config {
	c := elections.Defaults()
	c.Trials = trials()
	change(&c)
	return c
}

func run(t *testing.T, c elections.Config, p smr.Protocol) []elections.Sample {
	t.Helper()
	c.Protocol = p.Name
	if err := elections.Check(&c, &p); err != nil {
		t.Fatal(err)
	}
	samples, err := elections.Run(context.Background(), c, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range samples {
		if !samples[i].Finished() {
			t.Fatalf("%s: trial %d of seed %d is unfinished: %+v", p.Name, i, c.Seed, samples[i])
		}
	}
	return samples
}

// near compares the mean of what of returns, in ns, with a closed form: within four
// standard errors of the sample, and slack, a share of want.
func near(t *testing.T, what string, samples []elections.Sample, want, slack float64, of func(*elections.Sample) float64) {
	t.Helper()
	n := float64(len(samples))
	sum, squares := 0.0, 0.0
	for i := range samples {
		v := of(&samples[i])
		sum, squares = sum+v, squares+v*v
	}
	mean := sum / n
	sigma := math.Sqrt(max(squares/n-mean*mean, 0) / n)
	if off := math.Abs(mean - want); off > 4*sigma+slack*want {
		t.Errorf("%s: %.4g, the closed form says %.4g; %.4g apart, with a standard error of %.3g and %.0f%% allowed", what, mean, want, off, sigma, 100*slack)
	}
}

func detected(s *elections.Sample) float64 { return float64(s.Detected) }
func elected(s *elections.Sample) float64  { return float64(s.Elected) }
func split(s *elections.Sample) float64 {
	if s.Split {
		return 1
	}
	return 0
}

// firstTimeout is E of the least of s timeouts U(Tmin, Tmin+R).
func firstTimeout(c *elections.Config, s int) float64 {
	return float64(c.ElectionMin) + float64(c.ElectionMax-c.ElectionMin)/float64(s+1)
}

// splitVote is the probability that c of s candidates time out within one delay: then
// nobody gets a majority of n.
func splitVote(cfg *elections.Config, s int) float64 {
	l := float64(cfg.DelayMin) / float64(cfg.ElectionMax-cfg.ElectionMin)
	c := s - cfg.Nodes/2 + 1
	p := 0.0
	for k := c - 1; k <= s; k++ {
		p += choose(s, k) * math.Pow(l, float64(k)) * math.Pow(1-l, float64(s-k))
	}
	return p
}

func choose(n, k int) float64 {
	x := 1.0
	for i := range k {
		x *= float64(n-i) / float64(i+1)
	}
	return x
}

// electionTime is E of the election, by geometric rounds.
func electionTime(c *elections.Config, s int) float64 {
	p, d := splitVote(c, s), float64(c.DelayMin)
	first := firstTimeout(c, s)
	return p/(1-p)*(first+d) + first + float64(c.CandidatePersistMin) + 2*d + float64(c.VoterPersist)
}

func fresh(n, down int, delay time.Duration) elections.Config {
	return setting(func(c *elections.Config) {
		c.Start, c.Nodes, c.Down = result.StartFresh, n, down
		c.DelayMin, c.DelayMax = delay, delay
	})
}

func TestClosedFormFirstTimeout(t *testing.T) {
	for _, p := range both {
		for _, k := range [][2]int{{3, 0}, {3, 1}, {5, 0}, {5, 1}, {5, 2}, {9, 4}} { // servers, dead ones
			c := fresh(k[0], k[1], time.Millisecond)
			s := k[0] - k[1]
			near(t, fmt.Sprintf("%s: first timeout of %d live servers", p.Name, s), run(t, c, p), firstTimeout(&c, s), 0, detected)
		}
	}
}

// TestClosedFormDetection: after a crash uniform within a heartbeat interval half of
// that has passed already, in the mean. For 5 servers, 150-300 ms and H = 75 ms that
// makes 142.5 ms, for every protocol.
func TestClosedFormDetection(t *testing.T) {
	for _, p := range both {
		for _, logs := range []string{result.LogsEqual, result.LogsDistinct} {
			c := setting(func(c *elections.Config) { c.Logs = logs })
			want := firstTimeout(&c, 4) - float64(c.Heartbeat)/2
			if want != 142.5*ms {
				t.Fatalf("the closed form gives %v", want)
			}
			samples := run(t, c, p)
			near(t, p.Name+", "+logs+" logs: detection", samples, want, 0, detected)
			for i, s := range samples {
				if s.Detected <= smr.Time(c.ElectionMin-c.Heartbeat) || s.Detected > smr.Time(c.ElectionMax) {
					t.Fatalf("%s: trial %d: detected after %v: it must be less than a heartbeat interval before the shortest timeout", p.Name, i, s.Detected)
				}
			}
		}
	}
}

// TestClosedFormSplitVote is for Raft: in Multi-Paxos the higher of two ballots wins.
func TestClosedFormSplitVote(t *testing.T) {
	for _, k := range []struct {
		n, down int
		delay   time.Duration
	}{
		{3, 0, 15 * time.Millisecond},
		{3, 1, 15 * time.Millisecond}, // both must vote for one of them
		{5, 0, 30 * time.Millisecond},
		{5, 1, 15 * time.Millisecond},
		{5, 2, 5 * time.Millisecond},
		{9, 2, 20 * time.Millisecond},
	} {
		c := fresh(k.n, k.down, k.delay)
		p := splitVote(&c, k.n-k.down)
		near(t, fmt.Sprintf("%d of %d servers, %v: split votes", k.n-k.down, k.n, k.delay), run(t, c, raft.Protocol), p, 0, split)
	}
}

func TestClosedFormElection(t *testing.T) {
	for _, k := range []struct {
		n, down          int
		delay            time.Duration
		candidate, voter time.Duration
	}{
		{5, 0, time.Millisecond, 0, 0},
		{5, 1, 10 * time.Millisecond, 0, 0},
		{5, 1, 25 * time.Millisecond, 0, 0},
		{3, 1, 10 * time.Millisecond, 0, 0},
		{9, 3, 20 * time.Millisecond, 0, 0},
		{5, 1, 5 * time.Millisecond, time.Millisecond, 8 * time.Millisecond},
	} {
		c := fresh(k.n, k.down, k.delay)
		c.CandidatePersistMin, c.CandidatePersistMax, c.VoterPersist = k.candidate, k.candidate, k.voter
		s := k.n - k.down
		if p := splitVote(&c, s); p >= 0.2 {
			t.Fatalf("p = %v: the closed form is for less than 0.2", p)
		}
		what := fmt.Sprintf("raft, %d of %d servers, %v, writes of %v and %v: election", s, k.n, k.delay, k.candidate, k.voter)
		near(t, what, run(t, c, raft.Protocol), electionTime(&c, s), 0.03, elected)
	}
}

// TestClosedFormCredit: the same with a crash uniform within a heartbeat interval.
func TestClosedFormCredit(t *testing.T) {
	for _, delay := range []time.Duration{time.Millisecond, 10 * time.Millisecond} {
		c := setting(func(c *elections.Config) { c.DelayMin, c.DelayMax = delay, delay })
		near(t, fmt.Sprintf("raft, %v: election after a crash", delay), run(t, c, raft.Protocol), electionTime(&c, 4)-float64(c.Heartbeat)/2, 0.03, elected)
	}
}

// TestClosedFormUndisputed: where nobody disputes it, an election takes a write, two
// delays and another write, to the nanosecond, in both protocols; a poll before it two
// delays more. One delay later everybody has heard. What a command takes then is one
// round trip in Multi-Paxos; Raft's leader waits for the answer to its first append.
func TestClosedFormUndisputed(t *testing.T) {
	const delay, candidate, voter = 2 * smr.Time(time.Millisecond), 3 * smr.Time(time.Millisecond), 7 * smr.Time(time.Millisecond)
	for _, p := range both {
		for _, preVote := range []bool{false, true} {
			for _, start := range []string{result.StartCrash, result.StartFresh} {
				c := setting(func(c *elections.Config) {
					c.Start, c.Trials, c.PreVote, c.CheckQuorum = start, trials()/5, preVote, preVote
					c.ElectionMax = c.ElectionMin + 10*time.Second // disputes are rare
					c.DelayMin, c.DelayMax = time.Duration(delay), time.Duration(delay)
					c.CandidatePersistMin, c.CandidatePersistMax, c.VoterPersist = time.Duration(candidate), time.Duration(candidate), time.Duration(voter)
				})
				votes, commit := candidate+2*delay+voter, 2*delay
				if preVote {
					votes += 2 * delay
				}
				if p.Name == raft.Protocol.Name {
					commit += 2 * delay
				}
				undisputed := 0
				for i, s := range run(t, c, p) {
					if s.Rounds > 1 {
						continue
					}
					undisputed++
					if s.Elected-s.Detected != votes || s.Announced-s.Elected != delay || s.FirstCommit-s.Elected != commit {
						t.Fatalf("%s, %s, pre-vote %v: trial %d: %+v: elected should be %v later than detected, announced %v and the first commit %v later than that",
							p.Name, start, preVote, i, s, votes, delay, commit)
					}
				}
				if undisputed < c.Trials*9/10 {
					t.Errorf("%s, %s, pre-vote %v: only %d of %d elections were undisputed", p.Name, start, preVote, undisputed, c.Trials)
				}
			}
		}
	}
}

// TestSideBySide: under equal timers both protocols detect alike, trial by trial
// where nothing was drawn before; duels cost Multi-Paxos less time than split votes
// cost Raft, and short logs cost it none.
func TestSideBySide(t *testing.T) {
	c := fresh(5, 0, 10*time.Millisecond)
	r, m := run(t, c, raft.Protocol), run(t, c, paxos.Multi)
	for i := range r {
		if r[i].Detected != m[i].Detected {
			t.Fatalf("trial %d: raft detected after %v, multipaxos after %v", i, r[i].Detected, m[i].Detected)
		}
	}
	mean := func(samples []elections.Sample) (sum float64) {
		for i := range samples {
			sum += elected(&samples[i]) / float64(len(samples))
		}
		return sum
	}
	c.Logs = result.LogsDistinct
	near(t, "multipaxos, distinct logs", run(t, c, paxos.Multi), mean(m), 0.01, elected)
	if slow, fast := mean(run(t, c, raft.Protocol)), mean(r); slow < fast+10*ms {
		t.Errorf("raft is elected after %.1f ms with distinct logs and %.1f ms with equal ones: servers that cannot win should cost more", slow/ms, fast/ms)
	}
}

package elections

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// figure16 is what Figure 16 of the extended Raft paper (dissertation, Figure 9.4)
// shows, recovered from its source, github.com/ongardie/dissertation, which is
// licensed CC BY 4.0: quantiles of the time without a leader, in ms.
//
//go:embed figure16.json
var figure16 []byte

// What Figure 16 is held to.
const (
	gapLimit       = 0.10 // between the distribution functions
	medianLimit    = 0.06
	medianLimit151 = 0.20 // 150-151: one round more or less is 8 % of its median

	fixedTrials = 100              // of 150-150
	fixedSlower = 10 * time.Second // without randomness an election takes longer
	fixedShare  = 0.95             // in at least this share of the trials
)

// ranges of the figure, as it lists them; one of its nine stands in both halves.
var ranges = []string{"150-150", "150-151", "150-155", "150-175", "150-200", "150-300", "100-200", "50-100", "25-50", "12-24"}

type curve struct {
	N int       `json:"n"`
	Q []float64 `json:"q"`
}

// Figure16 is the settings of the figure with base's protocol, seed and trials
// (150-150: a hundred at most), and what was published for each.
//
// Five servers. A heartbeat has reached all, and the leader crashes uniformly within
// the interval that follows, of half the shortest timeout. The logs of the four
// survivors differ in length, so that two of them cannot win. The paper's "broadcast
// time" of 15 ms is network and disk together: 0.1 ms one way, 0.5 to 6.5 ms for a
// candidate's write and 8 ms for a voter's fit all ranges.
func Figure16(base Config) ([]Config, []result.Published, error) {
	var file struct {
		Curves map[string]curve `json:"curves"`
	}
	if err := json.Unmarshal(figure16, &file); err != nil {
		return nil, nil, fmt.Errorf("figure 16: %w", err)
	}
	var settings []Config
	var published []result.Published
	for _, name := range ranges {
		c := base
		var lo, hi int
		if _, err := fmt.Sscanf(name, "%d-%d", &lo, &hi); err != nil {
			return nil, nil, fmt.Errorf("figure 16: %q: %w", name, err)
		}
		c.Nodes, c.Down, c.Start, c.Logs = 5, 0, result.StartCrash, result.LogsDistinct
		c.ElectionMin, c.ElectionMax = time.Duration(lo)*time.Millisecond, time.Duration(hi)*time.Millisecond
		c.Heartbeat = c.ElectionMin / 2
		c.DelayMin, c.DelayMax = 100*time.Microsecond, 100*time.Microsecond
		c.CandidatePersistMin, c.CandidatePersistMax = 500*time.Microsecond, 6500*time.Microsecond
		c.VoterPersist = 8 * time.Millisecond
		c.PreVote, c.CheckQuorum = false, false
		c.GiveUp = time.Minute
		v := file.Curves[name]
		p := result.Published{Source: "Ongaro and Ousterhout, extended Raft paper, Figure 16", Trials: v.N}
		if len(v.Q) != 101 {
			return nil, nil, fmt.Errorf("figure 16: %d quantiles of %q, not 101", len(v.Q), name)
		}
		for i, ms := range v.Q {
			p.Quantiles = append(p.Quantiles, int64(math.Round(ms*1e6)))
			if i > 0 {
				p.Mean += (ms + v.Q[i-1]) / 2 * 1e6 / 100
			}
		}
		limit, median, share := gapLimit, medianLimit, fixedShare
		switch {
		case lo == hi:
			c.Trials = min(c.Trials, fixedTrials)
			p.SlowLeast, p.Slower = &share, int64(fixedSlower)
		case hi == lo+1:
			median = medianLimit151
			fallthrough
		default:
			p.GapLimit, p.MedLimit = &limit, &median
		}
		settings, published = append(settings, c), append(published, p)
	}
	return settings, published, nil
}

// Hold compares the time without a leader in samples with what was published.
func Hold(p result.Published, samples []Sample) result.Published {
	v := sorted(samples, func(s *Sample) smr.Time { return s.Announced })
	if len(v) == 0 {
		return p
	}
	p.OK = true
	if p.GapLimit != nil {
		gap := cdfGap(v, p.Quantiles)
		p.Gap = &gap
		p.OK = p.OK && gap <= *p.GapLimit
	}
	if p.MedLimit != nil {
		off := math.Inf(1)
		if median := rank(v, 500); median != smr.Never {
			off = float64(median)/float64(p.Quantiles[50]) - 1
			p.Median = &off
		}
		p.OK = p.OK && math.Abs(off) <= *p.MedLimit
	}
	if p.SlowLeast != nil {
		fast, _ := slices.BinarySearch(v, smr.Time(p.Slower)+1)
		share := 1 - float64(fast)/float64(len(v))
		p.Slow = &share
		p.OK = p.OK && share >= *p.SlowLeast
	}
	return p
}

// cdfGap is the largest difference between the distribution function of v, which
// is sorted, and the one with the given quantiles at equal steps from 0 to 1,
// straight between them.
func cdfGap(v []smr.Time, quantiles []int64) float64 {
	gap := 0.0
	at := func(t smr.Time) {
		first, _ := slices.BinarySearch(v, t)
		behind, _ := slices.BinarySearch(v, t+1)
		below, upTo := between(quantiles, int64(t))
		n := float64(len(v))
		gap = max(gap, math.Abs(float64(first)/n-below), math.Abs(float64(behind)/n-upTo))
	}
	for i, t := range v {
		if t == smr.Never {
			gap = max(gap, 1-float64(i)/float64(len(v))) // beyond everything that was published
			break
		}
		if i == 0 || t != v[i-1] {
			at(t)
		}
	}
	for _, q := range quantiles {
		at(smr.Time(q))
	}
	return gap
}

// between is the share that the distribution with these quantiles has below t, and
// up to t.
func between(quantiles []int64, t int64) (below, upTo float64) {
	steps := float64(len(quantiles) - 1)
	first, found := slices.BinarySearch(quantiles, t)
	switch {
	case found:
		behind, _ := slices.BinarySearch(quantiles, t+1)
		return float64(first) / steps, float64(behind-1) / steps
	case first == 0:
		return 0, 0
	case first == len(quantiles):
		return 1, 1
	}
	a, b := quantiles[first-1], quantiles[first]
	below = (float64(first-1) + float64(t-a)/float64(b-a)) / steps
	return below, below
}

package elections

import (
	"slices"

	"github.com/consbench/consbench/bench/result"
	"github.com/consbench/consbench/bench/smr"
)

// Summarize describes the samples of a setting. raw keeps them, too.
func Summarize(cfg Config, samples []Sample, raw bool) result.ElectionSetting {
	s := result.ElectionSetting{Config: cfg, Trials: len(samples)}
	split, rounds := 0, 0
	for i := range samples {
		v := &samples[i]
		if !v.Finished() {
			s.Unfinished++
		}
		if v.Split {
			split++
		}
		rounds += v.Rounds
		s.Disturbed += v.Disturbed
		s.Rounds.Max = max(s.Rounds.Max, v.Rounds)
	}
	if n := float64(len(samples)); n > 0 {
		s.SplitVoteRate, s.Rounds.Mean = float64(split)/n, float64(rounds)/n
	}
	s.Phases = result.ElectionPhases{
		Detected:    phase(samples, func(v *Sample) smr.Time { return v.Detected }),
		Elected:     phase(samples, func(v *Sample) smr.Time { return v.Elected }),
		Announced:   phase(samples, func(v *Sample) smr.Time { return v.Announced }),
		FirstCommit: phase(samples, func(v *Sample) smr.Time { return v.FirstCommit }),
	}
	if raw {
		s.Samples = keep(samples)
	}
	return s
}

// known is t, nil if it never came.
func known(t smr.Time) *int64 {
	if t == smr.Never {
		return nil
	}
	v := int64(t)
	return &v
}

func keep(samples []Sample) *result.ElectionsSamples {
	k := new(result.ElectionsSamples)
	for i := range samples {
		v := &samples[i]
		k.Detected = append(k.Detected, known(v.Detected))
		k.Elected = append(k.Elected, known(v.Elected))
		k.Announced = append(k.Announced, known(v.Announced))
		k.FirstCommit = append(k.FirstCommit, known(v.FirstCommit))
		k.Rounds = append(k.Rounds, v.Rounds)
	}
	return k
}

// sorted are the values of one phase, rising; those that never came are last.
func sorted(samples []Sample, of func(*Sample) smr.Time) []smr.Time {
	v := make([]smr.Time, len(samples))
	for i := range samples {
		v[i] = of(&samples[i])
	}
	slices.Sort(v)
	return v
}

// rank is the value of rank ceil(share n) of v, which is sorted; share in
// thousandths. At 0 it is the least.
func rank(v []smr.Time, thousandths int) smr.Time {
	return v[max((thousandths*len(v)+999)/1000, 1)-1]
}

func phase(samples []Sample, of func(*Sample) smr.Time) result.Phase {
	v := sorted(samples, of)
	n := len(v)
	p := result.Phase{Quantiles: make([]*int64, 101)}
	if n == 0 {
		return p
	}
	// A tail of fewer than ten trials says little of its quantile.
	tail := func(thousandths int) *int64 {
		if n*(1000-thousandths) < 10*1000 {
			return nil
		}
		return known(rank(v, thousandths))
	}
	p.P50, p.P90, p.P99, p.P999, p.Max = tail(500), tail(900), tail(990), tail(999), known(v[n-1])
	for i := range p.Quantiles {
		p.Quantiles[i] = known(rank(v, 10*i))
	}
	if v[n-1] != smr.Never {
		sum := 0.0
		for _, t := range v {
			sum += float64(t)
		}
		mean := sum / float64(n)
		p.Mean = &mean
	}
	return p
}

package gate

import (
	"time"

	"github.com/consbench/consbench/bench/smr"
)

// Flaw is a way to make a protocol worse, to show that a gate notices. No flag and
// no variable leads here: only a self-test does.
type Flaw uint8

// Flaws.
const (
	None     Flaw = iota
	Chatty        // every turn that replicates sends one frame twice
	Wasteful      // every proposal allocates once more
	Slow          // every proposal takes 20 us of processor time more
)

// Burn is what Slow adds to a proposal.
const Burn = 20 * time.Microsecond

// With returns the protocols, made worse.
func (f Flaw) With(known []smr.Protocol) []smr.Protocol { return spoil(known, f, Burn) }

// Slower returns the protocols with burn more processor time in every proposal, for
// finding out how little a gate notices.
func Slower(known []smr.Protocol, burn time.Duration) []smr.Protocol {
	if burn <= 0 {
		return known
	}
	return spoil(known, Slow, burn)
}

func spoil(known []smr.Protocol, f Flaw, burn time.Duration) []smr.Protocol {
	if f == None {
		return known
	}
	out := make([]smr.Protocol, len(known))
	for i, p := range known {
		out[i] = p
		out[i].New = func(c smr.Config) (smr.Core, error) {
			core, err := p.New(c)
			if err != nil {
				return nil, err
			}
			return &flawed{Core: core, flaw: f, burn: burn}, nil
		}
	}
	return out
}

// flawed is a core with a flaw.
type flawed struct {
	smr.Core
	flaw  Flaw
	burn  time.Duration
	waste *[32]byte
}

func (c *flawed) Propose(now smr.Time, tag smr.Tag, data []byte) error {
	switch c.flaw {
	case Wasteful:
		c.waste = new([32]byte)
	case Slow:
		for start := time.Now(); time.Since(start) < c.burn; {
		}
	}
	return c.Core.Propose(now, tag, data)
}

func (c *flawed) Ready(now smr.Time, rd *smr.Ready) {
	c.Core.Ready(now, rd)
	if c.flaw == Chatty && len(rd.Frames) > 0 && rd.Frames[0].Kind == smr.Replication {
		rd.Frames = append(rd.Frames, rd.Frames[0])
	}
}

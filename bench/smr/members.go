package smr

import "math/bits"

// MaxNodes is the largest cluster a [Set] can describe.
const MaxNodes = 128

// Set is a set of members by their position in Config.Peers.
type Set [MaxNodes / 64]uint64

// Add puts position i into the set and reports whether it is new there.
func (s *Set) Add(i int) bool {
	w, b := i>>6, uint64(1)<<(i&63)
	isNew := s[w]&b == 0
	s[w] |= b
	return isNew
}

// Has reports whether position i is in the set.
func (s *Set) Has(i int) bool { return s[i>>6]&(1<<(i&63)) != 0 }

// Len is the number of members in the set.
func (s *Set) Len() int { return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) }

// Position returns where id stands in Config.Peers, or -1 for a stranger.
func (c *Config) Position(id NodeID) int {
	for i, p := range c.Peers {
		if p == id {
			return i
		}
	}
	return -1
}

// Validate reports what in the configuration no protocol could work with.
func (c *Config) Validate() error {
	switch q1, q2 := c.Quorums(); {
	case len(c.Peers) == 0 || len(c.Peers) > MaxNodes:
		return configError("a cluster has 1 to 128 members")
	case c.Position(c.ID) < 0:
		return configError("the replica is not among its peers")
	case c.ElectionMin <= 0 || c.ElectionMax < c.ElectionMin:
		return configError("the election timeout must be a range of positive times, lower end first")
	case c.Heartbeat <= 0 || c.Heartbeat >= c.ElectionMin:
		return configError("the heartbeat interval must be positive and below the shortest election timeout")
	case q1 < 1 || q2 < 1 || q1 > len(c.Peers) || q2 > len(c.Peers):
		return configError("a quorum has at least one member and at most all")
	case q1+q2 <= len(c.Peers):
		return configError("q1 + q2 must exceed the number of members")
	case c.MaxFrame < 4<<10 || c.Inflight < c.MaxFrame || c.Retain < 0:
		return configError("MaxFrame must be at least 4 KiB, Inflight at least MaxFrame, Retain not negative")
	}
	return nil
}

type configError string

func (e configError) Error() string { return "smr: " + string(e) }

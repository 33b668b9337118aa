package smrtest

import (
	"math/rand/v2"
	"testing"

	"github.com/consbench/consbench/bench/smr"
)

// settings are what a protocol's owner says about it.
type settings struct {
	protocol    smr.Protocol
	allowed     Faults
	logMatching bool
	scripts     []string
	describeFn  func([]byte) string
	stormy      bool // of the seed drawn last
	wipes       bool
}

// Option tells the suite about a protocol.
type Option func(*settings)

// Without keeps random schedules from faults that the protocol does not tolerate.
func Without(f Faults) Option { return func(s *settings) { s.allowed &^= f } }

// LogMatching compares the prefixes of logs: for protocols like Raft, whose core
// offers [Slots].
func LogMatching() Option { return func(s *settings) { s.logMatching = true } }

// Scripts names directories with more scripts, relative to the test's own.
func Scripts(dirs ...string) Option {
	return func(s *settings) { s.scripts = append(s.scripts, dirs...) }
}

// Describe decodes frames for the transcripts of scripts.
func Describe(fn func(frame []byte) string) Option {
	return func(s *settings) { s.describeFn = fn }
}

func settingsOf(p smr.Protocol, opts []Option) settings {
	s := settings{protocol: p, allowed: AllFaults}
	for _, o := range opts {
		o(&s)
	}
	return s
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)) }

// Run runs the whole suite for p.
func Run(t *testing.T, p smr.Protocol, opts ...Option) {
	if *flagProtocol != "" && *flagProtocol != p.Name {
		t.Skipf("-smrtest.protocol=%s", *flagProtocol)
	}
	s := settingsOf(p, opts)
	t.Run("Scripts", func(t *testing.T) { s.runScripts(t, opts) })
	t.Run("Deterministic", func(t *testing.T) { Deterministic(t, p, opts...) })
	t.Run("Allocs", func(t *testing.T) { Allocs(t, p) })
	t.Run("Cost", func(t *testing.T) {
		delays, messages := 2, uint64(2)
		if p.Leaderless { // both phases for every entry
			delays, messages = 4, 4
		}
		for _, n := range []int{3, 5, 7, 9} {
			Messages(t, p, n, messages*uint64(n-1))
			Latency(t, p, n, delays)
		}
	})
	t.Run("Random", func(t *testing.T) {
		n := 150
		if testing.Short() {
			n = 8
		}
		Random(t, p, 1, n, opts...)
	})
	t.Run("NonVoters", func(t *testing.T) {
		n := 40
		if testing.Short() {
			n = 4
		}
		NonVoters(t, p, 1, n, opts...)
	})
}

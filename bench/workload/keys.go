package workload

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// Streams of one seed: the second word of a PCG, so that arrivals, keys and
// payloads drawn from the same seed have nothing in common.
const (
	streamArrivals = 0xa5a5_0001
	streamKeys     = 0xa5a5_0002
	streamPayload  = 0xa5a5_0003
)

// Keys chooses keys uniformly from 0 to n-1.
type Keys struct {
	n   uint64
	rng *rand.PCG
}

// NewKeys returns a chooser over n keys; n must be positive.
func NewKeys(n int, seed uint64) *Keys {
	if n <= 0 {
		panic("workload: a choice among no keys")
	}
	return &Keys{n: uint64(n), rng: rand.NewPCG(seed, streamKeys)}
}

// Next returns the next key. The bias of the multiplication (Lemire, "Fast random
// integer generation in an interval", 2019) is below n/2^64.
func (k *Keys) Next() uint64 {
	hi, _ := bits.Mul64(k.rng.Uint64(), k.n)
	return hi
}

// Payloads is a pool of pseudo-random bytes from which payloads are cut: no
// generator runs while commands are sent. It is read-only once made, so that
// workers may share it.
type Payloads struct {
	pool []byte
	mask uint64 // of offsets, which are multiples of 8
}

// payloadOffsets is how many bytes of the pool payloads may start in. It is a
// power of two, small enough to stay in a second-level cache.
const payloadOffsets = 128 << 10

// NewPayloads returns a pool for payloads of up to size bytes.
func NewPayloads(size int, seed uint64) *Payloads {
	if size < 0 {
		panic("workload: a payload of negative size")
	}
	rng := rand.NewPCG(seed, streamPayload)
	pool := make([]byte, 0, payloadOffsets+size+8)
	for len(pool) < payloadOffsets+size {
		pool = binary.LittleEndian.AppendUint64(pool, rng.Uint64())
	}
	return &Payloads{pool: pool, mask: (payloadOffsets - 1) &^ 7}
}

// At returns size bytes, the payload of command i: the same for the same i, so
// that a retry carries what the first attempt did. It is a view of the pool and
// must not be written to. size is at most that given to NewPayloads.
func (p *Payloads) At(i uint64, size int) []byte {
	off := (i * 0x9e3779b97f4a7c15 >> 32) & p.mask // Fibonacci hashing: neighbours differ
	return p.pool[off : off+uint64(size) : off+uint64(size)]
}

package cost

import (
	"math/bits"

	"github.com/consbench/consbench/bench/smr"
)

// CPU is the processor of one replica, or of a client: a single server that does work
// in the order in which it comes. It counts what it does, and with a model it knows
// how long that takes. It belongs to the goroutine of its actor.
type CPU struct {
	price  [Terms]int64 // ps; all 0 without a model
	nic    int64        // bytes a second; 0 = unlimited
	host   *Host        // nil: a processor of its own
	slower int64        // thousandths of the usual time; 1000 unless slowed

	charges bool

	began   bool  // this turn has been charged for
	start   int64 // of the turn, ps
	at      int64 // when what was charged so far is done, ps
	nicFree int64 // when the interface has put out what it was given, ps

	turn Work  // of this turn
	work Work  // of the measured window
	busy int64 // likewise, ps
	out  int64 // ps of the window that the interface was busy
}

const psPerNs = 1000

// NewCPU returns a processor that is idle. m may be nil: it then counts and charges
// nothing. host may be nil.
func NewCPU(m *Model, host *Host) *CPU {
	c := &CPU{host: host, slower: 1000}
	if c.charges = m != nil; c.charges {
		for i, t := range m.Times() {
			c.price[i] = ps(t)
		}
		c.nic = m.Bandwidth
	}
	return c
}

// Charges reports whether work takes time: whether there is a model.
func (c *CPU) Charges() bool { return c.charges }

// Begin begins a turn at now, which is no earlier than Free.
func (c *CPU) Begin(now smr.Time) {
	c.began = false
	c.start = int64(now) * psPerNs
	c.at = c.start
}

// End ends the turn. What it did counts if it began in [from, to), and the time that
// it takes as far as it lies there.
func (c *CPU) End(from, to smr.Time) {
	if !c.began {
		return
	}
	if c.host != nil && c.at > c.start {
		c.host.take(c.Free())
	}
	c.busy += within(c.start, c.at, from, to)
	if now := smr.Time(c.start / psPerNs); now >= from && now < to {
		c.work.Add(&c.turn)
	}
	c.turn = Work{}
}

// Measured is End where work takes the time that it takes: the turn ended at now.
func (c *CPU) Measured(now, from, to smr.Time) {
	if !c.began {
		return
	}
	c.at = int64(now) * psPerNs
	c.End(from, to)
}

func within(a, b int64, from, to smr.Time) int64 {
	if from == smr.Never || to <= from {
		return 0
	}
	return max(0, min(b, int64(to)*psPerNs)-max(a, int64(from)*psPerNs))
}

// Now is when the work charged so far is done, rounded up.
func (c *CPU) Now() smr.Time { return ns(c.at) }

// Free is when the next turn can begin; with a Host, see there, too.
func (c *CPU) Free() smr.Time { return ns(c.at) }

// Ready is when a turn wanted at now can begin: now, or when the processor is free.
func (c *CPU) Ready(now smr.Time) smr.Time {
	at := max(now, c.Free())
	if c.host != nil {
		at = max(at, c.host.next())
	}
	return at
}

func ns(ps int64) smr.Time { return smr.Time((ps + psPerNs - 1) / psPerNs) }

// Slow makes all work take so many times as long; 1 is as usual.
func (c *CPU) Slow(factor float64) { c.slower = int64(factor*1000 + 0.5) }

// Reset is a crash: what the processor was at is not done. Its counts stay.
func (c *CPU) Reset(now smr.Time) {
	c.at = min(c.at, int64(now)*psPerNs)
	c.nicFree = min(c.nicFree, int64(now)*psPerNs)
}

// charge does one piece of work of so many bytes.
func (c *CPU) charge(fixed, perByte int64, count, bytes int) {
	t := plus(times(fixed, count), times(perByte, bytes))
	if !c.began {
		c.began = true
		c.turn.Turns++
		t = plus(t, c.price[0])
	}
	if c.slower != 1000 {
		t = muldiv(t, c.slower, 1000)
	}
	c.at = plus(c.at, t)
}

// latest is the end of time, in ps: what takes longer, a hundred days, never ends.
const latest = 1<<63 - 1 - psPerNs // with room for rounding up

// plus is a+b, neither of which is negative, up to latest.
func plus(a, b int64) int64 { return min(a, latest) + min(b, latest-min(a, latest)) }

// times is a*n up to latest.
func times(a int64, n int) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(n))
	if hi != 0 || lo > latest {
		return latest
	}
	return int64(lo)
}

// Received charges for a frame from a peer.
func (c *CPU) Received(bytes int) {
	c.charge(c.price[1], c.price[2], 1, bytes)
	c.turn.Received++
	c.turn.ReceivedBytes += uint64(bytes)
}

// Sent charges for a frame to a peer.
func (c *CPU) Sent(bytes int) {
	c.charge(c.price[3], c.price[4], 1, bytes)
	c.turn.Sent++
	c.turn.SentBytes += uint64(bytes)
}

// Proposed charges for commands taken from clients.
func (c *CPU) Proposed(commands, bytes int) {
	c.charge(c.price[5], c.price[6], commands, bytes)
	c.turn.Proposed += uint64(commands)
	c.turn.ProposedBytes += uint64(bytes)
}

// Applied charges for an entry that is applied, and the commands in it.
func (c *CPU) Applied(commands, bytes int) {
	c.charge(c.price[7], 0, 1, 0)
	c.charge(c.price[8], c.price[9], commands, bytes)
	c.turn.Entries++
	c.turn.Applied += uint64(commands)
	c.turn.AppliedBytes += uint64(bytes)
}

// Answered charges for answers that a client takes. Its turn is part of their price:
// what a turn costs is a replica's.
func (c *CPU) Answered(commands int) {
	if !c.began {
		c.began = true
		c.turn.Turns++
	}
	c.charge(c.price[10], 0, commands, 0)
	c.turn.Answered += uint64(commands)
}

// Departs puts a frame that is sent now on the network interface, and returns when
// its last byte has left. ok is false if more than queue bytes would wait: it is then
// dropped.
func (c *CPU) Departs(bytes int, queue int64, from, to smr.Time) (at smr.Time, ok bool) {
	if c.nic == 0 {
		return c.Now(), true
	}
	begin := max(c.at, c.nicFree)
	if wait := begin - c.at; wait > 0 && muldiv(wait, c.nic, psPerSecond)+int64(bytes) > queue {
		return 0, false
	}
	c.nicFree = plus(begin, muldiv(int64(bytes), psPerSecond, c.nic))
	c.out += within(begin, c.nicFree, from, to)
	return ns(c.nicFree), true
}

const psPerSecond = 1e12

// muldiv is a*b/c without overflow on the way; what does not fit is the most there is.
func muldiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(c) {
		return 1<<63 - 1
	}
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(min(q, 1<<63-1))
}

// Work is what was done in turns of the measured window.
func (c *CPU) Work() Work { return c.work }

// Busy is how long the processor and the interface were at work within the window.
func (c *CPU) Busy() (cpu, nic smr.Time) {
	return smr.Time(c.busy / psPerNs), smr.Time(c.out / psPerNs)
}

// Host is a number of processors that several CPUs share. An actor whose turn is due
// waits until one is free; those that wait are served in the order in which the
// simulator asks for them again.
type Host struct{ free []smr.Time }

// NewHost returns a host of n processors.
func NewHost(n int) *Host { return &Host{make([]smr.Time, n)} }

// next is when the first processor is free.
func (h *Host) next() smr.Time {
	at := h.free[0]
	for _, t := range h.free[1:] {
		at = min(at, t)
	}
	return at
}

// take keeps the processor that was free first busy until t.
func (h *Host) take(t smr.Time) {
	first := 0
	for i := range h.free {
		if h.free[i] < h.free[first] {
			first = i
		}
	}
	h.free[first] = t
}

package tcp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
)

// minRead is the least room in a chunk that is worth a read.
const minRead = 16 << 10

// chunk is a piece of memory that is read into. Its owner is the reader until it is
// retired, then the port until the port has read the last of it.
type chunk struct {
	mem    []byte
	reader *reader
}

// segment is a part of a chunk that holds whole, valid frames.
type segment struct {
	chunk *chunk
	data  []byte
	last  bool // the reader is done with the chunk
}

// reader is the receiving side of a connection.
type reader struct {
	conn *conn

	mu      sync.Mutex
	freed   sync.Cond
	free    []*chunk // the one used last is used first: its memory is in the cache
	made    int      // chunks in existence
	stopped bool

	// The largest frame beyond a chunk that has come whole: a claim up to this size
	// is believed. It belongs to run.
	largest int
}

func (r *reader) init(c *conn) {
	r.conn = c
	r.freed.L = &r.mu
}

// run reads until the connection ends.
func (r *reader) run() {
	defer r.conn.kill()
	if err := r.read(); err != nil {
		r.conn.port.net.opt.Report(fmt.Errorf("tcp: connection of %v with %v: %w", r.conn.port.id, r.conn.peer.id, err))
	}
}

// read returns an error only if what came was damaged.
func (r *reader) read() error {
	p := r.conn.port
	maxFrame := p.net.opt.MaxFrame
	ch := r.take(0, 0)
	wanted := 0        // size of the frame that was cut off last
	given, end := 0, 0 // ch.mem[:given] has been passed on, ch.mem[given:end] not yet
	for ch != nil {
		n, err := r.conn.sock.Read(ch.mem[end:])
		end += n
		whole, need, bad := scan(ch.mem[given:end], maxFrame)
		if bad != nil {
			return bad
		}
		if whole > 0 {
			r.largest = max(r.largest, wanted)
		}
		wanted = need
		cut := given + whole // where the cut-off frame begins
		full := r.retire(len(ch.mem), cut, end, need)
		if whole > 0 || full {
			p.deliver(r.conn, segment{ch, ch.mem[given:cut:cut], full})
			given = cut
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) {
				return nil
			}
			return err
		}
		if full {
			// The old chunk may come back from the port and be taken again: copy
			// works on itself.
			rest := ch.mem[cut:end]
			if ch = r.take(len(rest), need); ch != nil {
				given, end = 0, copy(ch.mem, rest)
			}
		}
	}
	return nil
}

// retire decides whether to go on in another chunk. The frame that begins at cut
// takes need bytes in all and has come up to end.
func (r *reader) retire(size, cut, end, need int) bool {
	if cut+need > size { // it ends elsewhere: move it now, or fill up if it needs several
		return need <= max(r.conn.port.net.opt.ChunkSize, r.largest) || end == size
	}
	return size-end < minRead && end-cut < minRead
}

// take returns a chunk that has room for have bytes of a frame and more, if
// possible for all of its need bytes. It does not trust a need that is larger than
// all frames before: memory then at most doubles with what has come. It waits for
// the port if the port has all chunks, and returns nil when the connection has ended.
func (r *reader) take(have, need int) *chunk {
	opt := &r.conn.port.net.opt
	size := max(opt.ChunkSize, min(need, max(2*have, r.largest)))
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.stopped {
		for i := len(r.free) - 1; i >= 0; i-- {
			if ch := r.free[i]; len(ch.mem) >= size {
				r.free = append(r.free[:i], r.free[i+1:]...)
				return ch
			}
		}
		if len(r.free) > 0 && r.made == opt.Chunks {
			r.free = r.free[1:] // too small, as all that are free: to be replaced
			r.made--
		}
		if r.made < opt.Chunks {
			r.made++
			return &chunk{make([]byte, size), r}
		}
		// The port gives back what it has read when it polls. It may have to poll
		// twice, first to take what it then gives back.
		r.conn.port.starving.Add(1)
		r.conn.port.waker.Wake()
		r.freed.Wait()
		r.conn.port.starving.Add(-1)
	}
	return nil
}

// give is called by the port.
func (r *reader) give(ch *chunk) {
	r.mu.Lock()
	r.free = append(r.free, ch)
	r.mu.Unlock()
	r.freed.Signal()
}

func (r *reader) stop() {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.freed.Signal()
}

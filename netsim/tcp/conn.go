package tcp

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/consbench/consbench/bench/smr"
)

const (
	// directSize is from which size on a body is written from where it lies. Below,
	// copying is cheaper than a system call.
	directSize = 16 << 10
	// gatherSize is when gathered frames are written before the turn ends.
	gatherSize = 64 << 10
)

// conn is one connection to a peer, from its handshake to its end.
type conn struct {
	port *port
	peer *peer
	sock *net.TCPConn
	call uint64        // a later one has a higher number
	over chan struct{} // closed when the connection is dead
	once sync.Once

	// The turn's side.
	raw    *rawWriter
	header [headerSize]byte // a local variable would be garbage: crc32 makes it escape
	out    []byte           // gathered frames
	dirty  bool

	// The queue for what the socket did not take. Only the turn sets busy, only the
	// drain clears it, when the socket has taken everything: as long as it is set,
	// nothing may be written past the queue.
	busy    atomic.Bool
	mu      sync.Mutex
	filled  sync.Cond
	queue   []byte // to be written
	writing int    // bytes that drain is writing
	dead    bool

	in reader
}

// newConn makes the connection's state; start makes it run.
func newConn(p *port, q *peer, sock *net.TCPConn) (*conn, error) {
	raw, err := newRawWriter(sock)
	if err != nil {
		return nil, err
	}
	c := &conn{port: p, peer: q, sock: sock, raw: raw, over: make(chan struct{})}
	p.mu.Lock()
	c.call = p.socks[sock]
	p.mu.Unlock()
	c.filled.L = &c.mu
	c.in.init(c)
	return c, nil
}

func (c *conn) start() {
	c.port.wg.Go(c.drain)
	c.port.wg.Go(c.in.run)
}

// kill ends the connection: nothing of it is sent or received any more. Frames that
// the port has been given stay.
func (c *conn) kill() {
	c.once.Do(func() {
		c.port.detach(c)
		c.mu.Lock()
		c.dead = true
		c.mu.Unlock()
		c.filled.Signal()
		c.in.stop()
		reset(c.sock)
		close(c.over)
	})
}

// send takes one frame. It reports false if there is no room for it.
func (c *conn) send(channel uint8, hold smr.Time, reordered bool, head, body []byte) bool {
	header := c.header[:]
	putHeader(header, len(head)+len(body), channel, hold, reordered, head)
	if c.busy.Load() {
		return c.enqueue(header, head, body)
	}
	c.out = append(c.out, header...)
	c.out = append(c.out, head...)
	if len(body) >= directSize {
		c.write(body)
		return true
	}
	c.out = append(c.out, body...)
	if len(c.out) >= gatherSize {
		c.write(nil)
	}
	return true
}

// write writes what was gathered and then body. What the socket does not take
// becomes the queue, which is empty.
func (c *conn) write(body []byte) {
	n, err := c.raw.write(c.out, body)
	if err != nil {
		c.out = c.out[:0]
		c.kill()
		return
	}
	if n < len(c.out)+len(body) {
		k := min(n, len(c.out))
		c.mu.Lock()
		c.queue = append(c.queue, c.out[k:]...)
		c.queue = append(c.queue, body[n-k:]...)
		c.busy.Store(true)
		c.mu.Unlock()
		c.filled.Signal()
	}
	c.out = c.out[:0]
}

// flush ends a turn.
func (c *conn) flush() {
	if len(c.out) > 0 {
		c.write(nil)
	}
}

// enqueue puts a frame behind what waits for the socket. It may be that drain has
// just become idle: then it is woken again.
func (c *conn) enqueue(header, head, body []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead || len(c.queue)+c.writing+len(header)+len(head)+len(body) > c.port.net.opt.QueueBound {
		return false
	}
	c.queue = append(c.queue, header...)
	c.queue = append(c.queue, head...)
	c.queue = append(c.queue, body...)
	if !c.busy.Load() {
		c.busy.Store(true)
		c.filled.Signal()
	}
	return true
}

// drain writes the queue whenever there is one.
func (c *conn) drain() {
	var batch []byte
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for len(c.queue) == 0 && !c.dead {
			c.busy.Store(false)
			c.filled.Wait()
		}
		if c.dead {
			return
		}
		batch, c.queue = c.queue, batch[:0]
		c.writing = len(batch)
		c.mu.Unlock()
		_, err := c.sock.Write(batch)
		if err != nil {
			c.kill()
		}
		c.mu.Lock()
		c.writing = 0
	}
}

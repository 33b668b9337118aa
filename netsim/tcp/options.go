package tcp

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim"
)

// Options of a Network. Zero values stand for the defaults, where there are any.
type Options struct {
	Cluster, Protocol string                // both ends must agree; at most 255 bytes
	Addrs             map[smr.NodeID]string // host:port of every member; port 0 of a local one: any free port; of another: not known yet
	Local             []smr.NodeID          // members that this process runs; nil = all

	Seed uint64      // of the link model and of the back-off's jitter
	Link netsim.Link // of all links from local nodes, until SetLink changes one

	MaxFrame   int // bytes of a frame, head and body; default 16 MiB
	QueueBound int // bytes that may wait for one peer's socket; default 32 MiB; at least MaxFrame
	HoldBound  int // bytes that a receiver may hold back for the link model; default 256 MiB
	ChunkSize  int // bytes of a read buffer; default 256 KiB
	Chunks     int // read buffers of a connection; default 16, at least 2
	SocketSize int // bytes of the kernel's buffers, SO_SNDBUF and SO_RCVBUF; default: left to the kernel

	HandshakeTimeout       time.Duration // default 2 s
	BackoffMin, BackoffMax time.Duration // between attempts to connect; default 1 ms and 100 ms

	// Report is told of refused handshakes and of damaged streams, from any
	// goroutine. It must not block. nil: nobody is told.
	Report func(error)
}

func (o *Options) complete() error {
	if len(o.Cluster) > maxName || len(o.Protocol) > maxName {
		return errors.New("tcp: the names of cluster and protocol have at most 255 bytes")
	}
	if len(o.Addrs) == 0 {
		return errors.New("tcp: a cluster needs addresses")
	}
	for id := range o.Addrs {
		if id == smr.None {
			return errors.New("tcp: node 0 is nobody")
		}
	}
	if o.Local == nil {
		for id := range o.Addrs {
			o.Local = append(o.Local, id)
		}
	}
	setDefault(&o.MaxFrame, 16<<20)
	setDefault(&o.QueueBound, 32<<20)
	setDefault(&o.HoldBound, 256<<20)
	setDefault(&o.ChunkSize, 256<<10)
	setDefault(&o.Chunks, 16)
	setDefault(&o.HandshakeTimeout, 2*time.Second)
	setDefault(&o.BackoffMin, time.Millisecond)
	setDefault(&o.BackoffMax, 100*time.Millisecond)
	if o.Report == nil {
		o.Report = func(error) {}
	}
	switch {
	case o.MaxFrame < 0 || o.MaxFrame > MaxFrameSize:
		return fmt.Errorf("tcp: MaxFrame must be between 0 and %d", MaxFrameSize)
	case o.QueueBound < o.MaxFrame:
		return errors.New("tcp: QueueBound must be at least MaxFrame")
	case o.ChunkSize < minRead || o.Chunks < 2:
		return fmt.Errorf("tcp: a connection needs at least 2 chunks of at least %d bytes", minRead)
	case o.BackoffMin < 0 || o.BackoffMax < o.BackoffMin:
		return errors.New("tcp: the back-off must be a range of positive times, lower end first")
	}
	return o.Link.Validate()
}

func setDefault[T comparable](v *T, d T) {
	if *v == *new(T) {
		*v = d
	}
}

// Addresses gives each node an address: listen is host:port, and the nodes get the
// ports from there on, in their order. Port 0 stands for any free ports.
func Addresses(listen string, nodes []smr.NodeID) (map[smr.NodeID]string, error) {
	host, service, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("tcp: %q is not HOST:PORT: %w", listen, err)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("tcp: %q is not a port number", service)
	}
	if port != 0 && int(port)+len(nodes)-1 > 65535 {
		return nil, fmt.Errorf("tcp: there are no %d ports from %d on", len(nodes), port)
	}
	addrs := make(map[smr.NodeID]string, len(nodes))
	for _, id := range nodes {
		addrs[id] = net.JoinHostPort(host, strconv.FormatUint(port, 10))
		if port != 0 {
			port++
		}
	}
	return addrs, nil
}

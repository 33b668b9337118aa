package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/netsim"
)

// A run and a replica's process talk over the process's standard input and output,
// in messages, little endian:
//
//	0      4      5
//	+------+------+---- - -
//	| size | kind | body
//	+------+------+---- - -
//
// size counts kind and body. The first message is the node's configuration, which
// it answers with ready. From then on the run asks and the node answers each
// message with done (or with failed, and why); of its own accord the node sends
// reports. The end of its input tells a node that the run is over, or dead.
type messageKind uint8

const (
	// From the run.
	msgConfig messageKind = iota + 1 // nodeConfig, JSON
	msgStart                         // report, and then take turns
	msgAddr                          // nodeAddr, JSON: a peer listens elsewhere now
	msgLink                          // nodeLink, JSON
	msgWindow                        // the measured window, from and to (u64 each)
	msgPause                         // take no turns
	msgResume                        // take turns again
	msgReport                        // send a report before done
	msgState                         // done carries the image of the state machine
	// From the node.
	msgReady    // nodeReady, JSON
	msgReported // report; see remote_report.go
	msgDone
	msgFailed // text
)

// maxMessage bounds a message: the largest image there can be takes half of it.
const maxMessage = 1 << 30

// nodeConfig is all that a node is told.
type nodeConfig struct {
	Protocol    string
	Core        smr.Config // Seed is the cluster's
	Sessions    int
	Keys        int
	Batch       int
	BatchBytes  int
	SyncLatency smr.Time
	Storage     Storage
	Incarnation int

	Cluster string                // name for the handshakes
	Addrs   map[smr.NodeID]string // where replicas listen, or may
	Client  string                // where to listen for clients
	Workers int
	Seed    uint64      // of the links
	Link    netsim.Link // every link
	Links   []nodeLink  // but these

	Clock    int64    // the machine's clock when the cluster's stood at 0
	From, To smr.Time // the measured window
	Stride   uint64   // of digests
}

// nodeAddr says where a replica listens.
type nodeAddr struct {
	ID   smr.NodeID
	Addr string
}

// nodeLink is a link that is not as at the start.
type nodeLink struct {
	From, To smr.NodeID
	Link     netsim.Link
}

// nodeReady is what a node says of itself when it has recovered.
type nodeReady struct {
	Addr   string // for replicas
	Client string // for clients
	Read   wal.Recovery
}

// errMessage is wrapped by the errors about bytes that are no message.
var errMessage = errors.New("cluster: damaged message")

const messageHeader = 5

// beginMessage appends the head of a message to dst; its body follows, and then
// endMessage.
func beginMessage(dst []byte, kind messageKind) []byte {
	return append(dst, 0, 0, 0, 0, byte(kind))
}

// endMessage completes the message that msg is.
func endMessage(msg []byte) []byte {
	binary.LittleEndian.PutUint32(msg, uint32(len(msg)-messageHeader+1))
	return msg
}

// writeMessage writes one message in one call.
func writeMessage(w io.Writer, kind messageKind, body []byte) error {
	b := beginMessage(make([]byte, 0, messageHeader+len(body)), kind)
	_, err := w.Write(endMessage(append(b, body...)))
	return err
}

// firstRead is how much memory the size of a message is trusted with at first.
const firstRead = 1 << 20

// readMessage reads one message; its body may be in buf. It returns io.EOF only
// between two messages, and takes memory as bytes come, not as a damaged size claims.
func readMessage(r io.Reader, buf []byte) (kind messageKind, body []byte, err error) {
	var head [messageHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	size := int(binary.LittleEndian.Uint32(head[:])) - 1
	kind = messageKind(head[4])
	if size < 0 || size >= maxMessage || kind < msgConfig || kind > msgFailed {
		return 0, nil, fmt.Errorf("%w: kind %d, %d B", errMessage, head[4], size+1)
	}
	body = buf[:0]
	for len(body) < size {
		n := min(size, max(2*len(body), firstRead))
		body = slices.Grow(body, n-len(body))
		got, err := io.ReadFull(r, body[len(body):n])
		if body = body[:len(body)+got]; err == io.EOF || err == io.ErrUnexpectedEOF {
			return 0, nil, fmt.Errorf("%w: %d of %d B: %w", errMessage, len(body), size, io.ErrUnexpectedEOF)
		} else if err != nil {
			return 0, nil, err
		}
	}
	return kind, body, nil
}

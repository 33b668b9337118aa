// Package tcp is the network over real sockets: loopback by default, any address
// otherwise.
//
// # Connections
//
// Each node listens at one address. Each pair of nodes shares one connection, made
// by the node with the higher id, which tries again with exponential back-off and
// jitter until the other is there. A connection begins with a handshake that names
// magic, version, cluster, protocol and both nodes; a stranger is told why it is
// refused. PeerChanges reports connections; frames to a peer without one are
// dropped and counted. Closing a port resets its connections, as a crash does. The
// Network keeps the address while the port is closed, and resets whoever calls.
//
// # Sending
//
// The turn itself writes. Send gathers small frames in the connection's buffer; a
// large body is written at once, behind what was gathered, with one writev and no
// copy. Flush writes the rest. These writes never block: what the socket does not
// take goes to a bounded queue, drained by a goroutine that waits for the socket.
// While that queue is not empty all frames go there, so their order is kept. Frames
// that find it full are dropped whole and counted.
//
// # Receiving
//
// The read buffer is the mail. A goroutine per connection reads into large chunks
// of memory, verifies the frames in them, and passes the part of the chunk that
// holds whole frames to the port, which reads them in place. A frame that is cut
// off at the end of a chunk is moved to the start of the next one. A connection has
// a fixed number of chunks: when the port has them all, nobody reads, and TCP holds
// the sender.
package tcp

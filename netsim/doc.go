// Package netsim is the ground that replicas stand on: what can happen to a
// message between two of them, and a clock that is not the machine's.
//
// There are three networks behind one interface, [Network]:
//
//   - [Virtual] in virtual time, on the event heap of a [Sim];
//   - netsim/inproc between goroutines of one process;
//   - netsim/tcp over real sockets.
//
// Live actors wait for their mail with netsim/park, and everything that they hand
// to each other in one process passes through a netsim/mailbox. netsim/nettest says,
// as tests, what holds for all three networks.
//
// All carry opaque bytes and know no protocol. Each replica owns one [Port]; in
// every turn it polls its mail, sends, and flushes:
//
//	port.Poll(now)
//	for m, ok := port.Next(); ok; m, ok = port.Next() {
//		... // m.Data is valid until the next Poll
//	}
//	port.Send(now, to, channel, head, body) // borrowed for the call
//	port.Flush(now)
//
// # The link model
//
// A [Link] says what happens to frames on one directed link: one-way cut, delay,
// loss, duplication, reordering, bandwidth. A [Line] applies it, from a generator
// seeded by the run's seed and the link's two ends, so that a link's fates depend
// on nothing but the frames sent over it.
//
//   - A link keeps first-in first-out order: a frame is due no earlier than the one
//     before it, whatever delays were drawn. Only a frame picked by Reorder leaves
//     that order.
//   - A cut drops frames when they are sent, and frames on their way when they
//     would arrive. Healing brings nothing back.
//   - A frame that is on its way to a port that closes is gone, even if the
//     replica restarts before the frame is due: the connection was lost. A frame
//     that left a port which then closes still arrives, except over TCP, where
//     closing resets the connections.
//   - Queues are bounded in bytes. What does not fit is dropped and counted in
//     [Stats]; nothing blocks and nothing grows.
package netsim

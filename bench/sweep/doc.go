// Package sweep runs over the values of one or two settings and describes the curves
// that come of it: throughput and latency, where they bend, and where a cluster can
// take no more. It knows no flags: what a value is set to is the caller's.
//
// # Order
//
// Runs in virtual time depend on nothing but their configuration: they go side by
// side, as many as there are processors. What they allocate and what CPU time they
// take cannot be told apart then, and is left out.
//
// Live runs go one after another. Each repetition goes once through all points, in
// the order of the values or the reverse of it, by the Thue-Morse sequence
// ([stat.First]): what drifts evenly falls on all points alike. The first point is run
// once more before all others and thrown away, for the first run touches the memory
// that the rest find.
//
// # Knee
//
// More load gives more throughput first and more waiting later. The point between is
// where the power, throughput over mean response, is highest: there the tangent from
// the origin touches the curve of latency over throughput (Kleinrock 1979). In a closed
// loop of N clients it is where N = X R reaches the asymptote of the throughput
// (Denning and Buzen 1978): below, X rises with N, and X/R with it; above, only R does.
// The definition has no parameter and needs no fit. Of a curve known at some points
// only, the highest power lies between the neighbours of the best one; at the first or
// last point nothing is said but that. A curve whose power falls by a tenth and comes
// nearly back is said to have an unclear knee: noise, or two bends.
//
// # Overload
//
// An open loop is overloaded where it acknowledges less than it is offered and what
// waits grows. A command that is due just before the window's end is answered after
// it, so the window as a whole always shows a little less than was offered; its second
// half does not, for what it leaves undone it has taken over from the first. Overload
// is called where the second half acknowledges less than 98 % of the offered rate, and
// by more than three standard deviations of Poisson arrivals; or where one command in a
// thousand has no answer in the end. With faults or phases the window is not
// stationary, and nothing is called overload. A closed loop offers what is answered.
//
// There may be a rate without overload above one with it. Where commands come one by one,
// each has frames of its own, and a replica that takes a fixed time for a frame is at its
// limit soon. Only when the window of what is uncommitted is full do commands wait at the
// leader, and go in larger batches, which cost less each: with --cost example 100k/s
// saturate the leader at 1.1 commands an entry, 250k/s are too many at 2.9, and 1M/s pass
// at 7.6, but each waits for a full window. Throughput and latency tell them apart; busy,
// the share of time for which the busiest replica is at work, says that all are at the
// limit, and from 95 % on a point without overload is called saturated.
//
// # Search
//
// [Search] looks for the highest value that meets an objective: from the lowest
// upwards in doublings until one does not, then by bisection, on a logarithmic scale
// (on a linear one if the range begins at 0), until the bounds are close enough.
// Bisection takes for granted that nothing above a value that fails does well. Values
// tried on the way that contradict that are told of; and of live runs, which are noisy,
// both bounds are tried again, with as many runs again, and the search goes on from the
// pooled medians where one does not hold.
package sweep

// Package measure turns what happened in a run into numbers: latency histograms, a
// time series, the phases of elections, unavailability and the cost of a commit.
// It knows no protocol and reads no clock; time comes in as a value.
//
//	Histogram     latencies of one worker, merged at the end, never averaged
//	Series        acknowledgements and quantiles per interval
//	Availability  how long nothing was acknowledged although clients were asking
//	ElectionLog   events and faults in, phases of each election out
//	Costs         messages, bytes, syncs of one replica; PerCommit divides them
//	InFlight      time average of what is open; Little's law
//	Metrics       the one table of names, units and definitions
//
// # Time
//
// Series and Availability count from the start of the measured window: the warm-up
// has negative times and leaves no trace. An ElectionLog is given times since the
// cluster's start, as replicas report them, and the start of the window.
//
// # Workers
//
// What is fed on the hot path belongs to one goroutine: a Histogram, a
// SeriesWorker, an Availability per worker. They allocate nothing in steady state
// and are merged when the workers have stopped; only SeriesWorkers meet, once an
// interval, under a lock.
//
// Nothing is dropped in silence: what is out of range or over a bound is counted
// and can be read.
package measure

// Package workload says what clients ask for and when: arrivals, keys, payloads,
// and the rates, sizes and durations that a user types to describe them.
//
// Everything here is pure and seeded. Nothing reads a clock: an arrival process
// yields the instants at which commands are *intended* to be sent, and the load
// generator compares them with the time it is given.
//
//	next := arrivals.Next()
//	for next <= now {
//		send(next) // latency counts from next, not from now
//		next = arrivals.Next()
//	}
//
// A generator that runs late sends late but skips nothing, and what it measures
// is free of coordinated omission: the wait of a command that could not be sent
// in time is part of its response time.
//
// A closed loop needs no arrival process: each client sends when it has its
// answer. An open loop may have phases: steady, ramp, burst and pause, see [Pacer].
//
// # Units
//
// [Rate], [Size], [Duration] and [Range] parse what a user types and print back
// what parses to the same value. A number without its unit is refused with an
// error that names the unit. They implement the Value interface of
// github.com/spf13/pflag, and convert to and from the plain types of a
// configuration:
//
//	flags.Var((*workload.Size)(&cfg.Size), "size", "payload of a command")
//	flags.Var((*workload.Duration)(&cfg.Delay), "delay", "one-way delay of a link")
//	flags.Var(&workload.Range{&cfg.ElectionMin, &cfg.ElectionMax}, "election-timeout", "...")
package workload

// Package gate decides whether a change to a program may pass, by holding what it
// does now against what it did before.
//
// The exact layer repeats the virtual runs of a result file, from the
// configuration that the file brings. In virtual time the seed decides every
// exact metric of the registry (bench/measure), so no noise excuses a difference:
// each must be within 0.1 % of what the file says, in either direction, since what
// improved unexpectedly was not understood. Allocations are those of the whole
// process, which is next to nothing but the replicas' turns once a virtual run has
// warmed up; they may grow by 0.01 a command, and are held only where at least
// 100,000 commands ran undisturbed, so that the few that the runtime makes on its
// own do not count.
//
// The measured layer runs two programs in turn, live, in pairs, and leaves the
// verdict to bench/stat. A metric fails only if a second batch of pairs, which
// shares nothing with the first, says so too.
//
// Verdicts are rows of [result.Gate]; bench/report shows them.
package gate

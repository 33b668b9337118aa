// Package fault is the schedule of what goes wrong in a run: its grammar, its
// instants and the choice of its victims. It is pure: it says what is to be done
// and when, and leaves the doing to the cluster.
//
//	crash leader at 2s for 1s
//	crash leader every 3s for 500ms jitter 100ms
//	partition {1,2} | {3,4,5} at 1s for 2s; pause follower at 4s for 200ms
//	delay 40ms-60ms leader -> node 3 at 2s
//
// [Parse] reads a text, [Validate] holds it against a cluster and a build,
// [Expand] turns it into actions in the order of time, and [Action.Resolve] chooses
// the replicas that an action strikes when its time has come. Expand and Resolve
// draw from the seed alone, so that every protocol compared meets the same
// schedule.
//
// # Grammar
//
// In the notation of the Go specification. Words are separated by blanks and may
// be in any case, units as in Go; clauses come in any order, each at most once.
//
//	Schedule  = Fault { ";" [ Fault ] } .
//	Fault     = Action { Clause } .
//	Action    = ( "crash" | "pause" | "isolate" ) Target
//	          | "partition" Target { "|" Target }
//	          | "cut" Link
//	          | "delay" ( Time | Time "-" Time ) ( Link | Target )
//	          | ( "loss" | "duplicate" | "reorder" ) Percent ( Link | Target )
//	          | "slow" Size "/s" ( Link | Target )
//	          | "disk" ( "stall" | "full" | "fail" | "corrupt" | "lose" ) Target
//	          | "disk" "slow" Time Target
//	          | "clock" "drift" [ "-" ] Percent Target
//	          | "clock" "jump" [ "-" ] Time Target
//	          | "cpu" "slow" Factor Target .
//	Link      = Target ( "->" | "<->" ) Target .
//	Target    = "leader" | "follower" | "any" | "all"
//	          | ( "minority" | "majority" ) [ ( "with" | "without" ) "leader" ]
//	          | "node" Number | "{" Number { "," Number } "}" | "region" Name .
//	Clause    = "at" Time | "every" Time | "for" Time | "until" "healed" | "jitter" Time .
//	Time      = a duration of Go with its unit, such as 2s, 150ms, 1m30s .
//	Percent   = a number and "%", such as 0.5% .
//	Size      = a number and B, KB, MB, GB, KiB, MiB or GiB .
//
// # What the actions do
//
//   - crash: the replica is discarded; what its log had not made durable is gone. It
//     restarts from its log at the end.
//   - pause: the replica takes no turns; its clock runs on, its mail fills and then
//     drops.
//   - isolate: every link from and to the replica is cut, among several targets too.
//   - partition: links between different groups are cut. One target alone stands
//     against all others; a replica that is in no group hears everybody.
//   - cut: the link is cut, -> one way, <-> both ways.
//   - delay, loss, duplicate, reorder, slow: added to what the link does anyway; slow
//     bounds the bytes a second. A bare target means all links from and to it.
//   - disk stall, disk slow: no write of the replica completes; each sync takes so
//     much longer.
//   - disk full, disk fail: its writes fail for lack of space; its syncs fail. A replica
//     stops at the first write or sync that fails, rather than promise what it may
//     forget. It restarts from its log at the end.
//   - disk corrupt: one bit of its log flips, at an instant. It finds out when it next
//     restarts, and then stays down. Only logs on disk have checksums.
//   - disk lose: a crash that takes the whole log with it. At the end the replica
//     restarts with nothing, catches up, and is in no quorum for the rest of the run:
//     what it had promised may still count elsewhere.
//   - clock drift, clock jump: its clock runs so much faster; it is set forward once.
//   - cpu slow: its processor takes so many times as long for everything, where work
//     takes time at all: see bench/cost.
//
// # Targets
//
// They are chosen when the action starts. follower, any, minority and majority are
// drawn among live replicas; a minority is the largest number of replicas that a
// majority can do without. Numbers and regions are struck whether live or not.
//
// # Instants
//
// Times count from the start of the measured window. A fault with "at" alone
// strikes once. With "every" it strikes at at, at+every, at+2*every ... within the
// window; without "at" the first instant is one "every" after the start.
//
// It lasts for "for", or "until healed": until a command sent after its start is
// acknowledged; a repeated one ends at the latest when it strikes again. Without
// either it lasts to the end of the window, where all faults are undone.
//
// "jitter" moves each instance later, with its end, by a time drawn uniformly from
// [0, jitter]. Instances of one fault must not overlap: "every" needs an end, and
// for + jitter must be less than every. Different faults may overlap.
package fault

// Package cluster puts replicas and clients together and lets time pass: by the
// simulator's clock ([NewVirtual]) or by the machine's, with the replicas in this
// process ([NewLive]) or each in one of its own ([NewRemote]). What can be done to a
// cluster while it runs (crash, pause, cut a link) is the same for all.
//
// Replicas and client workers are actors: they have one method, Turn. A driver
// decides when it is called. The virtual one pops an event heap; the live one has
// a goroutine for each actor, which parks when there is nothing to do.
//
// # Processes
//
// A [Remote] starts one process for each replica: by default this program again,
// with the argument node, which calls [ServeNode]. The clients stay here.
//
//	this process                         a replica's process
//	worker -> commands -- tcp network -> intake -> replica -- tcp network -> peers
//	       <- answers  <- of clients  -- outlet <-         <- of replicas --
//	Remote -> requests -- stdin pipe --> ServeNode
//	       <- reports, answers <-- stdout pipe
//	       <- last words <-- stderr
//
//	remote.go          the cluster while it runs
//	remote_start.go    processes and connections made
//	remote_faults.go   kills, pauses, links
//	remote_results.go  what is collected, over all incarnations
//	remote_node.go     the other side, in the process of a replica
//	remote_control.go, remote_report.go  requests and reports as bytes
//	remote_clients.go  commands and answers
//	remote_process.go  one process, and how it ended
//
// All of them go by one clock, the machine's monotonic one. A replica reports every
// 10 ms what it shows of itself, its counters, election events and the digests of
// what it has applied; what it holds in the end is fetched as a whole. The verdict
// compares the same things as in one process, and here.
//
// To crash is to be killed with SIGKILL. That loses what the process had in memory,
// its counts since the last report included (of commit latencies, since the last
// 100 ms), and the bytes in its sockets. It does not lose what the process had
// written to files, for that is in the kernel's page cache: whether something was
// synced in time, only a power failure tells, and those are had in virtual time. In
// return everything here is as in earnest: a new process, its own memory, files read
// back from a disk. A replica that comes back with less of the committed log than it
// had reported to be on its disk is a problem for the verdict.
//
// A process ends with its standard input, so none outlives the run; on Linux it is
// killed even if it hangs. One that ends by itself ends the run with an error that
// shows what it said.
package cluster

package cmd

import "github.com/spf13/cobra"

// newFaultsTopic is the help topic on the schedule of faults: a command without
// anything to run, which cobra lists under additional topics.
func newFaultsTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "faults",
		Short: "the language of --fault: what, to whom, when",
		Long: `A fault says what happens, to whom and when. Several stand in one --fault between
semicolons, or each in its own. Every protocol of a run meets the same schedule.

What:
  crash TARGET                 the replica is gone with all that its log had not
                               synced; it restarts from its log at the end
  pause TARGET                 it takes no turns; its mail fills and then drops
  isolate TARGET               every link from and to it is cut
  partition TARGET | TARGET    links between the groups are cut; one target alone
                               stands against all others
  cut LINK                     -> is one way, <-> both ways
  delay 40ms-60ms LINK         added to every message, uniform
  loss 10% LINK                of messages vanish; likewise duplicate, reorder
  slow 1MB/s LINK              bounds the bytes a second
  A bare target in place of a link means all links from and to it.

To whom (chosen when the fault strikes, among live replicas):
  leader, follower, any, all, minority, majority (with or without leader),
  node 3, {1,2}; a link is one target -> another

When (from the start of the measured window):
  at 2s             once
  every 3s          again and again; the first time after 3s unless "at" says so
  for 500ms         so long; without it, to the end of the window
  until healed      until a command sent after the start is acknowledged
  jitter 100ms      later by up to that much, drawn from the seed

Examples:
  crash leader at 2s for 1s
  crash leader every 3s for 500ms jitter 100ms
  partition minority with leader at 1s for 2s
  partition {1,2} | {3,4,5} at 1s for 2s; pause follower at 4s for 200ms
  cut leader -> follower at 1s for 1s
  loss 20% all every 2s for 300ms

On disks (with --storage disk, and but for corrupt in memory too):
  disk stall any at 1s for 500ms    no write completes
  disk slow 10ms all at 1s for 2s   each sync takes so much longer
  disk full leader at 1s for 1s     writes fail; a replica stops at the first one
  disk fail leader at 1s for 1s     syncs fail, likewise; it restarts at the end
  disk corrupt node 2 at 1s         one bit flips: found at the next restart, and
                                    the replica stays down
  disk lose follower at 1s for 1s   a crash that takes the log along: the replica
                                    restarts empty and is in no quorum any more

On clocks:
  clock drift 5% leader at 1s for 2s, clock jump 50ms node 2 at 1s`,
	}
}

package cmd

import (
	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench/smr"
)

// newGuides are the help topics of protocols that have something to show.
func newGuides(protocols []smr.Protocol) (topics []*cobra.Command) {
	for _, p := range protocols {
		if p.Guide != "" {
			topics = append(topics, &cobra.Command{Use: p.Name, Short: "what its papers describe, and where to watch it", Long: p.Guide})
		}
	}
	return topics
}

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
  partition TARGET | TARGET    links between the groups are cut; one target
                               alone stands against all others
  cut LINK                     -> is one way, <-> both ways
  delay 40ms-60ms LINK         added to every message, uniform
  loss 10% LINK                of messages vanish; likewise duplicate, reorder
  slow 1MB/s LINK              bounds the bytes a second
  clock drift 5% TARGET        its clock runs faster, or slower if negative
  clock jump 1s TARGET         its clock is set forward; back, it stands still
  cpu slow 4x TARGET           its work takes four times as long (with --cost)
  A bare target in place of a link means all links from and to it.

To whom (chosen when the fault strikes, among live replicas):
  leader, follower, any, all, minority, majority (with or without leader),
  node 3, {1,2}, region eu-west-1; a link is one target -> another

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
  disk full leader at 1s for 1s     writes fail; a replica stops at the first
  disk fail leader at 1s for 1s     syncs fail, likewise; it restarts at the end
  disk corrupt node 2 at 1s         one bit flips: found at the next restart,
                                    and the replica stays down
  disk lose follower at 1s for 1s   a crash that takes the log along: the
                                    replica restarts empty, in no quorum`,
	}
}

// newScenariosTopic is the help topic on scenario files.
func newScenariosTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "scenarios",
		Short: "scenario files: a run, its faults and what is expected of it",
		Long: `consbench run NAME runs a built-in scenario, consbench run FILE one of your own:

  doc: the leader crashes while the load climbs
  protocols: [raft, multipaxos]
  repeat: 5                          # with consecutive seeds
  cluster: {nodes: 5, leader: 1}
  timers: {election-timeout: 150ms-300ms, pre-vote: true}
  network: {kind: sim, delay: 1ms, jitter: 200us}
  storage: {kind: memory, sync-latency: 500us}
  workload:
    phases:
      - steady 5k/s for 4s
      - ramp 5k/s to 20k/s for 4s
      - burst 500 every 100ms for 1s
      - pause for 1s
  faults:
    - crash leader at 2s for 1s
  expect:
    - unavailable<=500ms
    - raft: messages/commit<=10

Keys are flags of run by the same names (network.kind is --network, storage.kind is
--storage, workload.phases is --phase). Unknown keys, keys given twice, anchors and
aliases are errors; all mistakes are told at once, with line and column.

A setting comes from its default, the file, the environment or a flag; each wins
over those before it. The variable of --election-timeout is
CONSBENCH_ELECTION_TIMEOUT. consbench scenario explain NAME|FILE shows where each
value comes from. A flag that answers the same question replaces the answer of the
file: --clients its rate or phases, --delay its topology, --fault all its faults.

Phases are an open loop and make up the measured time. Arrivals of a ramp are exact:
the k-th comes when k are due (--arrival constant), or is one of a Poisson process
of that rate. What could not be sent in time counts from when it was due.

Expectations are thresholds on metrics (consbench metrics), for every protocol or
one. Each repetition must keep to them; a figure that a run does not have keeps to
none. Exit status 99 if one is missed.

Regions: with topology wan5, wan9 or a file of round trips, replicas go round the
regions in order and clients are in each; the report has their response latency
apart. cluster.leader names who is to lead first: its clock is set ahead by the
longest election timeout when it starts, so that it campaigns before all others.
After a fault anybody may lead.`,
	}
}

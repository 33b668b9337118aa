// Package elections carries out elections by the thousand, each in a small world of
// its own, in virtual time or live, and describes how long their phases take.
//
// There is no model of an election here. A trial makes the replicas of a run
// (bench/replica, the same turns) around the registered protocol's cores, on the
// virtual network of netsim, and lets time pass. What is particular to a trial is
// how it begins:
//
//   - fresh: every live server starts its timer at 0, and none of them leads.
//   - crash: one server's timer starts first, so that it is elected. A heartbeat of it
//     reaches all at one instant; it dies uniformly within the heartbeat interval that
//     follows. Nothing takes any time before that: no link, no disk.
//   - distinct logs: the leader proposes as many entries as it has peers, and before
//     each of them its replication frames to one more server are cut, in random order.
//     With fresh, all servers then restart from what their disks hold.
//
// Two durable writes can be given a time. The one that [smr.SyncCampaign] asks for
// holds up a candidate's requests, that of [smr.SyncVote] a granted vote or promise;
// nothing else waits. They run side by side. The timers restart when the candidacy
// begins and when the vote is granted, not when the write ends: so do the cores.
//
// # What is measured
//
// From the crash, or from 0: detected, elected, announced and first commit, as in the
// result of a run. The leader that stays is the first one of which every live server
// hears before another is elected. A client is taken to ask every new leader at once,
// from beside it: the first commit holds no way to a client.
//
// A round is a term or ballot that somebody campaigns in. The split-vote rate is the
// share of trials in which the first of them was not that of the leader that stayed.
//
// # Live
//
// The same trials go over mailboxes or sockets by the machine's clock (world.go), with
// the same seeds, schedule and link model. The servers of one take their turns on one
// goroutine, woken as those of a run are; several trials go on at once, for they wait
// nearly all of the time. Before the crash everything is as fast as the machine, not
// instantaneous, so servers hear of a heartbeat one after another: the crash counts
// from the last of them. Nothing begins before all connections are up; a trial in which
// the machine stands still before the crash, so that another timer runs out or the crash
// comes late by more than a quarter of the heartbeat interval, begins anew, and is
// counted (Disturbed). What a live phase takes beyond the virtual one is the machine:
// wake-ups, sockets, and whatever else runs.
//
// # Other protocols
//
// Every protocol that is handed to cmd.Main can be measured that elects leaders and says
// so in Ready.Events: [smr.TimedOut], [smr.Campaign], [smr.Elected], [smr.Following] by
// those that hear of it, [smr.Serving]. Durable writes cost what is asked for if Ready.Sync
// names them; logs are given different lengths by cutting frames of the kinds Replication
// and CatchUp. Timers that are not those of bench/smr/timer are measured as they are.
//
// # Closed forms
//
// n servers, s of them live, fresh timers U(Tmin, Tmin+R), one-way delay d, l = d/R,
// equal logs, writes of Wc and Wv (candidate, voter):
//
//	first timeout   Tmin + R/(s+1)
//	split vote      p = sum over k = c-1 .. s of C(s,k) l^k (1-l)^(s-k), c = s - floor(n/2) + 1
//	election        p/(1-p) (Tmin + R/(s+1) + d) + Tmin + R/(s+1) + Wc + 2d + Wv
//	detection       with a crash: first timeout - H/2
//
// closed_test.go holds the trials to them. Figure16 holds them to the published
// distributions of the Raft paper.
//
// # Raft beside Multi-Paxos
//
// Trial i of a seed draws from the same generators whatever the protocol. What the
// trials show (make figure16; consbench elections -p raft,multipaxos):
//
//   - Detection is the same: both use bench/smr/timer, and restart it at the same events.
//   - Distinct logs cost Raft rounds. A server with a short log times out first as often
//     as any other and cannot win; the time until the next one does is lost. In Multi-Paxos
//     anybody can lead: promises bring the entries that it lacks.
//   - Two candidates at once split Raft's votes, and nobody wins before the next timeout.
//     Ballots are ordered: acceptors go over to the higher one, which wins, so that the
//     first ballot fails (it counts in the split-vote rate) and hardly any time is lost.
//   - The first command commits one round trip later in Raft: its leader probes each
//     peer with the no-op of its term, and sends nothing more before the answer.
package elections

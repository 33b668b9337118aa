package paxos

// basicGuide and multiGuide are what consbench help says of a protocol. Their commands
// are carried out by a test, and each line that is quoted, here four columns in, must
// come, in this order.
const basicGuide = `What Paxos Made Simple describes, where to watch it. The transcript of a run says when
and who did what, in virtual time: -> is a message as it is sent, <- as it arrives.
1.n3 is a proposal number (ballot): a round, and the replica that proposes, so that all
differ and are ordered. #fbecee is the name of a value, part of its checksum. A slot is
one instance of Paxos; the log is made of them. Excerpts, without the times:

  consbench run -p paxos --proposers all --seed 4 --clients 3 --batch 1 --size 0B \
      --delay 5ms --jitter 2ms --warmup 0s -d 30ms --transcript -

Proposers. Each replica has a client, and all three propose a value for slot 1. A
proposer begins with prepare, which asks acceptors for a promise:

    n1   proposes #fbecee for its clients
    n1   -> n2, n3  prepare slot 1 ballot 1.n1, chosen to 0
    n2   proposes #b42e60 for its clients
    n2   -> n1, n3  prepare slot 1 ballot 1.n2, chosen to 0
    n3   proposes #881f03 for its clients
    n3   -> n1, n2  prepare slot 1 ballot 1.n3, chosen to 0

Acceptors promise to answer nothing below a number, log the promise first, and reject
what is below:

    n3   -> n1  reject slot 1 ballot 1.n1 (promised 1.n3), chosen to 0
    n1   writes 3: promise: 1.n3 for slot 1
    n1   -> n3  promise slot 1 ballot 1.n3, chosen to 0

With the promises of a majority, itself included, a proposer asks to accept its value:

    n3   -> n1, n2  accept slot 1 ballot 1.n3 = #881f03, chosen to 0
    n1   writes 4: accepted: entries 1 of 1.n3 = #881f03
    n1   -> n3  accepted slot 1 ballot 1.n3, chosen to 0

Learners. What a majority has accepted is chosen; the proposer learns it first, and
tells the others:

    n3   <- n1  accepted slot 1 ballot 1.n3, chosen to 0
    n3   -> n1, n2  chosen slot 1 ballot 1.n3, chosen to 1
    n3   applies 1: it is chosen, and all before it

Duelling proposers. Slot 2 has rivals. A proposer that is beaten tries again with a
higher number, after a random time; a promise tells of what was accepted before:

    n3   -> n1, n2  prepare slot 2 ballot 1.n3, chosen to 1
    n1   -> n2, n3  prepare slot 2 ballot 2.n1, chosen to 1
    n3   writes 6: accepted: entries 2 of 1.n3 = #8412fd
    n3   -> n1  promise slot 2 ballot 2.n1 (accepted 1.n3 = #8412fd), chosen to 1
    n2   -> n3  reject slot 2 ballot 1.n3 (promised 2.n1), chosen to 1

Acceptors change their minds. n3 has accepted #8412fd, but a majority has not: n1 had
its promises from elsewhere, none of which told of a value, and proposes its own:

    n3   <- n1  accept slot 2 ballot 2.n1 = #fbecee, chosen to 1
    n3   writes 8: accepted: entries 2 of 2.n1 = #fbecee
    n1   applies 2: it is chosen, and all before it

What is chosen stays. n3 tries once more, with 3.n3, and can only learn:

    n3   -> n1, n2  prepare slot 2 ballot 3.n3, chosen to 1
    n2   -> n3  learn slot 2 ballot 2.n1 = #fbecee, chosen to 2

  consbench run -p paxos --proposers all --clients 2 --batch 1 --size 0B \
      --delay 5ms --warmup 0s -d 30ms --transcript -

Adoption. Here the promise does tell of a value: n1 has to propose that of n2, the one
with the highest number, in place of its own, which waits for slot 3:

    n2   writes 6: accepted: entries 2 of 1.n2 = #b8239e
    n2   -> n1  promise slot 2 ballot 2.n1 (accepted 1.n2 = #b8239e), chosen to 1
    n1   -> n2, n3  accept slot 2 ballot 2.n1 = #b8239e, chosen to 1
    n1   -> n2, n3  accept slot 3 ballot 1.n1 = #fbecee, chosen to 2

What duels cost: consbench compare paxos paxos:proposers=all. With a leader that does
phase 1 once for all slots: consbench help multipaxos. Where each rule stands in the
code: paxos/DESIGN.md.`

const multiGuide = `What a leader makes of Paxos (Paxos Made Simple, 3), where to watch it. The transcript
of a run says when and who did what, in virtual time: -> is a message as it is sent, <-
as it arrives. 1.n3 is a ballot: a round, and the replica that proposes. #fbecee is the
name of a value, part of its checksum. Excerpts, without the times:

  consbench run -p multipaxos --pre-vote=false --fault 'crash leader at 17ms for 400ms' \
      --clients 1 --size 0B --delay 5ms --warmup 0s -d 600ms --transcript -

Whose timer runs out prepares for all slots from the first open one on, at once, and
with the promises of a quorum it leads. From then on a value takes phase 2 alone:

    n3   TIMES OUT: it has heard from no leader
    n3   -> n1, n2  prepare 1.n3 from slot 1
    n1   writes 1: accepted: promised 1.n3, commit=0, no entries
    n1   -> n3  promise 1.n3 from slot 1, none accepted, chosen to 0, no more
    n3   IS ELECTED: it has its quorum
    n3   -> n1, n2  accept 1.n3 base 0, sent to 1, chosen to 0, slot 1 = #fbecee
    n1   -> n3  accepted 1.n3 to 1

The leader crashes after that, and before it learns that slot 1 is chosen. The next one
has accepted the value itself, says so, and must adopt it under its own ballot:

    n3   CRASHES
    n1   -> n2, n3  prepare 2.n1 from slot 1, 1..1 of 1.n3
    n1   -> n2, n3  accept 2.n1 base 0, sent to 1, chosen to 0, slot 1 = #fbecee
    n1   applies 1: it is chosen, and all before it

Elections by the thousand, side by side with Raft's: consbench elections -p
raft,multipaxos. Where each rule stands in the code: paxos/DESIGN.md.`

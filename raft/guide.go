package raft

// guide is what consbench help raft says. Its commands are carried out by a test, and
// each line that is quoted, here four columns in, must come, in this order.
const guide = `What the Raft paper describes, where to watch it. The transcript of a run says when
and who did what, in virtual time: -> is a message as it is sent, <- as it arrives,
TIMES OUT, CAMPAIGNS, IS ELECTED and so on are steps of an election, and #fbecee is
the name of a value, part of its checksum. Excerpts, without the times:

Terms, votes, a split vote, and yielding (5.1, 5.2)

  consbench run -n 4 --seed 44 --election-timeout 150ms-160ms --pre-vote=false \
      --clients 1 --size 0B --delay 5ms --warmup 0s -d 5ms --transcript -

Timers are drawn at random, and here from a range too narrow: three run out before a
message can arrive. Whose timer runs out begins a term and votes for itself. Nobody
votes twice in a term, so that no candidate has 3 votes of 4:

    n1   TIMES OUT: it has heard from no leader
    n1   writes 1: update: term=1 vote=n1 commit=0, no entries
    n1   -> n2, n3, n4  vote? term=1 round=1, log ends at 0 of term 0
    n2   CAMPAIGNS
    n4   CAMPAIGNS
    n2   -> n1  vote refused term=1 round=1
    n3   writes 1: update: term=1 vote=n1 commit=0, no entries
    n3   -> n1  vote GRANTED term=1 round=1
    n3   -> n2  vote refused term=1 round=1

The next timer to run out begins the next term. Candidates that hear of it step down:

    n1   writes 2: update: term=2 vote=n1 commit=0, no entries
    n2   STEPS DOWN
    n2   -> n1  vote GRANTED term=2 round=2
    n1   IS ELECTED: it has its quorum
    n2   FOLLOWS n1

Then heartbeats, which are appends without entries, keep the timers from running out:

    n1   -> n2, n3, n4  append term=2 seq=2 after 1 of term 2: no entries; commit=1

With --pre-vote, the default, a server asks first whether it could win, and raises no
term if not (dissertation, 9.6).

Replication, a leader's crash, and what may be committed (5.3, 5.4)

  consbench run --seed 1 --pre-vote=false --fault 'crash leader at 7ms for 400ms' \
      --clients 1 --size 0B --delay 5ms --warmup 0s -d 500ms --transcript -

The leader crashes after its followers have an entry, and before it knows:

    n3   proposes #fbecee for its clients
    n3   -> n1, n2  append term=1 seq=3 after 1 of term 1: entries 2 of term 1 = #fbecee; commit=1
    n1   -> n3  append taken term=1 seq=3 durable=2 last=2
    n3   CRASHES

The new leader does not count the copies of an entry of a former term: it appends an
empty one of its own, and with that commits all before it (5.4.2, Figure 8). That a
follower has entry 2 changes nothing, that it has entry 3 does:

    n1   IS ELECTED: it has its quorum
    n1   -> n2, n3  append term=2 seq=1 after 2 of term 1: entries 3 of term 2 = no-op; commit=1
    n1   <- n2  append taken term=2 seq=1 durable=2 last=3
    n1   <- n2  append taken term=2 seq=1 durable=3 last=3
    n1   applies 2 to 3: they are chosen, and all before them

The client asks again for what it had no answer to; entry 4 stands in the log and has
no effect. The former leader comes back as a follower, and is sent what it missed:

    n1   -> n2  append term=2 seq=2 after 3 of term 2: entries 4 of term 2 = #fbecee; commit=3
    n3   STARTS in term 1, commit 1
    n3   FOLLOWS n1

Elections by the thousand, with their phases and split votes: consbench elections.
The rules one by one, and where they stand in the code: raft/DESIGN.md.`

#!/bin/sh
# Makes the baselines anew, from their definition. To accept what a change does to
# them, consbench gate --baseline results/baseline --update is enough.
set -eu
cd "$(dirname "$0")"
make -C ../.. build
run() {
  name=$1
  shift
  ../../bin/consbench run --protocol raft,multipaxos,paxos --retain 1MiB "$@" --quiet --output "$name.json"
}
run steady --duration 7s
run crash --nodes 5 --clients 8 --duration 4s --fault 'crash leader every 500ms for 250ms'
run loss --nodes 5 --clients 8 --duration 2s --loss 1% --sync-latency 500us --batch 1
run partition --rate 2k/s --keys 500 --duration 3s --fault 'partition leader at 1s for 500ms'

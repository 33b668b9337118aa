// Command consbench measures replicated logs: Raft, Multi-Paxos and basic Paxos.
//
// A program that measures another protocol has a main like this one.
package main

import (
	"os"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/cmd"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

func protocols() []smr.Protocol {
	return []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}
}

func main() { os.Exit(cmd.Main(protocols(), os.Args[1:], os.Stdout, os.Stderr)) }

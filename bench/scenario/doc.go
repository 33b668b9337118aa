// Package scenario reads scenario files: a run with all that it is about, its
// cluster, network, load and faults, and what it is expected to show.
//
//	doc: the leader crashes and comes back
//	protocols: [raft, multipaxos]
//	cluster: {nodes: 5}
//	workload:
//	  phases:
//	    - steady 5k/s for 4s
//	    - ramp 5k/s to 20k/s for 4s
//	faults:
//	  - crash leader at 2s for 1s
//	expect:
//	  - unavailable<=500ms
//	  - raft: messages/commit<=4
//
// A file is YAML, read strictly: unknown keys, keys given twice, values of another
// kind, anchors and aliases are errors, each with its line and column, all of them
// at once. Every setting is one of the flags of consbench run and reads the same
// text (types.go says which); so a file can say nothing that the command line
// cannot, but for doc and expect. The types also make scenario.schema.json, which
// editors complete and check by.
//
// The file is bounded before it is parsed, and aliases are not followed: no file
// costs more than a few megabytes.
package scenario

// Package cmd is the command line of consbench: flags become a bench.Config,
// bench.Run carries it out, bench/report shows the result. It holds no other
// logic and knows no protocol; a main hands its protocols to [Main]:
//
//	func main() {
//		os.Exit(cmd.Main([]smr.Protocol{raft.Protocol, mine.Protocol}, os.Args[1:], os.Stdout, os.Stderr))
//	}
//
// # Flags
//
// Every field of the configuration that a user can set is one row of the table in
// options.go. Flags, help, defaults and the command that repeats a run are made
// from that table. A flag that cannot be read does not stop the others from being
// read, so that all mistakes are shown at once, a line each.
//
// # Exit status
//
//	0    good
//	1    the run could not be carried out, or its result not be written
//	2    usage: a command, a flag or a value that does not exist or cannot work
//	3    INCORRECT: a check of the run failed
//	130  interrupted by SIGINT (143: SIGTERM); what was measured is kept
package cmd

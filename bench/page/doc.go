// Package page makes a report of result files that people read in a browser: one
// page of HTML that holds everything it needs.
//
//	page.go        the page, its chapters, and its policy
//	read.go        files of every schema
//	runs.go        latency, time and costs of all runs over each other
//	failures.go    faults and elections of runs
//	comparison.go  ratios with their bounds
//	elections.go   trials of elections
//	gate.go        verdicts of gates
//	sweep.go       latency against throughput
//
// A page asks the network for nothing: its policy (default-src 'none') forbids it, and
// allows only the one style sheet and the one script that stand in it, by their hashes.
// Without the script a page shows the same figures and tables; with it, values appear under
// the pointer or the arrow keys, and figures can be saved.
//
// Names in a file may be anybody's. Everything goes through html/template, and what
// could reorder or hide text (control characters, marks of direction) is shown as in
// the terminal, escaped.
//
// Time series of more than [MostPoints] intervals (half of that where there are eight
// runs and more) are drawn in as many equal steps: throughput as the mean of each, p99 as
// its highest value. A figure that does so says so.
package page

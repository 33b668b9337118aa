// Package topology says how far regions are apart: a matrix of round-trip times,
// and the places of replicas and clients in it.
//
// wan9 is nine regions of AWS with the mean round trips of a published measurement
// (aws_rtt_ms.csv names it); wan5 is five of them. A file of one's own has the same
// form:
//
//	# comments and blank lines are skipped; times are round trips in ms
//	region,  paris, tokyo
//	paris,   0.5,   220
//	tokyo,   220,   0.5
//
// One way takes half of the round trip from the row's region to the column's. The
// diagonal is between two replicas, or a replica and its clients, of one region.
package topology

// Package wal is a replica's durable log: records in, the number of the last
// durable Ready out. It knows nothing of what the records mean.
//
// [Memory] is the modelled device: a sync takes a given time, one sync is under
// way at a time and covers all that was appended before it began (group commit).
// A crash loses exactly what no finished sync covers; what was synced outlives
// it. Its memory is made of blocks that are reused, so that a log of any length
// costs what lies between two baselines.
package wal

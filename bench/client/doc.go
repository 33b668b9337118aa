// Package client is the load generator. Thousands of logical clients are rows in
// arrays, driven in turns by one [Worker]; there is no goroutine, channel or map
// entry for a client or a command.
//
// A client is a session with a window: it has at most Inflight commands open, and
// none further than that from its oldest. In a closed loop a client sends its
// next command as soon as its window has room. In an open loop commands have
// intended send times, which come from the arrival process and never depend on
// answers; a command that finds no free client waits, and its response time runs
// from the intended instant all the same.
//
// What is known of a command's fate stands in the ledger (ledger.go), which the
// verdict compares with the replicas' own tables.
package client

// Package export turns files of consbench into the formats of other programs:
//
//	csv       spreadsheets and data frames; a row per run and metric
//	jsonl     the same as a line of JSON each
//	hlog      HdrHistogram's log, one histogram per run and kind of latency
//	gobench   Go's benchmark format, for benchstat
//	junit     JUnit XML, for what shows tests in a CI
//	markdown  tables for a pull request or a job summary
//
// [Read] takes a file of any kind, [Check] says whether a format has a use for it,
// [Write] writes. Metrics are those of the registry in bench/measure, under its
// names and in its units, unless the format has its own conventions.
//
// Runs that are not correct must not be compared by accident. Formats that feed a
// comparison (hlog, gobench) leave them out and say so; the others carry a status.
//
// Names in a file may be anybody's. Each format has one function that makes text
// harmless in it (text.go): no name can end a cell, a line, an element or a tag,
// become a formula, markup or a command of a CI, or move a cursor.
package export

// Package report shows a result file to people and to programs.
//
// [Table] is for people: plain text that reads well at 80 columns and uses more
// where there is more. Every figure in it stands raw in the result file. In a
// table one column has one unit; a quantile that the sample is too small to know
// is left blank. Only ASCII is written, so that it survives any log and any
// terminal, and whatever stands in a file cannot move the cursor: control
// characters are escaped.
//
// [JSON] is for programs: the result file, as it is saved.
//
// [Value] connects the registry of metrics in bench/measure with the fields
// of a result, so that tables, exports and thresholds speak of the same things.
package report

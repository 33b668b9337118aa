// Package plot draws in a terminal: distribution functions with a logarithmic
// tail ([CDF]), latency against throughput ([Curve]), throughput and latency over
// time with what happened below ([Timeline]), and a row of values ([Spark]).
//
// Lines are drawn with braille patterns, which have eight dots a cell, and bars
// with block elements; with [Options].ASCII letters and signs of ASCII stand in
// their place, and a plot says the same, more coarsely. Curves go by letters, so that
// none depends on colour. Every character is one column wide, no line is
// longer than Options.Width or ends in a blank, and equal data give equal lines.
//
// Names are printed as they are: whoever calls has removed control characters.
// Values that are not finite, and negative ones, are not drawn.
//
// Why no library: asciigraph and termgraph have no logarithmic axis and no marks,
// termdash and ntcharts draw whole screens with escape sequences.
package plot

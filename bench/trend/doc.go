// Package trend follows metrics over results that were made one after the other, and
// finds where they changed.
//
// Results belong to one [Series] if they measured the same: the same run (protocol,
// nodes, network), the same fingerprint of their configuration, which holds the seed
// too, and the same machine. A virtual run's exact metrics depend on no machine but
// its architecture; there any step is a change. Elsewhere values are noisy, and change
// points are found by E-divisive: the split of the series that makes the largest
// difference between the distributions on its sides is a change point if few random
// permutations of the series have a larger one; then both sides are searched in turn
// ([Divisive]). Series of more than 400 results are searched as means of neighbours, and
// a change is then placed at the result where it is.
//
// Sources: Matteson and James, A nonparametric approach for multiple change point
// analysis of multivariate data, J. Am. Stat. Assoc. 109 (2014), sections 2 and 3;
// Daly, Brown, Ingo, O'Leary and Bradford, The use of change point detection to
// identify software performance regressions in a continuous integration system, ICPE
// 2020, for its use on series of benchmarks.
package trend

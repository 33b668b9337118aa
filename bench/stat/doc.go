// Package stat decides what a difference between measurements is worth. It is
// pure: numbers in, verdicts out.
//
// Two sides are measured in pairs, one run of each close together in time, so that
// what disturbs the machine disturbs both. A pair is worth the logarithm of its
// ratio, B over A. [Paired] estimates the ratio from these by Hodges and Lehmann's
// method and bounds it by Wilcoxon's signed-rank test; neither assumes a normal
// distribution, only one that is symmetric about its centre, and a few wild pairs
// do little harm. In virtual time nothing is left to chance: [Exact].
//
// An [Estimate] answers three questions:
//
//	Verdict    is B better or worse than A, the same, or can that not be told?
//	Visible    how small a change could these pairs have shown?
//	PairsFor   how many pairs would show a change of that size?
//
// A [Threshold], such as p99<=+5% or p99<=2ms, is held against an estimate and
// gives an [Outcome]: pass, fail or inconclusive.
//
// Sources: Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd
// ed., sections 3.1 to 3.3; Hodges and Lehmann, Estimates of location based on rank
// tests, Ann. Math. Stat. 34 (1963).
package stat

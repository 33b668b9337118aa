// Package compare sets sides against each other: protocols, one protocol with
// several settings, or recorded results.
//
// Live runs come in pairs (or triples ...), one short run of each side right after
// another, in alternating order: A B, B A, A B, so that a drift of the machine
// falls on all sides alike. A warm-up pair goes before and is thrown away. In
// virtual time there is no noise: one run a side for each seed is all there is to
// know about that seed.
//
// [Elections] compares campaigns of trials. The same trials in virtual time are exact.
// Those of other seeds are two independent samples: where both files keep the values,
// each phase is tested (Mann-Whitney, the phases adjusted by Holm). Live campaigns were
// not interleaved, so they get bounds but no verdict.
//
// [Run] carries the runs out and [Judge] forms the verdicts from their values; the
// statistics are in bench/stat. A run that failed or was INCORRECT is counted and
// shown, and never compared.
package compare

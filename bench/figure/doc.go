// Package figure draws figures as SVG for a page: curves over shared axes ([Plot])
// and rows of bars or intervals ([Rows]). It knows nothing of results.
//
// Every figure is drawn twice, for wide and for narrow columns, and the page shows
// the one that fits, so that letters keep their size. The grid is quiet, curves carry their
// names at their ends where there is room, and nothing is told by colour alone: each of the
// first six styles has a colour, dashes and a marker of its own. Colours are classes; the page's
// style sheet says what they are ([Style]).
//
// SVG is made by html/template from numbers and text, so that no name can become
// markup. Values that are not finite, or that a logarithmic axis cannot show, break
// a curve.
//
// What a pointer or the arrow keys read from a curve stands in attributes beside its path: data-l
// has the values in words, one for each point, and data-x where they are.
package figure

// Package browser tests the pages of consbench report in a browser, and takes the
// pictures that the documentation shows. It is a module of its own, so that nobody
// who builds consbench needs a driver of browsers.
//
//	make browser     the tests; skipped with a word where there is no browser
//	make pictures    results/pictures, taken anew
//
// The browser is Chromium or Chrome, found by name on the path, or named by
// CONSBENCH_BROWSER.
package browser

package cmd

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/consbench/consbench/bench/report"
)

// terminal returns the columns of w, if it is a terminal.
func terminal(w io.Writer) (columns int, ok bool) {
	if p, ok := w.(*helpText); ok {
		w = p.to
	}
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		columns = 80
	}
	return columns, true
}

// width is how wide a report for w is: as wide as its terminal, within reason; else
// what COLUMNS says, else 80.
func width(w io.Writer) int {
	columns, ok := terminal(w)
	if !ok {
		var err error
		if columns, err = strconv.Atoi(os.Getenv("COLUMNS")); err != nil || columns <= 0 {
			return 80
		}
	}
	return min(columns, 160)
}

// colored decides whether output to w has colours: as the flag says; with auto
// NO_COLOR goes before CLICOLOR_FORCE, that before CLICOLOR, that before whether w
// is a terminal.
func colored(flag string, w io.Writer, env func(string) (string, bool)) bool {
	switch flag {
	case "always":
		return true
	case "never":
		return false
	}
	if v, _ := env("NO_COLOR"); v != "" {
		return false
	}
	if v, _ := env("CLICOLOR_FORCE"); v != "" && v != "0" {
		return true
	}
	if v, _ := env("CLICOLOR"); v == "0" {
		return false
	}
	if v, _ := env("TERM"); v == "dumb" {
		return false
	}
	_, ok := terminal(w)
	return ok
}

// plots decides what a report on w is drawn with: as the flag says; with auto in
// Unicode on a terminal whose character set is UTF-8 (LC_ALL before LC_CTYPE before
// LANG) and that has the characters: the console of Linux and dumb terminals do not.
// What goes elsewhere, to a file or the log of a CI, is ASCII.
func plots(flag string, w io.Writer, env func(string) (string, bool)) report.Plots {
	switch flag {
	case "unicode":
		return report.Plots{Unicode: true, All: true}
	case "ascii":
		return report.Plots{All: true}
	case "none":
		return report.Plots{None: true}
	}
	_, ok := terminal(w)
	return report.Plots{Unicode: ok && unicodeTerminal(runtime.GOOS, env)}
}

func unicodeTerminal(system string, env func(string) (string, bool)) bool {
	switch kind, _ := env("TERM"); kind {
	case "dumb", "linux":
		return false
	}
	if system == "windows" {
		_, ok := env("WT_SESSION") // Windows Terminal; older consoles lack the fonts
		return ok
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v, _ := env(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

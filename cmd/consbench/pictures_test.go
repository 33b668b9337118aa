package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/page/pagetest"
	"github.com/consbench/consbench/cmd"
)

// TestPictures: the pictures in the README show the pages that reports are now. That takes no
// browser: what they were taken of is recorded beside them.
func TestPictures(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	html := picturedPage(t)
	const dir = "../../results/pictures"
	known, err := pagetest.ReadTaken(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pagetest.Pictures {
		now, err := p.Of(html)
		if err != nil {
			t.Fatal(err)
		}
		if why := p.Stale(dir, known, now); why != "" {
			t.Errorf("results/pictures/%s.png: %s (make pictures takes it anew)", p.Name, why)
		}
		// What can be seen counts, and nothing else.
		for _, c := range []struct {
			what, old, new string
			stale          bool
		}{
			{"a colour", "--paper:", "--papers:", true},
			{"the verdict of a run", "</span> <strong>CORRECT</strong>", "</span> <strong>INCORRECT</strong>", p.Section == ""},
			{"a strip over time", ">commands/s</text>", ">commands a second</text>", p.Section != ""},
			{"the footer", "Written by consbench", "Made by consbench", false},
			{"a table that is folded", `<th scope="col">share of commands</th>`, `<th scope="col">share</th>`, false},
		} {
			if !strings.Contains(html, c.old) {
				t.Errorf("the page has no %q", c.old)
			}
			other, err := p.Of(strings.ReplaceAll(html, c.old, c.new))
			if err != nil || (other != now) != c.stale {
				t.Errorf("%s: %s makes it stale: %v, want %v (%v)", p.Name, c.what, other != now, c.stale, err)
			}
		}
	}
}

// picturedPage makes the page that pictures are of.
func picturedPage(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "runs.json")
	var out, errs bytes.Buffer
	for _, args := range [][]string{append(pagetest.PicturesOf[:len(pagetest.PicturesOf):len(pagetest.PicturesOf)], "--quiet", "-o", file), {"report", file, "--html", "-"}} {
		out.Reset()
		if status := cmd.Main(protocols(), args, &out, &errs); status != 0 {
			t.Fatalf("consbench %q: status %d\n%s", args, status, &errs)
		}
	}
	return out.String()
}

package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/consbench/consbench/bench/result"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func render(t testing.TB, f *result.File, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Table(&b, f, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, f := range files(t) {
		for _, width := range []int{80, 120} {
			t.Run(fmt.Sprintf("%s-%d", name, width), func(t *testing.T) {
				golden(t, fmt.Sprintf("%s-%d.txt", name, width), render(t, f, Options{Width: width, Rerun: rerunWords}))
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant (go test -update rewrites it):\n%s", got, want)
	}
}

// TestGoldenPlots: every plot there is, in Unicode and in ASCII, and none.
func TestGoldenPlots(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	elections := trialFile(trialSetting("raft", 150e6, 300e6, false), trialSetting("multipaxos", 150e6, 300e6, true))
	for name, plots := range map[string]Plots{"unicode": {Unicode: true, All: true}, "ascii": {All: true}, "none": {None: true}} {
		for _, width := range []int{80, 120} {
			t.Run(fmt.Sprintf("%s-%d", name, width), func(t *testing.T) {
				o := Options{Width: width, Plots: plots}
				got := render(t, files(t)["three"], o)
				var b bytes.Buffer
				if err := Trials(&b, elections, o); err != nil {
					t.Fatal(err)
				}
				golden(t, fmt.Sprintf("plots-%s-%d.txt", name, width), got+"\n"+b.String())
			})
		}
	}
}

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestShape checks every table at many widths: no line too long, no blank at a
// line's end, nothing but printable text, and colour adds nothing but colour.
func TestShape(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for name, f := range files(t) {
		for _, width := range []int{0, 60, 72, 80, 99, 100, 120, 200} {
			plain := render(t, f, Options{Width: width, Rerun: rerunWords})
			limit := width
			if limit == 0 {
				limit = 80
			}
			for i, l := range strings.Split(plain, "\n") {
				if n := utf8.RuneCountInString(l); n > limit {
					t.Errorf("%s at %d: line %d has %d columns: %q", name, width, i+1, n, l)
				}
				if strings.TrimRight(l, " ") != l {
					t.Errorf("%s at %d: line %d ends in a blank: %q", name, width, i+1, l)
				}
				if Clean(l) != l {
					t.Errorf("%s at %d: line %d holds a control character: %q", name, width, i+1, l)
				}
			}
			if strings.Contains(plain, "\n\n\n") || strings.HasPrefix(plain, "\n") || !strings.HasSuffix(plain, "\n") {
				t.Errorf("%s at %d: blank lines out of place:\n%s", name, width, plain)
			}
			for _, plots := range []Plots{{Unicode: true, All: true}, {All: true}, {None: true}} {
				for i, l := range strings.Split(render(t, f, Options{Width: width, Plots: plots, Rerun: rerunWords}), "\n") {
					if n := utf8.RuneCountInString(l); n > limit || strings.TrimRight(l, " ") != l || Clean(l) != l {
						t.Errorf("%s at %d with %+v: line %d of %d columns: %q", name, width, plots, i+1, n, l)
					}
				}
			}
			colored := render(t, f, Options{Width: width, Color: true, Rerun: rerunWords})
			if colored == plain {
				t.Errorf("%s at %d: no colour", name, width)
			}
			if got := escape.ReplaceAllString(colored, ""); got != plain {
				t.Errorf("%s at %d: colour changes the text:\n%s\nwithout:\n%s", name, width, got, plain)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	for name, f := range files(t) {
		if name == "odd" {
			continue // not UTF-8: encoding/json replaces it
		}
		var b bytes.Buffer
		if err := JSON(&b, f); err != nil {
			t.Fatal(err)
		}
		var got result.File
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		var cfg, want any
		if json.Unmarshal(got.Config, &cfg) != nil || json.Unmarshal(f.Config, &want) != nil || !reflect.DeepEqual(cfg, want) {
			t.Errorf("%s: the configuration changed", name)
		}
		got.Config = f.Config
		if !reflect.DeepEqual(&got, f) {
			t.Errorf("%s: the file does not survive", name)
		}
	}
}

func TestBadConfig(t *testing.T) {
	f := files(t)["one"]
	f.Config = json.RawMessage(`{"nodes":"three"}`)
	if err := Table(&bytes.Buffer{}, f, Options{}); err == nil {
		t.Error("no error")
	}
}

func TestUnreadableHistogram(t *testing.T) {
	f := files(t)["one"]
	f.Runs[0].Latency.Response.HDR = "AAAA\x1b"
	if got := render(t, f, Options{}); !strings.Contains(got, "histogram unreadable") {
		t.Errorf("not said:\n%s", got)
	}
}

func FuzzHistogram(f *testing.F) {
	f.Add("")
	f.Add(latency(f, lognormal(100, 1e6, 1, 3)).HDR)
	f.Fuzz(func(t *testing.T, hdr string) {
		bars, err := buckets(&result.Latency{HDR: hdr})
		if err != nil {
			return
		}
		for i, b := range bars {
			if b.from >= b.to || b.count <= 0 || i > 0 && b.from < bars[i-1].to*0.999 {
				t.Fatalf("bucket %d of %v", i, bars)
			}
		}
	})
}

package plot

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Hand-made data. The figures are invented.

// drawn are the curves of the plots of distributions.
var drawn = [...]Distribution{
	distribution("raft", 50_000, 2e6, .4), distribution("multipaxos", 49_000, 2.1e6, .4),
	distribution("paxos", 40_000, 6e6, .6), distribution("few", 99, 30e6, .1),
}

// distribution is n draws of a lognormal time around median, in ns.
func distribution(name string, n int, median, spread float64) Distribution {
	rng := rand.New(rand.NewPCG(7, uint64(n)))
	values := make([]float64, n)
	for i := range values {
		values[i] = median * math.Exp(spread*rng.NormFloat64())
	}
	slices.Sort(values)
	d := Distribution{Name: name}
	for _, share := range shares {
		if beyond := float64(n) * (1 - share); beyond < 10 {
			break
		}
		d.Quantiles = append(d.Quantiles, Quantile{share, values[int(share*float64(n))]})
	}
	return d
}

// rising is a curve of a system that answers up to capacity commands a second.
func rising(name string, capacity, base float64, knee int) Load {
	l := Load{Name: name, Knee: knee}
	for _, u := range []float64{.1, .3, .5, .7, .8, .9, .95, .98} {
		l.Points = append(l.Points, LoadPoint{Rate: u * capacity, Latency: base * (1 + u/(2*(1-u)))})
	}
	l.Points = append(l.Points, LoadPoint{.93 * capacity, 300e6})
	return l
}

// outage is a run of n steps whose leader crashed at 2 s of 5.
func outage(n int) *Run {
	r := &Run{End: 5e9, Held: "leader", Holds: []Hold{{0, 1}, {2e9, 0}, {2_200_000_000, 3}}}
	for i := range n {
		at := float64(i) / float64(n) * 5
		s := Step{Rate: 32_000 + 900*math.Sin(float64(i)), Latency: ptr(1.9e6 + 1e5*math.Cos(float64(i)))}
		if at >= 2 && at < 2.2 {
			s = Step{}
		} else if at >= 2.2 && at < 2.3 {
			s = Step{Rate: 9000, Latency: ptr(171e6)}
		}
		r.Steps = append(r.Steps, s)
	}
	r.Spans = []Span{
		{"crash", 2e9, 3e9, false}, {"partition", 3_500_000_000, 4_500_000_000, false},
		{"election", 2_160_000_000, 0, true}, {"crash", 3_200_000_000, 3_300_000_000, false},
	}
	return r
}

func ptr[T any](v T) *T { return &v }

func plots(o Options) map[string][]string {
	return map[string][]string{
		"cdf-one":  CDF("SHARE of the commands answered by then", drawn[:1], o),
		"cdf-four": CDF("", drawn[:], o),
		"cdf-flat": CDF("", []Distribution{{"exact", []Quantile{{0, 20e6}, {.5, 20e6}, {.99, 20e6}}}}, o),
		"curve": Curve("p99 of response by throughput", []Load{
			rising("raft", 40_000, 2e6, 5), rising("multipaxos", 42_000, 2e6, 5), rising("paxos", 9000, 4.1e6, -1),
		}, o),
		"curve-near":    Curve("", []Load{{"a", []LoadPoint{{100, 2e6}, {200, 2.1e6}, {300, 2.5e6}}, -1}}, o),
		"timeline-50":   Timeline("acknowledged", "p99 of response", outage(50), o),
		"timeline-7":    Timeline("acknowledged", "p99 of response", outage(7), o),
		"timeline-1000": Timeline("acknowledged", "", outage(1000), o),
	}
}

func TestGolden(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		for name, lines := range plots(Options{Width: 80, ASCII: ascii}) {
			name += "-80"
			if ascii {
				name += "-ascii"
			}
			path := filepath.Join("testdata", name+".txt")
			got := strings.Join(lines, "\n") + "\n"
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
				t.Errorf("%s: got\n%swant (go test -update rewrites it)\n%s", name, got, want)
			}
		}
	}
}

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestShape: at every width no line is too long or ends in a blank, ASCII is ASCII,
// and colour adds nothing but colour.
func TestShape(t *testing.T) {
	for _, width := range []int{0, 1, 40, 41, 59, 60, 61, 72, 79, 80, 81, 100, 119, 120, 160, 199, 200, 600} {
		for _, ascii := range []bool{false, true} {
			o := Options{Width: width, ASCII: ascii}
			colored := plots(Options{Width: width, ASCII: ascii, Color: true})
			limit := min(max(width, minWidth), maxWidth)
			if width == 0 {
				limit = defaultWidth
			}
			for name, lines := range plots(o) {
				if len(lines) < 4 {
					t.Fatalf("%s at %d: %d lines", name, width, len(lines))
				}
				for i, l := range lines {
					if n := utf8.RuneCountInString(l); n > limit {
						t.Errorf("%s at %d: line %d has %d columns: %q", name, width, i, n, l)
					}
					if trim(l) != l {
						t.Errorf("%s at %d: line %d ends in a blank: %q", name, width, i, l)
					}
					if ascii && strings.IndexFunc(l, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
						t.Errorf("%s at %d: line %d is not ASCII: %q", name, width, i, l)
					}
				}
				if plain := escape.ReplaceAllString(strings.Join(colored[name], "\n"), ""); plain != strings.Join(lines, "\n") {
					t.Errorf("%s at %d: colour changes the text:\n%s\nwithout:\n%s", name, width, plain, strings.Join(lines, "\n"))
				}
			}
		}
	}
}

// TestWhereThingsAre: a plot shows values where its axes say that they are.
func TestWhereThingsAre(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		o := Options{Width: 109, ASCII: ascii} // 100 columns of drawing
		// A straight line in value and share, on a linear axis from 100 to 199 ms.
		var d Distribution
		for i := range 91 {
			d.Quantiles = append(d.Quantiles, Quantile{float64(i) / 100, 100e6 + 1.1e6*float64(i)})
		}
		lines := CDF("", []Distribution{d}, o)
		for row := range 10 { // 90 % down to 0
			drawn := []rune(lines[row])[9:]
			first := slices.IndexFunc(drawn, func(r rune) bool { return r != ' ' })
			lo, hi := first, len(drawn)-1
			if at := 11 * (9 - row); lo > at+1 || hi < at-1 {
				t.Errorf("ascii %t: the row of %d %% has columns %d to %d, not %d", ascii, 10*(9-row), lo, hi, at)
			}
		}
		// An empty step, and nothing else, leaves a gap in the bars.
		r := &Run{End: 10e9}
		for i := range 10 {
			r.Steps = append(r.Steps, Step{Rate: 5})
			if i == 4 {
				r.Steps[i].Rate = 0
			}
		}
		r.Spans = []Span{{"f", 4e9, 5e9, false}}
		lines = Timeline("", "", r, Options{Width: gutter + 1 + 30, ASCII: ascii})
		bar, span := []rune(lines[0])[gutter:], []rune(lines[len(lines)-1])[gutter:]
		if got := fmt.Sprint(blank(bar)); got != "[12 13 14]" {
			t.Errorf("ascii %t: gaps at %s of %q", ascii, got, string(bar))
		}
		if got := string(span); got != strings.Repeat(" ", 12)+">==" {
			t.Errorf("ascii %t: span %q", ascii, got)
		}
		// The knee stands over its rate.
		lines = Curve("", []Load{{"x", []LoadPoint{{10, 1e6}, {50, 2e6}, {100, 100e6}}, 1}}, o)
		for _, l := range lines[:14] {
			if at := slices.Index([]rune(l), 'A'); at >= 0 && at != 9+50 && at != 9+49 {
				t.Errorf("ascii %t: the knee is in column %d", ascii, at-9)
			}
		}
		if !strings.Contains(strings.Join(lines[:14], "\n"), "A") {
			t.Error("no knee")
		}
	}
}

func blank(b []rune) []int {
	var at []int
	for i, r := range b {
		if r == ' ' {
			at = append(at, i)
		}
	}
	return at
}

// TestOdd: whatever the values, nothing panics, and what cannot be drawn is left out.
func TestOdd(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	o := Options{Width: -5, Height: 1 << 30}
	if CDF("t", nil, o) != nil || CDF("t", []Distribution{{"a", nil}, {"b", []Quantile{{.5, nan}, {2, 1}, {nan, 1}}}}, o) != nil {
		t.Error("a distribution out of nothing")
	}
	if Curve("t", []Load{{"a", []LoadPoint{{nan, 1}, {1, inf}, {-1, 1}, {1, 0}}, 7}}, o) != nil {
		t.Error("a curve out of nothing")
	}
	if Timeline("", "", &Run{End: 5}, o) != nil || Timeline("", "", &Run{Steps: make([]Step, 3)}, o) != nil {
		t.Error("a timeline out of nothing")
	}
	odd := []float64{nan, inf, -inf, -1, 0, 1, 1e-300, math.MaxFloat64, 5e18}
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func() float64 { return odd[rng.IntN(len(odd))] }
	for range 500 {
		o := Options{Width: rng.IntN(300) - 10, Height: rng.IntN(30) - 5, ASCII: rng.IntN(2) == 0, Color: true}
		var ds []Distribution
		var ls []Load
		for range rng.IntN(40) {
			d, l := Distribution{Name: "é x"}, Load{Knee: rng.IntN(8) - 2}
			for range rng.IntN(6) {
				d.Quantiles = append(d.Quantiles, Quantile{pick(), pick()})
				l.Points = append(l.Points, LoadPoint{pick(), pick()})
			}
			ds, ls = append(ds, d), append(ls, l)
		}
		r := &Run{End: int64(rng.IntN(100)), Holds: []Hold{{50, 3}, {20, 1}}}
		for range rng.IntN(100) {
			v := pick()
			r.Steps = append(r.Steps, Step{pick(), &v})
			r.Spans = append(r.Spans, Span{"a long label of a span", int64(rng.IntN(200) - 50), int64(rng.IntN(200) - 50), false})
		}
		CDF("", ds, o)
		Curve("", ls, o)
		Timeline("x", "y", r, o)
	}
}

func TestSpark(t *testing.T) {
	for _, c := range []struct {
		values       []float64
		line, letter string
	}{
		{nil, "", ""},
		{[]float64{3, 3}, "▄▄", "==" /* the middle */},
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, "▁▂▃▄▅▆▇█", "_.-=+*%#"},
		{[]float64{1, math.NaN(), -1, math.Inf(1)}, "█ ▁ ", "# _ "},
		{[]float64{-math.MaxFloat64, math.MaxFloat64}, "▁█", "_#"},
	} {
		if got := Spark(c.values, false); got != c.line {
			t.Errorf("%v: %q, want %q", c.values, got, c.line)
		}
		if got := Spark(c.values, true); got != c.letter {
			t.Errorf("%v: %q, want %q", c.values, got, c.letter)
		}
	}
}

func TestAmount(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 7: "7", 950: "950", 1000: "1k", 12_345: "12.3k", 1.5e6: "1.5M", 999.9999999999: "1k"} {
		if got := amount(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}

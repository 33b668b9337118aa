package figure

import (
	"encoding/xml"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func parsed(t *testing.T, f Figure) (wide, narrow string) {
	t.Helper()
	d, err := Draw(f, "f")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{string(d.Wide), string(d.Narrow)} {
		dec := xml.NewDecoder(strings.NewReader(s))
		for {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%v in\n%s", err, s)
			}
		}
		if strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
			t.Errorf("a number that is none in\n%s", s)
		}
	}
	return string(d.Wide), string(d.Narrow)
}

var label = regexp.MustCompile(`<text class="name[^"]*" x="[^"]*" y="([^"]*)"`)

// TestLabels: names of curves that end at the same place stand below each other, and
// every value of a curve has words.
func TestLabels(t *testing.T) {
	p := &Plot{Title: "t", Desc: "d", Panels: []Panel{{Height: 200}}}
	for i := range 9 {
		p.Panels[0].Curves = append(p.Panels[0].Curves, Curve{Name: strconv.Itoa(i), Style: i, X: []float64{0, 1, 2}, Y: []float64{1, 2, 3}})
	}
	w, n := parsed(t, p)
	last := math.Inf(-1)
	all := label.FindAllStringSubmatch(w, -1)
	for _, m := range all {
		y, err := strconv.ParseFloat(m[1], 64)
		if err != nil || y < last+row-1-.1 {
			t.Errorf("a label at %v after one at %v", m[1], last)
		}
		last = y
	}
	if len(all) != 9 || strings.Count(w, `data-l="1|2|3"`) != 9 || strings.Count(w, `data-x="0|1|2"`) != 1 {
		t.Errorf("%d labels in\n%s", len(all), w)
	}
	if !strings.Contains(n, `viewBox="0 0 400 `) {
		t.Errorf("narrow is not\n%s", n)
	}
}

// TestOddValues: what an axis cannot show breaks a curve, and nothing else.
func TestOddValues(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, scale := range []Scale{Linear, Log, Percentile} {
		for _, y := range [][]float64{{}, {0, 0}, {nan, inf}, {1, nan, 1}, {-1, 0, 1e300}, {5e-324, 1e-9}, {1, 1}} {
			x := make([]float64, len(y))
			for i := range x {
				x[i] = float64(i) / 10
			}
			for _, xScale := range []Scale{Linear, Log, Percentile} {
				parsed(t, &Plot{Title: "<t>", X: Axis{Scale: xScale}, Panels: []Panel{{
					Height: 50, Y: Axis{Scale: scale}, Curves: []Curve{{Name: "<&>", X: x, Y: y, Step: true, Area: true}},
					Bands: []Band{{From: nan, To: inf, Name: "x"}}, Events: []Event{{At: inf}},
				}}})
			}
		}
	}
	parsed(t, &Rows{Title: "r", X: &Axis{Scale: Log}, Groups: []Group{{Rows: []Row{
		{Name: "a", Interval: &Interval{Low: 0, Mid: 1, High: inf, Bounded: true}}, {Name: "b", Interval: &Interval{Mid: nan}}, {Segments: []Segment{{From: 0, To: nan}}},
	}}}})
	parsed(t, &Rows{Title: "r"})
}

// TestReduce: many points become few, and what each stands for is kept.
func TestReduce(t *testing.T) {
	const n = 10_000
	v := Curve{Reduce: Highest}
	for i := range n {
		v.X, v.Y = append(v.X, float64(i)), append(v.Y, 1)
	}
	v.Y[4321], v.Y[7] = 99, math.NaN()
	mean := v
	mean.Reduce = Mean
	v.reduce(MostPoints)
	mean.reduce(MostPoints)
	high, sum := 0.0, 0.0
	for i := range v.Y {
		high, sum = max(high, v.Y[i]), sum+mean.Y[i]
	}
	if len(v.X) > MostPoints || high != 99 || math.Abs(sum/float64(len(mean.Y))-1-98.0/n) > .001 {
		t.Errorf("%d points, highest %v, mean %v", len(v.X), high, sum/float64(len(mean.Y)))
	}
}

// TestTicks: round numbers, about as many as asked for.
func TestTicks(t *testing.T) {
	for _, c := range []struct {
		a    Axis
		v    []float64
		n    int
		want string
	}{
		{Axis{}, []float64{0, 10}, 5, "0 2 4 6 8 10"},
		{Axis{}, []float64{0, 469_752}, 2, "0 200,000 400,000"},
		{Axis{Unit: 1e6}, []float64{0, 2.4e6}, 4, "0 0.5 1.0 1.5 2.0"},
		{Axis{Scale: Log, Unit: 1e6}, []float64{1e6, 1e9}, 4, "1 10 100 1,000"},
		{Axis{Scale: Percentile}, []float64{0, .9999}, 4, "0 50 90 99 99.9 99.99"},
		{Axis{}, []float64{-1, 1}, 4, "−1.0 −0.5 0 0.5 1.0"},
	} {
		var got []string
		for _, k := range c.a.place([][]float64{c.v}, 0, 100).ticks(c.n) {
			got = append(got, k.text)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%v: %s, want %s", c.v, s, c.want)
		}
	}
}

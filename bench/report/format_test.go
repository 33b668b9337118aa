package report

import (
	"reflect"
	"strings"
	"testing"
)

func TestSig3(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 1: "1.00", 4.0213: "4.02", 9.999: "10.0", 99.96: "100", 33.333: "33.3", 240: "240", 2112: "2,112",
		1234567: "1,234,567", 0.00412: "0.00412", 0.5: "0.500", 0.99999: "1.00", 0.0000003: "<0.0001", 0.0001: "0.000100",
	} {
		if got := sig3(x); got != want {
			t.Errorf("sig3(%v) = %q, want %q", x, got, want)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		ns   []float64
		want string
	}{
		{nil, "ns"},
		{[]float64{0}, "ns"},
		{[]float64{999}, "ns"},
		{[]float64{1000}, "us"},
		{[]float64{20e6, 241e6}, "ms"},
		{[]float64{80e3, 241e6}, "ms"},
		{[]float64{8e3, 241e6}, "us"},
		{[]float64{0, 241e6}, "ms"},
		{[]float64{2e9, 12e9}, "s"},
		{[]float64{2e6, 12e9}, "ms"},
	} {
		if got := unitFor(c.ns).name; got != c.want {
			t.Errorf("unitFor(%v) = %s, want %s", c.ns, got, c.want)
		}
	}
	for _, c := range []struct {
		ns   []float64
		want string
	}{
		{nil, "ns"},
		{[]float64{120e3, 1.6e6}, "us"},
		{[]float64{526e3, 92e6}, "ms"},
		{[]float64{9e3, 92e6}, "us"},
		{[]float64{120e3, 241e6}, "ms"},
		{[]float64{9e3, 241e6}, ""},
		{[]float64{1.8e6, 240e6}, "ms"},
		{[]float64{900, 50e6}, ""},
		{[]float64{0, 50e6, 3e9}, "ms"},
	} {
		u, ok := oneUnit(c.ns)
		if u.name != c.want || ok != (c.want != "") {
			t.Errorf("oneUnit(%v) = %q, %v, want %q", c.ns, u.name, ok, c.want)
		}
	}
	if got := plusMinus(1e6, 2e5); got != "1ms +-0.2ms" {
		t.Errorf("plusMinus = %q", got)
	}
	for ns, want := range map[int64]string{0: "0s", 200_000: "200us", 1_500_000: "1.5ms", 5e9: "5s", 90e9: "1m30s", 120e9: "2m", 1: "1ns"} {
		if got := short(ns); got != want {
			t.Errorf("short(%d) = %q, want %q", ns, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		n, of int64
		want  string
	}{{1, 1, "100%"}, {999_999, 1_000_000, "99.99%"}, {1, 1_000_000, "<0.01%"}, {1, 2000, "0.05%"}, {1, 3, "33.3%"}} {
		if got := percent(c.n, c.of); got != c.want {
			t.Errorf("percent(%d, %d) = %q, want %q", c.n, c.of, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	for s, want := range map[string]string{
		"plain n1":   "plain n1",
		"\x1b[31m":   `\x1b[31m`,
		"a\nb\r\tc":  `a\nb\r\tc`,
		"\u202eabc":  `\u202eabc`,
		"\xff":       `\xff`,
		"\u0085":     `\u0085`,
		"µs ok":      "µs ok",
		"\u00a0nbsp": `\u00a0nbsp`,
	} {
		if got := Clean(s); got != want {
			t.Errorf("Clean(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	if got, want := Wrap("aaa bb cccccccc d", 5), []string{"aaa", "bb", "ccccc", "ccc d"}; !reflect.DeepEqual(got, want) {
		t.Errorf("wrap = %q, want %q", got, want)
	}
	if got, want := fill([]string{"aaa", "bb", "c d e f g h"}, ", ", 8), []string{"aaa, bb,", "c d e", "f g h"}; !reflect.DeepEqual(got, want) {
		t.Errorf("fill = %q, want %q", got, want)
	}
}

func TestBreakCommand(t *testing.T) {
	words := strings.Fields("consbench run --aaa 1 --bbb 2")
	got := strings.Join(breakCommand(words, 19), "\n")
	want := "consbench run \\\n  --aaa 1 --bbb 2"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestBuckets(t *testing.T) {
	for _, n := range []int{1, 10, 100, 10_000} {
		for _, spread := range []float64{0, 0.01, 0.1, 1, 3} {
			values := lognormal(n, 1e6, spread, n/10)
			for i, v := range values {
				values[i] = min(v, 50e9)
			}
			l := latency(t, values)
			bars, err := buckets(&l)
			if err != nil {
				t.Fatal(err)
			}
			var sum int64
			for _, b := range bars {
				sum += b.count
			}
			if sum != int64(n) || len(bars) > maxBars {
				t.Errorf("n %d, spread %g: %d bars hold %d values", n, spread, len(bars), sum)
			}
		}
	}
	for _, v := range []float64{1, 1.05, 9, 9.99, 10, 999.9999, 1000, 1e6, 1.12e6, 8.99e9} {
		for _, edges := range series {
			if from, to := enclose(v, edges); !(from <= v && v < to) {
				t.Errorf("enclose(%v) = %v, %v", v, from, to)
			}
		}
	}
}

package workload

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestParseRate(t *testing.T) {
	for in, want := range map[string]Rate{
		"10k/s": 10e3, "2.5M/s": 2.5e6, "600/m": 10, "1/s": 1, "1G/s": 1e9, "3600/h": 1, "0.5/s": 0.5,
		"100/m": 100.0 / 60, "10K/s": 10e3, "1000M/s": 1e9,
	} {
		if got, err := ParseRate(in); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", in, float64(got), err, float64(want))
		}
	}
	for in, want := range map[string]string{
		"10k":                           "10k: a rate needs a unit of time, such as 10k/s",
		"10":                            "10: a rate needs a unit of time, such as 10/s",
		"10m/s":                         "a million is M, as in 10M/s",
		"10q/s":                         `"q" is not a multiple`,
		"10k/d":                         `"d" is not a unit of time`,
		"10kHz":                         `"kHz" is not a unit of a rate`,
		"0/s":                           "a rate must be positive",
		"-5/s":                          "-5/s: a rate cannot be negative",
		"+5/s":                          "a rate needs no sign",
		"fast":                          `"fast" is not a rate, such as 10k/s`,
		"":                              "nothing given: expected a rate, such as 10k/s",
		"1e9/s":                         `"e9" is not a multiple`,
		"9999G/s":                       "too high to be true",
		".":                             "is not a rate",
		"1.2.3/s":                       "is not a rate",
		strings.Repeat("9", 100) + "/s": "too long",
	} {
		if _, err := ParseRate(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", in, err, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]Size{
		"256B": 256, "64KiB": 65536, "1MB": 1e6, "1.5MiB": 3 << 19, "0B": 0, "0": 0, "64kib": 65536, "2GiB": 2 << 30, "64kB": 64000,
	} {
		if got, err := ParseSize(in); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", in, int(got), err, int(want))
		}
	}
	for in, want := range map[string]string{
		"256":           "256: a size needs a unit, such as 256B or 64KiB",
		"64K":           `"K" is ambiguous: write 64KB (powers of 1000) or 64KiB (powers of 1024)`,
		"-1B":           "-1B: a size cannot be negative",
		"1.5B":          "not a whole number of bytes",
		"1XB":           `"XB" is not a unit of size`,
		"9999999999GiB": "the size is too large",
		"":              "nothing given",
		"big":           `"big" is not a size, such as 256B or 64KiB`,
		"256 B":         `" B" is not a unit of size`,
	} {
		if _, err := ParseSize(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", in, err, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"150ms": 150 * time.Millisecond, "1h30m": 90 * time.Minute, "1.5s": 1500 * time.Millisecond, "0": 0, "0s": 0, "10us": 10000, "10µs": 10000, ".5s": time.Second / 2,
	} {
		if got, err := ParseDuration(in); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"150":                   "150: a duration needs a unit, such as 150ms",
		"1.5":                   "1.5: a duration needs a unit, such as 1.5ms",
		"-5ms":                  "-5ms: a duration cannot be negative",
		"5 ms":                  "the units are ns, us, ms, s, m and h",
		"5d":                    "the units are ns, us, ms, s, m and h",
		"5m30":                  "the units are ns, us, ms, s, m and h",
		"soon":                  `"soon" is not a duration, such as 150ms`,
		"0.1ns":                 "shorter than a nanosecond",
		"9999999999999999h":     "too long",
		"99999999999999999999h": "too long",
	} {
		if _, err := ParseDuration(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", in, err, want)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", time.Hour: "1h", 90 * time.Minute: "1h30m", 61 * time.Second: "1m1s",
		10 * time.Minute: "10m", 10 * time.Second: "10s", 0: "0s", 1500: "1.5us", 3601 * time.Second: "1h0m1s",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}

func TestParseRange(t *testing.T) {
	lo, hi := 150*time.Millisecond, 300*time.Millisecond
	for in, want := range map[string][2]time.Duration{
		"150ms-300ms": {lo, hi}, "150ms": {lo, lo}, "150ms-150ms": {lo, lo}, "0s-300ms": {0, hi},
	} {
		if a, b, err := ParseRange(in); err != nil || a != want[0] || b != want[1] {
			t.Errorf("%s: %v-%v, %v", in, a, b, err)
		}
	}
	for in, want := range map[string]string{
		"150-300ms":   "both ends of a range need a unit, such as 150ms-300ms",
		"150":         "150: a duration needs a unit, such as 150ms",
		"150ms-300":   "300: a duration needs a unit, such as 300ms",
		"300ms-150ms": "the lower end of a range comes first, as in 150ms-300ms",
		"-5ms":        "cannot be negative",
		"150ms-":      "nothing given",
		"":            "nothing given",
		"a-b":         "is not a duration",
	} {
		if _, _, err := ParseRange(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", in, err, want)
		}
	}
}

func TestParseProbability(t *testing.T) {
	for in, want := range map[string]float64{"1%": 0.01, "0.01": 0.01, "0": 0, "100%": 1, "0.1%": 0.001} {
		if got, err := ParseProbability(in); err != nil || got != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"2", "101%", "-1%", "1ms", "", "%"} {
		if p, err := ParseProbability(in); err == nil {
			t.Errorf("%q was read as %v", in, p)
		}
	}
}

func TestFlags(t *testing.T) {
	type value interface {
		Set(string) error
		String() string
		Type() string
	}
	lo, hi := time.Second, time.Second
	for _, c := range []struct {
		v        value
		in, want string
		typ      string
	}{
		{new(Rate), "10000/s", "10k/s", "rate"},
		{new(Size), "65536B", "64KiB", "size"},
		{new(Duration), "90s", "1m30s", "duration"},
		{&Range{&lo, &hi}, "150ms-300ms", "150ms-300ms", "range"},
		{new(Probability), "1%", "0.01", "probability"},
	} {
		if err := c.v.Set(c.in); err != nil || c.v.String() != c.want || c.v.Type() != c.typ {
			t.Errorf("%s %s: %q, %v; want %q", c.typ, c.in, c.v, err, c.want)
		}
		if err := c.v.Set("x"); err == nil || c.v.String() != c.want {
			t.Errorf("%s: an error changed the value to %q", c.typ, c.v)
		}
	}
	if lo != 150*time.Millisecond || hi != 300*time.Millisecond {
		t.Errorf("the range was not set: %v-%v", lo, hi)
	}
	if new(Range).String() != "" || Rate(0).String() != "" {
		t.Error("no value prints as nothing")
	}
}

func TestRoundTrips(t *testing.T) {
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 2000 {
		r := Rate(math.Exp(rng.Float64()*40 - 15))
		if rng.IntN(2) == 0 {
			r = Rate(1 + rng.IntN(100000))
		}
		if r >= 1e-6 && r <= 1e12 {
			if back, err := ParseRate(r.String()); err != nil || back != r {
				t.Fatalf("rate %v printed as %q read as %v, %v", float64(r), r, float64(back), err)
			}
		}
		z := Size(rng.Uint64() >> (1 + rng.IntN(63)))
		if rng.IntN(2) == 0 {
			z = Size(rng.IntN(1000)) * Size(sizeUnits[[]string{"kb", "kib", "mb", "mib", "gb", "gib"}[rng.IntN(6)]])
		}
		if back, err := ParseSize(z.String()); err != nil || back != z {
			t.Fatalf("size %d printed as %q read as %d, %v", int(z), z, int(back), err)
		}
		d := time.Duration(rng.Uint64() >> (1 + rng.IntN(63)))
		if back, err := ParseDuration(FormatDuration(d)); err != nil || back != d {
			t.Fatalf("duration %d printed as %q read as %d, %v", d, FormatDuration(d), back, err)
		}
	}
}

func FuzzUnits(f *testing.F) {
	for _, s := range []string{"10k/s", "256B", "150ms", "150ms-300ms", "1%", "600/m", "1h30m", "-1", "1.5.5", "64K"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := ParseRate(s); err == nil {
			if back, err := ParseRate(r.String()); err != nil || back != r {
				t.Errorf("rate %q: %q read as %v, %v", s, r, float64(back), err)
			}
		}
		if z, err := ParseSize(s); err == nil {
			if back, err := ParseSize(z.String()); err != nil || back != z || z < 0 {
				t.Errorf("size %q: %q read as %v, %v", s, z, back, err)
			}
		}
		if lo, hi, err := ParseRange(s); err == nil {
			if l, h, err := ParseRange(FormatRange(lo, hi)); err != nil || l != lo || h != hi || lo < 0 || hi < lo {
				t.Errorf("range %q: read as %v-%v, %v", s, l, h, err)
			}
		}
		if p, err := ParseProbability(s); err == nil && !(p >= 0 && p <= 1) {
			t.Errorf("probability %q: %v", s, p)
		}
	})
}

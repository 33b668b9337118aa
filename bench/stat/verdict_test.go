package stat

import (
	"math"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/measure"
)

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		low, high                float64
		higher, lower, direction Verdict
	}{
		{1.01, 1.2, Better, Worse, Different},
		{.8, .99, Worse, Better, Different},
		{.99, 1.01, Same, Same, Same},
		{1 / 1.02, 1.02, Same, Same, Same},
		{.9, 1.01, CannotTell, CannotTell, CannotTell},
		{1, 1.5, CannotTell, CannotTell, CannotTell},
		{1, 1, Same, Same, Same},
		{0, math.Inf(1), CannotTell, CannotTell, CannotTell},
		{0, 0, Worse, Better, Different},
		{math.Inf(1), math.Inf(1), Better, Worse, Different},
	} {
		e := Estimate{Value: 1, Low: c.low, High: c.high, Pairs: 20, Confidence: .95}
		for d, want := range map[measure.Direction]Verdict{measure.Higher: c.higher, measure.Lower: c.lower, measure.Neither: c.direction} {
			if got := e.Verdict(d, DefaultTolerance); got != want {
				t.Errorf("%g to %g, %v is better: %v, want %v", c.low, c.high, d, got, want)
			}
		}
	}
	for b, want := range map[float64]Verdict{1000.9: Same, 1001.1: Worse, 998.5: Better} {
		if v := Exact(1000, b).Verdict(measure.Lower, DefaultTolerance); v != want {
			t.Errorf("1000 against %g is %v, want %v", b, v, want)
		}
	}
	if v := ExactOver([]float64{3, 3}, []float64{4, 2}).Verdict(measure.Lower, DefaultTolerance); v != CannotTell {
		t.Errorf("seeds that disagree are %v", v)
	}
	if v := Exact(3, 3).Verdict(measure.Lower, DefaultTolerance); v != Same {
		t.Errorf("an exact tie is %v", v)
	}
}

func TestNeeded(t *testing.T) {
	e := Estimate{Value: 1.04, Low: .98, High: 1.1, Confidence: .95, Pairs: 20, Spread: .12}
	if n, m := e.Needed(.02, .95), e.PairsFor(.04, .95); n != m || n <= 20 {
		t.Errorf("%d, want %d", n, m)
	}
	e.Value = 1.001
	if n, m := e.Needed(.02, .95), e.PairsFor(.02, .95); n != m {
		t.Errorf("%d, want %d", n, m)
	}
	e.Spread = .001
	if n := e.Needed(.02, .95); n != 40 {
		t.Errorf("%d, want 40", n)
	}
	e.Spread = 1e6
	if n := e.Needed(.02, .95); n != 0 {
		t.Errorf("%d, want 0", n)
	}
}

func TestParseThreshold(t *testing.T) {
	for s, want := range map[string]string{
		"p99<=+5%":                         "response.p99<=+5%",
		"throughput>=-3%":                  "throughput>=-3%",
		" commits/s >= -3.5 % ":            "throughput>=-3.5%",
		"p99<=2ms":                         "response.p99<=2ms",
		"response.p50<=1m30s":              "response.p50<=1m30s",
		"throughput>=10k/s":                "throughput>=10k/s",
		"wire_bytes/commit<=1KiB":          "wire_bytes/commit<=1KiB",
		"messages/commit<=4":               "messages/commit<=4",
		"messages/commit<=+0%":             "messages/commit<=+0%",
		"messages/commit<=0%":              "messages/commit<=+0%",
		"allocs/commit<=0.01":              "allocs/commit<=0.01",
		"failover<=300ms":                  "election.first_commit<=300ms",
		"election.first_commit.p90<=+100%": "election.first_commit.p90<=+100%",
	} {
		got, err := ParseThreshold(s)
		if err != nil || got.String() != want {
			t.Errorf("%s: %s, %v; want %s", s, got, err, want)
			continue
		}
		if again, err := ParseThreshold(want); err != nil || again != got {
			t.Errorf("%s parses to %+v, %v, not %+v", want, again, err, got)
		}
	}
	for s, want := range map[string]string{
		"":                      "needs <= or >=",
		"p99":                   "needs <= or >=",
		"p99<5%":                "needs <= or >=",
		"p99==5%":               "needs <= or >=",
		"p99<=":                 "has no limit",
		"p98<=+5%":              "did you mean",
		"troughput>=-3%":        "did you mean throughput?",
		"p99<=5%":               "a change needs a sign",
		"p99<=-100%":            "leaves nothing",
		"p99<=x%":               "not a percentage",
		"p99<=+NaN%":            "not a percentage",
		"p99<=2":                "needs a unit",
		"p99<=-2ms":             "cannot be negative",
		"throughput>=10k":       "rate",
		"messages/commit<=":     "has no limit",
		"messages/commit<=four": "not a number",
	} {
		if got, err := ParseThreshold(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %s", s, got, err, want)
		}
	}
}

func FuzzParseThreshold(f *testing.F) {
	for _, s := range []string{"p99<=+5%", "throughput>=10k/s", "<=", "p99<=+1e309%", "size<=1KiB", "messages/commit<=0x1p-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseThreshold(s)
		if err != nil {
			return
		}
		if math.IsNaN(got.Limit) || got.Limit < 0 || math.IsInf(got.Limit, 0) {
			t.Errorf("%q: limit %g", s, got.Limit)
		}
		again, err := ParseThreshold(got.String())
		if err != nil || again.Metric != got.Metric || math.Abs(again.Limit-got.Limit) > 1e-9*(1+got.Limit) {
			t.Errorf("%q: %q: %v", s, got, err)
		}
	})
}

func TestEvaluate(t *testing.T) {
	measured := func(value, low, high, spread float64) Estimate {
		return Estimate{Value: value, Low: low, High: high, Spread: spread, Pairs: 20, Confidence: .95}
	}
	for _, c := range []struct {
		name, threshold string
		e               Estimate
		want            Outcome
	}{
		{"equal", "p99<=+5%", measured(1, .99, 1.01, .02), Pass},
		{"worse within the limit", "p99<=+5%", measured(1.04, 1.02, 1.06, .04), Pass},
		{"worse beyond", "p99<=+5%", measured(1.08, 1.02, 1.14, .1), Fail},
		{"beyond, but maybe no change", "p99<=+5%", measured(1.08, .98, 1.2, .2), Inconclusive},
		{"too noisy to have seen it", "p99<=+5%", measured(1.01, .9, 1.13, .25), Inconclusive},
		{"better", "p99<=+5%", measured(.8, .7, .9, .2), Pass},
		{"at the limit", "p99<=+5%", Exact(100, 105), Pass},
		{"exactly beyond", "p99<=+5%", Exact(100, 105.1), Fail},
		{"throughput fell", "throughput>=-3%", measured(.9, .88, .93, .05), Fail},
		{"throughput fell a little", "throughput>=-3%", measured(.98, .97, .99, .02), Pass},
		{"throughput rose", "throughput>=-3%", measured(1.2, 1.1, 1.3, .2), Pass},
		{"must rise and did", "throughput>=+10%", measured(1.2, 1.15, 1.25, .1), Pass},
		{"must rise and did not", "throughput>=+10%", measured(1, .99, 1.01, .02), Fail},
		{"must rise and perhaps did", "throughput>=+10%", measured(1.11, 1.05, 1.16, .1), Inconclusive},
		{"value below", "p99<=2ms", measured(1.8e6, 1.7e6, 1.9e6, .1), Pass},
		{"value above", "p99<=2ms", measured(2.2e6, 2.1e6, 2.3e6, .1), Fail},
		{"value about", "p99<=2ms", measured(1.98e6, 1.9e6, 2.1e6, .1), Inconclusive},
		{"exact value", "p99<=2ms", ExactValue(2e6), Pass},
		{"exact value above", "p99<=2ms", ExactValue(2e6 + 1), Fail},
		{"no bounds", "p99<=+5%", measured(1, 0, math.Inf(1), 0), Inconclusive},
		{"no number", "p99<=+5%", ExactValue(math.NaN()), Inconclusive},
		{"no change allowed", "messages/commit<=+0%", Exact(4, 4), Pass},
		{"a message more", "messages/commit<=+0%", Exact(4, 5), Fail},
	} {
		th, err := ParseThreshold(c.threshold)
		if err != nil {
			t.Fatal(err)
		}
		if got := th.Evaluate(c.e, DefaultPower); got != c.want {
			t.Errorf("%s: %s of %+v is %v, want %v", c.name, th, c.e, got, c.want)
		}
	}
}

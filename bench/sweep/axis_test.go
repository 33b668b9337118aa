package sweep

import (
	"errors"
	"strings"
	"testing"
)

var kinds = map[string]Kind{"rate": Rate, "clients": Whole, "size": Size, "delay": Duration, "loss": Share, "storage": Word}

func kindOf(setting string) (Kind, error) {
	k, ok := kinds[setting]
	if !ok {
		return 0, errors.New("no such setting")
	}
	return k, nil
}

func texts(a Axis) string {
	var all []string
	for _, v := range a.Values {
		all = append(all, v.Text)
	}
	if a.Ranged() {
		all = append(all, a.From.Text+".."+a.To.Text)
	}
	return strings.Join(all, " ")
}

func TestParseAxis(t *testing.T) {
	for text, want := range map[string]string{
		"clients=1,2,4,8":         "1 2 4 8",
		"clients=8,1,4":           "1 4 8",
		"--clients=1, 2":          "1 2",
		"clients=1..64:log7":      "1 2 4 8 16 32 64",
		"clients=1..4:log8":       "1 2 3 4", // what rounds to the same is one
		"clients=1..9:lin5":       "1 3 5 7 9",
		"rate=1k..100k:log3":      "1k/s 10k/s 100k/s",
		"rate=1k..100k:log8":      "1k/s 1.93k/s 3.73k/s 7.2k/s 13.9k/s 26.8k/s 51.8k/s 100k/s",
		"rate=1.5M/s,600/m":       "10/s 1.5M/s",
		"size=64B..4KiB:log7":     "64B 128B 256B 512B 1KiB 2KiB 4KiB",
		"delay=1ms..10ms:lin4":    "1ms 4ms 7ms 10ms",
		"delay=0s..1ms:lin3":      "0s 500us 1ms",
		"loss=0%..5%:lin6":        "0% 1% 2% 3% 4% 5%",
		"loss=0.1%..10%:log3":     "0.1% 1% 10%",
		"storage=memory,disk":     "memory disk",
		"rate=1k..1M":             "1k/s..1M/s",
		"rate = 1k .. 1M":         "1k/s..1M/s",
		"clients=1000..10000":     "1000..10000",
		"delay=100us..1s":         "100us..1s",
		"rate=999999/s,1234567/s": "999.999k/s 1.234567M/s",
	} {
		a, err := ParseAxis(text, kindOf)
		if err != nil || texts(a) != want {
			t.Errorf("%s: %s, %v, want %s", text, texts(a), err, want)
		}
		for _, v := range a.Values { // a flag takes what is shown
			if back, err := a.Kind.Parse(v.Text); err != nil || a.Kind != Word && back.Number != v.Number {
				t.Errorf("%s: %s is %v again, %v", text, v.Text, back, err)
			}
		}
	}
}

func TestParseAxisErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "is not SETTING=VALUES",
		"clients":                      "is not SETTING=VALUES",
		"=1,2":                         "is not SETTING=VALUES",
		"nonesuch=1":                   "no such setting",
		"clients=":                     "has an empty value in it",
		"clients=1,,2":                 "has an empty value in it",
		"clients=1,x":                  `"x" is not a whole number`,
		"clients=1.5":                  `"1.5" is not a whole number`,
		"clients=1,1":                  "1 is given twice",
		"rate=1k,1000/s":               "1k/s is given twice",
		"clients=99999999999999999999": "not a whole number of a sensible size",
		"size=64":                      "a size needs a unit",
		"delay=1":                      "a duration needs a unit",
		"loss=120%":                    "at most 1",
		"rate=-1k":                     "cannot be negative",
		"rate=NaN":                     "is not a rate",
		"rate=1k..NaN:log3":            "upper end:",
		"rate=..1k:log3":               "lower end:",
		"rate=10k..1k:log3":            "the lower end of a range comes first",
		"rate=1k..1k:log3":             "the lower end of a range comes first",
		"rate=1k..2k:geo3":             "is not log or lin",
		"rate=1k..2k:log":              "is not log or lin",
		"rate=1k..2k:":                 "is not log or lin",
		"rate=1k..2k:log3x":            "is not log or lin",
		"rate=1k..2k:log1":             "1 values are not 2 to 64",
		"rate=1k..2k:lin9999":          "9999 values are not 2 to 64",
		"loss=0%..5%:log5":             "cannot begin at 0: use lin5",
		"storage=memory..disk":         "words, of which there is no range",
		"clients=" + strings.Repeat("1,", 70) + "2": "1 is given twice",
	} {
		if a, err := ParseAxis(text, kindOf); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v, want an error with %q", text, texts(a), err, want)
		}
	}
	many := "clients=1"
	for i := range 64 {
		many += "," + Whole.at(float64(i+2)).Text
	}
	if _, err := ParseAxis(many, kindOf); err == nil || !strings.Contains(err.Error(), "65 values are more than 64") {
		t.Error(err)
	}
}

// FuzzParseAxis: whatever is typed is refused with a word about it, or comes to values
// that its flag takes, rising and no two the same.
func FuzzParseAxis(f *testing.F) {
	for _, s := range []string{"rate=1k..100k:log8", "clients=1,2,4", "loss=0%..5%:lin6", "size=1B..1GiB", "delay=1ns..290h:log64", "storage=a,b", "rate=1/h..1e9:log2", "clients=-9..9:lin3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAxis(s, kindOf)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a word")
			}
			return
		}
		if len(a.Values) == 0 && !a.Ranged() || len(a.Values) > MaxValues {
			t.Fatalf("%d values", len(a.Values))
		}
		for i, v := range a.Values {
			if _, err := a.Kind.Parse(v.Text); err != nil {
				t.Errorf("%q is not taken: %v", v.Text, err)
			}
			if i > 0 && a.Kind != Word && !(a.Values[i-1].Number < v.Number) {
				t.Errorf("%s after %s", v.Text, a.Values[i-1].Text)
			}
		}
	})
}

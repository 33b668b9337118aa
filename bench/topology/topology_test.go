package topology

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBuiltins(t *testing.T) {
	five, nine := Builtin(WAN5), Builtin(WAN9)
	if len(five.Regions) != 5 || len(nine.Regions) != 9 || Builtin("wan7") != nil {
		t.Fatalf("%v, %v", five.Regions, nine.Regions)
	}
	for _, m := range []*Matrix{five, nine} {
		if err := m.Validate(); err != nil {
			t.Error(err)
		}
		for i, from := range m.Regions {
			for j := range m.Regions {
				if m.RTT[i][j] != m.RTT[j][i] || (m.RTT[i][j] == 0) != (i == j) {
					t.Errorf("%s to %s: %v there, %v back", from, m.Regions[j], m.RTT[i][j], m.RTT[j][i])
				}
			}
		}
	}
	// The published mean: us-east-1 to eu-west-1 is 70.5 ms.
	if got := five.RTT[five.Index("us-east-1")][five.Index("eu-west-1")]; got != 70_500*time.Microsecond {
		t.Errorf("us-east-1 to eu-west-1 takes %v", got)
	}
	if got := nine.Longest(9); got != 338_100*time.Microsecond { // ap-southeast-1 to sa-east-1
		t.Errorf("the longest round trip is %v", got)
	}
	if five.Of(1) != 0 || five.Of(6) != 0 || five.Of(5) != 4 {
		t.Error("nodes do not go round the regions")
	}
}

func TestParse(t *testing.T) {
	m, err := Parse(strings.NewReader("# two\n\nregion, paris, tokyo\nparis, 0.5, 220\ntokyo, 221.25, 0\n"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Regions, []string{"paris", "tokyo"}) || m.OneWay(0, 1) != 110e6 || m.OneWay(1, 0) != 110_625_000 || m.OneWay(0, 0) != 250_000 {
		t.Errorf("%+v", m)
	}
}

func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "1:1: empty"},
		{"# nothing\n", "1:1: empty"},
		{"region\n", "1:1: the first line names 1 to 128 regions"},
		{"region,a,a\n", "1:10: a is named twice"},
		{"region,a b\n", `1:8: "a b" is not the name`},
		{"region,a,b\na,0,1\n", "2:1: the row of b is missing"},
		{"region,a,b\nb,0,1\n", `2:1: "b" where the row of a belongs`},
		{"region,a,b\na,0\n", "2:3: 1 times where 2 regions need 2"},
		{"region,a\na,0\nb,0\n", "3:1: a row too many"},
		{"region,a\na,-1\n", `2:3: "-1" is not a round trip`},
		{"region,a\na,NaN\n", `2:3: "NaN" is not a round trip`},
		{"region,a\na,1ms\n", `2:3: "1ms" is not a round trip`},
		{"region,a\na,1e9\n", `2:3: "1e9" is not a round trip`},
		{"\x00\x01", "1:1: the first line"},
		{strings.Repeat("#\n", 1<<20), "1:1: a matrix of regions has at most 1MiB"},
	} {
		if _, err := Parse(strings.NewReader(c.text)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.40q: %v, want %s", c.text, err, c.want)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "two.csv")
	if err := os.WriteFile(path, []byte("region,a,b\na,0,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{path: path + ":2:1: the row of b", "wan6": `"wan6" is neither wan5 nor wan9 nor a file; did you mean "wan5"?`} {
		if _, err := Load(name); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("region,a,b\na,0,1\nb,1,0\n")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := Parse(strings.NewReader(text)); err == nil && m.Validate() != nil {
			t.Fatalf("%q was read and does not validate: %v", text, m.Validate())
		}
	})
}

package smr

import "testing"

// TestName: what a person knows data by does not depend on what it is made of.
func TestName(t *testing.T) {
	for data, want := range map[string]string{"": "no-op", "x=1": `"x=1"`, "sixteen letters!": `"sixteen letters!"`, "seventeen letters": "#9d5e4c", "\x00": "#7d5351", "é": "#ab8ddc"} {
		if got := Name([]byte(data)); got != want {
			t.Errorf("%q is known as %s, want %s", data, got, want)
		}
	}
}

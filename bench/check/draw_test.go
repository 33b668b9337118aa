package check

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/command"
)

// TestDraw: the page shows the key that has no linearization, and no other.
func TestDraw(t *testing.T) {
	good := op(command.Write, 0, 1<<40|11, 0, 0, 1, 0)
	stale := op(command.Read, 1, 1<<40|12, 0, 2, 3, 0)
	other := Operation{Client: 2, Key: 2, ID: 1<<40 | 13, Op: command.Write, Call: 0, Return: 1}
	var page bytes.Buffer
	if drawn, err := Draw(&page, []Operation{other, good, stale}, 100, time.Minute); !drawn || err != nil {
		t.Fatal(drawn, err)
	}
	for words, want := range map[string]bool{"write(k1, 0.11)": true, "read(k1)": true, "k2": false} {
		if strings.Contains(page.String(), words) != want {
			t.Errorf("%q on the page: %v", words, !want)
		}
	}
	page.Reset()
	if drawn, err := Draw(&page, []Operation{other, good}, 100, time.Minute); drawn || err != nil || page.Len() > 0 {
		t.Errorf("drawn %v, %v, %d bytes", drawn, err, page.Len())
	}
}

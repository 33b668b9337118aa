package benchstattest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"
)

func directory(t *testing.T) string {
	dir := os.Getenv("BENCHSTATTEST")
	if dir == "" {
		t.Skip("BENCHSTATTEST is not set; go test .. sets it")
	}
	return dir
}

// read returns the results of a file; a line that the reader cannot make sense of
// is a failure.
func read(t *testing.T, path string) ([]*benchfmt.Result, benchfmt.UnitMetadataMap) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var results []*benchfmt.Result
	r := benchfmt.NewReader(bytes.NewReader(data), path)
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.Result:
			results = append(results, rec.Clone())
		case *benchfmt.SyntaxError:
			t.Errorf("%v in\n%s", rec, data)
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return results, r.Units()
}

func TestRead(t *testing.T) {
	results, units := read(t, filepath.Join(directory(t), "old.txt"))
	if len(results) != 6 {
		t.Fatalf("%d results", len(results))
	}
	r := results[0]
	if got, want := r.Name.String(), "Consbench/protocol=raft/network=inproc/nodes=3-2"; got != want || r.Iters != 2001 {
		t.Errorf("%s, %d iterations", got, r.Iters)
	}
	for unit, want := range map[string]float64{"commits/s": 1000, "p50-sec": .0015, "max-sec": .002, "wire-B/commit": 600, "messages/commit": 4} {
		if got, ok := r.Value(unit); !ok || got != want {
			t.Errorf("%s = %v, %v, want %v", unit, got, ok, want)
		}
	}
	for key, want := range map[string]string{"goos": "linux", "goarch": "amd64", "cpu": "Example CPU", "pkg": "github.com/consbench/consbench"} {
		if got := r.GetConfig(key); got != want {
			t.Errorf("%s: %q", key, got)
		}
	}
	for unit, want := range map[string]string{"commits/s": "higher", "p50-sec": "lower"} {
		if got := units.Get(unit, "better"); got == nil || got.Value != want {
			t.Errorf("better of %s: %v", unit, got)
		}
	}
}

// TestReadHostile: whatever a run is called, it is one result.
func TestReadHostile(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(directory(t), "hostile*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range paths {
		results, units := read(t, path)
		if len(results) != 1 || units.Get("sec/op", "better") != nil {
			t.Errorf("%s: %d results, %v", path, len(results), units)
		}
	}
}

func TestBenchstat(t *testing.T) {
	dir := directory(t)
	for _, x := range []struct{ old, fresh, unit, want string }{
		{"old.txt", "new.txt", "commits/s", "+99.75% (p=0.002 n=6)"},
		{"old.txt", "new.txt", "p50-ns", "~ (p=1.000 n=6)"},
		{"oldsim.txt", "newsim.txt", "commits/s", "+10.00% (n=1)"},
	} {
		cmd := exec.Command("go", "tool", "benchstat", "-filter", ".unit:"+x.unit, filepath.Join(dir, x.old), filepath.Join(dir, x.fresh))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil || stderr.Len() > 0 {
			t.Fatalf("%v: %s", err, &stderr)
		}
		if !strings.Contains(string(out), x.want) {
			t.Errorf("%s of %s and %s: no %s in\n%s", x.unit, x.old, x.fresh, x.want, out)
		}
	}
}

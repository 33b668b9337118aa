package export

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/consbench/consbench/bench/result"
)

// TestBenchstat has benchfmt and benchstat read benchmarks. They are in a module of
// their own, see benchstattest.
func TestBenchstat(t *testing.T) {
	if testing.Short() {
		t.Skip("builds benchstat")
	}
	const module = "benchstattest"
	goTool := func(args ...string) *exec.Cmd {
		cmd := exec.Command("go", args...)
		cmd.Dir = module
		return cmd
	}
	// Listing the packages downloads what they need and no more.
	if out, err := goTool("list", "-test", "-deps", ".", "golang.org/x/perf/cmd/benchstat").CombinedOutput(); err != nil {
		t.Skipf("golang.org/x/perf is not to be had: %v\n%s", err, out)
	}
	dir := t.TempDir()
	save := func(name string, d Document) {
		text, _ := write(t, "gobench", Options{}, d)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	several := func(network string, throughputs ...float64) Document {
		f := resultFile()
		f.Runs = nil
		for i, x := range throughputs {
			r := run("raft")
			r.Network, r.Rep, r.Throughput = network, i, x
			f.Runs = append(f.Runs, r)
		}
		return Document{Name: "r.json", Result: f}
	}
	save("old.txt", several("inproc", 1000, 1001, 1002, 1003, 1004, 1005))
	save("new.txt", several("inproc", 2000, 2001, 2002, 2003, 2004, 2005))
	save("oldsim.txt", several("sim", 1000))
	save("newsim.txt", several("sim", 1100))
	for i, s := range hostile {
		d := filled(s)[Result]
		d.Result.Runs = append([]result.Run{}, d.Result.Runs[:1]...)
		save(fmt.Sprintf("hostile%d.txt", i), d)
	}
	cmd := goTool("test", "-count=1", ".")
	cmd.Env = append(os.Environ(), "BENCHSTATTEST="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

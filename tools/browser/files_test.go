package browser

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/consbench/consbench/bench/page/pagetest"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/cmd"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var protocols = []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}

// consbench runs the command line in this process.
func consbench(t testing.TB, status int, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := cmd.Main(protocols, args, &out, &errs); got != status {
		t.Fatalf("consbench %q: status %d, want %d\n%s", args, got, status, &errs)
	}
}

// commands that write the files of the pages, by the name of the page.
var commands = map[string][]string{
	"runs":       {"run", "-p", "raft,multipaxos,paxos", "--rate", "2k/s", "-d", "20s", "--fault", "crash leader every 5s for 1s", "--quiet"},
	"closed":     {"run", "-p", "raft,multipaxos", "-d", "4s", "--fault", "crash leader at 2s for 1s", "--storage", "disk", "--sync-latency", "1ms", "--quiet"},
	"regions":    {"run", "--topology", "wan5", "--clients", "20", "-d", "4s", "--quiet"},
	"comparison": {"compare", "raft", "multipaxos", "--delay", "5ms", "-d", "2s", "--pairs", "7", "--quiet"},
	"elections":  {"elections", "-p", "raft,multipaxos", "--election-timeout", "150ms-300ms,150ms-160ms", "--trials", "400", "--quiet"},
	"one":        {"elections", "--trials", "1000", "--quiet"},
	"sweep":      {"sweep", "-p", "raft,multipaxos", "--cost", "example", "--over", "clients=1,16,256,1024", "-d", "300ms", "--warmup", "100ms", "--quiet"},
	"live":       {"run", "-p", "raft,multipaxos", "--network", "inproc", "--clients", "8", "-d", "1s", "--warmup", "100ms", "--fault", "crash leader at 400ms for 200ms", "--quiet"},
	"worse":      {"compare", "raft:--delay=5ms", "raft:--delay=6ms", "-d", "1s", "--pairs", "7", "--quiet"},
	"gate":       {"run", "-p", "raft,multipaxos", "--delay", "2ms", "-d", "1s", "--quiet"}, // and then the gate: see made
	"ten":        {"run", "-p", "raft,multipaxos", "--repeat", "5", "-d", "60s", "--rate", "300/s", "--fault", "crash leader every 5s for 1s", "--quiet"},
}

func init() { commands["pictures"] = append(slices.Clone(pagetest.PicturesOf), "--quiet") }

var made struct {
	sync.Mutex
	dir string
}

// page makes the page of that name, once, and returns its path.
func page(t testing.TB, name string) string {
	t.Helper()
	made.Lock()
	defer made.Unlock()
	if made.dir == "" {
		dir, err := os.MkdirTemp("", "consbench-pages")
		if err != nil {
			t.Fatal(err)
		}
		made.dir = dir
	}
	html := filepath.Join(made.dir, name+".html")
	if _, err := os.Stat(html); err == nil {
		return html
	}
	file := filepath.Join(made.dir, name+".json")
	consbench(t, 0, append(commands[name][:len(commands[name]):len(commands[name])], "-o", file)...)
	if name == "gate" { // a baseline with figures that no run has again
		faster(t, file)
		baseline := file
		file = filepath.Join(made.dir, "verdict.json")
		consbench(t, 99, "gate", "--baseline", baseline, "-o", file, "--quiet")
	}
	consbench(t, 0, "report", file, "--html", html, "--quiet")
	return html
}

// faster halves the latencies of the first run of a file.
func faster(t testing.TB, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	response := file["runs"].([]any)[0].(map[string]any)["latency_ns"].(map[string]any)["response"].(map[string]any)
	for _, q := range []string{"p50", "p90", "p99"} {
		response[q] = math.Round(response[q].(float64) / 2)
	}
	if data, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestMain(m *testing.M) {
	status := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	if made.dir != "" {
		os.RemoveAll(made.dir)
	}
	os.Exit(status)
}

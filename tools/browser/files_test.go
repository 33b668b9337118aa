package browser

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

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
	"sweep":      {"sweep", "-p", "raft,multipaxos", "--over", "clients=1,4,16,64", "-d", "500ms", "--warmup", "100ms", "--quiet"},
	"ten":        {"run", "-p", "raft,multipaxos", "--repeat", "5", "-d", "60s", "--rate", "300/s", "--fault", "crash leader every 5s for 1s", "--quiet"},
}

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
	consbench(t, 0, "report", file, "--html", html, "--quiet")
	return html
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

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/consbench/consbench/"

// arrows says what each package of ours may import of ours. "x/..." stands for x
// and all below it. A package without a line of its own has that of the nearest
// one above it.
var arrows = map[string][]string{
	"bench/smr":         {"bench/smr/probe"},
	"bench/smr/probe":   {},
	"bench/smr/timer":   {"bench/smr"},
	"bench/smr/window":  {"bench/smr"},
	"bench/smr/smrtest": {"bench/smr/..."},
	"raft":              {"bench/mutant", "bench/smr/..."},
	"paxos":             {"bench/mutant", "bench/smr/..."},
	"netsim":            {"bench/smr", "netsim/..."},

	"bench/mutant":   {"bench/smr/probe"},
	"bench/nearest":  {},
	"bench/plot":     {"bench/workload"},
	"bench/store":    {"bench/result"},
	"bench/trend":    {"bench/measure", "bench/stat"},
	"bench/command":  {},
	"bench/workload": {"bench/smr", "bench/nearest"},
	"bench/measure":  {"bench/smr", "bench/nearest"},
	"bench/topology": {"bench/smr", "bench/nearest"},
	"bench/stat":     {"bench/measure", "bench/workload"},
	"bench/fault":    {"bench/smr", "bench/nearest"},
	"bench/check":    {"bench/smr", "bench/command"},
	"bench/cost":     {"bench/smr"},
	"bench/result":   {"bench/measure", "bench/cost"},
	"bench/wal":      {"bench/smr", "bench/smr/probe", "bench/mutant"},
	"bench/replica":  {"bench/smr", "bench/smr/probe", "bench/command", "bench/check", "bench/cost", "bench/measure", "bench/mutant", "bench/wal", "netsim"},
	"bench/scenario": {"bench/fault", "bench/nearest", "bench/stat", "bench/workload"},
	"bench/client":   {"bench/smr", "bench/command", "bench/measure", "bench/replica", "bench/workload", "netsim", "netsim/mailbox"},
	"bench/cluster": {
		"bench/smr", "bench/smr/probe", "bench/check", "bench/client", "bench/command", "bench/cost", "bench/measure", "bench/replica", "bench/wal",
		"netsim", "netsim/mailbox", "netsim/park", "netsim/tcp",
	},
	"bench/calibrate": {"bench", "bench/cost", "bench/result", "bench/smr"},
	"bench/elections": {"bench", "bench/smr", "bench/command", "bench/measure", "bench/replica", "bench/result", "bench/wal", "bench/workload", "netsim", "netsim/inproc", "netsim/park", "netsim/tcp"},
	"bench":           {"bench/...", "netsim/..."},
	"bench/report":    {"bench", "bench/..."},
	"bench/sweep":     {"bench", "bench/compare", "bench/measure", "bench/report", "bench/result", "bench/stat", "bench/workload"},
	"bench/figure":    {},
	"bench/page":      {"bench/export", "bench/figure", "bench/measure", "bench/report", "bench/result"},
	"cmd":             {"bench", "bench/..."},
	"cmd/consbench":   {"bench/smr", "cmd", "raft", "paxos"},
	"results/trial":   {"bench", "bench/...", "raft", "paxos"},
}

// TestArrows holds the direction of dependencies.
func TestArrows(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+"...").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], module)
		allowed, ok := arrows[pkg]
		for up := pkg; !ok && up != "."; up = filepath.Dir(up) {
			allowed, ok = arrows[up]
		}
		if !ok {
			t.Errorf("%s stands nowhere in the order of packages", pkg)
		}
		for _, imp := range words[1:] {
			imp, ours := strings.CutPrefix(imp, module)
			if ours && !slices.ContainsFunc(allowed, func(a string) bool {
				tree, below := strings.CutSuffix(a, "/...")
				return imp == a || below && (imp == tree || strings.HasPrefix(imp, tree+"/"))
			}) {
				t.Errorf("%s must not import %s", pkg, imp)
			}
		}
	}
}

// pureImports are the packages of the standard library that a core may use.
var pureImports = []string{
	"bytes", "cmp", "encoding/binary", "errors", "fmt", "hash/crc32", "iter", "math", "math/bits", "math/rand/v2", "slices", "strconv", "strings", "time",
}

// TestCoresArePure: the cores and the contract start no goroutine, take no lock, do
// no I/O, read no clock and use no randomness but a seeded generator.
func TestCoresArePure(t *testing.T) {
	for _, dir := range []string{"raft", "paxos", "bench/smr", "bench/smr/probe", "bench/smr/timer", "bench/smr/window"} {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			inspect(t, name, file)
		}
	}
}

func inspect(t *testing.T, name string, file *ast.File) {
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if !strings.HasPrefix(path, module) && !slices.Contains(pureImports, path) {
			t.Errorf("%s imports %s", name, path)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%s starts a goroutine", name)
		case *ast.ChanType, *ast.SelectStmt:
			t.Errorf("%s uses channels", name)
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok {
				break
			}
			pure := map[string][]string{
				"time": {"Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"},
				"rand": {"New", "NewPCG", "PCG", "Rand", "Source"},
			}
			if allowed, checked := pure[x.Name]; checked && x.Obj == nil && !slices.Contains(allowed, n.Sel.Name) {
				t.Errorf("%s uses %s.%s", name, x.Name, n.Sel.Name)
			}
			if x.Name == "fmt" && x.Obj == nil && strings.HasPrefix(n.Sel.Name, "Print") {
				t.Errorf("%s prints", name)
			}
		}
		return true
	})
}

package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/consbench/consbench/bench/result"
)

// content is a result file. The figures are invented.
func content(t testing.TB, change func(*result.File)) []byte {
	t.Helper()
	p99 := int64(2_220_000)
	f := &result.File{
		Schema: result.Schema, Started: "2026-01-02T03:04:05Z", Config: json.RawMessage(`{}`),
		Environment: result.Environment{Version: "v1", Revision: "0123456789abcdef", Modified: true, CPU: "a CPU", CPUs: 2, GOMAXPROCS: 2, OS: "linux", Arch: "amd64", Memory: 8 << 30},
		Runs: []result.Run{{
			Protocol: "raft", Network: "sim", Nodes: 3, Seed: 42, Fingerprint: "f", Throughput: 33_000, Unavailable: 7,
			Latency: result.Latencies{Response: result.Latency{P99: &p99}}, Verdict: result.Verdict{Correct: true},
		}},
	}
	if change != nil {
		change(f)
	}
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func seeded(t testing.TB, seed uint64) []byte {
	return content(t, func(f *result.File) { f.Runs[0].Seed = seed })
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func list(t testing.TB, s *Store) ([]Entry, []Skipped) {
	t.Helper()
	all, skipped, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	return all, skipped
}

func TestAddListFind(t *testing.T) {
	s, err := Create(filepath.Join(t.TempDir(), "new", "store"))
	if err != nil {
		t.Fatal(err)
	}
	if all, skipped := list(t, s); len(all)+len(skipped) > 0 {
		t.Fatalf("an empty store has %v and %v", all, skipped)
	}
	data := content(t, nil)
	e, known, err := s.Add(data)
	if err != nil || known {
		t.Fatal(known, err)
	}
	if want := "runs/20260102T030405Z-raft-sim-" + e.ID[:12] + ".json"; e.Path != want {
		t.Errorf("added as %s, want %s", e.Path, want)
	}
	if _, known, err = s.Add(data); err != nil || !known {
		t.Errorf("added again: known %t, %v", known, err)
	}
	all, _ := list(t, s)
	if len(all) != 1 {
		t.Fatalf("%d entries", len(all))
	}
	h := all[0].Runs[0]
	if h.Name() != "raft/3/sim" || h.Throughput != 33_000 || h.P99 == nil || *h.P99 != 2_220_000 || h.Unavailable != 7 || h.Verdict != "CORRECT" || h.Seed != 42 || h.Fingerprint != "f" {
		t.Errorf("%+v", h)
	}
	if !all[0].Modified || all[0].Revision != "0123456789abcdef" || all[0].Kind != Run {
		t.Errorf("%+v", all[0])
	}
	for _, name := range []string{e.ID, e.Short(), e.ID[:MinID], strings.ToUpper(e.ID[:6]), e.Path, strings.TrimSuffix(e.Path, ".json"), filepath.Join(s.Dir(), e.Path)} {
		if found, err := s.Find(all, name); err != nil || found.ID != e.ID {
			t.Errorf("find %s: %v", name, err)
		}
	}
	for _, name := range []string{"", e.ID[:MinID-1], "ffffffff", "runs", "../" + e.Path} {
		if _, err := s.Find(all, name); err == nil {
			t.Errorf("found %q", name)
		}
	}
	var f result.File
	if err := s.Load(&all[0], &f); err != nil || f.Runs[0].Seed != 42 {
		t.Error(err)
	}
	write(t, filepath.Join(s.Dir(), "copy.json"), data)
	all, _ = list(t, s)
	if _, err := s.Find(all, e.Short()); err == nil || !strings.Contains(err.Error(), "names 2 results") {
		t.Errorf("of two copies: %v", err)
	}
}

// TestSkipped: what is damaged is named with what is wrong; what is no result of ours,
// and what a link leads to, is not touched.
func TestSkipped(t *testing.T) {
	dir := t.TempDir()
	good := content(t, nil)
	for name, c := range map[string]struct{ data, why string }{
		"empty.json":         {"", "is empty"},
		"cut.json":           {string(good[:len(good)/2]), "is truncated"},
		"bad.json":           {"{\x00}", "is not JSON"},
		"other.json":         {`{"name":"x"}`, "has no schema"},
		"list.json":          {`[1]`, "where struct must be"},
		"future.json":        {`{"schema":"consbench.result/v9"}`, "is not one of a result"},
		"time.json":          {`{"schema":"consbench.result/v1","started":"yesterday"}`, "is not a time"},
		"noruns.json":        {`{"schema":"consbench.result/v1","started":"2026-01-02T03:04:05Z"}`, "nothing was measured"},
		"text.json":          {`{"schema":"consbench.result/v1","runs":[{"nodes":"3"}]}`, "nodes: string where int must be"},
		"negative.json":      {strings.Replace(string(good), "33000", "-33000", 1), "is negative"},
		"nobody.json":        {strings.Replace(string(good), `"raft"`, `""`, 1), "has no protocol"},
		"deep/a\x1b[2J.json": {"x", "is not JSON"},
	} {
		write(t, filepath.Join(dir, name), []byte(c.data))
	}
	write(t, filepath.Join(dir, ".hidden", "x.json"), []byte("x"))
	write(t, filepath.Join(dir, ".x.json"), []byte("x"))
	write(t, filepath.Join(dir, "README.md"), []byte("x"))
	write(t, filepath.Join(dir, "cost.json"), []byte(`{"schema":"consbench.cost/v1","model":{}}`))
	write(t, filepath.Join(dir, "trial.json"), []byte(`{"schema":"consbench.trial/v1","settings":{}}`))
	write(t, filepath.Join(dir, "good", "a.json"), good)
	write(t, filepath.Join(t.TempDir(), "b.json"), good)
	for link, to := range map[string]string{"loop": ".", "self": "self", "link.json": "good/a.json", "gone.json": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "dir.json"), 0o777); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, skipped := list(t, s)
	if len(all) != 1 || all[0].Path != "good/a.json" {
		t.Errorf("listed %v", all)
	}
	want := map[string]string{
		"empty.json": "is empty", "cut.json": "is truncated", "bad.json": "is not JSON", "other.json": "has no schema",
		"list.json": "where struct must be", "future.json": "is not one of a result", "time.json": "is not a time",
		"noruns.json": "nothing was measured", "text.json": "nodes: string where int must be", "negative.json": "is negative",
		"nobody.json": "has no protocol", "deep/a\x1b[2J.json": "is not JSON",
	}
	if len(skipped) != len(want) {
		t.Errorf("%d skipped, want %d: %v", len(skipped), len(want), skipped)
	}
	for _, x := range skipped {
		if want[x.Path] == "" || !strings.Contains(x.Why, want[x.Path]) {
			t.Errorf("%q: %s, want %q", x.Path, x.Why, want[x.Path])
		}
	}
	if !slices.IsSortedFunc(skipped, func(a, b Skipped) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("not sorted")
	}
}

func TestUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("permissions hold nobody back here")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "closed", "a.json"), content(t, nil))
	write(t, filepath.Join(dir, "b.json"), content(t, nil))
	write(t, filepath.Join(dir, "c.json"), seeded(t, 1))
	for name, mode := range map[string]fs.FileMode{"closed": 0, "b.json": 0} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "closed"), 0o700) })
	s, _ := Open(dir)
	all, skipped := list(t, s)
	if len(all) != 1 || len(skipped) != 2 {
		t.Errorf("%v, skipped %v", all, skipped)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), nil)
	for name, want := range map[string]string{"none": "no such directory", "file": "is a file", "file/x": "not a directory"} {
		if _, err := Open(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := Create(filepath.Join(dir, "file")); err == nil {
		t.Error("a store in a file")
	}
	if err := os.Symlink(dir, filepath.Join(t.TempDir(), "link")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "a.json"), content(t, nil))
	link := filepath.Join(t.TempDir(), "l")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	s, err := Open(link)
	if err != nil {
		t.Fatal(err)
	}
	if all, _ := list(t, s); len(all) != 1 || all[0].Path != "a.json" {
		t.Errorf("through a link: %v", all)
	}
}

// TestAddRefuses: what is no result is not kept, and nothing is left behind.
func TestAddRefuses(t *testing.T) {
	s, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{"", "{}", "x", `{"schema":"consbench.result/v1"}`} {
		if _, _, err := s.Add([]byte(data)); err == nil {
			t.Errorf("added %q", data)
		}
	}
	// A file of the same name with something else in it is not overwritten.
	e, _, err := s.Add(content(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.path(e.Path), []byte("x"))
	if _, _, err := s.Add(content(t, nil)); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("over a damaged file: %v", err)
	}
	names, err := os.ReadDir(s.path(added))
	if err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

// TestHostileNames: whatever a file says of itself, it gets a name in its place.
func TestHostileNames(t *testing.T) {
	s, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../../etc/passwd", "a/b", "..", "\x1b]0;x\x07", "con", strings.Repeat("x", 500), "ra\x00ft", "日本", "-rf", ".hidden"} {
		e, _, err := s.Add(content(t, func(f *result.File) { f.Runs[0].Protocol, f.Runs[0].Network = name, name }))
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		base := filepath.Base(e.Path)
		if filepath.ToSlash(filepath.Dir(e.Path)) != added || !strings.HasPrefix(base, "2026") || len(base) > 120 || strings.ContainsAny(base, "/\\\x1b\x00 ") {
			t.Errorf("%q became %q", name, e.Path)
		}
	}
	if all, skipped := list(t, s); len(all) != 10 || len(skipped) != 0 {
		t.Errorf("%d listed, %v skipped", len(all), skipped)
	}
}

// TestConcurrent: writers and readers do not meet.
func TestConcurrent(t *testing.T) {
	s, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 10
	var work sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for range writers {
		work.Go(func() {
			for i := range each { // all write the same ones
				_, known, err := s.Add(seeded(t, uint64(i)))
				if err != nil {
					t.Error(err)
				}
				if !known {
					mu.Lock()
					fresh++
					mu.Unlock()
				}
				if _, skipped, err := s.List(); err != nil || len(skipped) > 0 {
					t.Errorf("a reader saw %v, %v", skipped, err)
				}
			}
		})
	}
	work.Wait()
	all, _ := list(t, s)
	if len(all) != each || fresh != each {
		t.Errorf("%d entries, %d of them new; want %d", len(all), fresh, each)
	}
	// Of several who remove one, at most one fails, and the result is there once.
	moved := 0
	for range writers {
		work.Go(func() {
			if _, err := s.Remove(&all[0]); err == nil {
				mu.Lock()
				moved++
				mu.Unlock()
			}
		})
	}
	work.Wait()
	if left, _ := list(t, s); len(left) != each-1 || moved < 1 {
		t.Errorf("%d left after %d moves", len(left), moved)
	}
}

func TestRemove(t *testing.T) {
	s, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	data := content(t, nil)
	var to []string
	for range 3 { // again and again under the same name
		e, _, err := s.Add(data)
		if err != nil {
			t.Fatal(err)
		}
		moved, err := s.Remove(&e)
		if err != nil {
			t.Fatal(err)
		}
		to = append(to, moved)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(to)))) != 3 {
		t.Errorf("moved over each other: %v", to)
	}
	for _, name := range to {
		if got, err := os.ReadFile(s.path(name)); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, _ := list(t, s); len(all) != 0 {
		t.Errorf("still there: %v", all)
	}
	e, _, _ := s.Add(data)
	write(t, s.path(e.Path), seeded(t, 9))
	if _, err := s.Remove(&e); err == nil || !strings.Contains(err.Error(), "has changed") {
		t.Errorf("removed what had changed: %v", err)
	}
	os.Remove(s.path(e.Path))
	if err := os.Symlink("/etc/hostname", s.path(e.Path)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Remove(&e); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("removed a link: %v", err)
	}
}

// TestPlace: a name that is taken stays what it is.
func TestPlace(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, []byte("a"))
	write(t, b, []byte("b"))
	if err := place(a, b); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	if got, _ := os.ReadFile(b); string(got) != "b" {
		t.Errorf("b is %q", got)
	}
	if err := place(filepath.Join(dir, "none"), filepath.Join(dir, "c")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
}

// TestKinds: what the other commands write is known too.
func TestKinds(t *testing.T) {
	const started = `"started":"2026-01-02T03:04:05Z"`
	for text, want := range map[string]string{
		`{"schema":"consbench.comparison/v1",` + started + `,"pairs":20,"sides":[{"name":"raft"},{"name":"paxos"}],"against":[{"base":0}]}`:                    "compare raft paxos, pairs: 20 ",
		`{"schema":"consbench.elections/v1",` + started + `,"settings":[{"config":{"protocol":"raft"},"trials":7},{"config":{"protocol":"raft"},"trials":5}]}`: "elections raft, settings: 2, trials: 12 ",
		`{"schema":"consbench.gate/v1",` + started + `,"against":"HEAD~1","verdict":"pass"}`:                                                                   "gate against HEAD~1 PASS",
		`{"schema":"consbench.gate/v1",` + started + `,"verdict":"fail"}`:                                                                                      "gate baselines FAIL",
		`{"schema":"consbench.sweep/v1",` + started + `,"over":[{"setting":"rate"}],"curves":[{"protocol":"raft","points":[{},{}]}]}`:                          "sweep raft over rate, points: 2 ",
	} {
		e, err := parse([]byte(text))
		if got := fmt.Sprintf("%s %s %s", e.Kind, e.About, e.Verdict); err != nil || got != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}

func TestRevision(t *testing.T) {
	for version, want := range map[string]string{
		"": " false", "(devel)": " false", "v1.2.3": " false",
		"8a076d7": "8a076d7 false", "8a076d7-dirty": "8a076d7 true", "v1.2.3-14-g8a076d7": "8a076d7 false", "v1.2.3-14-g8a076d7-dirty": "8a076d7 true",
		"v0.0.0-20260102030405-0123456789ab": "0123456789ab false", "v1.2.4-0.20260102030405-0123456789ab+dirty": "0123456789ab true",
	} {
		name, modified := revision(&result.Environment{Version: version})
		if got := fmt.Sprintf("%s %t", name, modified); got != want {
			t.Errorf("%q: %q, want %q", version, got, want)
		}
	}
}

func TestUnlike(t *testing.T) {
	a := result.Environment{CPU: "x", CPUs: 2, GOMAXPROCS: 2, OS: "linux", Arch: "amd64", Memory: 8<<30 + 5}
	b := a
	b.Memory, b.Go, b.Version = 8<<30-7, "go2", "v9" // not the machine
	if got := Unlike(&a, &b); len(got) != 0 || Machine(&a) != Machine(&b) {
		t.Errorf("%v", got)
	}
	b.CPU, b.GOMAXPROCS = "y", 1
	if got := Unlike(&a, &b); len(got) != 2 || Machine(&a) == Machine(&b) {
		t.Errorf("%v", got)
	}
}

// FuzzParse: whatever a file holds, it is an entry or an error.
func FuzzParse(f *testing.F) {
	f.Add(content(f, nil))
	f.Add([]byte(`{"schema":"consbench.gate/v1","started":"2026-01-02T03:04:05Z","verdict":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := parse(data)
		if err == nil && (len(e.ID) != 64 || e.Kind == "" || e.Kind == Run && len(e.Runs) == 0) {
			t.Fatalf("%+v", e)
		}
		if err == nil {
			if name := fileName(&e); strings.ContainsAny(name, "/\\\x00") || strings.HasPrefix(name, ".") {
				t.Fatalf("named %q", name)
			}
		}
	})
}

// BenchmarkList reads a store of 1,000 results.
func BenchmarkList(b *testing.B) {
	s, err := Create(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	for i := range 1000 {
		write(b, s.path(fmt.Sprintf("%d.json", i)), seeded(b, uint64(i)))
	}
	for b.Loop() {
		if all, _, err := s.List(); err != nil || len(all) != 1000 {
			b.Fatal(len(all), err)
		}
	}
}

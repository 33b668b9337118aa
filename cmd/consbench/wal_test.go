package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/cmd"
)

// keptLog runs a protocol on a disk for a moment and returns the log of node 1.
func keptLog(t *testing.T, protocol string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"run", "-p", protocol, "--network", "inproc", "--storage", "disk", "--dir", dir, "--keep",
		"--clients", "2", "-d", "100ms", "--warmup", "50ms", "--quiet"}, flags...)
	if status, out := consbench(args...); status != 0 {
		t.Fatalf("%v: status %d\n%s", args, status, out)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "*", "n1"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("logs %q, %v", logs, err)
	}
	return logs[0]
}

func consbench(args ...string) (status int, out string) {
	var b bytes.Buffer
	status = cmd.Main(protocols(), args, &b, &b)
	return status, b.String()
}

// dumps fails the test if wal dump does not end so, with all of the regular
// expressions in what it says.
func dumps(t *testing.T, status int, args []string, want ...string) {
	t.Helper()
	got, out := consbench(append([]string{"wal", "dump"}, args...)...)
	if got != status {
		t.Errorf("wal dump %v: status %d, want %d", args, got, status)
	}
	for _, w := range want {
		if !regexp.MustCompile(`(?m)` + w).MatchString(out) {
			if len(out) > 2000 {
				out = out[:1000] + "\n...\n" + out[len(out)-1000:]
			}
			t.Errorf("wal dump %v: no %s in\n%s", args, w, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("wal dump %v: escape sequences", args)
	}
}

// TestWalDump dumps the logs of real runs, whole and damaged.
func TestWalDump(t *testing.T) {
	meaning := map[string][]string{
		"raft":       {`update: term=\d+ vote=n\d commit=\d+, no entries$`, `update: term=\d+ vote=n\d commit=\d+, entries \d+.* of term \d+ = \S+$`},
		"multipaxos": {`accepted: promised \d+\.n\d, commit=\d+, no entries$`, `accepted: promised .* entries \d+.* of \d+\.n\d = \S+$`},
		"paxos":      {`  promise(:|s for \d+ slots, the first:) \d+\.n\d for slot \d+$`, `accepted: entries \d+.* of \d+\.n\d = \S+$`, `  commit=\d+$`},
	}
	for _, p := range protocols() {
		if testing.Short() && p.Name != "raft" {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			dir := keptLog(t, p.Name)
			whole := []string{`n1: consbench run, node 1$`, `^0000000000000001\.seg  segment 1, 16777216 B, log [0-9a-f]{8}$`,
				`^ +32  record  +\d+ B  crc ok`, `  seal +the log was closed here$`, `^replay from 0000000000000001\.seg on: \d+ B of records, end at offset \d+ of 0000000000000001\.seg$`}
			dumps(t, 0, []string{dir}, whole...)
			dumps(t, 0, []string{"-p", p.Name, dir}, append(whole, meaning[p.Name]...)...)

			// A flipped bit in the payload of the first record.
			seg := filepath.Join(dir, "0000000000000001.seg")
			data, err := os.ReadFile(seg)
			if err != nil {
				t.Fatal(err)
			}
			data[32+24] ^= 4
			if err := os.WriteFile(seg, data, 0o644); err != nil {
				t.Fatal(err)
			}
			dumps(t, 1, []string{"-p", p.Name, dir}, `^ +32  BAD `, `^consbench: .*`+regexp.QuoteMeta(seg)+`.*\b32\b.*single bit`)
		})
	}
	t.Run("policy off", func(t *testing.T) {
		dumps(t, 0, []string{"-p", "raft", keptLog(t, "raft", "--fsync", "off")}, `  update: term=`, `^replay from `)
	})
}

// TestWalDumpRefuses: what is no log is an error of usage that says why.
func TestWalDumpRefuses(t *testing.T) {
	dir := t.TempDir()
	file, empty, other := filepath.Join(dir, "file"), filepath.Join(dir, "empty"), filepath.Join(dir, "other")
	for _, d := range []string{empty, other} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{file, filepath.Join(other, "photo")} {
		if err := os.WriteFile(f, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dumps(t, 2, nil, `^consbench: wal dump: needs one log directory`)
	dumps(t, 2, []string{file}, `file is a file; a log is a directory that holds consbench-wal$`)
	dumps(t, 2, []string{filepath.Join(dir, "none")}, `none: there is no such directory$`)
	dumps(t, 2, []string{empty}, `empty is empty: no log of consbench$`)
	dumps(t, 2, []string{other}, `other is no log of consbench: it holds files and no consbench-wal$`)
	dumps(t, 2, []string{"-p", "raf", dir}, `^consbench: --protocol: there is no "raf"; did you mean "raft"\?.* one of multipaxos, paxos, raft$`)
	dumps(t, 0, []string{"--help"}, `^  -p, --protocol protocol `, `^Exit status: `)
	if got, err := os.ReadFile(filepath.Join(other, "photo")); err != nil || string(got) != "mine" {
		t.Errorf("a file of somebody else: %q, %v", got, err)
	}
}

// TestWalDumpOfALockedLog: a log that is being written can be looked at, and is not
// opened by a second writer.
func TestWalDumpOfALockedLog(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	log, err := wal.Open(dir, wal.Options{Owner: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	dumps(t, 0, []string{dir}, `log: a test$`, `^no segments: nothing was written$`)
	if second, err := wal.Open(dir, wal.Options{}); err == nil {
		second.Close()
		t.Error("two writers have the same log")
	} else if want := fmt.Sprintf("%s is in use by another process", dir); !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

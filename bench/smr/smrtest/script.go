package smrtest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/consbench/consbench/bench/smr"
)

// Script runs the transcript at path. Its commands, with replicas by ID:
//
//	new n=3 [seed=1 pre-vote=false check-quorum=false retain=0 ... quiet]
//	elect 1                 make it lead, without a transcript
//	propose 1 x=1 y=2       one entry each
//	fill 1 n=100 size=64    many entries without names
//	persist [2]             what it has written becomes durable, and it is told
//	deliver 1->2 [k] [keep] the frames under way now, or the k-th; keep: a copy stays
//	drop 1->2 [k]           they are lost
//	tick 2                  the clock goes to its deadline, and it alone is told
//	settle [twice] [reverse]  deliver and persist until nothing is under way
//	advance 10ms            all are ticked at their deadlines; frames wait
//	run 10ms                the same, settled at every instant
//	crash 3 [keep=1]        keep: so many of its records not yet durable survive
//	restart 3
//	snapshot 2
//	partition {1} {2,3}
//	cut 1->2, heal
//	messages, status        who waits for delivery, how everyone stands
//	log, agree              what each has applied
//
// With quiet only the last four print more than a word, so that a script can
// hold for every protocol.
func Script(t *testing.T, p smr.Protocol, path string, opts ...Option) {
	t.Helper()
	s := &script{settings: settingsOf(p, opts)}
	datadriven.RunTest(t, path, s.run)
}

type script struct {
	settings
	w      *World
	quiet  bool
	out    strings.Builder
	values map[uint64]string
}

// run is one command.
func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	s.out.Reset()
	if d.Cmd == "new" {
		s.create(t, d)
	} else if s.w == nil {
		d.Fatalf(t, "a script starts with new")
	}
	command, ok := commands[d.Cmd]
	if !ok {
		d.Fatalf(t, "unknown command %s", d.Cmd)
	}
	command(s, t, d)
	s.w.flush()
	if s.w.err != nil {
		d.Fatalf(t, "%v\n%s", s.w.err, s.out.String())
	}
	if s.out.Len() == 0 {
		return "ok\n"
	}
	return s.out.String()
}

func (s *script) printf(format string, args ...any) { fmt.Fprintf(&s.out, format, args...) }

// say prints a line of transcript.
func (s *script) say(format string, args ...any) {
	if !s.quiet {
		s.printf(format+"\n", args...)
	}
}

func (s *script) create(t *testing.T, d *datadriven.TestData) {
	o := Options{Seed: 1, Nodes: 3, Config: DefaultConfig(), Manual: true, LogMatching: s.logMatching}
	c := &o.Config
	d.MaybeScanArgs(t, "n", &o.Nodes)
	d.MaybeScanArgs(t, "seed", &o.Seed)
	d.MaybeScanArgs(t, "pre-vote", &c.PreVote)
	d.MaybeScanArgs(t, "check-quorum", &c.CheckQuorum)
	d.MaybeScanArgs(t, "retain", &c.Retain)
	d.MaybeScanArgs(t, "inflight", &c.Inflight)
	d.MaybeScanArgs(t, "max-frame", &c.MaxFrame)
	d.MaybeScanArgs(t, "q1", &c.Q1)
	d.MaybeScanArgs(t, "q2", &c.Q2)
	s.quiet = d.HasArg("quiet")
	s.values = make(map[uint64]string)
	w, err := newWorld(s.protocol, o, s.observer())
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	s.w = w
}

var syncNames = [...]string{"no one", "entries", "a vote", "a candidacy"}

// observer turns what goes on into lines.
func (s *script) observer() observer {
	return observer{
		frame: func(from, to smr.NodeID, f *smr.Frame, size int, dropped bool) {
			text := ""
			if s.describeFn != nil {
				text = ": " + s.describeFn(append(append([]byte(nil), f.Head...), f.Body...))
			}
			if dropped {
				text += " (cut)"
			}
			s.say("%d->%d %v, %d bytes%s", from, to, f.Kind, size, text)
		},
		event: func(at smr.NodeID, e *smr.Event) {
			if e.Node != smr.None && e.Node != at {
				s.say("%v %v %v in term %d", at, e.Type, e.Node, e.Term)
			} else {
				s.say("%v %v in term %d", at, e.Type, e.Term)
			}
		},
		commit: func(at smr.NodeID, e *smr.Entry) {
			value := string(e.Data)
			switch {
			case len(e.Data) == 0:
				value = "no-op"
			case e.Data[0] < ' ':
				value = fmt.Sprintf("%d bytes", len(e.Data))
			}
			s.values[e.Index] = value
			s.say("%v commits %d: %s", at, e.Index, value)
		},
		lost: func(at smr.NodeID, tag smr.Tag) { s.say("%v loses its proposal %d", at, tag) },
		records: func(at smr.NodeID, rd *smr.Ready) {
			what := "records"
			if len(rd.Records) == 1 {
				what = "record"
			}
			if rd.Baseline {
				what = "of a baseline"
			}
			s.say("%v writes %d %s for %s", at, len(rd.Records), what, syncNames[rd.Sync])
		},
		snapshot: func(at, to smr.NodeID, index uint64) { s.say("%d->%d snapshot at %d", at, to, index) },
	}
}

//go:generate go test . -run Scripts -rewrite

// scriptDir is where the scripts for all protocols stand.
func scriptDir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "testdata")
}

// runScripts runs the scripts that hold for p: those for all, those for
// protocols that survive their leader, and its own.
func (s *settings) runScripts(t *testing.T, opts []Option) {
	dirs := []string{filepath.Join(scriptDir(), "any"), filepath.Join(scriptDir(), s.protocol.Name)}
	if s.allowed&LeaderCrashes != 0 {
		dirs = append(dirs, filepath.Join(scriptDir(), "failover"))
		if !s.protocol.Leaderless {
			dirs = append(dirs, filepath.Join(scriptDir(), "leader"))
		}
	}
	for _, dir := range append(dirs, s.scripts...) {
		if _, err := os.Stat(dir); err != nil {
			continue // trimmed paths, or no scripts of its own
		}
		filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && filepath.Ext(path) == ".txt" {
				name := filepath.Base(dir) + "/" + strings.TrimSuffix(e.Name(), ".txt")
				t.Run(name, func(t *testing.T) { Script(t, s.protocol, path, opts...) })
			}
			return err
		})
	}
}

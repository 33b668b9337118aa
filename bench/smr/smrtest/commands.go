package smrtest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/consbench/consbench/bench/smr"
)

var commands = map[string]func(*script, *testing.T, *datadriven.TestData){
	"new":       func(*script, *testing.T, *datadriven.TestData) {},
	"elect":     (*script).elect,
	"propose":   (*script).propose,
	"fill":      (*script).fill,
	"persist":   (*script).persist,
	"deliver":   (*script).deliver,
	"drop":      (*script).deliver,
	"tick":      func(s *script, t *testing.T, d *datadriven.TestData) { s.w.Tick(s.replica(t, d, 0)) },
	"settle":    (*script).settle,
	"advance":   (*script).advance,
	"run":       (*script).advance,
	"crash":     (*script).crash,
	"restart":   func(s *script, t *testing.T, d *datadriven.TestData) { s.w.Restart(s.replica(t, d, 0)) },
	"snapshot":  func(s *script, t *testing.T, d *datadriven.TestData) { s.w.Snapshot(s.replica(t, d, 0)) },
	"partition": (*script).partition,
	"cut":       (*script).cut,
	"heal":      func(s *script, _ *testing.T, _ *datadriven.TestData) { s.w.Heal() },
	"messages":  (*script).messages,
	"status":    (*script).status,
	"log":       (*script).log,
	"agree":     (*script).agree,
}

// id reads a replica's ID and returns its position.
func (s *script) id(t *testing.T, d *datadriven.TestData, text string) int {
	id, err := strconv.Atoi(text)
	if err != nil || id < 1 || id > s.w.Nodes() {
		d.Fatalf(t, "%q is no replica", text)
	}
	return id - 1
}

// replica is the position of the replica that argument k names.
func (s *script) replica(t *testing.T, d *datadriven.TestData, k int) int {
	if len(d.CmdArgs) <= k {
		d.Fatalf(t, "%s needs a replica", d.Cmd)
	}
	return s.id(t, d, d.CmdArgs[k].Key)
}

// link is the pair of positions that the first argument names.
func (s *script) link(t *testing.T, d *datadriven.TestData) (from, to int) {
	if len(d.CmdArgs) > 0 {
		if a, b, ok := strings.Cut(d.CmdArgs[0].Key, "->"); ok {
			return s.id(t, d, a), s.id(t, d, b)
		}
	}
	d.Fatalf(t, "%s needs a link such as 1->2", d.Cmd)
	return 0, 0
}

func (s *script) elect(t *testing.T, d *datadriven.TestData) {
	i := s.replica(t, d, 0)
	quiet := s.quiet
	s.quiet = true
	defer func() { s.quiet = quiet }()
	serves := func() bool {
		r := s.w.replicas[i]
		return s.protocol.Leaderless || r.status.Role == smr.Leader && r.status.Commit >= s.w.check.elected[r.status.Term]
	}
	for n := 0; !serves(); n++ {
		if n == 50 {
			d.Fatalf(t, "replica %d is not elected:%v", i+1, s.w)
		}
		s.w.Tick(i)
		s.w.Settle(false, false)
	}
	s.w.Settle(false, false)
	s.printf("n%d may propose\n", i+1)
}

func (s *script) propose(t *testing.T, d *datadriven.TestData) {
	i := s.replica(t, d, 0)
	for _, arg := range d.CmdArgs[1:] {
		if tag, err := s.w.replicas[i].offer([]byte(arg.String())); err != nil {
			s.printf("%v\n", err)
		} else {
			s.say("n%d takes %s as proposal %d", i+1, arg.String(), tag)
		}
	}
	s.w.replicas[i].input()
}

func (s *script) fill(t *testing.T, d *datadriven.TestData) {
	i, n, size, refused := s.replica(t, d, 0), 100, 64, 0
	d.MaybeScanArgs(t, "n", &n)
	d.MaybeScanArgs(t, "size", &size)
	quiet := s.quiet
	s.quiet = true
	for range n {
		if _, err := s.w.Propose(i, size); err != nil {
			refused++
		}
		s.w.Settle(false, false)
	}
	s.quiet = quiet
	if refused > 0 {
		s.printf("%d refused\n", refused)
	}
}

func (s *script) persist(t *testing.T, d *datadriven.TestData) {
	for i := range s.w.replicas {
		if len(d.CmdArgs) == 0 || s.replica(t, d, 0) == i {
			s.w.Persist(i)
		}
	}
}

// deliver is also drop.
func (s *script) deliver(t *testing.T, d *datadriven.TestData) {
	from, to := s.link(t, d)
	only, keep := 0, false
	for _, arg := range d.CmdArgs[1:] {
		if arg.Key == "keep" {
			keep = true
		} else if k, err := strconv.Atoi(arg.Key); err == nil && k > 0 {
			only = k
		} else {
			d.Fatalf(t, "%q is neither keep nor the place of a frame", arg.Key)
		}
	}
	var chosen []*Held
	k := 0
	for _, h := range s.w.held {
		if int(h.From) == from+1 && int(h.To) == to+1 {
			if k++; only == 0 || only == k {
				chosen = append(chosen, h)
			}
		}
	}
	if len(chosen) == 0 {
		s.printf("nothing under way\n")
	}
	for _, c := range chosen {
		for k, h := range s.w.held {
			if h != c {
				continue
			}
			if d.Cmd == "drop" {
				s.w.Drop(k)
			} else {
				s.w.Deliver(k, keep)
			}
			break
		}
	}
}

func (s *script) settle(t *testing.T, d *datadriven.TestData) {
	if !s.w.Settle(d.HasArg("twice"), d.HasArg("reverse")) {
		d.Fatalf(t, "does not settle: %v", s.w.err)
	}
}

// advance is also run.
func (s *script) advance(t *testing.T, d *datadriven.TestData) {
	if len(d.CmdArgs) != 1 {
		d.Fatalf(t, "%s needs a time", d.Cmd)
	}
	span, err := time.ParseDuration(d.CmdArgs[0].Key)
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	if !s.w.Advance(smr.Time(span), d.Cmd == "run") {
		d.Fatalf(t, "does not settle: %v", s.w.err)
	}
}

func (s *script) crash(t *testing.T, d *datadriven.TestData) {
	keep := 0
	d.MaybeScanArgs(t, "keep", &keep)
	s.w.Crash(s.replica(t, d, 0), keep)
}

func (s *script) partition(t *testing.T, d *datadriven.TestData) {
	side := make(map[int]int)
	for k, arg := range d.CmdArgs {
		for _, id := range strings.Split(strings.Trim(arg.Key, "{}"), ",") {
			side[s.id(t, d, id)] = k
		}
	}
	for i := range s.w.replicas {
		for j := range s.w.replicas {
			s.w.Cut(i, j, side[i] != side[j])
		}
	}
}

func (s *script) cut(t *testing.T, d *datadriven.TestData) {
	from, to := s.link(t, d)
	s.w.Cut(from, to, true)
}

func (s *script) messages(_ *testing.T, _ *datadriven.TestData) {
	for _, h := range s.w.held {
		switch {
		case h.snap != nil:
			s.printf("%d->%d snapshot at %d\n", h.From, h.To, h.snap.index)
		case s.describeFn != nil:
			s.printf("%d->%d %v, %d bytes: %s\n", h.From, h.To, h.Kind, len(h.Frame), s.describeFn(h.Frame))
		default:
			s.printf("%d->%d %v, %d bytes\n", h.From, h.To, h.Kind, len(h.Frame))
		}
	}
	if len(s.w.held) == 0 {
		s.printf("none\n")
	}
}

func (s *script) status(_ *testing.T, _ *datadriven.TestData) {
	for i, r := range s.w.replicas {
		st := &r.status
		if !r.up {
			s.printf("n%d down\n", i+1)
			continue
		}
		s.printf("n%d %v term=%d leader=%v log=[%d,%d] commit=%d durable=%d\n", i+1, st.Role, st.Term, st.Leader, st.First, st.Last, st.Commit, st.Durable)
	}
}

// log prints what each replica has applied, but for no-ops.
func (s *script) log(_ *testing.T, _ *datadriven.TestData) {
	for i, r := range s.w.replicas {
		s.printf("n%d:", i+1)
		if !r.up {
			s.printf(" down")
		}
		for index := uint64(1); r.up && index <= r.applied; index++ {
			if v := s.values[index]; v != "no-op" {
				s.printf(" %s", v)
			}
		}
		s.printf("\n")
	}
}

// agree prints how many values all running replicas have applied.
func (s *script) agree(t *testing.T, d *datadriven.TestData) {
	values, names := 0, ""
	for i, r := range s.w.replicas {
		if !r.up {
			continue
		}
		if r.applied != s.w.check.last() {
			d.Fatalf(t, "replica %d has applied %d of %d:%v", i+1, r.applied, s.w.check.last(), s.w)
		}
		names += fmt.Sprintf("n%d ", i+1)
	}
	for index := uint64(1); index <= s.w.check.last(); index++ {
		if s.values[index] != "no-op" {
			values++
		}
	}
	s.printf("%sagree on %d values\n", names, values)
}

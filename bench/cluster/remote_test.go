package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/consbench/consbench/bench/check"
	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
	"github.com/consbench/consbench/paxos"
	"github.com/consbench/consbench/raft"
)

var protocols = []smr.Protocol{raft.Protocol, paxos.Multi, paxos.Basic}

// nodeRole says in the environment what a copy of this test binary is to be.
const nodeRole = "CONSBENCH_TEST_NODE"

// nodeDoor is where the replicas of a run that is to be killed call.
const nodeDoor = "CONSBENCH_TEST_DOOR"

// atDoor is their connection, open as long as the process lives.
var atDoor net.Conn

// TestMain makes this binary the replicas' processes of its tests as well.
func TestMain(m *testing.M) {
	if os.Getenv(cluster.NodeEnv) == "" {
		if os.Getenv(nodeRole) == "orphans" {
			orphans()
		}
		goleak.VerifyTestMain(m)
		return
	}
	switch os.Getenv(nodeRole) {
	case "orphans":
		var err error
		if atDoor, err = net.Dial("tcp", os.Getenv(nodeDoor)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "silent":
		select {}
	case "panics":
		time.AfterFunc(time.Second, func() { panic("this replica is broken") })
	}
	if err := cluster.ServeNode(protocols, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// remote starts a cluster of processes that are copies of this binary.
func remote(t *testing.T, o cluster.Options) *cluster.Remote {
	t.Helper()
	r, err := newRemote(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func newRemote(o cluster.Options) (*cluster.Remote, error) {
	return cluster.NewRemote(o, cluster.RemoteOptions{Cluster: "test", Listen: "127.0.0.1:0", Node: []string{os.Args[0]}})
}

// stormy is what a storm needs of a cluster.
type stormy interface {
	Now() smr.Time
	Await(ctx context.Context, until smr.Time, done func() bool) (bool, error)
	Load(from, until smr.Time)
	Unload()
	Open() int
	Acknowledged() uint64
	Settled() bool
	Standing() string
	Up(smr.NodeID) bool
	Crash(smr.NodeID)
	Restart(smr.NodeID) error
	Pause(smr.NodeID)
	Resume(smr.NodeID)
	Impair(from, to smr.NodeID, f cluster.LinkFault)
	Repair(from, to smr.NodeID, f cluster.LinkFault)
	ImpairDisk(smr.NodeID, wal.Fault) error
	RepairDisk(smr.NodeID, wal.FaultKind)
	Stop()
	Problems() []string
	Digests() *check.Digests
	States() ([]string, []*replica.State)
	Totals() cluster.Totals
}

// TestRemoteStorm: what can be done to replicas in this process can be done to those
// in others.
func TestRemoteStorm(t *testing.T) {
	strikes := 6
	if testing.Short() {
		strikes = 2
	}
	for _, p := range protocols {
		o := options(p)
		o.Storage = cluster.Storage{Disk: true, Dir: t.TempDir()}
		r := remote(t, o)
		storm(t, r, 4, strikes)
	}
}

// TestForgetfulReplica: a replica that comes back without what it had on its disk is a
// problem. Here that was memory, which ends with its process.
func TestForgetfulReplica(t *testing.T) {
	r := remote(t, options(raft.Protocol))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	r.Load(r.Now(), smr.Never)
	for _, done := range []func() bool{
		func() bool { return r.Acknowledged() > 50 },
		func() bool { r.Unload(); return r.Open() == 0 && r.Settled() },
	} {
		if _, err := r.Await(ctx, smr.Never, done); err != nil {
			t.Fatalf("%v: %s", err, r.Standing())
		}
	}
	if p := r.Problems(); len(p) > 0 {
		t.Fatalf("before: %q", p)
	}
	r.Crash(3)
	if err := r.Restart(3); err != nil {
		t.Fatal(err)
	}
	if p := r.Problems(); len(p) != 1 || !strings.HasPrefix(p[0], "n3: came back with entries up to 0 where those up to ") {
		t.Errorf("%q", p)
	}
}

// TestNodeDies: that a replica's process has ended by itself is an error that says
// what it said.
func TestNodeDies(t *testing.T) {
	t.Setenv(nodeRole, "panics")
	r := remote(t, options(raft.Protocol))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	_, err := r.Await(ctx, smr.Never, nil)
	if err == nil || !strings.Contains(err.Error(), "ended by itself: exit status 2") || !strings.Contains(err.Error(), "panic: this replica is broken") {
		t.Fatalf("%v", err)
	}
	r.Stop() // what is left can be stopped
}

// TestNodeCannotBegin: what keeps a replica from beginning is what NewRemote says.
func TestNodeCannotBegin(t *testing.T) {
	o := options(raft.Protocol)
	o.Replica.Protocol.Name = "smoke signals"
	if r, err := newRemote(o); err == nil || !strings.Contains(err.Error(), `no protocol "smoke signals"`) {
		t.Errorf("%v", err)
		if err == nil {
			r.Close()
		}
	}
	missing := cluster.RemoteOptions{Cluster: "test", Listen: "127.0.0.1:0", Node: []string{"./there is no such program"}}
	if _, err := cluster.NewRemote(options(raft.Protocol), missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	t.Setenv(cluster.NodeEnv, "1")
	if _, err := newRemote(options(raft.Protocol)); err == nil || !strings.Contains(err.Error(), cluster.NodeEnv) {
		t.Errorf("a replica began a run: %v", err)
	}
}

// TestBadConfiguration: a node that is told nonsense says so and ends.
func TestBadConfiguration(t *testing.T) {
	for _, in := range []string{"", "hello, node", "\x03\x00\x00\x00\x01{}", "\x01\x00\x00\x00\x02"} {
		var out strings.Builder
		if err := cluster.ServeNode(nil, strings.NewReader(in), &out); err == nil {
			t.Errorf("%q was taken", in)
		}
	}
}

// orphans is a run that says when its replicas are there, and waits to be killed.
func orphans() {
	if _, err := newRemote(options(raft.Protocol)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("up")
	select {}
}

// TestNoOrphans: the processes of the replicas end with the run, however that ends. Each
// holds a connection, which the system closes when the process has ended.
func TestNoOrphans(t *testing.T) {
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), nodeRole+"=orphans", nodeDoor+"="+door.Addr().String())
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var said string
	if _, err := fmt.Fscanln(out, &said); err != nil || said != "up" {
		t.Fatalf("%q, %v", said, err)
	}
	limit := time.Now().Add(time.Minute)
	var nodes [3]net.Conn
	for i := range nodes {
		if nodes[i], err = door.Accept(); err != nil {
			t.Fatal(err)
		}
		defer nodes[i].Close()
		if err := nodes[i].SetReadDeadline(limit); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	for i, conn := range nodes {
		if _, err := io.Copy(io.Discard, conn); err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the process of connection %d has outlived the run", i)
		}
	}
}

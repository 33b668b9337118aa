package tcp

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim/nettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func options(t testing.TB, nodes ...smr.NodeID) Options {
	addrs, err := Addresses("127.0.0.1:0", nodes)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Cluster: "test", Protocol: "toy", Addrs: addrs, Seed: 1}
}

func TestConformance(t *testing.T) {
	nettest.Run(t, func(t *testing.T) *nettest.World {
		o := options(t, 1, 2, 3)
		o.MaxFrame, o.QueueBound, o.Chunks = 1<<20, 2<<20, 4
		o.Report = func(err error) { t.Error(err) }
		net, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { net.Close() })
		w := nettest.Live(t, net)
		w.Connections = true
		w.Room = 64 << 20
		return w
	})
}

func TestStorm(t *testing.T) {
	o := options(t, 1, 2, 3)
	o.Report = func(err error) { t.Error(err) }
	net, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	nettest.Storm(t, net, 1)
}

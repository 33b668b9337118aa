package inproc

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/consbench/consbench/netsim/nettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	nettest.Run(t, func(t *testing.T) *nettest.World {
		net := New(Options{Seed: 1, MailInitial: 64 << 10, MailBound: 4 << 20})
		t.Cleanup(func() { net.Close() })
		w := nettest.Live(t, net)
		w.Room = 5 << 20
		return w
	})
}

func TestStorm(t *testing.T) {
	net := New(Options{Seed: 1})
	defer net.Close()
	nettest.Storm(t, net, 1)
}

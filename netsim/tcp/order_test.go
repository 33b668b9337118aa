package tcp

import (
	"net"
	"testing"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim/park"
)

// TestEarlierLife: nothing of a peer's earlier life is received after something of the
// next, however late the goroutine comes that has read it, or that has shaken hands.
func TestEarlierLife(t *testing.T) {
	network, err := New(options(t, 1, 2))
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	clock := park.NewClock()
	parker := park.New(clock, park.Options{})
	defer parker.Close()
	limit := clock.Now() + smr.Time(generous)
	one, err := network.Open(1, parker)
	if err != nil {
		t.Fatal(err)
	}
	p := one.(*port)
	q := p.peers.Get(2)
	connect := func() (*conn, func()) {
		two, err := network.Open(2, parker)
		if err != nil {
			t.Fatal(err)
		}
		for !network.Connected(1, 2) {
			if !parker.Park(limit) {
				t.Fatal("no connection")
			}
		}
		return q.conn.Load(), func() { two.Close() }
	}
	old, crash := connect()
	crash()
	now, crash := connect()
	defer crash()
	if now == old || now.call <= old.call {
		t.Fatalf("call %d came after call %d", now.call, old.call)
	}

	frame := make([]byte, headerSize, headerSize+4)
	putHeader(frame, 4, 7, 0, false, []byte("late"))
	frame = append(frame, "late"...)
	receive := func(c *conn) (got string) {
		p.deliver(c, segment{&chunk{frame, &c.in}, frame, false})
		p.Poll(0)
		for m, ok := p.Next(); ok; m, ok = p.Next() {
			got += string(m.Data)
		}
		return got
	}
	if got := receive(old); got != "" {
		t.Errorf("received %q from the earlier life", got)
	}
	if got := receive(now); got != "late" {
		t.Errorf("received %q from this life", got)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sock, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()
	late, err := newConn(p, q, sock.(*net.TCPConn))
	if err != nil {
		t.Fatal(err)
	}
	late.call = old.call
	if p.attach(late) || q.conn.Load() != now {
		t.Error("an earlier call took the place of a later one")
	}
}

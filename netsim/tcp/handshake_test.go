package tcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/netsim/park"
)

// generous is a deadline that only a broken test meets.
const generous = 30 * time.Second

// serve opens node 1 of the cluster of options and returns its address.
func serve(t *testing.T, o Options) (addr string, reports chan error) {
	reports = make(chan error, 100)
	o.Report = func(err error) {
		select {
		case reports <- err:
		default:
		}
	}
	o.Local = []smr.NodeID{1}
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	p := park.New(park.NewClock(), park.Options{})
	t.Cleanup(p.Close)
	if _, err := n.Open(1, p); err != nil {
		t.Fatal(err)
	}
	return n.Addr(1), reports
}

func dial(t *testing.T, addr string) net.Conn {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(generous)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestStrangersAreRefusedWithAReason(t *testing.T) {
	good := greeting{from: 2, to: 1, cluster: "test", protocol: "toy"}
	for _, tt := range []struct {
		name string
		call func() []byte
		want string
	}{
		{"cluster", func() []byte { g := good; g.cluster = "prod"; return g.encode() }, `this is cluster "test", not "prod"`},
		{"protocol", func() []byte { g := good; g.protocol = "raft"; return g.encode() }, `this cluster runs "toy", not "raft"`},
		{"to", func() []byte { g := good; g.to = 3; return g.encode() }, "this is node n1, not n3"},
		{"from", func() []byte { g := good; g.from = 9; return g.encode() }, "node n9 is not a member"},
		{"direction", func() []byte { g := good; g.from = 1; return g.encode() }, "the higher id calls"},
		{"magic", func() []byte { return []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") }, "this is not consbench speaking"},
		{"version", func() []byte { b := good.encode(); b[len(magic)] = 9; return b }, "the peer speaks version 9, this is version 1"},
		{"checksum", func() []byte { b := good.encode(); b[len(b)-1] ^= 1; return b }, "checksum does not match"},
		{"size", func() []byte { b := good.encode(); b[len(magic)+3] = 0xff; return b }, "malformed"},
		{"fields", func() []byte { return envelope([]byte{2, 0, 0, 0, 1, 0, 0, 0, 200, 'x'}) }, "malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr, reports := serve(t, options(t, 1, 2, 3))
			c := dial(t, addr)
			if _, err := c.Write(tt.call()); err != nil {
				t.Fatal(err)
			}
			fields, err := readEnvelope(c)
			if err != nil {
				t.Fatalf("no answer: %v", err)
			}
			if err = decodeAnswer(fields); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), strings.ReplaceAll(tt.want, `"`, `\"`)) {
				t.Errorf("answer %v, want %q", err, tt.want)
			}
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Error("the connection goes on")
			}
			c.Close()
			if err := <-reports; !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("reported %v", err)
			}
		})
	}
}

func TestSilentCallerIsDropped(t *testing.T) {
	o := options(t, 1, 2)
	o.HandshakeTimeout = 10 * time.Millisecond
	addr, _ := serve(t, o)
	c := dial(t, addr)
	if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the caller may be silent for as long as it likes")
	}
}

func TestDamagedStreamEndsTheConnection(t *testing.T) {
	for name, damage := range map[string]func(frame []byte) []byte{
		"header":    func(f []byte) []byte { f[8] ^= 1; return f },
		"head":      func(f []byte) []byte { f[headerSize] ^= 1; return f },
		"oversized": func(f []byte) []byte { binary.LittleEndian.PutUint32(f, 1<<31-1); return f },
		"headsize":  func(f []byte) []byte { binary.LittleEndian.PutUint32(f[4:], 1<<20); return f },
	} {
		t.Run(name, func(t *testing.T) {
			addr, reports := serve(t, options(t, 1, 2))
			c := dial(t, addr)
			if _, err := c.Write((&greeting{2, 1, "test", "toy"}).encode()); err != nil {
				t.Fatal(err)
			}
			fields, err := readEnvelope(c)
			if err != nil || decodeAnswer(fields) != nil {
				t.Fatalf("refused: %v, %v", err, decodeAnswer(fields))
			}
			if _, err := c.Write(damage(encodeFrame("head", "body"))); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Error("the connection goes on")
			}
			if err := <-reports; err == nil {
				t.Error("no report")
			}
		})
	}
}

func encodeFrame(head, body string) []byte {
	b := make([]byte, headerSize)
	putHeader(b, len(head)+len(body), 3, 5, false, []byte(head))
	return append(append(b, head...), body...)
}

func TestAddressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := options(t, 1, 2)
	o.Addrs[2] = l.Addr().String()
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Fatalf("error %v does not name %v", err, l.Addr())
	}
}

func TestAddresses(t *testing.T) {
	got, err := Addresses("localhost:7000", []smr.NodeID{1, 2, 9})
	if err != nil || got[1] != "localhost:7000" || got[2] != "localhost:7001" || got[9] != "localhost:7002" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"localhost", ":http", "h:70000", "h:65535", "h:-1"} {
		if got, err := Addresses(bad, []smr.NodeID{1, 2}); err == nil {
			t.Errorf("%q gives %v", bad, got)
		}
	}
}

// FuzzHandshake reads greetings and answers that nobody has checked.
func FuzzHandshake(f *testing.F) {
	f.Add((&greeting{2, 1, "test", "toy"}).encode())
	f.Add(encodeAnswer(""))
	f.Add(encodeAnswer("this is cluster 7"))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, err := decodeGreeting(b); err == nil && !bytes.Equal(g.encode(), envelope(b)) {
			t.Fatalf("%+v encodes otherwise", g)
		}
		_ = decodeAnswer(b)
		r := bytes.NewReader(b)
		fields, err := readEnvelope(r)
		if err != nil {
			return
		}
		if read := len(b) - r.Len(); !bytes.Equal(envelope(fields), b[:read]) {
			t.Fatalf("took %d bytes for an envelope of %d", read, len(fields))
		}
		if g, err := decodeGreeting(fields); err == nil && !bytes.Equal(g.encode(), envelope(fields)) {
			t.Fatalf("%+v encodes otherwise", g)
		}
		_ = decodeAnswer(fields)
	})
}

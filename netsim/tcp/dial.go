package tcp

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// call keeps a connection to q until the port is closed.
func (p *port) call(q *peer) {
	opt := &p.net.opt
	rng := rand.New(rand.NewPCG(opt.Seed, uint64(p.id)<<32|uint64(q.id)))
	wait := opt.BackoffMin
	for p.ctx.Err() == nil {
		addr, moved := p.net.whereabouts(q.id)
		c, err := p.dial(q, addr)
		if err == nil {
			wait = opt.BackoffMin
			<-c.over
		} else if errors.Is(err, ErrRefused) {
			wait = opt.BackoffMax // it will not change its mind soon
			opt.Report(fmt.Errorf("tcp: %v called %v at %s: %w", p.id, q.id, addr, err))
		}
		// Full jitter over the upper half: peers that lost the same node do not all
		// call it at once.
		pause := time.NewTimer(wait/2 + time.Duration(rng.Int64N(int64(wait/2)+1)))
		select {
		case <-p.ctx.Done():
		case <-pause.C:
			wait = min(2*wait, opt.BackoffMax)
		case <-moved:
			wait = opt.BackoffMin
		}
		pause.Stop()
	}
}

func (p *port) dial(q *peer, addr string) (*conn, error) {
	opt := &p.net.opt
	d := net.Dialer{Timeout: opt.HandshakeTimeout, KeepAlive: -1}
	nc, err := d.DialContext(p.ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	sock := nc.(*net.TCPConn)
	if !p.adopt(sock) {
		reset(sock)
		return nil, net.ErrClosed
	}
	g := greeting{from: p.id, to: q.id, cluster: opt.Cluster, protocol: opt.Protocol}
	if err = p.exchange(sock, func() error {
		if _, err := sock.Write(g.encode()); err != nil {
			return err
		}
		fields, err := readEnvelope(sock)
		if err != nil {
			return err
		}
		return decodeAnswer(fields)
	}); err != nil {
		p.disown(sock)
		reset(sock)
		return nil, err
	}
	return p.join(q, sock)
}

// answer takes a call.
func (p *port) answer(sock *net.TCPConn) {
	var q *peer
	err := p.exchange(sock, func() error {
		fields, err := readEnvelope(sock)
		var g greeting
		if err == nil {
			g, err = decodeGreeting(fields)
		}
		reason := ""
		if err == nil {
			if reason = p.net.opt.judge(g, p.id); reason != "" {
				err = fmt.Errorf("%w: %s", ErrRefused, reason)
			}
		} else if errors.Is(err, ErrRefused) {
			reason = err.Error()
		}
		if err == nil || reason != "" {
			if _, werr := sock.Write(encodeAnswer(reason)); err == nil {
				err = werr
			}
		}
		q = p.peers.Get(g.from)
		return err
	})
	if err != nil {
		if errors.Is(err, ErrRefused) {
			p.net.opt.Report(fmt.Errorf("tcp: node %v was called from %v: %w", p.id, sock.RemoteAddr(), err))
			// Closing with bytes unread would reset the connection, and the reason
			// might not arrive. The deadline still stands.
			_ = sock.CloseWrite()
			_, _ = io.CopyN(io.Discard, sock, 4<<10)
		}
		p.disown(sock)
		_ = sock.Close()
		return
	}
	_, _ = p.join(q, sock)
}

// exchange bounds a handshake in time.
func (p *port) exchange(sock *net.TCPConn, talk func() error) error {
	if err := sock.SetDeadline(time.Now().Add(p.net.opt.HandshakeTimeout)); err != nil {
		return err
	}
	if err := talk(); err != nil {
		return err
	}
	return sock.SetDeadline(time.Time{})
}

// join makes the socket, whose handshake is done, the connection to q.
func (p *port) join(q *peer, sock *net.TCPConn) (*conn, error) {
	_ = sock.SetNoDelay(true)
	if size := p.net.opt.SocketSize; size > 0 {
		_ = sock.SetReadBuffer(size)
		_ = sock.SetWriteBuffer(size)
	}
	c, err := newConn(p, q, sock)
	if err == nil && !p.attach(c) {
		err = net.ErrClosed
	}
	if err != nil {
		p.disown(sock)
		reset(sock)
		return nil, err
	}
	return c, nil
}

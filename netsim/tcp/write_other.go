//go:build !linux && !darwin

package tcp

import "net"

// rawWriter takes nothing: everything goes through the queue and its goroutine.
type rawWriter struct{}

func newRawWriter(*net.TCPConn) (*rawWriter, error) { return new(rawWriter), nil }

func (*rawWriter) write(a, b []byte) (n int, err error) { return 0, nil }

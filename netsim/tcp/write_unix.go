//go:build linux || darwin

package tcp

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// rawWriter writes to a socket without waiting for it. It belongs to one goroutine.
type rawWriter struct {
	raw  syscall.RawConn
	call func(fd uintptr) bool // made once: a closure for each call would be garbage

	a, b []byte // what call is to write
	bufs [2][]byte
	n    int
	err  error
}

func newRawWriter(c *net.TCPConn) (*rawWriter, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	w := &rawWriter{raw: raw}
	w.call = func(fd uintptr) bool {
		w.once(int(fd))
		return true // do not wait until the socket is writable
	}
	return w, nil
}

// write writes as much of a and then b as the socket takes now.
func (w *rawWriter) write(a, b []byte) (n int, err error) {
	w.a, w.b, w.n, w.err = a, b, 0, nil
	err = w.raw.Write(w.call)
	w.a, w.b, w.bufs = nil, nil, [2][]byte{}
	if err == nil {
		err = w.err
	}
	return w.n, err
}

func (w *rawWriter) once(fd int) {
	for len(w.a)+len(w.b) > 0 {
		var n int
		var err error
		switch {
		case len(w.b) == 0:
			n, err = unix.Write(fd, w.a)
		case len(w.a) == 0:
			n, err = unix.Write(fd, w.b)
		default:
			w.bufs = [2][]byte{w.a, w.b}
			n, err = unix.Writev(fd, w.bufs[:])
		}
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return
		case err != nil:
			w.err = os.NewSyscallError("write", err)
			return
		}
		w.n += n
		k := min(n, len(w.a))
		w.a, w.b = w.a[k:], w.b[n-k:]
	}
}

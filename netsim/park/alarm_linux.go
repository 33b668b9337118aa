package park

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm is a timerfd that the runtime's poller waits for.
type alarm struct {
	fd   int
	file *os.File
	done chan struct{}
}

// newAlarm returns nil if there is no timerfd to be had.
func newAlarm(ring func()) *alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	a := &alarm{fd: fd, file: os.NewFile(uintptr(fd), "timerfd"), done: make(chan struct{})}
	go func() {
		defer close(a.done)
		var expirations [8]byte
		for {
			if _, err := a.file.Read(expirations[:]); err != nil {
				return
			}
			ring()
		}
	}()
	return a
}

// set makes the alarm ring after d, which is positive, and not before.
func (a *alarm) set(d time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	_ = unix.TimerfdSettime(a.fd, 0, &spec, nil) // fails only on arguments that cannot be
}

func (a *alarm) close() {
	a.file.Close()
	<-a.done
}

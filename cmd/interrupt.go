package cmd

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// interruption is the first signal that asked a run to end.
type interruption struct {
	signals chan os.Signal
	ended   chan struct{}
	got     atomic.Int32
	cancel  context.CancelFunc
}

// interruptible returns a context that ends at the first SIGINT, SIGTERM or, unless
// nohup has it ignored, SIGHUP. The second one kills the program, as it does by default.
func interruptible(parent context.Context) (context.Context, *interruption) {
	ctx, cancel := context.WithCancel(parent)
	i := &interruption{signals: make(chan os.Signal, 1), ended: make(chan struct{}), cancel: cancel}
	signal.Notify(i.signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // the terminal is gone: the result need not be
		signal.Notify(i.signals, syscall.SIGHUP)
	}
	go func() {
		select {
		case s := <-i.signals:
			if n, ok := s.(syscall.Signal); ok {
				i.got.Store(int32(n))
			}
			signal.Stop(i.signals) // before cancel: whoever sees the context end can count on it
			cancel()
		case <-i.ended:
		}
	}()
	return ctx, i
}

func (i *interruption) stop() {
	signal.Stop(i.signals)
	close(i.ended)
	i.cancel()
}

// came reports whether there was a signal.
func (i *interruption) came() bool { return i.got.Load() != 0 }

// status is 128 and the number of the signal, as a shell has it.
func (i *interruption) status() int {
	if n := i.got.Load(); n != 0 {
		return 128 + int(n)
	}
	return 128 + int(syscall.SIGINT)
}

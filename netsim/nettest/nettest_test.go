package nettest

import (
	"testing"

	"github.com/consbench/consbench/netsim"
)

func TestVirtual(t *testing.T) {
	Run(t, func(t *testing.T) *World {
		w := NewVirtual(1, netsim.Link{})
		t.Cleanup(func() { w.Net.Close() })
		return w
	})
}

package bench

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/fault"
)

// remote makes a cluster of node processes. Its name keeps strangers out: nobody
// else knows it.
func (c *Config) remote(o cluster.Options) (system, error) {
	listen := c.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	r, err := cluster.NewRemote(o, cluster.RemoteOptions{
		Cluster: fmt.Sprintf("consbench-%d-%d-%s", os.Getpid(), c.Seed, rand.Text()), Listen: listen, GOGC: c.GOGC,
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// survives reports why a replica could not come back from a fault of the schedule.
func (c *Config) survives(all []fault.Fault) error {
	for _, f := range all {
		if c.Processes && c.Storage == "memory" && f.Verb == fault.Crash {
			return errors.New("crash kills the process of a replica, and a log in memory goes with it: --processes needs --storage disk for that")
		}
	}
	return nil
}

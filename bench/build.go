package bench

import (
	"fmt"
	"os"

	"github.com/consbench/consbench/bench/client"
	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/workload"
	"github.com/consbench/consbench/netsim"
	"github.com/consbench/consbench/netsim/inproc"
	"github.com/consbench/consbench/netsim/tcp"
)

const (
	workers   = 1       // goroutines that generate load
	histories = 200_000 // operations that are checked for linearizability
)

type rate = workload.Rate

// build makes the cluster, not yet under load.
func (r *runner) build() (err error) {
	cfg := r.cfg
	r.series = measure.NewSeries(smr.Time(cfg.Duration), step)
	o := cluster.Options{
		Nodes: cfg.Nodes,
		Replica: replica.Options{
			Protocol: r.protocol, Core: cfg.coreConfig(),
			Sessions: cfg.Clients, Keys: cfg.Keys, Batch: cfg.Batch, BatchBytes: cfg.BatchBytes,
		},
		SyncLatency: smr.Time(cfg.SyncLatency),
		Link:        cfg.link(),
		Clients:     cfg.clientOptions(r.protocol),
		Client: client.Parts{
			Payloads: workload.NewPayloads(cfg.Size, cfg.Seed),
			Control:  new(client.Control),
		},
		Window: r.window,
		Series: r.series,
		Links:  cfg.links(), Distance: cfg.distances(),
		Clocks: disturbsClocks(r.schedule), First: cfg.firstLeader(),
		Cost: cfg.costModel(), Cores: cfg.Cores, Meter: cfg.Meter,
	}
	o.Events = cfg.traced()
	if cfg.Transcript != nil {
		r.transcript, o.Tells = replica.NewTranscript(cfg.Transcript, &r.protocol, cfg.Nodes, told)
		r.transcript.Note(0, "%s, %d nodes, seed %d", r.protocol.Name, cfg.Nodes, cfg.Seed)
	}
	if cfg.Keys > 0 {
		o.Histories = histories
	}
	if r.files, err = cfg.openFiles(r.protocol.Name); err != nil {
		return err
	}
	o.Storage = cluster.Storage{Disk: cfg.Storage == StorageDisk, Policy: cfg.Policy()}
	if r.files != nil {
		o.Storage.Dir = r.files.dir
	}
	if err := r.measureFloor(); err != nil {
		return err
	}
	switch {
	case cfg.Processes:
		r.cluster, err = cfg.remote(o)
		return err
	case cfg.Network == NetworkSim:
		r.cluster, err = cluster.NewVirtual(o, cfg.Seed)
	case cfg.Network == NetworkInproc:
		r.cluster, err = cluster.NewLive(o, inproc.New(inproc.Options{Seed: cfg.Seed, Link: o.Link}))
	case cfg.Network == NetworkTCP:
		opts, err := cfg.tcpOptions(r.protocol)
		if err != nil {
			return err
		}
		network, err := tcp.New(opts)
		if err == nil {
			if r.cluster, err = cluster.NewLive(o, network); err != nil {
				network.Close()
			}
		}
		if err != nil && cfg.Listen != "" {
			err = fmt.Errorf("--listen %s: %w", cfg.Listen, err)
		}
		return err
	default:
		err = fmt.Errorf("%w: %s", errNoSuchNetwork, cfg.Network)
	}
	return err
}

// link is what every link of the cluster is like.
func (c *Config) link() netsim.Link {
	delay := netsim.Constant(smr.Time(c.Delay))
	if c.Jitter > 0 {
		delay = netsim.Uniform(smr.Time(c.Delay), smr.Time(c.Jitter))
	}
	return netsim.Link{Delay: delay, Loss: c.Loss}
}

// tcpOptions has every replica listen on an address of its own. The name of the
// cluster keeps apart what happens to run on neighbouring ports.
func (c *Config) tcpOptions(p smr.Protocol) (tcp.Options, error) {
	listen := c.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	addrs, err := tcp.Addresses(listen, c.coreConfig().Peers)
	return tcp.Options{
		Cluster: fmt.Sprintf("consbench-%d-%d", os.Getpid(), c.Seed), Protocol: p.Name,
		Addrs: addrs, Seed: c.Seed, Link: c.link(), MaxFrame: c.maxFrame(),
	}, err
}

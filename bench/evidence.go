package bench

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/consbench/consbench/bench/check"
	"github.com/consbench/consbench/bench/replica"
	"github.com/consbench/consbench/bench/result"
)

// A live run keeps the last events of its replicas: traceEvents of each, as long as
// all of them fit into traceMemory.
const (
	traceEvents = 8192
	traceEvent  = 176      // bytes
	traceMemory = 64 << 20 // bytes
)

// traced is how many events of each replica a run keeps. A run in virtual time keeps
// none: it is repeated instead.
func (c *Config) traced() int {
	if c.Network == NetworkSim {
		return 0
	}
	return min(traceEvents, traceMemory/traceEvent/c.Nodes)
}

// told is how many lines a transcript has at most.
const told = 1_000_000

// evidence writes a file that explains a failed verdict: beside the result, or as a
// temporary file if there is none. It appears as a whole or not at all.
func (r *runner) evidence(kind string, content func(io.Writer) error) (path string, err error) {
	dir, name := r.cfg.Dir, fmt.Sprintf("consbench-%s-%d-*.%s", r.protocol.Name, r.cfg.Seed, kind)
	if r.cfg.Evidence != "" {
		dir = filepath.Dir(r.cfg.Evidence)
		path = fmt.Sprintf("%s.%s-%d.%s", r.cfg.Evidence, r.protocol.Name, r.cfg.Seed, kind)
		name = "." + filepath.Base(path) + ".*.tmp"
	}
	f, err := os.CreateTemp(dir, name)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if path != "" {
		err = f.Chmod(0o644) // as its neighbour, the result
	}
	w := bufio.NewWriter(f)
	if err == nil {
		err = content(w)
	}
	if err == nil {
		err = w.Flush()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil || path == "" {
		return f.Name(), err
	}
	return path, os.Rename(f.Name(), path)
}

// draw has a history that is not linearizable drawn. What keeps it from being drawn
// is said in the check's detail.
func (r *runner) draw(c *result.Check, history []check.Operation, until int64) {
	path, err := r.evidence("linearizability.html", func(w io.Writer) error {
		drawn, err := check.Draw(w, history, until, linearizeLimit)
		if err == nil && !drawn {
			err = fmt.Errorf("the key was not found again within %v", linearizeLimit)
		}
		return err
	})
	if err != nil {
		c.Detail += fmt.Sprintf(" (it could not be drawn: %v)", err)
		return
	}
	c.Drawing = path
}

// trace has the last events of the replicas of an INCORRECT run written. The error is
// for the warnings.
func (r *runner) trace(v *result.Verdict) error {
	traces := r.cluster.Traces()
	if v.Word() != "INCORRECT" || len(traces) == 0 || r.transcript != nil {
		return nil
	}
	path, err := r.evidence("trace.txt", func(w io.Writer) error {
		fmt.Fprintf(w, "# %s, %d nodes, %s, seed %d: INCORRECT\n", r.protocol.Name, r.cfg.Nodes, r.cfg.Network, r.cfg.Seed)
		for _, c := range v.Checks {
			if !c.OK && !c.Undecided {
				fmt.Fprintf(w, "# %s: %s\n", c.Name, c.Detail)
			}
		}
		fmt.Fprintf(w, "# The last events of each replica, up to %d. Times are since the cluster began; the measured window is\n", r.cfg.traced())
		fmt.Fprintf(w, "# %.6fms to %.6fms. Of a frame or record the first bytes are kept.\n", float64(r.from)/1e6, float64(r.to)/1e6)
		for _, s := range r.faults.strikes {
			fmt.Fprintf(w, "# fault at %.6fms: %s\n", (float64(r.from)+float64(s.record.At))/1e6, struck(&s.record))
		}
		return replica.WriteTraces(w, &r.protocol, traces)
	})
	if err != nil {
		return fmt.Errorf("the events of the replicas could not be written: %w", err)
	}
	v.Trace = path
	return nil
}

// struck is a fault in words.
func struck(f *result.Fault) string {
	words := f.Action + " " + f.Target
	if f.Amount != "" {
		words += " " + f.Amount
	}
	if f.Skipped != "" {
		words += " (skipped: " + f.Skipped + ")"
	}
	return words
}

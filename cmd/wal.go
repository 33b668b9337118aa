package cmd

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench/nearest"
	"github.com/consbench/consbench/bench/smr"
	"github.com/consbench/consbench/bench/wal"
)

const walDumpAbout = `Lists what a log directory holds: segments, records with offset, length and
checksum, snapshots, and where the log is torn or rotten. It changes nothing;
a log that a run is writing to is shown as it is just now.
With -p NAME (--protocol) it says what the records mean to that protocol.

Exit status: 0 the log can be recovered, 1 it has rot or cannot be read,
2 usage, or DIR is no log.`

// walDumpHelp is rootHelp with the flags.
const walDumpHelp = rootHelp + `
Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
`

func newWal(protocols []smr.Protocol, stdout io.Writer) *cobra.Command {
	c := &cobra.Command{
		Use:   "wal",
		Short: "look into the log that a replica keeps on disk",
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("wal: unknown command %q%s", args[0], orHelp(nearest.Hint(args[0], []string{"dump"}), c))
		}
		return nil
	}
	var protocol string
	dump := &cobra.Command{
		Use:     "dump DIR",
		Short:   "list the records of a log",
		Long:    walDumpAbout,
		Example: "  consbench run --network inproc --storage disk --dir /var/tmp --keep\n  consbench wal dump -p raft /var/tmp/consbench-raft-seed42-*/n1",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("wal dump: needs one log directory, such as consbench wal dump DIR/n1")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			describe, err := recordsOf(protocols, protocol)
			if err != nil {
				return err
			}
			if err := wal.Check(args[0]); err != nil {
				return fmt.Errorf("wal dump: %w", err)
			}
			w := bufio.NewWriter(stdout)
			err = wal.Dump(w, args[0], describe)
			if flushed := w.Flush(); err == nil {
				err = flushed
			}
			if err != nil {
				return failed(err)
			}
			return nil
		},
	}
	dump.Flags().StringVarP(&protocol, "protocol", "p", "", "say what the records mean to this `protocol`")
	dump.SetHelpTemplate(walDumpHelp)
	c.AddCommand(dump)
	return c
}

// recordsOf returns what puts the records of a protocol into words, nil if none is
// named.
func recordsOf(protocols []smr.Protocol, name string) (func([]byte) string, error) {
	if name == "" {
		return nil, nil
	}
	var names []string
	for _, p := range protocols {
		if p.Name == name {
			return p.DescribeRecord, nil
		}
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("--protocol: there is no %q%s; it is one of %s", name, nearest.Hint(name, names), strings.Join(names, ", "))
}

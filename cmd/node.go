package cmd

import (
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench/cluster"
	"github.com/consbench/consbench/bench/smr"
)

// newNode is what run --processes starts for each replica. Nobody types it: it is
// told what to be on standard input, answers on standard output, and ends when its
// input does.
func newNode(protocols []smr.Protocol) *cobra.Command {
	return &cobra.Command{
		Use:               "node",
		Short:             "be a replica of a run with --processes",
		Hidden:            true,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			if os.Getenv(cluster.NodeEnv) == "" {
				return fmt.Errorf("consbench run --processes starts this command by itself: there is nothing to type")
			}
			signal.Ignore(os.Interrupt) // the run decides when a replica ends
			if err := cluster.ServeNode(protocols, os.Stdin, os.Stdout); err != nil {
				return failed(err)
			}
			return nil
		},
	}
}

package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
)

func newMetrics(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "metrics",
		Short: "list every metric with its definition",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("metrics: unexpected argument %q", args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			if err := writeMetrics(stdout, width(stdout)); err != nil {
				return failed(err)
			}
			return nil
		},
	}
}

// writeMetrics prints the registry: name, unit, which direction is better, and
// below it the definition.
func writeMetrics(w io.Writer, width int) error {
	for _, m := range measure.Metrics() {
		kind := "exact in virtual time"
		if !m.Exact {
			kind = "measured"
		}
		better := m.Better.String() + " is better"
		if m.Better == measure.Neither {
			better = "neither direction is better"
		}
		if _, err := fmt.Fprintf(w, "%s  (%s; %s; %s)\n", m.Name, m.Unit, better, kind); err != nil {
			return err
		}
		for _, line := range report.Wrap(m.Doc, width-4) {
			if _, err := fmt.Fprintf(w, "    %s\n", line); err != nil {
				return err
			}
		}
	}
	return nil
}

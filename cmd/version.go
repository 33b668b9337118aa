package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench"
)

func newVersion(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version of this program",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("version: unexpected argument %q", args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			if _, err := fmt.Fprintln(stdout, versionLine()); err != nil {
				return failed(err)
			}
			return nil
		},
	}
}

// versionLine is what a result file says of the program that wrote it.
func versionLine() string {
	var none bench.Config
	e := bench.Describe(&none)
	if e.Version == "" {
		e.Version = "(devel)"
	}
	if e.Revision != "" {
		e.Version += " (" + e.Revision + ")"
	}
	return fmt.Sprintf("consbench %s %s %s/%s", e.Version, e.Go, e.OS, e.Arch)
}

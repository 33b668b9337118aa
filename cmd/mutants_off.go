//go:build !mutants

package cmd

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench/smr"
)

// addMutants adds nothing: an ordinary binary has no mutants.
func addMutants(*cobra.Command, []smr.Protocol, io.Writer) {}

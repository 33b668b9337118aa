package cmd

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version may be set when linking:
//
//	go build -ldflags '-X github.com/consbench/consbench/cmd.version=v1.2.3' ./cmd/consbench
var version string

// Version returns the version of this build and the revision it was built from,
// where they are known.
func Version() (release, revision string) {
	release = version
	if info, ok := debug.ReadBuildInfo(); ok {
		if release == "" && info.Main.Version != "" {
			release = info.Main.Version
		}
		dirty := ""
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = "+dirty"
			}
		}
		if revision != "" {
			revision += dirty
		}
	}
	if release == "" {
		release = "(devel)"
	}
	return release, revision
}

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

func versionLine() string {
	release, revision := Version()
	if revision != "" {
		revision = " (" + revision + ")"
	}
	return fmt.Sprintf("consbench %s%s %s %s/%s", release, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

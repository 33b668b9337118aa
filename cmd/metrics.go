package cmd

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/consbench/consbench/bench/measure"
	"github.com/consbench/consbench/bench/report"
)

func newMetrics(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "metrics [NAME ...]",
		Short: "list every metric with its definition, or those of a name",
		RunE: func(_ *cobra.Command, args []string) error {
			some, err := chosen(args)
			if err != nil {
				return err
			}
			if err := writeMetrics(stdout, some, width(stdout)); err != nil {
				return failed(err)
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, m := range measure.Metrics() {
				names = append(names, m.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// chosen are the metrics that words ask for: a name or an alias, or else all whose
// name holds the word, such as election. No words ask for all.
func chosen(words []string) ([]measure.Metric, error) {
	all := measure.Metrics()
	if len(words) == 0 {
		return all, nil
	}
	wanted := map[string]bool{}
	var errs []error
	for _, word := range words {
		m, err := measure.Find(word)
		if err == nil {
			wanted[m.Name] = true
			continue
		}
		some := false
		for _, m := range all {
			if word != "" && strings.Contains(m.Name, strings.ToLower(word)) {
				wanted[m.Name], some = true, true
			}
		}
		if !some {
			errs = append(errs, fmt.Errorf("metrics: %w", err))
		}
	}
	return slices.DeleteFunc(all, func(m measure.Metric) bool { return !wanted[m.Name] }), errors.Join(errs...)
}

// writeMetrics prints metrics: name, unit, which direction is better, and
// below it the definition.
func writeMetrics(w io.Writer, metrics []measure.Metric, width int) error {
	for _, m := range metrics {
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

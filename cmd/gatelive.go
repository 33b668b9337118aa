package cmd

import (
	"context"
	"errors"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/gate"
	"github.com/consbench/consbench/bench/result"
)

func (k *gating) revision(ctx context.Context, g *result.Gate, cfg bench.Config, progress *progress) []error {
	gate.Blame(g, gate.ErrBroken)
	return []error{errors.New("--against: not yet")}
}

func (k *gating) test(ctx context.Context, g *result.Gate, cfg bench.Config, progress *progress) []error {
	gate.Blame(g, gate.ErrBroken)
	return []error{errors.New("--self-test: not yet")}
}

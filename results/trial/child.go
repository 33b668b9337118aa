package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/consbench/consbench/bench"
	"github.com/consbench/consbench/bench/result"
)

// child runs a process that carries out a job.
func child(ctx context.Context, c *exec.Cmd, in []byte) (*result.File, error) {
	var stdout, stderr bytes.Buffer
	c.Env = append(os.Environ(), jobEnv+"=1")
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(in), &stdout, &stderr
	c.WaitDelay = time.Second
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, bench.ErrInterrupted
		}
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	file := new(result.File)
	return file, json.Unmarshal(stdout.Bytes(), file)
}

var (
	inner = regexp.MustCompile(`\[[^\[\]{}"]*\]`)
	blank = regexp.MustCompile(`\s+`)
)

// compact sets lists of numbers on one line.
func compact(data []byte) []byte {
	return inner.ReplaceAllFunc(data, func(list []byte) []byte { return blank.ReplaceAll(list, nil) })
}

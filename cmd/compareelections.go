package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/consbench/consbench/bench/compare"
	"github.com/consbench/consbench/bench/report"
	"github.com/consbench/consbench/bench/result"
)

// electionSides reads sides that are files of consbench elections, file.json or
// file.json:raft; none if no side is one.
func (k *comparing) electionSides(args []string) ([]compare.Electing, error) {
	var sides []compare.Electing
	var others []string
	var errs []error
	for _, arg := range args {
		path, protocol := arg, ""
		if i := strings.LastIndexByte(arg, ':'); i > 0 && !result.HoldsElections(path) {
			path, protocol = arg[:i], arg[i+1:]
		}
		if !result.HoldsElections(path) {
			others = append(others, arg)
			continue
		}
		file, err := result.LoadElections(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		var have []string
		for i := range file.Settings {
			if p := file.Settings[i].Config.Protocol; !contains(have, p) {
				have = append(have, p)
			}
		}
		names := []string{protocol}
		switch {
		case protocol == "" && len(have) > 1 && len(args) > 1:
			errs = append(errs, &severalError{path, have})
			continue
		case protocol == "":
			names = have
		case !contains(have, protocol):
			errs = append(errs, fmt.Errorf("%s: holds no %q, but %s", path, protocol, strings.Join(have, ", ")))
			continue
		}
		for _, p := range names {
			name := arg
			if len(names) > 1 {
				name = path + ":" + p
			}
			sides = append(sides, compare.Electing{Name: name, Path: path, Protocol: p, File: file})
		}
	}
	if len(sides)+len(errs) == 0 {
		return nil, nil
	}
	if len(others) > 0 {
		errs = append(errs, fmt.Errorf("%s is not a file of elections: these compare only with one another", others[0]))
	}
	for _, o := range options {
		if k.b.given(o.name) {
			errs = append(errs, fmt.Errorf("--%s: files of elections bring their own settings", o.name))
		}
	}
	return sides, errors.Join(errs...)
}

// elections compares files of elections, saves and shows that.
func (k *comparing) elections(args []string, sides []compare.Electing, stdout, stderr io.Writer) error {
	if err := k.out.checked(k.b); err != nil {
		return err
	}
	c, err := compare.Elections(sides)
	if err != nil {
		return err
	}
	var errs []error
	if k.out.path != "" && k.out.path != "-" {
		target, err := openTarget(k.out.path)
		if err == nil {
			err = target.replace(func(w io.Writer) error { return report.JSON(w, c) })
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("--output: %w", err))
		}
	}
	if k.out.format == "json" {
		err = report.JSON(stdout, c)
	} else {
		parts := []string{"consbench", "compare"}
		for _, a := range args {
			parts = append(parts, quote(a))
		}
		err = report.Comparison(stdout, c, report.Options{Width: width(stdout), Color: colored(k.out.color, stdout, os.LookupEnv), Rerun: parts}, k.all)
	}
	if err != nil {
		errs = append(errs, fmt.Errorf("standard output: %w", err))
	}
	if len(errs) == 0 && len(c.Against[0].Lines) == 0 {
		errs = append(errs, errors.New("nothing could be compared: no setting is on both sides"))
	}
	if len(errs) > 0 {
		return failed(errors.Join(errs...))
	}
	return nil
}

// checked is what is wrong with the flags, read or not.
func (o *output) checked(b *binding) error { return errors.Join(append(b.errs, o.check(b.all))...) }

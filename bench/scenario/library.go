package scenario

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/consbench/consbench/bench/nearest"
)

//go:embed builtin/*.yaml
var builtin embed.FS

//go:embed scenario.schema.json
var schema []byte

// Schema is the JSON Schema of a scenario file.
func Schema() []byte { return slices.Clone(schema) }

// Names are those of the built-in scenarios, in order.
func Names() (out []string) {
	entries, err := builtin.ReadDir("builtin")
	if err != nil {
		panic(err) // it is in the binary
	}
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return out
}

// Builtin returns a built-in scenario, nil if there is none of that name.
func Builtin(name string) *Scenario {
	text, err := builtin.ReadFile("builtin/" + name + ".yaml")
	if err != nil {
		return nil
	}
	s, err := Parse(name, text)
	if err != nil {
		panic(fmt.Sprintf("scenario: %s: %v", name, err)) // a test reads all of them
	}
	s.Builtin = true
	return s
}

// Is reports whether arg looks like a scenario: the name of a built-in one, of a
// YAML file, or of any file that exists, a pipe as well.
func Is(arg string) bool {
	if Builtin(arg) != nil || strings.HasSuffix(arg, ".yaml") || strings.HasSuffix(arg, ".yml") {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && !info.IsDir()
}

// Load returns the built-in scenario of that name, or that of the file. A built-in
// name wins: ./name is the file.
func Load(arg string) (*Scenario, error) {
	if s := Builtin(arg); s != nil {
		return s, nil
	}
	f, err := os.Open(arg)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%q is no built-in scenario and no file%s", arg, orLook(nearest.Hint(arg, Names())))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: a directory where a scenario file belongs", arg)
	} else if err == nil && info.Mode().IsRegular() && info.Size() > MaxSize {
		return Parse(arg, make([]byte, MaxSize+1)) // its size says enough
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, err
	}
	return Parse(arg, text)
}

func orLook(hint string) string {
	if hint != "" {
		return hint
	}
	return "; consbench scenario ls lists the built-in ones"
}

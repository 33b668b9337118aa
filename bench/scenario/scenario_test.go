package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
)

var update = flag.Bool("update", false, "write the schema and the golden files")

// patterns of values that are text with a unit.
var patterns = map[reflect.Type]jsonschema.Schema{
	reflect.TypeFor[Number]():   {Type: "integer"},
	reflect.TypeFor[Seed]():     {Type: "integer", Minimum: "0"},
	reflect.TypeFor[Switch]():   {Type: "boolean"},
	reflect.TypeFor[Text]():     {Type: "string"},
	reflect.TypeFor[Duration](): {Type: "string", Pattern: `^(0|([0-9.]+(ns|us|µs|ms|s|m|h))+)$`, Examples: []any{"150ms"}},
	reflect.TypeFor[Range]():    {Type: "string", Pattern: `^[0-9.a-zµ]+(-[0-9.a-zµ]+)?$`, Examples: []any{"150ms-300ms"}},
	reflect.TypeFor[Size]():     {Type: "string", Pattern: `^(0|[0-9.]+([KMGkmg][Ii]?)?[Bb])$`, Examples: []any{"64KiB"}},
	reflect.TypeFor[Rate]():     {Type: "string", Pattern: `^[0-9.]+[kKMG]?/[smh]$`, Examples: []any{"10k/s"}},
	reflect.TypeFor[Percent]():  {Type: "string", Examples: []any{"1%"}},
	reflect.TypeFor[Fault]():    {Type: "string", Description: "In the language of --fault; consbench help faults explains it.", Examples: []any{"crash leader at 2s for 1s"}},
	reflect.TypeFor[Phase]():    {Type: "string", Pattern: `^(steady|ramp|burst|pause) `, Examples: []any{"steady 10k/s for 5s", "ramp 1k/s to 50k/s for 20s", "burst 500 every 100ms for 2s", "pause for 2s"}},
	reflect.TypeFor[Expectation](): {
		Description: "A threshold, or a protocol with its own. consbench metrics lists what it can be on.", Examples: []any{"unavailable<=500ms"},
		AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "object", MinProperties: one(), MaxProperties: one(), AdditionalProperties: &jsonschema.Schema{Type: "string"}}},
	},
}

func indent(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), '\n')
}

func one() *uint64 { n := uint64(1); return &n }

// TestSchemaIsFresh: the committed schema is what the types say.
func TestSchemaIsFresh(t *testing.T) {
	r := jsonschema.Reflector{
		ExpandedStruct: true, DoNotReference: true, Anonymous: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if s, ok := patterns[t]; ok {
				return &s
			}
			return nil
		},
	}
	s := r.Reflect(&File{})
	s.Title = "consbench scenario"
	want, err := s.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want = indent(t, want)
	if *update {
		if err := os.WriteFile("scenario.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile("scenario.schema.json"); err != nil || string(have) != string(want) {
		t.Errorf("scenario.schema.json is not what types.go says (%v): go test ./bench/scenario -run Schema -update", err)
	}
}

func TestBuiltinsParse(t *testing.T) {
	names := Names()
	if len(names) < 17 {
		t.Errorf("%d built-in scenarios", len(names))
	}
	for _, name := range names {
		s := Builtin(name)
		if s == nil || s.Doc == "" || len(s.Expect) == 0 || !s.Builtin {
			t.Errorf("%s: %+v", name, s)
		}
		if len(s.Doc) > 120 || strings.Contains(s.Doc, "\n") || !strings.HasSuffix(s.Doc, ".") {
			t.Errorf("%s: its doc is not one line: %q", name, s.Doc)
		}
	}
}

// TestBadFiles: every file under testdata/bad is refused as its .want file says, each
// error with its place, and cheaply. (What only shows when settings are put together
// is tested in package cmd, with the same files.)
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Load(path)
			runtime.ReadMemStats(&after)
			if spent := after.TotalAlloc - before.TotalAlloc; spent > 100<<20 {
				t.Errorf("reading took %d bytes", spent)
			}
			got := ""
			if err != nil {
				got = err.Error() + "\n"
				for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
					var at *Error
					if !errors.As(e, &at) || at.Line < 1 || at.Column < 1 || at.Msg == "" || len(at.Msg) > 600 {
						t.Errorf("an error without its place, or endless: %v", e)
					}
				}
			}
			golden := strings.TrimSuffix(path, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil || got != string(want) {
				t.Errorf("%v\n got:\n%s\nwant:\n%s", err, got, want)
			}
		})
	}
}

// TestLargeFiles: what is too large to commit.
func TestLargeFiles(t *testing.T) {
	dir := t.TempDir()
	if !Is("/dev/stdin") || Is(dir) || Is(filepath.Join(dir, "none")) || !Is(filepath.Join(dir, "none.yml")) {
		t.Error("a pipe can be a scenario, a directory or nothing cannot")
	}
	for name, text := range map[string]string{
		"ten-megabytes": strings.Repeat("faults: [crash leader at 2s]\n", 10<<20/29),
		"deep-list":     strings.Repeat("[", MaxSize-1),
		"deep-map":      strings.Repeat("{a: ", MaxSize/4-1),
		"deep-blocks":   strings.Repeat("- ", MaxSize/2-1) + "x",
		"many-keys":     strings.Repeat("a: 1\n", MaxSize/5),
		"many-unknown":  "faults:\n" + strings.Repeat("- x\n", MaxSize/4-10),
		"long-line":     "doc: " + strings.Repeat("x", MaxSize-10),
		"long-key":      strings.Repeat("x", MaxSize-10) + ": 1",
	} {
		path := filepath.Join(dir, name+".yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Load(path)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), path+":") {
			t.Errorf("%s: %.200v", name, err)
		}
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 100<<20 {
			t.Errorf("%s: reading took %d MiB", name, spent>>20)
		}
		if n := len(err.Error()); n > 64<<10 {
			t.Errorf("%s: %d bytes of errors", name, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		f.Add(string(Builtin(name).Text))
	}
	files, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("f.yaml", []byte(text))
		if err == nil && s == nil || err != nil && !strings.HasPrefix(err.Error(), "f.yaml:") {
			t.Fatalf("%q: %v, %v", text, s, err)
		}
	})
}

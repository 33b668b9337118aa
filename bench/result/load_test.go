package result_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consbench/consbench/bench/result"
)

func minimal(t testing.TB) []byte {
	t.Helper()
	data, err := json.Marshal(&result.File{
		Schema: result.Schema, Started: "2025-01-02T03:04:05Z", Config: json.RawMessage("{}"),
		Runs: []result.Run{{Protocol: "raft", Network: "sim", Nodes: 3, Fingerprint: "0"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// FuzzParse: whatever is read is an error or a file that reads back the same.
func FuzzParse(f *testing.F) {
	f.Add(minimal(f))
	f.Add([]byte(`{"schema":"consbench.result/v1","runs":[NaN]}`))
	f.Add([]byte("[[[["))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := result.Parse(data)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		again, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := result.Parse(again); err != nil {
			t.Errorf("%v: %s", err, again)
		}
	})
}

// TestEveryFieldCounts takes away each required field in turn.
func TestEveryFieldCounts(t *testing.T) {
	data := minimal(t)
	if _, err := result.Parse(data); err != nil {
		t.Fatal(err)
	}
	var whole any
	if err := json.Unmarshal(data, &whole); err != nil {
		t.Fatal(err)
	}
	tried := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				delete(v, key)
				spoiled, err := json.Marshal(whole)
				if err == nil {
					err = parse(spoiled)
				}
				if err == nil || !strings.Contains(err.Error(), key+": missing") {
					t.Errorf("without %s: %v", key, err)
				}
				v[key] = value
				tried++
				walk(value)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(whole)
	if tried < 80 {
		t.Errorf("only %d fields", tried)
	}
}

func parse(data []byte) error {
	_, err := result.Parse(data)
	return err
}

// TestPlaces: errors name the field, the line and the byte.
func TestPlaces(t *testing.T) {
	var v struct {
		A int       `json:"a"`
		B []float64 `json:"b"`
	}
	err := result.Unmarshal([]byte("{\n \"a\": 1,\n \"b\": [1, null]}"), &v)
	var f *result.FormatError
	if !errors.As(err, &f) || f.Field != "b[1]" || f.Line != 3 || f.Offset != 21 {
		t.Errorf("%#v", err)
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(path, minimal(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := result.Load(path); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{path + "x", filepath.Dir(path)} {
		if _, err := result.Load(bad); err == nil || !strings.HasPrefix(err.Error(), bad+": ") {
			t.Errorf("%v", err)
		}
	}
}

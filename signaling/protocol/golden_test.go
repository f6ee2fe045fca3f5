package protocol_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerby/signaling/protocol"
)

const goldenDir = "../testdata/protocol"

// golden is one file of the golden set; its README says what the fields mean.
type golden struct {
	Direction string            `json:"direction"`
	Type      string            `json:"type"`
	Valid     []json.RawMessage `json:"valid"`
	Invalid   []struct {
		Name, Code, Names string
		Frame             json.RawMessage
	} `json:"invalid"`
	Raw []struct {
		Name, Text, Base64, Code, Names string
	} `json:"raw"`
}

func readGolden(t testing.TB) map[string]golden {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(goldenDir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("golden files: %v, %v", files, err)
	}
	set := map[string]golden{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var g golden
		if err := json.Unmarshal(data, &g); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		set[strings.TrimSuffix(filepath.Base(name), ".json")] = g
	}
	return set
}

func TestEveryMessageHasAGoldenFile(t *testing.T) {
	set := readGolden(t)
	for direction, list := range map[string][]protocol.Message{"client": protocol.Client(), "server": protocol.Server()} {
		for _, m := range list {
			if len(set[direction+"-"+m.Type()].Valid) == 0 {
				t.Errorf("no valid example of %s %s", direction, m.Type())
			}
		}
	}
}

func TestGoldenValid(t *testing.T) {
	for name, g := range readGolden(t) {
		parse := protocol.Parse
		if g.Direction == "server" {
			parse = protocol.ParseServer
		}
		for _, frame := range g.Valid {
			m, err := parse(frame)
			if err != nil {
				t.Errorf("%s: %s: %v", name, frame, err)
				continue
			}
			if m.Type() != g.Type {
				t.Errorf("%s: parsed as %s", name, m.Type())
			}
			out := protocol.Append([]byte("before"), m)
			if !strings.HasPrefix(string(out), `before{"type":"`+g.Type+`"`) {
				t.Errorf("%s: encoded as %s: the type is not first", name, out)
			}
			if diff := cmp.Diff(fields(t, frame), fields(t, out[len("before"):])); diff != "" {
				t.Errorf("%s: %s (-golden +encoded):\n%s", name, frame, diff)
			}
		}
	}
}

// fields reads an object; what is empty counts as absent.
func fields(t *testing.T, frame []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(frame, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "unknown")
	for k, v := range m {
		if list, ok := v.([]any); (ok && len(list) == 0) || v == "" {
			delete(m, k)
		}
	}
	return m
}

func TestGoldenInvalid(t *testing.T) {
	for name, g := range readGolden(t) {
		for _, c := range g.Invalid {
			_, err := protocol.Parse(c.Frame)
			refused(t, name+", "+c.Name, err, c.Code, c.Names)
		}
		for _, c := range g.Raw {
			data := []byte(c.Text)
			if c.Base64 != "" {
				var err error
				if data, err = base64.StdEncoding.DecodeString(c.Base64); err != nil {
					t.Fatal(err)
				}
			}
			_, err := protocol.Parse(data)
			refused(t, name+", "+c.Name, err, c.Code, c.Names)
		}
	}
}

func refused(t *testing.T, name string, err error, code, names string) {
	t.Helper()
	var e *protocol.Error
	if !errors.As(err, &e) || string(e.Code) != code || !strings.Contains(e.Message, names) {
		t.Errorf("%s: got %v, want %s that names %s", name, err, code, names)
	}
}

package apidoc_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	"passerby/internal/events"
)

// A pattern of a mux, as the code of the listeners has it.
var pattern = regexp.MustCompile(`"(?:([A-Z]+) )?(/(?:v1|api/v1|healthz|readyz|metrics)[a-z0-9/{}_-]*)"`)

func TestEveryAddressIsDescribed(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(docs, "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	inCode := map[string]bool{}
	for _, name := range []string{"../httpapi/api.go", "../httpapi/admin.go", "../httpapi/credentials.go", "../api/api.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
			method, path := m[1], m[2]
			if strings.HasSuffix(path, "/") {
				continue // what is there for the rest
			}
			inCode[path] = true
			item := doc.Paths.Value(path)
			if item == nil {
				t.Errorf("%s has %s, and docs/openapi.yaml does not", name, path)
			} else if method != "" && item.GetOperation(method) == nil {
				t.Errorf("%s has %s %s, and docs/openapi.yaml does not", name, method, path)
			}
		}
	}
	for path := range doc.Paths.Map() {
		if !inCode[path] {
			t.Errorf("docs/openapi.yaml has %s, and the code does not", path)
		}
	}
}

// Every reference of the AsyncAPI document leads somewhere, and what is sent is what its schemas allow: the golden messages of the protocol.
func TestAsyncAPI(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(docs, "asyncapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if v := doc["asyncapi"]; v != "3.0.0" {
		t.Errorf("version %v", v)
	}
	refs := 0
	walk(doc, func(key string, v any) {
		to, ok := v.(string)
		if key != "$ref" || !ok {
			return
		}
		refs++
		at := any(doc)
		for part := range strings.SplitSeq(strings.TrimPrefix(to, "#/"), "/") {
			m, _ := at.(map[string]any)
			at = m[part]
		}
		if at == nil {
			t.Errorf("%s leads nowhere", to)
		}
	})
	messages := doc["components"].(map[string]any)["messages"].(map[string]any)
	for kind := range events.Data {
		if messages["event."+kind] == nil {
			t.Errorf("there is no message of the event %s", kind)
		}
	}
	golden, err := filepath.Glob("../../signaling/testdata/protocol/*.json")
	if err != nil || len(golden) < 20 || refs < 50 {
		t.Fatalf("%d golden files, %d references, %v", len(golden), refs, err)
	}
	checked := 0
	for _, name := range golden {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Direction string
			Valid     []map[string]any
		}
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, m := range file.Valid {
			kind, _ := m["type"].(string)
			known, _ := messages[file.Direction+"."+kind].(map[string]any)
			if known == nil {
				t.Errorf("%s: there is no message %s.%s", filepath.Base(name), file.Direction, kind)
				continue
			}
			checked++
			if fault := misfit(known["payload"].(map[string]any), m); fault != "" {
				t.Errorf("%s: %v: %s", filepath.Base(name), m, fault)
			}
		}
	}
	if checked == 0 {
		t.Error("no golden message was checked")
	}
}

// misfit says which required property a message lacks.
func misfit(schema map[string]any, m map[string]any) string {
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, there := m[name.(string)]; !there {
			return "it has no " + name.(string)
		}
	}
	properties := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if properties[name] == nil && !strings.HasPrefix(name, "x") && name != "later" && name != "unknown" {
			return "it has a " + name
		}
	}
	return ""
}

func walk(v any, visit func(key string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			visit(k, e)
			walk(e, visit)
		}
	case []any:
		for _, e := range v {
			walk(e, visit)
		}
	}
}

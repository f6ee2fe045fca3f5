package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"strings"
	"testing"
	"time"
)

// schema are the fields of the Elastic Common Schema that our lines may have, with their types there
// (fields.csv of ECS 8; labels are an object whose values are keywords).
var schema = map[string]string{
	"@timestamp": "date", "log.level": "keyword", "message": "match_only_text", "ecs.version": "keyword",
	"service.name": "keyword", "service.version": "keyword", "service.node.name": "keyword", "event.dataset": "keyword",
	"error.message": "match_only_text", "error.stack_trace": "wildcard", "trace.id": "keyword",
}

// Every field of a line is one of the schema or a label, of the right type, and the three that log shippers look for come
// first, in their order.
func TestCommonSchema(t *testing.T) {
	var out bytes.Buffer
	log := logger("info", "ecs", &out).With("node", "n1")
	log.Info("serving", "http", ":8080", "sessions", 3, "took", time.Second, "full", true)
	log.With("session", "s1").Warn("call failed", "call", "renew", "error", errors.New("redis: away"))
	log.Error("session panicked", "cause", "index out of range", "stack", "goroutine 1")
	log.Debug("not at this level")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatal(out.String())
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, `{"@timestamp":"`) || !strings.Contains(line, `Z","log.level":"`) {
			t.Errorf("the shipper's fields are not first: %s", line)
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		for _, must := range []string{"@timestamp", "log.level", "message", "ecs.version", "service.name", "service.node.name"} {
			if fields[must] == nil {
				t.Errorf("%s is missing: %s", must, line)
			}
		}
		for name, v := range fields {
			text, ok := v.(string)
			if !ok {
				t.Errorf("%s is no text: %v", name, v)
			}
			label := strings.HasPrefix(name, "labels.") && !strings.Contains(name[len("labels."):], ".")
			if schema[name] == "" && !label {
				t.Errorf("%s is no field of the schema", name)
			}
			if _, err := time.Parse(time.RFC3339Nano, text); schema[name] == "date" && err != nil {
				t.Error(err)
			}
		}
	}
	for i, want := range []string{`"labels.took":"1s"`, `"error.message":"redis: away"`, `"error.stack_trace":"goroutine 1"`} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("%s lacks %s", lines[i], want)
		}
	}
}

// The index template for Elasticsearch knows exactly these fields, under these types.
func TestIndexTemplate(t *testing.T) {
	b, err := os.ReadFile("../../deploy/elastic/index-template.json")
	if err != nil {
		t.Fatal(err)
	}
	type property struct {
		Type       string
		Properties map[string]json.RawMessage
	}
	var template struct {
		Template struct{ Mappings property }
	}
	if err := json.Unmarshal(b, &template); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var walk func(prefix string, p property)
	walk = func(prefix string, p property) {
		for name, raw := range p.Properties {
			var inner property
			if err := json.Unmarshal(raw, &inner); err != nil {
				t.Fatal(err)
			}
			if walk(prefix+name+".", inner); inner.Properties == nil && inner.Type != "object" {
				got[prefix+name] = inner.Type
			}
		}
	}
	walk("", template.Template.Mappings)
	if !maps.Equal(got, schema) {
		t.Errorf("the template has %v, the logs %v", got, schema)
	}
}

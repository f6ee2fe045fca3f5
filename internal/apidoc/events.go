package apidoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"passerby/internal/events"
	"passerby/internal/tsgen"
)

const (
	eventSource    = "../events"
	protocolSource = "../../signaling/protocol"
)

// eventSchema is that of a kind of event, envelope and all.
func eventSchema(kind string, s *schemas) Schema {
	envelope := s.object(reflect.TypeFor[events.Envelope]())
	data := s.object(reflect.TypeOf(events.Data[kind]))
	envelope["description"] = data["description"]
	delete(data, "description")
	properties := envelope["properties"].(Schema)
	properties["data"] = data
	properties["type"] = Schema{"const": kind, "description": s.docs["Envelope.Type"]}
	envelope["title"] = kind
	return envelope
}

// Events are the files of docs/events, by name.
func Events() (map[string][]byte, error) {
	docs, err := tsgen.Comments(eventSource)
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	files := map[string][]byte{}
	for kind := range events.Data {
		schema := eventSchema(kind, newSchemas(docs, "#/$defs/"))
		schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(schema); err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		files[kind+".json"] = b.Bytes()
	}
	return files, nil
}

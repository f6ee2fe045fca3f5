package apidoc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"passerby/signaling/protocol"
)

// Schema is a JSON Schema (draft 2020-12).
type Schema = map[string]any

// schemas makes schemas of Go types; those of named structs go into defs.
type schemas struct {
	docs map[string]string // comments, by "Type" and "Type.Field"
	ref  string            // where defs are, like "#/$defs/"
	defs map[string]Schema
	name func(reflect.Type) string // of a definition
}

func newSchemas(docs map[string]string, ref string) *schemas {
	return &schemas{docs: docs, ref: ref, defs: map[string]Schema{}, name: reflect.Type.Name}
}

// of answers the schema of a type: for a struct with a name a reference to its definition.
func (s *schemas) of(t reflect.Type) Schema {
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		if t == reflect.TypeFor[json.RawMessage]() {
			return Schema{}
		}
		return Schema{"type": "array", "items": s.of(t.Elem())}
	case reflect.Array:
		return Schema{"type": "array", "items": s.of(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Bool:
		return Schema{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return Schema{"type": "integer"}
	case reflect.Float64:
		return Schema{"type": "number"}
	case reflect.String:
		if enum, ok := reflect.Zero(t).Interface().(protocol.Enum); ok {
			return Schema{"type": "string", "enum": enum.Enum()}
		}
		return Schema{"type": "string"}
	case reflect.Interface:
		return Schema{}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return Schema{"type": "string", "format": "date-time"}
		}
		name := s.name(t)
		if _, there := s.defs[name]; !there {
			s.defs[name] = nil // it may hold itself
			s.defs[name] = s.object(t)
		}
		return Schema{"$ref": s.ref + name}
	}
	panic("apidoc: no schema for " + t.String())
}

// object is the schema of a struct in full. More fields than it names may come in time, so they are not refused.
func (s *schemas) object(t reflect.Type) Schema {
	properties, required := Schema{}, []string{}
	s.fields(t, properties, &required)
	o := Schema{"type": "object", "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	if text := s.docs[t.Name()]; text != "" {
		o["description"] = text
	}
	return o
}

func (s *schemas) fields(t reflect.Type, properties Schema, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			s.fields(f.Type, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || name == "" {
			panic(fmt.Sprintf("apidoc: %s.%s has no name in JSON", t.Name(), f.Name))
		}
		property := s.of(f.Type)
		if text := s.docs[t.Name()+"."+f.Name]; text != "" {
			if _, is := property["$ref"]; is {
				property = Schema{"allOf": []Schema{property}}
			}
			property["description"] = text
		}
		properties[name] = property
		if !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
	}
}

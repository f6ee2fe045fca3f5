package apidoc

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"passerby/internal/api"
	"passerby/internal/events"
	"passerby/internal/httpapi"
	"passerby/internal/tsgen"
	"passerby/signaling/protocol"
)

const (
	apiSource  = "../api"
	turnSource = "../httpapi"
	base       = "base"
)

// OpenAPI is docs/openapi.yaml.
func OpenAPI() ([]byte, error) {
	docs, err := comments(protocolSource, apiSource)
	if err != nil {
		return nil, err
	}
	s := newSchemas(docs, "#/components/schemas/")
	s.name = func(t reflect.Type) string {
		switch t {
		case reflect.TypeFor[api.SessionRequest]():
			return "MintRequest"
		case reflect.TypeFor[api.SessionAnswer]():
			return "MintAnswer"
		}
		return t.Name()
	}
	for _, v := range []any{
		protocol.SessionRequest{}, protocol.SessionAnswer{}, protocol.AppealRequest{}, protocol.AppealAnswer{}, protocol.StatsAnswer{}, protocol.SettingsAnswer{}, protocol.TagsAnswer{}, protocol.DataRequest{}, protocol.DeleteAnswer{}, protocol.ErrorAnswer{},
	} {
		s.of(reflect.TypeOf(v))
	}
	delete(s.defs["SessionRequest"], "required") // one of adult, minor and the tokens
	// Names that both packages have are described by their own comments.
	if s.docs, err = comments(apiSource); err != nil {
		return nil, err
	}
	for _, v := range []any{api.SessionRequest{}, api.SessionAnswer{}, api.BanRequest{}, api.BanAnswer{}} {
		s.of(reflect.TypeOf(v))
	}
	if s.docs, err = comments(turnSource); err != nil {
		return nil, err
	}
	for _, v := range []any{httpapi.CredentialsRequest{}, httpapi.CredentialsAnswer{}} {
		s.of(reflect.TypeOf(v))
	}
	return join(filepath.Join(base, "openapi.yaml"), filepath.Join(base, "openapi-components.yaml"), 4, s.defs)
}

// AsyncAPI is docs/asyncapi.yaml.
func AsyncAPI() ([]byte, error) {
	docs, err := comments(protocolSource)
	if err != nil {
		return nil, err
	}
	s := newSchemas(docs, "#/components/schemas/")
	messages, channels, operations := Schema{}, Schema{}, Schema{}
	ref := func(to string) Schema { return Schema{"$ref": "#/" + to} }
	socket := Schema{}
	for _, way := range []struct {
		name, action, title string
		all                 []protocol.Message
	}{{"client", "receive", "What a page says", protocol.Client()}, {"server", "send", "What the server says", protocol.Server()}} {
		var refs []Schema
		for _, m := range way.all {
			t := reflect.TypeOf(m).Elem()
			payload := s.object(t)
			payload["properties"].(Schema)["type"] = Schema{"const": m.Type()}
			payload["required"] = slices.Concat([]string{"type"}, required(payload))
			name := way.name + "." + m.Type()
			messages[name] = Schema{"name": m.Type(), "title": m.Type() + " (" + way.name + ")", "contentType": "application/json", "payload": payload}
			socket[name] = ref("components/messages/" + name)
			refs = append(refs, ref("channels/socket/messages/"+name))
		}
		operations[way.name] = Schema{"action": way.action, "title": way.title, "channel": ref("channels/socket"), "messages": refs}
	}
	channels["socket"] = Schema{"address": "/v1/ws", "servers": []Schema{ref("servers/node")}, "messages": socket}

	told, err := comments(eventSource)
	if err != nil {
		return nil, err
	}
	all, refs := Schema{}, []Schema{}
	for _, kind := range slices.Sorted(maps.Keys(events.Data)) {
		name := "event." + kind
		messages[name] = Schema{"name": kind, "title": kind, "contentType": "application/json", "payload": eventSchema(kind, newSchemas(told, "#/components/schemas/"))}
		all[name] = ref("components/messages/" + name)
		refs = append(refs, ref("channels/events/messages/"+name))
	}
	channels["events"] = Schema{
		"address": "passerby.events", "servers": []Schema{ref("servers/rabbitmq"), ref("servers/kafka")}, "messages": all,
		"description": "The exchange, with the type as routing key, or the topic, with what the event is about as key. A webhook gets the same bodies.",
	}
	operations["tell"] = Schema{"action": "send", "title": "What outside systems are told", "channel": ref("channels/events"), "messages": refs}
	return join(filepath.Join(base, "asyncapi.yaml"), "", 0, Schema{"channels": channels, "operations": operations, "components": Schema{"messages": messages, "schemas": s.defs}})
}

func required(o Schema) []string {
	r, _ := o["required"].([]string)
	return slices.DeleteFunc(r, func(name string) bool { return name == "type" })
}

func comments(dirs ...string) (map[string]string, error) {
	all := map[string]string{}
	for _, dir := range dirs {
		docs, err := tsgen.Comments(dir)
		if err != nil {
			return nil, fmt.Errorf("read comments of %s: %w", dir, err)
		}
		maps.Copy(all, docs)
	}
	return all, nil
}

// join puts what is generated behind the files, indented.
func join(first, second string, indent int, generated any) ([]byte, error) {
	var out bytes.Buffer
	for _, name := range []string{first, second} {
		if name == "" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out.Write(text)
	}
	var tail bytes.Buffer
	e := yaml.NewEncoder(&tail)
	e.SetIndent(2)
	if err := e.Encode(generated); err != nil {
		return nil, err
	}
	for line := range strings.Lines(tail.String()) {
		out.WriteString(strings.Repeat(" ", indent) + line)
	}
	return out.Bytes(), nil
}

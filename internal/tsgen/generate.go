package tsgen

import (
	"fmt"
	"reflect"
	"strings"

	"passerby/signaling/protocol"
)

const header = `// Generated from the Go structs of signaling/protocol. Do not edit: change those and run
// "go generate ./signaling/protocol". docs/protocol.md is the reference.
`

// Generate answers the text of protocol.gen.ts. source is the folder of
// signaling/protocol, whose comments become comments.
func Generate(source string) ([]byte, error) {
	docs, err := readComments(source)
	if err != nil {
		return nil, fmt.Errorf("read comments of %s: %w", source, err)
	}
	g := &generator{docs: docs, done: map[reflect.Type]bool{}}
	g.printf("%s\n", header)
	g.constants()
	client := g.messages(protocol.Client())
	server := g.messages(protocol.Server())
	for _, v := range []any{protocol.SessionRequest{}, protocol.SessionAnswer{}, protocol.ErrorAnswer{}, protocol.AppealRequest{}, protocol.AppealAnswer{}, protocol.DataRequest{}, protocol.DeleteAnswer{}, protocol.StatsAnswer{}, protocol.SettingsAnswer{}} {
		g.name(reflect.TypeOf(v))
	}
	g.union("ClientMessage", "Every message that a client may send.", client)
	g.union("ServerMessage", "Every message that the server may send.", server)
	return []byte(g.head.String() + g.out.String()), nil
}

type generator struct {
	docs comments
	done map[reflect.Type]bool
	head strings.Builder // constants
	out  strings.Builder // types, in the order in which they are needed
}

func (g *generator) printf(format string, args ...any) { fmt.Fprintf(&g.head, format, args...) }

// constants writes the caps and the table of errors.
func (g *generator) constants() {
	g.printf("export const SUBPROTOCOL = %q\n\n", protocol.Subprotocol)
	g.printf("/** Caps on what a client may send; bytes unless the name says otherwise. */\nexport const CAPS = {\n")
	for _, c := range []struct {
		name  string
		value int
	}{
		{"frameBytes", protocol.FrameBytes}, {"idBytes", protocol.IDBytes}, {"keyBytes", protocol.KeyBytes},
		{"candidateBytes", protocol.CandidateBytes}, {"textBytes", protocol.TextBytes}, {"signalBytes", protocol.SignalBytes},
		{"noteBytes", protocol.NoteBytes}, {"evidenceItems", protocol.EvidenceItems}, {"pictureBytes", protocol.PictureBytes}, {"shownMs", protocol.ShownMS},
		{"tags", protocol.Tags}, {"tagLength", protocol.TagLength},
	} {
		g.printf("  %s: %d,\n", c.name, c.value)
	}
	g.printf("} as const\n\n/** The table of errors: fatal ones close the connection. */\nexport const ERRORS = {\n")
	for _, e := range protocol.Table {
		g.printf("  %s: { http: %d, fatal: %t },\n", e.Code, e.HTTP, e.Fatal == "yes")
	}
	g.printf("} as const\n\n")
}

// messages writes each message as an interface and answers their names.
func (g *generator) messages(list []protocol.Message) []string {
	var names []string
	for _, m := range list {
		typ := reflect.TypeOf(m).Elem()
		names = append(names, g.tsName(typ))
		if g.done[typ] {
			continue
		}
		g.done[typ] = true
		g.object(typ, m.Type())
	}
	return names
}

// tsName keeps clear of names that TypeScript knows already.
func (g *generator) tsName(t reflect.Type) string {
	switch t.Name() {
	case "Error":
		return "ErrorMessage"
	case "Code":
		return "ErrorCode"
	case "Text":
		return "TextMessage"
	}
	return t.Name()
}

func (g *generator) object(t reflect.Type, kind string) {
	var b strings.Builder
	doc(&b, "", g.docs[t.Name()])
	fmt.Fprintf(&b, "export interface %s {\n", g.tsName(t))
	if kind != "" {
		fmt.Fprintf(&b, "  type: '%s'\n", kind)
	}
	g.fields(&b, t)
	b.WriteString("}\n\n")
	g.out.WriteString(b.String())
}

func (g *generator) fields(b *strings.Builder, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			g.fields(b, f.Type)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		mark := ""
		if strings.Contains(options, "omitempty") {
			mark = "?"
		}
		doc(b, "  ", g.docs[t.Name()+"."+f.Name])
		fmt.Fprintf(b, "  %s%s: %s\n", name, mark, g.name(f.Type))
	}
}

// name answers the TypeScript name of a type and writes the type when it is a new one of ours.
func (g *generator) name(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return g.name(t.Elem())
	case reflect.Slice:
		return g.name(t.Elem()) + "[]"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
		return "number"
	case reflect.String:
		if enum, ok := reflect.Zero(t).Interface().(protocol.Enum); ok {
			g.enum(t, enum.Enum())
			return g.tsName(t)
		}
		return "string"
	case reflect.Struct:
		if !g.done[t] {
			g.done[t] = true
			g.object(t, "")
		}
		if reflect.PointerTo(t).Implements(reflect.TypeFor[protocol.Message]()) {
			return "Omit<" + g.tsName(t) + ", 'type'>" // inside another object it carries no type
		}
		return g.tsName(t)
	}
	panic("tsgen: no TypeScript for " + t.String())
}

func (g *generator) enum(t reflect.Type, values []string) {
	if g.done[t] {
		return
	}
	g.done[t] = true
	var b strings.Builder
	doc(&b, "", g.docs[t.Name()])
	fmt.Fprintf(&b, "export type %s = '%s'\n\n", g.tsName(t), strings.Join(values, "' | '"))
	g.out.WriteString(b.String())
}

func (g *generator) union(name, text string, members []string) {
	doc(&g.out, "", text)
	fmt.Fprintf(&g.out, "export type %s =\n  | %s\n", name, strings.Join(members, "\n  | "))
	if name == "ClientMessage" {
		g.out.WriteString("\n")
	}
}

func doc(b *strings.Builder, indent, text string) {
	if text != "" {
		fmt.Fprintf(b, "%s/** %s */\n", indent, text)
	}
}

package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Append encodes m as one JSON object, its type first, and appends it to dst.
func Append(dst []byte, m Message) []byte {
	if e, ok := m.(Encoded); ok {
		return append(dst, e...)
	}
	body, err := json.Marshal(m)
	if err != nil { // the structs hold nothing that JSON cannot
		panic(fmt.Sprintf("protocol: encode %s: %v", m.Type(), err))
	}
	dst = append(dst, `{"type":"`...)
	dst = append(dst, m.Type()...)
	dst = append(dst, '"')
	if len(body) > len("{}") {
		dst = append(dst, ',')
	}
	return append(dst, body[1:]...)
}

// Encoded is a message as Append wrote it, to be passed on.
type Encoded []byte

// Type reads the type, which comes first; "" when it does not.
func (e Encoded) Type() string {
	rest, ok := bytes.CutPrefix(e, []byte(`{"type":"`))
	name, _, end := bytes.Cut(rest, []byte(`"`))
	if !ok || !end {
		return ""
	}
	return string(name)
}

// Request answers "": what is passed on answers nothing.
func (Encoded) Request() string { return "" }

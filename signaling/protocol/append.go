package protocol

import (
	"encoding/json"
	"fmt"
)

// Append encodes m as one JSON object, its type first, and appends it to dst.
func Append(dst []byte, m Message) []byte {
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

package e2ee

import (
	"bytes"
	"encoding/json"
)

// marshal is json.Marshal but leaves <, > and & as they are: a text then takes the bytes that the browser's would.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

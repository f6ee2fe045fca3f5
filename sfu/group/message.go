package group

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

const (
	maxKey  = 200  // bytes of a public key
	maxTell = 1024 // bytes of what one tells another
)

// Member is who takes part: an id, and the public key under which the others give him theirs.
type Member struct {
	ID  string `json:"id"`
	Key string `json:"key"`
}

// message is all that goes over the data channel; doc.go says which fields which type has.
type message struct {
	Type    string    `json:"type"`
	Key     string    `json:"key,omitempty"`
	To      string    `json:"to,omitempty"`
	From    string    `json:"from,omitempty"`
	Data    string    `json:"data,omitempty"`
	Group   string    `json:"group,omitempty"`
	You     string    `json:"you,omitempty"`
	Members []Member  `json:"members,omitempty"`
	Slots   []string  `json:"slots,omitempty"`
	Speaker string    `json:"speaker,omitempty"`
	Sizes   []*[2]int `json:"sizes,omitempty"` // width and height in pixels by slot; null says nothing
	Layers  []string  `json:"layers,omitempty"`
}

// parse reads what a browser says.
func parse(data []byte) (m message, err error) {
	if !utf8.Valid(data) {
		return m, fmt.Errorf("%w: not UTF-8", ErrMessage)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	switch {
	case m.Type == "hello" && (m.Key == "" || len(m.Key) > maxKey):
		return m, fmt.Errorf("%w: a key has 1 to %d bytes", ErrMessage, maxKey)
	case m.Type == "tell" && (m.To == "" || m.Data == "" || len(m.Data) > maxTell):
		return m, fmt.Errorf("%w: tell needs to, and 1 to %d bytes of data", ErrMessage, maxTell)
	}
	return m, nil
}

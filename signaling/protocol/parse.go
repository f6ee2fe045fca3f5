package protocol

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// head is what Parse reads first.
type head struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// request is a message that a client may send.
type request interface {
	Message
	validate() error
}

// requests makes an empty message of each type that a client may send.
var requests = map[string]func() request{
	"hello":      func() request { return new(Hello) },
	"offer":      func() request { return new(Offer) },
	"candidate":  func() request { return new(Candidate) },
	"find":       func() request { return new(Find) },
	"next":       func() request { return new(Next) },
	"leave":      func() request { return new(Leave) },
	"text":       func() request { return new(Text) },
	"ack":        func() request { return new(Ack) },
	"keyed":      func() request { return new(Keyed) },
	"shown":      func() request { return new(Shown) },
	"rekey":      func() request { return new(Rekey) },
	"signal":     func() request { return new(Signal) },
	"report":     func() request { return new(Report) },
	"block":      func() request { return new(Block) },
	"understood": func() request { return new(Understood) },
	"ping":       func() request { return new(Ping) },
}

// Parse reads one frame from a client. It keeps no reference to data. The error is
// always an *Error ready to be sent, with the id of the request where it could be read.
func Parse(data []byte) (Message, error) {
	if m := parseOnce(data); m != nil {
		return m, nil
	}
	h, err := parseHead(data)
	if err != nil {
		return nil, err
	}
	make, ok := requests[h.Type]
	if !ok {
		return nil, Errorf(UnknownType, "unknown type %.32q", h.Type).Re(h.ID)
	}
	m := make()
	if err := json.Unmarshal(data, m); err != nil {
		return nil, describe(err).Re(h.ID)
	}
	if err := m.validate(); err != nil {
		return nil, Errorf(BadRequest, "%s.%s", h.Type, err.Error()).Re(h.ID)
	}
	return m, nil
}

// parseOnce reads a good frame that begins with its type, as clients write it; nil of any other.
func parseOnce(data []byte) Message {
	make, ok := requests[Encoded(data).Type()]
	if !ok || len(data) > FrameBytes || !utf8.Valid(data) {
		return nil
	}
	m := make()
	if json.Unmarshal(data, m) != nil || len(m.Request()) > IDBytes || m.validate() != nil {
		return nil
	}
	return m
}

// ParseServer reads one frame from the server, for clients written in Go. Fields
// are not validated.
func ParseServer(data []byte) (Message, error) {
	h, err := parseHead(data)
	if err != nil {
		return nil, err
	}
	for _, m := range Server() {
		if m.Type() == h.Type {
			if err := json.Unmarshal(data, m); err != nil {
				return nil, describe(err)
			}
			return m, nil
		}
	}
	return nil, Errorf(UnknownType, "unknown type %.32q", h.Type)
}

func parseHead(data []byte) (head, error) {
	var h head
	if len(data) > FrameBytes {
		return h, Errorf(TooLarge, "the frame has more than %d bytes", FrameBytes)
	}
	if !utf8.Valid(data) {
		return h, Errorf(BadRequest, "the frame is not valid UTF-8")
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return h, describe(err)
	}
	if len(h.ID) > IDBytes {
		return h, Errorf(BadRequest, "id: more than %d bytes", IDBytes)
	}
	if h.Type == "" {
		return h, Errorf(BadRequest, "type: missing").Re(h.ID)
	}
	return h, nil
}

// describe turns an error of encoding/json into one that names the field and
// repeats nothing of what was sent.
func describe(err error) *Error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field == "" {
			return Errorf(BadRequest, "the frame is not a JSON object")
		}
		return Errorf(BadRequest, "%s: wrong type", wrong.Field)
	}
	return Errorf(BadRequest, "the frame is not valid JSON")
}

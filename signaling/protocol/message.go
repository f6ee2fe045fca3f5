package protocol

// Message is one message of the protocol, in either direction.
type Message interface {
	// Type is the value of the field "type".
	Type() string
	// Request is the id of the request that this message is or answers; "" if none.
	Request() string
}

// Head holds what every message may carry. The type itself is no field: each
// struct is one type, and Append writes it first.
type Head struct {
	// ID is chosen by the client; the answer or error to this message repeats it.
	ID string `json:"id,omitempty"`
}

// Request answers the id of the request.
func (h Head) Request() string { return h.ID }

// Re makes the Head of an answer to the request with this id.
func Re(id string) Head { return Head{ID: id} }

// Client lists one zero value of each message that a client may send, in the
// order of the reference.
func Client() []Message {
	return []Message{
		&Hello{}, &Offer{}, &Candidate{}, &Find{}, &Next{}, &Leave{}, &Text{}, &Ack{}, &Keyed{},
		&Shown{}, &Rekey{}, &Signal{}, &Report{}, &Block{}, &Understood{}, &Ping{},
	}
}

// Server lists one zero value of each message that the server may send.
func Server() []Message {
	return []Message{
		&Welcome{}, &Answer{}, &Waiting{}, &Matched{}, &PartnerText{}, &Ack{}, &Signal{}, &Committed{}, &Partner{},
		&Moved{}, &Ended{}, &Left{}, &Reported{}, &Blocked{}, &Notice{}, &Refused{}, &Pong{}, &Error{},
	}
}

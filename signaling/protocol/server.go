package protocol

// Welcome answers hello. The snapshot of the session follows it.
type Welcome struct {
	Head
	Session string `json:"session"`
	// Resume is the secret that takes this session over; a new one each time.
	Resume  string `json:"resume"`
	Resumed bool   `json:"resumed"`
	// Media says whether this node answered an offer of the session: else its peer connection leads to another node, or
	// nowhere, and the client makes a new one.
	Media bool `json:"media"`
	// Token is a fresh token for the same session.
	Token string `json:"token"`
	// ExpiresAt is when Token expires, as RFC 3339.
	ExpiresAt  string      `json:"expires_at"`
	ICEServers []ICEServer `json:"ice_servers"`
	Limits     Limits      `json:"limits"`
}

// Answer answers offer.
type Answer struct {
	Head
	SDP string `json:"sdp"`
}

// Waiting says that the session stands in the queue.
type Waiting struct {
	Head
	// Since is when the wait began, in Unix milliseconds.
	Since int64 `json:"since"`
	Mode  Mode  `json:"mode"`
	// Position counts from 1; absent when unknown.
	Position int `json:"position,omitempty"`
	// EstimateMS is the expected wait, in milliseconds; absent when unknown.
	EstimateMS int64 `json:"estimate_ms,omitempty"`
}

// Matched says who the partner is. It comes again, with Resumed, after a resume or a rekey.
type Matched struct {
	Head
	Match     string `json:"match"`
	Mode      Mode   `json:"mode"`
	Initiator bool   `json:"initiator"`
	Peer      Peer   `json:"peer"`
	// KeyID is the 48-bit key id of docs/security.md, as 12 hex digits.
	KeyID string `json:"key_id"`
	// At is when the match was made, in Unix milliseconds.
	At      int64 `json:"at"`
	Resumed bool  `json:"resumed,omitempty"`
	// Sent is the highest n that this session has sent in the match.
	Sent uint64 `json:"sent,omitempty"`
	// Acked is the highest n that this session has acknowledged in the match.
	Acked uint64 `json:"acked,omitempty"`
}

// Peer is what a client learns of its partner.
type Peer struct {
	Key string `json:"key"`
	// Tags are the tags that both named.
	Tags     []string `json:"tags"`
	Language string   `json:"language,omitempty"`
	// Name is what the app that the partner comes from calls him; most partners have none.
	Name string `json:"name,omitempty"`
}

// PartnerText is a text as the partner gets it.
type PartnerText struct {
	Head
	Match string `json:"match"`
	N     uint64 `json:"n"`
	Body  string `json:"body"`
	// At is when the server forwarded it, in Unix milliseconds.
	At int64 `json:"at"`
	// Tag is the server's franking tag, base64url.
	Tag string `json:"tag"`
}

// Committed says that the partner is bound to the keys of his media. A client whose own differ must not go on.
type Committed struct {
	Head
	Match  string `json:"match"`
	KeyID  string `json:"key_id"`
	Commit string `json:"commit"`
}

// Partner says whether the partner has a connection.
type Partner struct {
	Head
	Match string       `json:"match"`
	State PartnerState `json:"state"`
}

// Moved asks the client to go to another node, because this one stops, or cannot show the partner: open another connection beside this one and say hello on it with
// Resume and Beside.
type Moved struct {
	Head
	// WithinMS is how long this node goes on, in milliseconds; absent: it does not stop.
	WithinMS int64 `json:"within_ms,omitempty"`
}

// Ended says that a match is over.
type Ended struct {
	Head
	Match  string    `json:"match"`
	Reason EndReason `json:"reason"`
}

// Left answers leave.
type Left struct{ Head }

// Reported answers report.
type Reported struct {
	Head
	Match string `json:"match"`
	// Report is its number, for questions later; absent when the match was reported before.
	Report string `json:"report,omitempty"`
}

// Blocked answers block.
type Blocked struct {
	Head
	Match string `json:"match"`
}

// Notice is a moderator's word for a person who stays: a warning. It comes after each welcome until it is understood.
type Notice struct {
	Head
	// Notice is its name.
	Notice string       `json:"notice"`
	Reason ReportReason `json:"reason"`
	// Message is the moderator's own words.
	Message string `json:"message,omitempty"`
	// At is when it was made, in Unix milliseconds.
	At int64 `json:"at"`
}

// Refused says that a text was not delivered and will not be. Its number is free for a gap.
type Refused struct {
	Head
	Match  string        `json:"match"`
	N      uint64        `json:"n"`
	Reason RefusalReason `json:"reason"`
}

// Pong answers ping.
type Pong struct{ Head }

func (*Welcome) Type() string     { return "welcome" }
func (*Answer) Type() string      { return "answer" }
func (*Waiting) Type() string     { return "waiting" }
func (*Matched) Type() string     { return "matched" }
func (*PartnerText) Type() string { return "text" }
func (*Committed) Type() string   { return "committed" }
func (*Partner) Type() string     { return "partner" }
func (*Moved) Type() string       { return "moved" }
func (*Ended) Type() string       { return "ended" }
func (*Left) Type() string        { return "left" }
func (*Reported) Type() string    { return "reported" }
func (*Blocked) Type() string     { return "blocked" }
func (*Notice) Type() string      { return "notice" }
func (*Refused) Type() string     { return "refused" }
func (*Pong) Type() string        { return "pong" }

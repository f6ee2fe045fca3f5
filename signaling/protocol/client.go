package protocol

// Hello is the first message of every connection.
type Hello struct {
	Head
	// Token is the session token of POST /v1/session or of the last welcome.
	Token string `json:"token"`
	// Resume is the secret of the last welcome: it takes the session over as it is.
	Resume string `json:"resume,omitempty"`
	// Beside says that the connection before is still open: what the client's peer connection sends and receives by the node before goes
	// on until the client closes it.
	Beside bool `json:"beside,omitempty"`
}

// Offer starts, renegotiates or replaces the peer connection to the server.
type Offer struct {
	Head
	SDP string `json:"sdp"`
}

// Candidate is accepted for completeness; the server is ICE-lite and needs none.
type Candidate struct {
	Head
	// Candidate is the candidate line; "" means that there are no more.
	Candidate string `json:"candidate"`
}

// Find looks for a partner. In a match it ends that match with "next".
type Find struct {
	Head
	Mode Mode `json:"mode"`
	// Tags are up to 8 interests of 1 to 24 characters each.
	Tags []string `json:"tags,omitempty"`
	// Language is a BCP 47 primary language tag such as "en".
	Language string   `json:"language,omitempty"`
	Gender   Gender   `json:"gender,omitempty"`
	Seeking  []Gender `json:"seeking,omitempty"`
	// Key is the public key for the coming match, opaque to the server.
	Key string `json:"key"`
	// Widen lets the wishes give way when nobody fits.
	Widen bool `json:"widen,omitempty"`
	// After is the newest match that the sender knows of, "" for none: a later one stays, since
	// the request crossed it on the way, and is told again. Without it any match is ended.
	After *string `json:"after,omitempty"`
}

// Next looks for somebody else with the wishes of the last find.
type Next struct {
	Head
	// Key is a fresh public key for the coming match; without it the last one is used again.
	Key string `json:"key,omitempty"`
	// Widen changes the wish's field of that name when it is present.
	Widen *bool `json:"widen,omitempty"`
	// After is as in find.
	After *string `json:"after,omitempty"`
}

// Leave ends the search or the match.
type Leave struct{ Head }

// Text is one encrypted message to the partner.
type Text struct {
	Head
	Match string `json:"match"`
	// N counts a sender's texts in a match, from 1.
	N uint64 `json:"n"`
	// Body is base64url of 0x01, commitment (32 bytes), iv (12), ciphertext and tag. Where limits.clear_text is set it is that of 0x00,
	// commitment, and the JSON that would be encrypted.
	Body string `json:"body"`
}

// Ack says that everything up to N has been shown. It travels both ways.
type Ack struct {
	Head
	Match string `json:"match"`
	N     uint64 `json:"n"`
}

// Keyed says that the keys of this match are installed.
type Keyed struct {
	Head
	Match string `json:"match"`
	// KeyID and Commit bind the sender to the keys of his media, where limits.report_media_ms asks for it; Commit is
	// base64url of 32 bytes (docs/security.md). The first one for a key id counts.
	KeyID  string `json:"key_id,omitempty"`
	Commit string `json:"commit,omitempty"`
}

// Shown says that the first frame of this match was decoded.
type Shown struct {
	Head
	Match string `json:"match"`
	// MS is how long that took from matched, in milliseconds; at most 10 minutes. It serves the operator's measurements alone.
	MS int64 `json:"ms,omitempty"`
	// NextMS is the same from the moment that this partner was asked for: Next was pressed, or the one before had gone.
	NextMS int64 `json:"next_ms,omitempty"`
}

// Rekey brings a new public key into a running match, after a reload.
type Rekey struct {
	Head
	Match string `json:"match"`
	Key   string `json:"key"`
}

// Signal carries data that only the two clients understand. It travels both ways.
type Signal struct {
	Head
	Match string `json:"match"`
	Data  string `json:"data"`
}

// Report tells the operator about the partner, and ends the match.
type Report struct {
	Head
	Match  string       `json:"match"`
	Reason ReportReason `json:"reason"`
	// Note is the reporter's own words.
	Note string `json:"note,omitempty"`
	// Evidence are texts of the partner that the reporter has chosen, in the order of n.
	Evidence []Evidence `json:"evidence,omitempty"`
	// Picture is what the reporter's browser showed of the partner: base64url of a JPEG. It proves nothing.
	Picture string `json:"picture,omitempty"`
	// Media opens the server's recording of the partner's last seconds.
	Media *MediaKeys `json:"media,omitempty"`
}

// MediaKeys are the base keys of what the partner sent, which his commitment binds him to.
type MediaKeys struct {
	KeyID string `json:"key_id"`
	// Audio and Video are base64url of 32 bytes each.
	Audio string `json:"audio"`
	Video string `json:"video"`
}

// Evidence is one received text with what proves it.
type Evidence struct {
	N    uint64 `json:"n"`
	Text string `json:"text"`
	// KF is the key that opens the commitment, base64url of 32 bytes.
	KF string `json:"kf"`
	// Commitment is the sender's, as it came with the text: base64url of 32 bytes.
	Commitment string `json:"commitment"`
	// Tag and At are the server's, as they came with the text.
	Tag string `json:"tag"`
	At  int64  `json:"at"`
}

// Block ends the match and never brings the two together again.
type Block struct {
	Head
	Match string `json:"match"`
}

// Understood says that the person has read a notice: it does not come again.
type Understood struct {
	Head
	Notice string `json:"notice"`
}

// Ping asks for a pong.
type Ping struct{ Head }

func (*Hello) Type() string      { return "hello" }
func (*Offer) Type() string      { return "offer" }
func (*Candidate) Type() string  { return "candidate" }
func (*Find) Type() string       { return "find" }
func (*Next) Type() string       { return "next" }
func (*Leave) Type() string      { return "leave" }
func (*Text) Type() string       { return "text" }
func (*Ack) Type() string        { return "ack" }
func (*Keyed) Type() string      { return "keyed" }
func (*Shown) Type() string      { return "shown" }
func (*Rekey) Type() string      { return "rekey" }
func (*Signal) Type() string     { return "signal" }
func (*Report) Type() string     { return "report" }
func (*Block) Type() string      { return "block" }
func (*Understood) Type() string { return "understood" }
func (*Ping) Type() string       { return "ping" }

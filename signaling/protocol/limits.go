package protocol

// Subprotocol is the WebSocket subprotocol that a client must ask for.
const Subprotocol = "passerby.v1"

// Caps on what a client may send. All are in bytes unless the name says otherwise.
const (
	FrameBytes     = 64 << 10  // one WebSocket frame or data channel message
	IDBytes        = 64        // id of a request
	MatchBytes     = 64        // name of a match
	KeyBytes       = 200       // a public key
	TokenBytes     = 4 << 10   // a session token
	ResumeBytes    = 128       // a resume secret
	CandidateBytes = 1 << 10   // an ICE candidate line
	TextBytes      = 8 << 10   // body of a text, in base64url characters
	SignalBytes    = 4 << 10   // data of a signal
	NoteBytes      = 1000      // note of a report
	NoticeBytes    = 64        // name of a notice
	EvidenceItems  = 32        // messages in a report
	PictureBytes   = 40_000    // picture of a report, in base64url characters
	ShownMS        = 600_000   // times that come with shown, in milliseconds
	Tags           = 8         // tags that count, after doubles are dropped
	TagLength      = 24        // characters of a tag, after normalisation
	rawTags        = 32        // tags as sent, doubles included
	rawTagBytes    = 200       // one tag as sent, before normalisation
	maxNumber      = 1<<53 - 1 // largest integer that JavaScript holds exactly
)

// Limits tells a client the caps that it should keep to.
type Limits struct {
	// FrameBytes is the largest frame, in bytes.
	FrameBytes int `json:"frame_bytes"`
	// TextBytes is the largest body of a text, in base64url characters.
	TextBytes int `json:"text_bytes"`
	// Tags is the largest number of tags in a wish.
	Tags int `json:"tags"`
	// TagLength is the longest tag, in characters.
	TagLength int `json:"tag_length"`
	// MessagesPerSecond is the sustained rate at which messages are accepted.
	MessagesPerSecond float64 `json:"messages_per_second"`
	// ResumeMS is how long a session outlives its connection, in milliseconds.
	ResumeMS int64 `json:"resume_ms"`
	// GraceMS is how long a search holds out for a shared tag before it takes anyone, in milliseconds.
	GraceMS int64 `json:"grace_ms"`
	// RematchMS is how long two people who just met both wait before they may meet again, in milliseconds; absent: not at all.
	RematchMS int64 `json:"rematch_ms,omitempty"`
	// ReportMediaMS is how much of a running video match the server records, still encrypted, for reports, in
	// milliseconds; absent: nothing.
	ReportMediaMS int64 `json:"report_media_ms,omitempty"`
	// ClearText says that texts are not encrypted between the two people: the server reads and filters them, and pages must say so.
	ClearText bool `json:"clear_text,omitempty"`
}

// ICEServer is one entry of RTCConfiguration.iceServers.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

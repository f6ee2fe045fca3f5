package protocol

// SessionRequest is the body of POST /v1/session.
type SessionRequest struct {
	// Adult is the user's word that he is an adult; nothing is given out without it.
	Adult bool `json:"adult"`
}

// SessionAnswer answers POST /v1/session.
type SessionAnswer struct {
	Token string `json:"token"`
	// ExpiresAt is RFC 3339.
	ExpiresAt  string      `json:"expires_at"`
	ICEServers []ICEServer `json:"ice_servers"`
	Limits     Limits      `json:"limits"`
}

// ErrorAnswer is the body of every HTTP answer that is an error.
type ErrorAnswer struct {
	Error *Error `json:"error"`
}

// StatsAnswer answers GET /v1/stats.
type StatsAnswer struct {
	Online  int          `json:"online"`
	Waiting WaitingStats `json:"waiting"`
	Matched int          `json:"matched"`
}

// WaitingStats counts who waits, by mode.
type WaitingStats struct {
	Video int `json:"video"`
	Text  int `json:"text"`
}

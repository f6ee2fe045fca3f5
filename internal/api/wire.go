package api

// SessionRequest is the body of POST /api/v1/sessions.
type SessionRequest struct {
	// User is the app's own name for its user: 1 to 128 bytes. It is never shown, and kept only as a keyed hash.
	User string `json:"user"`
	// TTL is for how many seconds the token can be used: 10 to 3600; absent: 300.
	TTL int `json:"ttl,omitempty"`
	// Age is "adult" or "minor", by the app's word.
	Age string `json:"age"`
	// DisplayName is shown to partners: at most 40 characters, no control or direction characters.
	DisplayName string `json:"display_name,omitempty"`
	// Tags are up to 8 interests of 1 to 24 characters each; the user can add to them.
	Tags []string `json:"tags,omitempty"`
	// Language is a BCP 47 primary language tag such as "en".
	Language string `json:"language,omitempty"`
	// Gender is f, m or x.
	Gender string `json:"gender,omitempty"`
	// Seeking are the genders of partners: f, m, x.
	Seeking []string `json:"seeking,omitempty"`
}

// SessionAnswer answers it.
type SessionAnswer struct {
	// Token is for the page, which gives it to connect({session}); it counts once.
	Token string `json:"token"`
	// User is Passerby's pseudonym of the user: events and bans speak of it.
	User string `json:"user"`
	// ExpiresAt is RFC 3339.
	ExpiresAt string `json:"expires_at"`
}

// BanRequest is the body of POST /api/v1/bans.
type BanRequest struct {
	// User is a pseudonym, as sessions and events name it.
	User string `json:"user"`
	// Reason is minor, nudity, threat, hate, spam or other.
	Reason string `json:"reason"`
	// Message is shown to the person; at most 500 bytes.
	Message string `json:"message,omitempty"`
	// Seconds is for how long; absent: for good.
	Seconds int64 `json:"seconds,omitempty"`
}

// BanAnswer is a ban.
type BanAnswer struct {
	// Ban is its number.
	Ban string `json:"ban"`
	// User is the pseudonym of who is kept out; empty when it is a network.
	User string `json:"user"`
	// Reason is minor, nudity, threat, hate, spam or other.
	Reason string `json:"reason"`
	// At is when it was made, as RFC 3339.
	At string `json:"at"`
	// Until is when it ends, as RFC 3339; absent: never.
	Until string `json:"until,omitempty"`
	// Lifted is when it was ended early, as RFC 3339; absent: it was not.
	Lifted string `json:"lifted,omitempty"`
}

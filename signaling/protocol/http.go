package protocol

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// SessionRequest is the body of POST /v1/session.
type SessionRequest struct {
	// Adult is the user's word that he is an adult; nothing is given out without it.
	Adult bool `json:"adult"`
	// Proof solves the challenge of a `proof_required`.
	Proof *Proof `json:"proof,omitempty"`
}

// Challenge is a puzzle: find the number from 0 to MaxNumber for which the hexadecimal SHA-256 of Salt followed by the number in decimal is Challenge.
type Challenge struct {
	// Algorithm is "SHA-256".
	Algorithm string `json:"algorithm"`
	Challenge string `json:"challenge"`
	MaxNumber int64  `json:"maxnumber"`
	Salt      string `json:"salt"`
	Signature string `json:"signature"`
}

// Proof is a challenge with its number. It counts once.
type Proof struct {
	Algorithm string `json:"algorithm"`
	Challenge string `json:"challenge"`
	Number    int64  `json:"number"`
	Salt      string `json:"salt"`
	Signature string `json:"signature"`
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
	// Challenge comes with `proof_required`.
	Challenge *Challenge `json:"challenge,omitempty"`
}

// SettingsAnswer answers GET /v1/settings: what the operator wishes of pages, which do it themselves.
type SettingsAnswer struct {
	// Words are masked in messages, on the reader's device.
	Words []string `json:"words"`
	// BlurStart has matches begin blurred, unless the user has chosen otherwise.
	BlurStart bool `json:"blur_start"`
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

// WriteError answers a plain HTTP request with an error. Status 0 takes the table's.
func WriteError(w http.ResponseWriter, status int, err *Error) { writeError(w, status, err, nil) }

// WriteChallenge answers a plain HTTP request with a puzzle to be solved first.
func WriteChallenge(w http.ResponseWriter, err *Error, c *Challenge) { writeError(w, 0, err, c) }

func writeError(w http.ResponseWriter, status int, err *Error, c *Challenge) {
	answer := *err
	answer.Fatal = false // there is no connection to close
	if status == 0 {
		status = Lookup(err.Code).HTTP
	}
	w.Header().Set("Content-Type", "application/json")
	if err.RetryAfterMS > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt((err.RetryAfterMS+999)/1000, 10))
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(ErrorAnswer{Error: &answer, Challenge: c}) // nobody is left to tell
}

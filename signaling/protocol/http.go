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

// WriteError answers a plain HTTP request with an error. Status 0 takes the table's.
func WriteError(w http.ResponseWriter, status int, err *Error) {
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
	_ = json.NewEncoder(w).Encode(ErrorAnswer{Error: &answer}) // nobody is left to tell
}

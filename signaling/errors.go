package signaling

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// Errors that dependencies answer with; wrap them to add text.
var (
	ErrGone = machine.ErrGone
	ErrWish = machine.ErrWish
	ErrSDP  = machine.ErrSDP
	// ErrTokenExpired says that a token was good and its time is over.
	ErrTokenExpired = errors.New("token expired")
)

// WriteError answers a plain HTTP request with an error of the protocol's table.
func WriteError(w http.ResponseWriter, err *protocol.Error) {
	w.Header().Set("Content-Type", "application/json")
	if err.RetryAfterMS > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt((err.RetryAfterMS+999)/1000, 10))
	}
	w.WriteHeader(protocol.Lookup(err.Code).HTTP)
	_ = json.NewEncoder(w).Encode(protocol.ErrorAnswer{Error: err}) // nobody is left to tell
}

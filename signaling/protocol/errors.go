package protocol

import (
	"fmt"
	"time"
)

// Code is a stable name of an error.
type Code string

// The codes. Table says what each means.
const (
	BadRequest      Code = "bad_request"
	UnknownType     Code = "unknown_type"
	TooLarge        Code = "too_large"
	RateLimited     Code = "rate_limited"
	Flooding        Code = "flooding"
	HelloRequired   Code = "hello_required"
	TokenInvalid    Code = "token_invalid"
	TokenExpired    Code = "token_expired"
	AdultRequired   Code = "adult_required"
	OriginForbidden Code = "origin_forbidden"
	ProofRequired   Code = "proof_required"
	Banned          Code = "banned"
	DeviceInvalid   Code = "device_invalid"
	AgeRequired     Code = "age_required"
	Replaced        Code = "replaced"
	NoMatch         Code = "no_match"
	WrongState      Code = "wrong_state"
	SDPInvalid      Code = "sdp_invalid"
	MediaFailed     Code = "media_failed"
	SlowConsumer    Code = "slow_consumer"
	ServerFull      Code = "server_full"
	Draining        Code = "draining"
	EvidenceInvalid Code = "evidence_invalid"
	Internal        Code = "internal"
)

// Enum lists the codes.
func (Code) Enum() []string {
	codes := make([]string, len(Table))
	for i, e := range Table {
		codes[i] = string(e.Code)
	}
	return codes
}

// Entry is one line of the table of errors.
type Entry struct {
	Code  Code
	HTTP  int    // status when the error answers a plain HTTP request
	Fatal string // "yes" closes the connection, "no" does not, "–" is never sent on one
	Again string // whether trying again can help, and when
	Means string // for people
}

// Table is the one table of errors, in the order of docs/protocol.md.
var Table = []Entry{
	{BadRequest, 400, "no", "no", "the message is malformed; the text says which field"},
	{UnknownType, 400, "no", "no", "this server does not know the type"},
	{TooLarge, 413, "yes", "no", "the frame is over the limit"},
	{RateLimited, 429, "no", "after `retry_after_ms`", "too many messages; the message was dropped. Persisting leads to `flooding`"},
	{Flooding, 429, "yes", "after `retry_after_ms`", "kept sending while limited"},
	{HelloRequired, 401, "yes", "no", "the first message was not `hello` or came too late"},
	{TokenInvalid, 401, "yes", "with a new session", ""},
	{TokenExpired, 401, "yes", "with a new session", ""},
	{AdultRequired, 403, "–", "no", "age was not confirmed"},
	{OriginForbidden, 403, "–", "no", ""},
	{ProofRequired, 428, "–", "with `proof`", "many newcomers at once: solve the puzzle in `challenge` first"},
	{Banned, 403, "yes", "no", "the device or its network is banned; the answer of `POST /v1/session` tells why, until when, and takes an appeal"},
	{DeviceInvalid, 401, "–", "at once, with the time of the answer's `Date`", "the device key's signature does not hold, is too old, or was used before"},
	{AgeRequired, 403, "–", "with an `age_token`", "this server wants proof of age"},
	{Replaced, 409, "yes", "no", "another tab took the session over"},
	{NoMatch, 409, "no", "no", "the match named is not the current one; to `report` and `block`, not a recent one either"},
	{WrongState, 409, "no", "no", "e.g. `next` before `find`"},
	{SDPInvalid, 400, "no", "with another offer", ""},
	{MediaFailed, 503, "no", "yes", ""},
	{SlowConsumer, 503, "yes", "yes (resume)", "the client did not read fast enough"},
	{ServerFull, 503, "yes", "after `retry_after_ms`", ""},
	{Draining, 503, "no", "after `retry_after_ms`", "the server is shutting down"},
	{EvidenceInvalid, 400, "no", "without it", "something that a report offers as proof is not what it claims to be; the text says which. Nothing was recorded"},
	{Internal, 500, "no", "yes", ""},
}

// Lookup finds the line of a code; the line of Internal for a code that is not in the table.
func Lookup(code Code) Entry {
	for _, e := range Table {
		if e.Code == code {
			return e
		}
	}
	return Table[len(Table)-1]
}

// Error is the message "error", and the Go error that becomes it.
type Error struct {
	Head
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// RetryAfterMS says when trying again can help, in milliseconds; absent when it cannot or at once.
	RetryAfterMS int64 `json:"retry_after_ms,omitempty"`
	// Fatal says that the connection closes after this message.
	Fatal bool `json:"fatal,omitempty"`
}

// Type is "error".
func (*Error) Type() string { return "error" }

// Error describes the error for logs.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Errorf makes an Error with the table's verdict on whether it is fatal.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Fatal: Lookup(code).Fatal == "yes"}
}

// Re sets the id of the request that the error answers.
func (e *Error) Re(id string) *Error {
	e.ID = id
	return e
}

// After sets when trying again can help; it is rounded up to a whole millisecond.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfterMS = max(1, int64((d+time.Millisecond-1)/time.Millisecond))
	return e
}

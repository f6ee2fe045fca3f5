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
	// Minor is the user's word that he is none; only where the operator has a pool for minors, who meet nobody else.
	Minor bool `json:"minor,omitempty"`
	// AgeToken is the word of an age-assurance service; needed where the operator has one.
	AgeToken string `json:"age_token,omitempty"`
	// AppToken is of POST /api/v1/sessions: another app's word on who its user is, for one session. Adult need not be given with it.
	AppToken string `json:"app_token,omitempty"`
	// Device shows that the same device asks again. Without it the session is a stranger's.
	Device *Device `json:"device,omitempty"`
	// Proof solves the challenge of a `proof_required`.
	Proof *Proof `json:"proof,omitempty"`
}

// Device is a device key's signature of this request.
type Device struct {
	// Key is the public key, P-256: base64url of the uncompressed point, 65 bytes.
	Key string `json:"key"`
	// At is when it was signed, in Unix milliseconds. Within five minutes of the server's clock.
	At int64 `json:"at"`
	// Nonce is base64url of 16 random bytes. It counts once.
	Nonce string `json:"nonce"`
	// Signature is base64url of ECDSA with SHA-256 (r and s, 32 bytes each) over the text "passerby device\n" host "\n" at "\n" nonce, where
	// host is that of the request.
	Signature string `json:"signature"`
}

// Ban is why and for how long somebody is kept out.
type Ban struct {
	Reason string `json:"reason"`
	// Message is the moderator's words; it may be absent.
	Message string `json:"message,omitempty"`
	// Until is in Unix milliseconds; absent: for good.
	Until int64 `json:"until,omitempty"`
	// Token names the ban to POST /v1/appeal, for a day.
	Token string `json:"token"`
	// Appeal is where one's own last appeal stands: "open", "refused", or absent for none.
	Appeal string `json:"appeal,omitempty"`
	// Answer is what a moderator answered to it.
	Answer string `json:"answer,omitempty"`
}

// AppealRequest is the body of POST /v1/appeal.
type AppealRequest struct {
	Token string `json:"token"`
	// Text has at most 2,000 bytes.
	Text string `json:"text"`
}

// AppealAnswer answers POST /v1/appeal.
type AppealAnswer struct {
	Appeal string `json:"appeal"`
}

// DataRequest is the body of POST /v1/data/export and POST /v1/data/delete. The device signs over "passerby device export\n" or
// "passerby device delete\n", and else as for a session.
type DataRequest struct {
	Device *Device `json:"device"`
	// Confirm is "delete" for a deletion.
	Confirm string `json:"confirm,omitempty"`
}

// DeleteAnswer answers POST /v1/data/delete.
type DeleteAnswer struct {
	Deleted DeletedData `json:"deleted"`
	Kept    KeptData    `json:"kept"`
}

// DeletedData counts what was deleted. Chats and reports that the person made stay without him.
type DeletedData struct {
	Chats    int `json:"chats"`
	Blocks   int `json:"blocks"`
	Appeals  int `json:"appeals"`
	Warnings int `json:"warnings"`
	Reports  int `json:"reports"`
}

// KeptData counts what must stay until its time is over, since it protects others: reports about the person, and bans.
type KeptData struct {
	Reports int `json:"reports"`
	Bans    int `json:"bans"`
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
	// Ban comes with `banned`.
	Ban *Ban `json:"ban,omitempty"`
	// AgeURL comes with `age_required`: where age is proven.
	AgeURL string `json:"age_url,omitempty"`
}

// SettingsAnswer answers GET /v1/settings: what the operator wishes of pages, which do it themselves.
type SettingsAnswer struct {
	// Words are masked in messages, on the reader's device.
	Words []string `json:"words"`
	// BlurStart has matches begin blurred, unless the user has chosen otherwise.
	BlurStart bool `json:"blur_start"`
	// ClearText is as in limits.
	ClearText bool `json:"clear_text,omitempty"`
	// AgeService says that a service decides about ages, so that a person's own word is not asked for.
	AgeService bool `json:"age_service,omitempty"`
	// Learns says that the queue learns from how long talks last who suits whom, so that people can be told.
	Learns bool `json:"learns,omitempty"`
	// NudityCheck is the likelihood from which pages, if the user agrees, blur a picture as nudity (absent: they do not look).
	NudityCheck float64 `json:"nudity_check,omitempty"`
}

// TagsAnswer answers GET /v1/tags: what many people named in the last hours, the most popular first.
type TagsAnswer struct {
	Tags []string `json:"tags"`
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
	writeError(w, status, ErrorAnswer{Error: err})
}

// WriteChallenge answers a plain HTTP request with a puzzle to be solved first.
func WriteChallenge(w http.ResponseWriter, err *Error, c *Challenge) {
	writeError(w, 0, ErrorAnswer{Error: err, Challenge: c})
}

// WriteAnswer answers a plain HTTP request with an error and what belongs to it.
func WriteAnswer(w http.ResponseWriter, a ErrorAnswer) { writeError(w, 0, a) }

func writeError(w http.ResponseWriter, status int, a ErrorAnswer) {
	err, answer := a.Error, *a.Error
	answer.Fatal = false // there is no connection to close
	if status == 0 {
		status = Lookup(err.Code).HTTP
	}
	w.Header().Set("Content-Type", "application/json")
	if err.RetryAfterMS > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt((err.RetryAfterMS+999)/1000, 10))
	}
	a.Error = &answer
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // nobody is left to tell
}

package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"passerby/internal/caller"
	"passerby/internal/limit"
	"passerby/signaling/protocol"
)

const (
	userBytes  = 128       // of a user's name
	usualTTL   = time.Hour // of credentials, when the request names none
	keyRate    = 200       // answers a second to one API key …
	keyBurst   = 1000
	wrongRate  = 1 // wrong keys a second from one address …
	wrongBurst = 20
	addresses  = 10_000 // that are known at a time
)

// Credentials is what the API that makes TURN credentials is made of. All fields are required.
type Credentials struct {
	Keys     []string      // each opens the API
	Longest  time.Duration // for which credentials are made; whole seconds
	Mint     func(user string, ttl time.Duration) []protocol.ICEServer
	Draining func() bool
}

// CredentialsRequest is the body of POST /v1/credentials.
type CredentialsRequest struct {
	User string `json:"user"`          // quotas count by it
	TTL  int64  `json:"ttl,omitempty"` // seconds; absent: an hour, or the longest that the server gives
}

// CredentialsAnswer answers it. iceServers is what RTCPeerConnection takes.
type CredentialsAnswer struct {
	ICEServers []protocol.ICEServer `json:"iceServers"`
	TTL        int64                `json:"ttl"`       // seconds
	ExpiresAt  string               `json:"expiresAt"` // RFC 3339; no allocation is made after it
}

type minter struct {
	Credentials
	keys  [][sha256.Size]byte // hashes, which are compared in constant time
	calls *limit.Buckets      // by key
	wrong *limit.Buckets      // by address
}

// NewCredentials returns the handler of the listener that an application's servers call. It gives pages no access (no CORS): an API
// key in a page is everybody's.
func NewCredentials(c Credentials) http.Handler {
	m := &minter{Credentials: c, calls: limit.New(keyRate, keyBurst, 2*len(c.Keys)), wrong: limit.New(wrongRate, wrongBurst, addresses)}
	for _, key := range c.Keys {
		m.keys = append(m.keys, sha256.Sum256([]byte(key)))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/credentials", m.serve)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		protocol.WriteError(w, http.StatusNotFound, protocol.Errorf(protocol.BadRequest, "there is no such address: POST /v1/credentials makes credentials"))
	})
	return mux
}

func (m *minter) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		protocol.WriteError(w, http.StatusMethodNotAllowed, protocol.Errorf(protocol.BadRequest, "use POST, from your server: an API key does not belong into a page"))
		return
	}
	key, fault := m.open(r)
	if fault != nil {
		if fault.Code == protocol.TokenInvalid {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		protocol.WriteError(w, 0, fault)
		return
	}
	if ok, wait := m.calls.Allow(strconv.Itoa(key)); !ok {
		protocol.WriteError(w, 0, protocol.Errorf(protocol.RateLimited, "more than %d requests a second with this key: wait a moment", keyRate).After(wait))
		return
	}
	if m.Draining() {
		protocol.WriteError(w, 0, protocol.Errorf(protocol.Draining, "this server is stopping: ask another, or try again in a moment").After(2*time.Second))
		return
	}
	b, fault, status := body(w, r)
	if fault != nil {
		protocol.WriteError(w, status, fault)
		return
	}
	req := CredentialsRequest{TTL: int64(min(usualTTL, m.Longest) / time.Second)}
	if err := json.Unmarshal(b, &req); err != nil {
		protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, `the body must be a JSON object like {"user": "ada", "ttl": 3600}, with the ttl in seconds`))
		return
	}
	if !nameable(req.User) {
		protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, "user must be a name of 1 to %d bytes without control characters, one for each person: quotas count by it", userBytes))
		return
	}
	if longest := int64(m.Longest / time.Second); req.TTL < 1 || req.TTL > longest {
		protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, "ttl must be 1 to %d seconds", longest))
		return
	}
	ttl := time.Duration(req.TTL) * time.Second
	answer(w, http.StatusOK, CredentialsAnswer{
		TTL: req.TTL, ExpiresAt: time.Now().Add(ttl).UTC().Format(time.RFC3339), ICEServers: m.Mint(req.User, ttl),
	})
}

// open says which key a request has, or what is wrong with it. Who tries keys is slowed down.
func (m *minter) open(r *http.Request) (int, *protocol.Error) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	given, found := sha256.Sum256([]byte(key)), -1
	for i := range m.keys {
		if subtle.ConstantTimeCompare(given[:], m.keys[i][:]) == 1 {
			found = i
		}
	}
	if found >= 0 && strings.EqualFold(scheme, "Bearer") {
		return found, nil
	}
	if ok, wait := m.wrong.Allow(caller.Proxies(nil).Network(r).String()); !ok {
		return 0, protocol.Errorf(protocol.RateLimited, "too many requests without a valid API key from this address: wait a moment").After(wait)
	}
	return 0, protocol.Errorf(protocol.TokenInvalid, `the API key is missing or wrong: send "Authorization: Bearer KEY" with a key of the setting api-key`)
}

// nameable says whether a name can be a part of a TURN username.
func nameable(user string) bool {
	return user != "" && len(user) <= userBytes && utf8.ValidString(user) && !strings.ContainsFunc(user, unicode.IsControl)
}

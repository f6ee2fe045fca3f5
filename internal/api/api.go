package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"passerby/internal/auth"
	"passerby/internal/caller"
	"passerby/internal/limit"
	"passerby/internal/store"
	"passerby/signaling/protocol"
)

const (
	bodyBytes  = 4 << 10
	keyRate    = 100 // calls a second of one key …
	keyBurst   = 500
	wrongRate  = 1 // wrong keys a second from one address …
	wrongBurst = 20
	addresses  = 10_000 // that are known at a time
)

// Store is what the API needs of one.
type Store interface {
	Ban(ctx context.Context, id string) (store.Ban, error)
	Within(ctx context.Context, f func(tx store.Store) error) error
}

// Config is what the API is made of; all fields are required.
type Config struct {
	Keys     []Key
	Tokens   *auth.Tokens
	AppUser  func(app, user string) string // pseudonym of an app's user
	Minors   bool                          // may come
	Stats    func() protocol.StatsAnswer
	Store    Store
	Draining func() bool
	Proxies  caller.Proxies
	Logger   *slog.Logger
}

type api struct {
	Config
	calls *limit.Buckets // by key
	wrong *limit.Buckets // by address
}

// New returns the handler of everything under /api/.
func New(c Config) http.Handler {
	a := &api{Config: c, calls: limit.New(keyRate, keyBurst, 2*max(1, len(c.Keys))), wrong: limit.New(wrongRate, wrongBurst, addresses)}
	mux := http.NewServeMux()
	for pattern, h := range map[string]http.HandlerFunc{
		"POST /api/v1/sessions":               a.with("sessions", a.mint),
		"DELETE /api/v1/users/{user}/session": a.with("sessions", a.end),
		"GET /api/v1/figures":                 a.with("figures", a.figures),
		"POST /api/v1/bans":                   a.with("bans", a.ban),
		"GET /api/v1/bans/{ban}":              a.with("bans", a.showBan),
		"DELETE /api/v1/bans/{ban}":           a.with("bans", a.lift),
	} {
		mux.HandleFunc(pattern, h)
	}
	mux.HandleFunc("/api/", a.with("", func(w http.ResponseWriter, _ *http.Request, _ Key) {
		protocol.WriteError(w, http.StatusNotFound, protocol.Errorf(protocol.BadRequest, "there is no such address or method; docs/api.md lists all"))
	}))
	return mux
}

// with lets in who has a key with a scope.
func (a *api) with(scope string, h func(w http.ResponseWriter, r *http.Request, k Key)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		k, fault := a.open(r)
		if fault != nil {
			if fault.Code == protocol.TokenInvalid {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			protocol.WriteError(w, 0, fault)
			return
		}
		if scope != "" && !slices.Contains(k.Scopes, scope) {
			protocol.WriteError(w, http.StatusForbidden, protocol.Errorf(protocol.TokenInvalid, "this key has not the scope %s", scope))
			return
		}
		if ok, wait := a.calls.Allow(k.Name); !ok {
			protocol.WriteError(w, 0, protocol.Errorf(protocol.RateLimited, "more than %d calls a second with this key: wait a moment", keyRate).After(wait))
			return
		}
		if a.Draining() {
			protocol.WriteError(w, 0, protocol.Errorf(protocol.Draining, "this server is stopping: ask another, or try again in a moment").After(2*time.Second))
			return
		}
		h(w, r, k)
	}
}

func (a *api) open(r *http.Request) (Key, *protocol.Error) {
	if r.Header.Get("Origin") != "" {
		return Key{}, protocol.Errorf(protocol.OriginForbidden, "this is for servers: an API key in a page is everybody's")
	}
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if k, ok := find(a.Keys, text); ok && strings.EqualFold(scheme, "Bearer") {
		return k, nil
	}
	if ok, wait := a.wrong.Allow(a.Proxies.Network(r).String()); !ok {
		return Key{}, protocol.Errorf(protocol.RateLimited, "too many requests without a valid API key from this address: wait a moment").After(wait)
	}
	return Key{}, protocol.Errorf(protocol.TokenInvalid, `the API key is missing or wrong: send "Authorization: Bearer KEY" with a key that passerby apikey made`)
}

func (a *api) figures(w http.ResponseWriter, _ *http.Request, _ Key) {
	answer(w, http.StatusOK, a.Stats())
}

// read reads a body; false when it has answered that it cannot.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		protocol.WriteError(w, 0, protocol.Errorf(protocol.TooLarge, "the request is over %d bytes", bodyBytes))
		return false
	case err != nil:
		protocol.WriteError(w, http.StatusRequestTimeout, protocol.Errorf(protocol.BadRequest, "the body did not come, or not in time"))
		return false
	}
	if err := json.Unmarshal(b, v); err != nil {
		protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, "the body must be a JSON object as docs/openapi.yaml describes it: %v", err))
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone when this fails
}

func bad(w http.ResponseWriter, format string, args ...any) {
	protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, format, args...))
}

// failed answers that the store could not do something.
func (a *api) failed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrNotFound) {
		protocol.WriteError(w, http.StatusNotFound, protocol.Errorf(protocol.BadRequest, "there is no such ban"))
		return
	}
	a.Logger.ErrorContext(r.Context(), "api", "err", err)
	protocol.WriteError(w, http.StatusServiceUnavailable, protocol.Errorf(protocol.Internal, "the database does not answer: try again"))
}

package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"passerby/internal/caller"
	"passerby/signaling/protocol"
)

const bodyBytes = 4 << 10

// Config is what the API is made of. All fields but AllowedOrigins and Proxies are required. Allow says whether a network
// may open one more session, and else how long it should wait.
type Config struct {
	NewSession     func(r *http.Request, network netip.Prefix, req protocol.SessionRequest) (token string, expires time.Time, err error) // may be a *Refusal
	Appeal         func(ctx context.Context, network netip.Prefix, req protocol.AppealRequest) error                                     // may be a *Refusal
	Data           func(r *http.Request, network netip.Prefix, purpose string, req protocol.DataRequest) (any, error)                    // purpose: export, delete; may be a *Refusal
	ICEServers     func() []protocol.ICEServer
	Limits         protocol.Limits
	Allow          func(ctx context.Context, network string) (bool, time.Duration)
	Proof          Prover                          // nil: no proof of work is ever asked for
	Claimed        func(d *protocol.Device) string // who a device says to be, not proven; "" for none
	Stats          func() protocol.StatsAnswer
	Settings       protocol.SettingsAnswer
	Tags           func() []string // to suggest
	Draining       func() bool
	WebSocket      http.Handler
	Web            http.Handler
	Console        http.Handler // of the moderators, at /moderate; nil: not here
	API            http.Handler // for other apps' servers, at /api/; nil: not here
	AllowedOrigins []string
	Proxies        caller.Proxies // whose X-Forwarded-For is believed
	Logger         *slog.Logger
}

// Prover asks for proof of work while somebody attacks; internal/proof is one. network is caller.Operator for the machine itself.
type Prover interface {
	// Count takes note of a request without a valid proof.
	Count(network netip.Prefix)
	// Ask answers the challenge to solve first, or nil. user is who says to come, not proven yet; empty: somebody new.
	Ask(ctx context.Context, network netip.Prefix, user string) *protocol.Challenge
	// Check says whether a proof counts, which it does once.
	Check(ctx context.Context, p *protocol.Proof) error
}

type api struct{ Config }

// New returns the handler of the public listener.
func New(c Config) http.Handler {
	a := &api{c}
	mux := http.NewServeMux()
	mux.Handle("/v1/session", a.shared(http.MethodPost, a.session))
	mux.Handle("/v1/appeal", a.shared(http.MethodPost, a.appeal))
	mux.Handle("/v1/data/export", a.shared(http.MethodPost, a.data("export")))
	mux.Handle("/v1/data/delete", a.shared(http.MethodPost, a.data("delete")))
	mux.Handle("/v1/stats", a.shared(http.MethodGet, a.stats))
	mux.Handle("/v1/settings", a.shared(http.MethodGet, a.settings))
	mux.Handle("/v1/tags", a.shared(http.MethodGet, a.tags))
	mux.Handle("/v1/ws", c.WebSocket)
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) {
		protocol.WriteError(w, http.StatusNotFound, protocol.Errorf(protocol.BadRequest, "there is no such address; docs/protocol.md lists all"))
	})
	if c.Console != nil {
		mux.Handle("/moderate", c.Console)
		mux.Handle("/moderate/", c.Console)
	}
	if c.API != nil {
		mux.Handle("/api/", c.API)
	}
	mux.Handle("/", c.Web)
	return hardened(mux)
}

// hardened has every answer say that it is no page to be framed, sniffed or run; pages bring a policy of their own (package web).
func hardened(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		h.ServeHTTP(w, r)
	})
}

// shared answers CORS for the allowed origins, refuses other pages, and refuses other methods.
func (a *api) shared(method string, h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		w.Header().Set("Cache-Control", "no-store")
		if origin := r.Header.Get("Origin"); origin != "" && !sameHost(origin, r.Host) {
			if !slices.Contains(a.AllowedOrigins, origin) {
				protocol.WriteError(w, 0, protocol.Errorf(protocol.OriginForbidden, "pages of %s may not use this server: its operator can add the origin to allowed-origins", origin))
				return
			}
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
			w.Header().Set("Access-Control-Expose-Headers", "Date")
			w.Header().Set("Access-Control-Max-Age", "600")
		}
		switch r.Method {
		case method:
			h(w, r)
		case http.MethodOptions:
			w.Header().Set("Access-Control-Allow-Methods", method)
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Allow", method)
			protocol.WriteError(w, http.StatusMethodNotAllowed, protocol.Errorf(protocol.BadRequest, "use %s", method))
		}
	})
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}

func (a *api) session(w http.ResponseWriter, r *http.Request) {
	if a.Draining() {
		protocol.WriteError(w, 0, protocol.Errorf(protocol.Draining, "the server is restarting: try again in a moment").After(2*time.Second))
		return
	}
	network := a.Proxies.Network(r)
	if network != caller.Operator {
		if ok, wait := a.Allow(r.Context(), network.String()); !ok {
			a.count(network)
			protocol.WriteError(w, 0, protocol.Errorf(protocol.RateLimited, "too many new sessions from this network: wait a moment").After(wait))
			return
		}
	}
	b, fault, status := body(w, r)
	if fault != nil {
		protocol.WriteError(w, status, fault)
		return
	}
	var req protocol.SessionRequest
	if err := json.Unmarshal(b, &req); err != nil {
		protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, `the body must be a JSON object like {"adult": true}`))
		return
	}
	if !req.Adult && !req.Minor && req.AgeToken == "" && req.AppToken == "" {
		protocol.WriteError(w, 0, protocol.Errorf(protocol.AdultRequired, "this service is for adults: confirm your age to go on"))
		return
	}
	if c := a.toProve(r.Context(), network, req); c != nil {
		protocol.WriteChallenge(w, protocol.Errorf(protocol.ProofRequired, "many newcomers come at once: solve the puzzle in challenge and ask again with proof"), c)
		return
	}
	token, expires, err := a.NewSession(r, network, req)
	if err != nil {
		a.refuse(w, r, "new session", err)
		return
	}
	answer(w, http.StatusOK, protocol.SessionAnswer{
		Token: token, ExpiresAt: expires.UTC().Format(time.RFC3339), ICEServers: a.ICEServers(), Limits: a.Limits,
	})
}

func (a *api) count(network netip.Prefix) {
	if a.Proof != nil {
		a.Proof.Count(network)
	}
}

// toProve answers the puzzle that this request still has to solve, or nil.
func (a *api) toProve(ctx context.Context, network netip.Prefix, req protocol.SessionRequest) *protocol.Challenge {
	if a.Proof == nil || req.Proof != nil && a.Proof.Check(ctx, req.Proof) == nil {
		return nil
	}
	a.count(network)
	return a.Proof.Ask(ctx, network, a.Claimed(req.Device))
}

// body reads a request's body of at most bodyBytes, or says what to answer: status 0 is that of the fault's code.
func body(w http.ResponseWriter, r *http.Request) (b []byte, fault *protocol.Error, status int) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, protocol.Errorf(protocol.TooLarge, "the request is over %d bytes", bodyBytes), 0
	}
	if err != nil {
		return nil, protocol.Errorf(protocol.BadRequest, "the body did not come, or not in time"), http.StatusRequestTimeout
	}
	return b, nil, 0
}

func (a *api) settings(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	s := a.Settings
	if s.Words == nil {
		s.Words = []string{}
	}
	answer(w, http.StatusOK, s)
}

func (a *api) tags(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=60")
	answer(w, http.StatusOK, protocol.TagsAnswer{Tags: a.Tags()})
}

func (a *api) stats(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, a.Stats()) }

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone when this fails
}

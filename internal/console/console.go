package console

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"passerby/internal/caller"
	"passerby/internal/moderation"
	"passerby/internal/staff"
	"passerby/internal/store"
)

// Path is where the console is.
const Path = "/moderate"

// Config is what the console is made of. All fields but Proxies are required.
type Config struct {
	Door    *staff.Door
	Desk    *moderation.Desk
	Store   store.Store // to read lists
	Figures func(ctx context.Context) Figures
	Page    http.Handler // the built page, below Path
	Proxies caller.Proxies
	Log     *slog.Logger
}

// Figures are live numbers without content.
type Figures struct {
	Online        int     `json:"online"`
	WaitingVideo  int     `json:"waiting_video"`
	WaitingText   int     `json:"waiting_text"`
	Matched       int     `json:"matched"` // people in a conversation
	MatchesMinute float64 `json:"matches_per_minute"`
	Nodes         int     `json:"nodes"`
}

type console struct {
	Config
	routes map[string]route
}

// route is one address of the API. public ones need no session; a session at Setup may use only those with account.
type route struct {
	public, account bool
	may             staff.Action // of sessions at Full; "" with public or account: everybody
	serve           func(c *console, r *http.Request, me staff.Session) (any, error)
}

// New returns the handler for Path and all below it.
func New(c Config) http.Handler {
	h := &console{c, routes()}
	mux := http.NewServeMux()
	for pattern, rt := range h.routes {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" "+Path+"/api"+path, h.route(rt))
	}
	mux.HandleFunc(Path+"/api/", func(w http.ResponseWriter, _ *http.Request) { fail(w, errNoSuch) })
	mux.HandleFunc("GET "+staff.OIDCReturn, h.oidcReturn)
	mux.Handle(Path+"/", http.StripPrefix(Path, c.Page))
	mux.HandleFunc(Path, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, Path+"/", http.StatusPermanentRedirect)
	})
	return mux
}

// route does what is the same for all addresses.
func (c *console) route(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w)
		if !sameOrigin(r) {
			fail(w, errOrigin)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, bodyMost)
		me, err := c.who(r)
		if err != nil && !rt.public {
			c.failed(w, r, err)
			return
		}
		switch {
		case rt.public || rt.account && me.Stage == staff.Setup:
		case me.Stage != staff.Full:
			err = errSetup
		case rt.may != "" && !me.Member.Role.May(rt.may):
			err = errForbidden
		}
		if err != nil && !rt.public {
			fail(w, err)
			return
		}
		answer, err := rt.serve(c, r, me)
		if err != nil {
			c.failed(w, r, err)
			return
		}
		if s, ok := answer.(signed); ok {
			c.endOld(r, me)
			setSession(w, s.token)
			answer = s.answer
		}
		switch a := answer.(type) {
		case cleared:
			clearSession(w)
			write(w, http.StatusOK, struct{}{})
		case interface{ serve(w http.ResponseWriter) }:
			a.serve(w)
		case nil:
			write(w, http.StatusOK, struct{}{})
		default:
			write(w, http.StatusOK, a)
		}
	})
}

// harden says that nobody else may read, frame, keep or interpret an answer.
func harden(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
}

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"passerby/internal/api"
	"passerby/internal/auth"
	"passerby/internal/caller"
	"passerby/signaling/protocol"
)

// apiAt is the API for other apps' servers for a listener, if it is served there; else nil.
func (s *Server) apiAt(place string) http.Handler {
	if s.cfg.API != place || len(s.cfg.APIKeys) == 0 {
		return nil
	}
	return api.New(api.Config{
		Keys: s.cfg.APIKeys, Tokens: s.people.tokens, AppUser: s.people.names.AppUser, Minors: s.cfg.Minors, Stats: s.stats, Store: s.store,
		Draining: s.draining.Load, Proxies: caller.Proxies(s.cfg.TrustedProxies), Logger: s.log,
	})
}

// entry answers whom an app lets in with a token, which counts once; not when it lets nobody in.
func (p *people) entry(ctx context.Context, network netip.Prefix, token string) (user, pool string, said auth.Said, err error) {
	e, err := p.tokens.VerifyEntry(token)
	switch {
	case errors.Is(err, auth.ErrExpired):
		return "", "", said, refusal(protocol.TokenExpired, "the app's token is too old: ask the app for another")
	case err != nil:
		return "", "", said, refusal(protocol.TokenInvalid, "the app's token is not one of this server: ask the app for another")
	case e.Age == auth.Minor && !p.s.cfg.Minors:
		return "", "", said, refusal(protocol.AdultRequired, "this service is for adults")
	}
	if ban, banned := p.check(e.User, network, time.Now()); banned {
		return "", "", said, p.banned(ctx, ban, e.User)
	}
	if ok, _ := p.enter(ctx, e.ID); !ok {
		return "", "", said, refusal(protocol.TokenInvalid, "the app's token was used before: ask the app for another")
	}
	if e.Age == auth.Minor {
		pool = minorsPool
	}
	return e.User, pool, e.Said, nil
}

const apikeyUsage = `passerby apikey NAME SCOPE...   make a key for another app's server; the scopes are sessions, figures, bans

The first line is the key, for the app alone: it is not kept. The second belongs into the setting api-keys; docs/api.md goes on from there.`

func apikeyCommand(args []string, stdout io.Writer) error {
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
		fmt.Fprintln(stdout, apikeyUsage)
		return nil
	}
	if len(args) < 2 {
		return usageError{errors.New("say for whom and for what:\n\n" + apikeyUsage)}
	}
	text, k, err := api.MakeKey(args[0], args[1:])
	if err != nil {
		return usageError{err}
	}
	_, err = fmt.Fprint(stdout, strings.Join([]string{text, k.String(), ""}, "\n"))
	return err
}

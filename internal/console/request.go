package console

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"passerby/internal/caller"
	"passerby/internal/staff"
)

const (
	bodyMost      = 32 << 10
	sessionCookie = "__Host-passerby-moderator"
	oidcCookie    = "__Host-passerby-oidc"
)

// crossOrigin refuses what changes something and comes from another origin (Sec-Fetch-Site, else Origin).
var crossOrigin = http.NewCrossOriginProtection()

// sameOrigin says whether a request comes from the console's own page, or from no page at all. Reading is held to the same rule: an answer that
// another page cannot read may still tell it something by its size or time.
func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, r.Host) {
			return false
		}
	}
	return crossOrigin.Check(r) == nil
}

// site is this server as the browser knows it. Browsers send Origin with every request that is not GET or HEAD.
func site(r *http.Request) (staff.Site, error) {
	u, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return staff.Site{}, errOrigin
	}
	return staff.Site{Secure: u.Scheme == "https", Host: u.Host}, nil
}

// network is that by which tries are counted; "" for the operator on the machine itself.
func (c *console) network(r *http.Request) string {
	n := c.Proxies.Network(r)
	if n == caller.Operator {
		return ""
	}
	return n.String()
}

// read reads a JSON body.
func read(r *http.Request, v any) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return badRequest("send JSON")
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case err != nil:
		return badRequest("the body is not the JSON that this address takes")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest("one JSON object, and nothing after it")
	}
	return nil
}

// who finds the session of a request.
func (c *console) who(r *http.Request) (staff.Session, error) {
	k, err := r.Cookie(sessionCookie)
	if err != nil {
		return staff.Session{}, errSignedOut
	}
	s, err := c.Door.Session(r.Context(), k.Value)
	if errors.Is(err, staff.ErrNone) {
		return staff.Session{}, errSignedOut
	}
	return s, err
}

// endOld ends the session that a browser had before it signed in anew.
func (c *console) endOld(r *http.Request, old staff.Session) {
	if old.ID != "" {
		_ = c.Door.Store.DeleteModeratorSession(r.Context(), old.ID) // gone already, or ends by itself
	}
}

func setSession(w http.ResponseWriter, token string) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: token, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func clearSession(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: -1})
}

package console

import (
	"net/http"

	"passerby/internal/staff"
)

// askOIDC begins a sign-in by the provider. The ticket's cookie is Lax, since the browser comes back from another site.
func (c *console) askOIDC(r *http.Request, _ staff.Session) (any, error) {
	s, err := site(r)
	if err != nil {
		return nil, err
	}
	url, ticket, err := c.Door.AskOIDC(r.Context(), s)
	if err != nil {
		return nil, err
	}
	return away{url, ticket}, nil
}

// away sends the browser to the provider.
type away struct{ url, ticket string }

func (a away) serve(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: oidcCookie, Value: a.ticket, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 600})
	write(w, http.StatusOK, map[string]string{"url": a.url})
}

// oidcReturn is where the provider sends the browser. It answers with the page, which then asks for its session from its own origin: the
// session's cookie does not travel with a navigation that another site began.
func (c *console) oidcReturn(w http.ResponseWriter, r *http.Request) {
	harden(w)
	http.SetCookie(w, &http.Cookie{Name: oidcCookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1})
	ticket := ""
	if k, err := r.Cookie(oidcCookie); err == nil {
		ticket = k.Value
	}
	q := r.URL.Query()
	step, err := c.Door.ReturnOIDC(r.Context(), c.network(r), ticket, q.Get("state"), q.Get("code"))
	if err != nil {
		c.Log.InfoContext(r.Context(), "console: sign-in by the OpenID provider refused", "err", err)
		http.Redirect(w, r, Path+"/?refused=oidc", http.StatusSeeOther)
		return
	}
	setSession(w, step.Token)
	http.Redirect(w, r, Path+"/", http.StatusSeeOther)
}

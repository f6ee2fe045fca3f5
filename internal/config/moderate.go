package config

import (
	"flag"
	"net/url"
	"slices"
	"strings"
)

// Moderate is the moderators' console.
type Moderate struct {
	Serve string // where the console is: on (at /moderate of the pages), admin (of the private listener), off

	OIDCIssuer       string // URL of an OpenID provider that moderators sign in with; empty: none
	OIDCClientID     string
	OIDCClientSecret string
}

func (m *Moderate) flags(fs *flag.FlagSet) {
	fs.StringVar(&m.Serve, "moderate", m.Serve, "`place` of the moderators' console: on (at /moderate of the pages), admin (there of the admin listener alone) or off")
	fs.StringVar(&m.OIDCIssuer, "oidc-issuer", m.OIDCIssuer, "`URL` of an OpenID provider that moderators may sign in with, like https://id.example.org; none: they use passwords and passkeys")
	fs.StringVar(&m.OIDCClientID, "oidc-client-id", m.OIDCClientID, "`name` of this server at that provider, where /moderate/api/oidc/return must be allowed as its redirect")
	fs.StringVar(&m.OIDCClientSecret, "oidc-client-secret", m.OIDCClientSecret, "`secret` of this server at that provider")
}

func (m Moderate) validate(admin string, fault func(format string, args ...any)) {
	if !slices.Contains([]string{"on", "admin", "off"}, m.Serve) {
		fault("--moderate: %q is none of on, admin, off", m.Serve)
	}
	if m.Serve == "admin" && admin == "off" {
		fault("--moderate: the admin listener is off: give --admin an address")
	}
	if m.OIDCIssuer != "" {
		u, err := url.Parse(m.OIDCIssuer)
		local := err == nil && (u.Hostname() == "localhost" || strings.HasPrefix(u.Host, "127.0.0.1"))
		if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !local) {
			fault("--oidc-issuer: %q is no provider: write it like https://id.example.org", m.OIDCIssuer)
		}
		if m.OIDCClientID == "" {
			fault("--oidc-client-id: the provider knows this server by a name: give it")
		}
	}
}

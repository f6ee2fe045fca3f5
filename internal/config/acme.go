package config

import (
	"flag"
	"net/netip"
	"net/url"
	"strings"
)

// ACME is where certificates come from when there are no files: a CA that speaks RFC 8555. It is off without Domains.
type ACME struct {
	Domains []string // names of this server, which the CA finds it by
	Accept  bool     // the operator accepts the CA's terms of service
	Email   string   // that the CA may write to
	Dir     string   // where account key and certificates are kept
	HTTP    string   // listen address of the CA's http-01 requests; "off": only tls-alpn-01, on the TLS port
	CA      string   // directory URL; empty: Let's Encrypt
	CARoot  string   // PEM file of what the CA's own HTTPS is checked with; empty: the system's
}

// On says whether certificates come from a CA.
func (a ACME) On() bool { return len(a.Domains) > 0 }

func (a *ACME) flags(fs *flag.FlagSet) {
	fs.Var(list[string]{&a.Domains, text}, "acme-domain", "`names` of this server, comma separated, for which certificates are got from a CA, Let's Encrypt by default; instead of tls-cert")
	fs.BoolVar(&a.Accept, "acme-accept-terms", a.Accept, "`true` accepts the terms of service of that CA (Let's Encrypt: https://letsencrypt.org/repository/)")
	fs.StringVar(&a.Email, "acme-email", a.Email, "`address` that the CA may write to about them")
	fs.StringVar(&a.Dir, "acme-dir", a.Dir, "`directory` of account key and certificates, to be kept over restarts")
	fs.StringVar(&a.HTTP, "acme-http", a.HTTP, "listen `address`, which the CA must reach on port 80, to prove there that the names are this server's; off: it must reach the TLS port on port 443")
	fs.StringVar(&a.CA, "acme-ca", a.CA, "directory `URL` of another CA")
	fs.StringVar(&a.CARoot, "acme-ca-root", a.CARoot, "PEM `file` with the root certificate that this URL's own is checked with; none: the system's")
}

func (a ACME) validate(certFile string, fault func(format string, args ...any)) {
	if a.HTTP != "off" {
		if err := listenable(a.HTTP); err != nil {
			fault("--acme-http: %w", err)
		}
	}
	if !a.On() {
		return
	}
	if certFile != "" {
		fault("--acme-domain and --tls-cert: the certificate comes from a CA or from a file, not from both")
	}
	if !a.Accept {
		fault("--acme-accept-terms: the CA has terms of service: read them (Let's Encrypt: https://letsencrypt.org/repository/), then set this to true")
	}
	for _, d := range a.Domains {
		_, err := netip.ParseAddr(d)
		if err == nil || d != strings.ToLower(d) || strings.ContainsAny(d, " /:@*") || !strings.Contains(strings.Trim(d, "."), ".") || len(d) > 253 {
			fault("--acme-domain: %q is no name that a CA could look up: write it like chat.example.org, in small letters", d)
		}
	}
	if a.Email != "" && !strings.Contains(a.Email, "@") {
		fault("--acme-email: %q is no address", a.Email)
	}
	if u, err := url.Parse(a.CA); a.CA != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
		fault("--acme-ca: %q is no directory: write it like https://acme.example.org/directory", a.CA)
	}
}

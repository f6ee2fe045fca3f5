package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"passerby/internal/acme"
	"passerby/internal/config"
	"passerby/turn"
)

// certificates is where a server's certificate comes from: files that are read again when they change, or a CA.
type certificates struct {
	current func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	host    string       // a name that it is for; may be empty
	ca      *acme.Source // nil with files
	http    net.Listener // where the CA asks by http-01; nil when off
	log     *slog.Logger
}

// openCertificates returns nil when there are to be none.
func openCertificates(certFile, keyFile string, a config.ACME, log *slog.Logger) (*certificates, error) {
	c := &certificates{log: log}
	switch {
	case certFile != "":
		pair, err := certificate(certFile, keyFile)
		if err != nil {
			return nil, err
		}
		for _, name := range pair.Leaf.DNSNames {
			if c.host == "" && !strings.HasPrefix(name, "*") {
				c.host = name
			}
		}
		c.current, err = turn.CertificateFiles(certFile, keyFile, log)
		return c, err
	case !a.On():
		return nil, nil
	}
	roots, err := caRoots(a.CARoot)
	if err != nil {
		return nil, err
	}
	c.ca = acme.New(acme.Config{Domains: a.Domains, Email: a.Email, Dir: a.Dir, CA: a.CA, Roots: roots, Logger: log})
	c.current, c.host = c.ca.Certificate, a.Domains[0]
	if a.HTTP != "off" {
		if c.http, err = net.Listen("tcp", a.HTTP); err != nil {
			return nil, explain("acme-http", a.HTTP, err)
		}
	}
	return c, nil
}

// caRoots is what the CA's own HTTPS is checked with; nil: the system's.
func caRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--acme-ca-root: %w: name a PEM file that this user may read", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("--acme-ca-root: %s holds no certificate in PEM", file)
	}
	return pool, nil
}

// tls is the configuration of a listener that speaks these protocols; none: it heeds no ALPN.
func (c *certificates) tls(protocols ...string) *tls.Config {
	usual := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.current, NextProtos: protocols}
	if c.ca == nil {
		return usual
	}
	proof := usual.Clone()
	proof.NextProtos = []string{acme.ALPN}
	usual.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acme.ALPN {
			return proof, nil
		}
		return nil, nil
	}
	return usual
}

// run looks after the certificates until ctx ends. Who comes to the http-01 listener for something else gets other.
func (c *certificates) run(ctx context.Context, g *errgroup.Group, other http.Handler) {
	if c.ca == nil {
		return
	}
	g.Go(func() error { return c.ca.Run(ctx) })
	if c.http == nil {
		return
	}
	h := bounded(c.proofs(other), usualPatience, c.log)
	g.Go(func() error { return serve(h, c.http) })
	g.Go(func() error { <-ctx.Done(); return h.Close() })
}

// proofs answers the CA over plain HTTP, and gives all else to other.
func (c *certificates) proofs(other http.Handler) http.Handler {
	if c.ca == nil {
		return other
	}
	return c.ca.HTTP(other)
}

// close is for certificates that never ran, too.
func (c *certificates) close() error {
	if c == nil || c.http == nil {
		return nil
	}
	if err := c.http.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// certificate reads a pair of PEM files; an error names the setting and the file.
func certificate(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("--tls-cert: %w: name a PEM file that this user may read", err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("--tls-key: %w: name a PEM file that this user may read", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("--tls-cert %s with --tls-key %s: %w", certFile, keyFile, err)
	}
	return pair, nil
}

package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// ALPN is what a listener must offer, and only to who asks for nothing else, so that tls-alpn-01 works on it (RFC 8737).
const ALPN = acme.ALPNProto

// LetsEncrypt is the directory of Let's Encrypt.
const LetsEncrypt = autocert.DefaultACMEDirectory

const (
	firstPause = 2 * time.Minute // after an order failed; longer each time …
	mostPause  = 2 * time.Hour   // up to this
	lookEvery  = 6 * time.Hour   // at what is left of a certificate's life
)

// Config is what a Source is made from. Whoever makes one has accepted the CA's terms of service.
type Config struct {
	Domains []string // one certificate for each; the first is shown to who names none of them
	Email   string   // that the CA may write to; may be empty
	Dir     string   // where account key and certificates are kept; made with mode 0700
	CA      string   // directory URL; empty: LetsEncrypt
	Roots   *x509.CertPool
	Logger  *slog.Logger
}

// Source holds the certificates of some names.
type Source struct {
	cfg     Config
	manager *autocert.Manager
	client  *client

	mu  sync.Mutex // guards got
	got map[string]bool
}

// New makes a Source that holds nothing before Run.
func New(cfg Config) *Source {
	s := &Source{cfg: cfg, client: newClient(cfg.Roots), got: map[string]bool{}}
	s.manager = &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(cfg.Dir), HostPolicy: autocert.HostWhitelist(cfg.Domains...), Email: cfg.Email,
		Client: &acme.Client{DirectoryURL: cfg.CA, HTTPClient: &http.Client{Transport: s.client, Timeout: 30 * time.Second}, UserAgent: "passerby"},
	}
	if cfg.CA == "" {
		s.manager.Client.DirectoryURL = LetsEncrypt
	}
	return s
}

// Certificate is for tls.Config.GetCertificate.
func (s *Source) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if asks(hello) {
		return s.manager.GetCertificate(hello)
	}
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if !slices.Contains(s.cfg.Domains, name) { // many TURN clients name nobody
		name = s.cfg.Domains[0]
	}
	s.mu.Lock()
	got := s.got[name]
	s.mu.Unlock()
	if !got {
		return nil, fmt.Errorf("there is no certificate for %s yet", name)
	}
	return s.manager.GetCertificate(helloFor(name))
}

// asks says whether a handshake is the CA's, which wants to see a proof.
func asks(hello *tls.ClientHelloInfo) bool {
	return len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == ALPN
}

// helloFor is that of a client who takes ECDSA, as all do that speak TLS 1.2 or DTLS 1.2: a second certificate for others is not ordered.
func helloFor(name string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{ServerName: name, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
}

// HTTP answers the CA's http-01 requests, for a listener that the CA reaches on port 80; all else is for other.
func (s *Source) HTTP(other http.Handler) http.Handler {
	proofs := s.manager.HTTPHandler(other)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.Host); err == nil && strings.HasPrefix(r.URL.Path, "/.well-known/acme-challenge/") {
			r = r.Clone(r.Context())
			r.Host = host
		}
		proofs.ServeHTTP(w, r)
	})
}

// Run gets a certificate for each name and looks after them until ctx ends. What goes wrong is logged, and tried again.
func (s *Source) Run(ctx context.Context) error {
	defer s.client.close()
	var all sync.WaitGroup
	for _, name := range s.cfg.Domains {
		all.Go(func() { s.keep(ctx, name) })
	}
	<-ctx.Done()
	s.client.close()
	all.Wait()
	return nil
}

// keep looks after one name.
func (s *Source) keep(ctx context.Context, name string) {
	pause := firstPause
	for ctx.Err() == nil {
		leaf, err := s.get(name)
		wait := lookEvery
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait, pause = pause, min(2*pause, mostPause)
			s.cfg.Logger.Error("no certificate from the CA: the name must lead to this server, and the CA must reach port 443 of it (or 80, with http-01)", "name", name, "err", err, "again_in", wait)
		case time.Until(leaf.NotAfter) < leaf.NotAfter.Sub(leaf.NotBefore)/5: // renewal begins when a third is left
			s.cfg.Logger.Error("the certificate is not being renewed: the CA must reach port 443 of this server (or 80, with http-01)", "name", name, "expires", leaf.NotAfter)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// get makes sure that there is a certificate: of this run, from the directory, or new from the CA.
func (s *Source) get(name string) (*x509.Certificate, error) {
	pair, err := s.manager.GetCertificate(helloFor(name))
	if err != nil {
		return nil, err
	}
	if pair.Leaf == nil {
		return nil, errors.New("the CA's certificate cannot be read")
	}
	s.mu.Lock()
	first := !s.got[name]
	s.got[name] = true
	s.mu.Unlock()
	if first {
		s.cfg.Logger.Info("certificate", "name", name, "by", pair.Leaf.Issuer.CommonName, "expires", pair.Leaf.NotAfter)
	}
	return pair.Leaf, nil
}

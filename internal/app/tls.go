package app

import (
	"context"
	"net"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"passerby/internal/porter"
)

// newPorter lets HTTPS and TURN over TLS share a listener.
func (s *Server) newPorter(l net.Listener) *porter.Porter {
	cfg := porter.Config{Patience: s.patience.header}
	protocols := porter.HTTP
	if s.cfg.TURNListen != "off" {
		protocols = append(protocols[:len(protocols):len(protocols)], porter.TURN...)
		cfg.TURN = func(c net.Conn) bool { return s.turn.Take(c) } // which is there before Run
	}
	cfg.TLS = s.certs.tls(protocols...)
	return porter.New(l, cfg)
}

// secureTURN is where browsers find TURN over TLS, by a name of the certificate; empty when that is nowhere.
func (s *Server) secureTURN() string {
	if s.porter == nil || s.turn == nil {
		return ""
	}
	host := s.cfg.Host
	if host == "" {
		host = s.certs.host
	}
	if host == "" {
		return ""
	}
	_, port, _ := net.SplitHostPort(s.public.Addr().String())
	return net.JoinHostPort(host, port)
}

// runTLS runs what stands beside and before HTTPS, until ctx ends and public is closed.
func (s *Server) runTLS(ctx context.Context, g *errgroup.Group) {
	if s.porter == nil {
		return
	}
	if s.turn != nil && s.secureTURN() == "" {
		s.log.Warn("the certificate names no host that browsers could be told: they do not learn of TURN over TLS; name this server with --host")
	}
	g.Go(s.porter.Run)
	lead := http.HandlerFunc(s.lead)
	s.certs.run(ctx, g, lead)
	if s.plain == nil {
		return
	}
	h := bounded(s.certs.proofs(lead), s.patience, s.log)
	g.Go(func() error { return serve(h, s.plain) })
	g.Go(func() error { <-ctx.Done(); return h.Close() })
}

// lead sends who came over plain HTTP to the same place over HTTPS.
func (s *Server) lead(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "this server speaks HTTPS", http.StatusForbidden) // what was sent has been read by others already
		return
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	_, port, _ := net.SplitHostPort(s.public.Addr().String())
	http.Redirect(w, r, "https://"+strings.TrimSuffix(net.JoinHostPort(host, port), ":443")+r.URL.RequestURI(), http.StatusMovedPermanently)
}

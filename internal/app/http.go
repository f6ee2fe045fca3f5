package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"passerby/internal/caller"
	"passerby/internal/httpapi"
	"passerby/internal/overload"
	"passerby/signaling/protocol"
	"passerby/web"
)

// patience is how long HTTP clients may take. A WebSocket sheds these times, since net/http clears the deadlines of what is hijacked.
type patience struct{ header, request, answer, idle time.Duration }

var usualPatience = patience{header: 10 * time.Second, request: 15 * time.Second, answer: time.Minute, idle: 2 * time.Minute}

func (s *Server) listenHTTP() (err error) {
	if s.public, err = net.Listen("tcp", s.cfg.HTTP); err != nil {
		return explain("http", s.cfg.HTTP, err)
	}
	if s.certs, err = openCertificates(s.cfg.TLSCert, s.cfg.TLSKey, s.cfg.ACME, s.log); err != nil {
		return err
	}
	if s.cfg.HTTPS != "off" {
		s.plain = s.public
		if s.public, err = net.Listen("tcp", s.cfg.HTTPS); err != nil {
			return explain("https", s.cfg.HTTPS, err)
		}
	}
	if s.certs != nil {
		s.porter = s.newPorter(s.public)
		s.public = s.porter
	}
	if s.cfg.Admin == "off" {
		return nil
	}
	s.admin, err = net.Listen("tcp", s.cfg.Admin)
	return explain("admin", s.cfg.Admin, err)
}

// bounded serves everybody: slow requests and slow readers are cut off.
func bounded(h http.Handler, p patience, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: p.header, ReadTimeout: p.request, WriteTimeout: p.answer, IdleTimeout: p.idle,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// adminHTTP serves the operator, who may ask for profiles that take minutes.
func adminHTTP(listen string, registry *prometheus.Registry, ready, open func() error, ails func() []string, console, api http.Handler) *http.Server {
	return &http.Server{Handler: httpapi.Admin(listen, registry, ready, open, ails, console, api), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
}

func serve(h *http.Server, l net.Listener) error {
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// URL is where a browser on this machine finds the page.
func (s *Server) URL() string {
	scheme := "http"
	host, port, _ := net.SplitHostPort(s.public.Addr().String())
	if s.certs != nil {
		scheme = "https"
	}
	if s.certs != nil && s.certs.ca != nil {
		host = s.certs.host
	} else if ip, err := netip.ParseAddr(host); err != nil || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

func (s *Server) handler() http.Handler {
	h := httpapi.New(httpapi.Config{
		NewSession: s.people.session,
		Appeal:     s.people.takeAppeal,
		Data:       s.people.data,
		ICEServers: func() []protocol.ICEServer { return s.iceServers(rand.Text()[:8]) },
		Limits:     s.signaling().Limits(),
		// One person needs one session a tab; an address may stand for a school behind NAT.
		Allow:     s.newLimit("sessions", 5, 50),
		Proof:     s.guard,
		Claimed:   s.people.claimed,
		Stats:     s.stats,
		Tags:      func() []string { return s.tags.Top(suggestedMost) },
		Settings:  protocol.SettingsAnswer{Learns: s.cfg.SmartMatching, Words: s.words, BlurStart: s.cfg.BlurStart, NudityCheck: s.cfg.NudityCheck, AgeService: s.cfg.AgeSecret != "", ClearText: s.texts != nil},
		Draining:  s.draining.Load,
		WebSocket: s.hub, Web: web.Handler(s.site), Console: s.consoleAt("on"), API: s.apiAt("on"), AllowedOrigins: s.cfg.AllowedOrigins, Proxies: s.cfg.TrustedProxies, Logger: s.log,
	})
	h = tallied(s.warnOfProxy(h), s.registry)
	if s.certs == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000") // RFC 6797; a year
		h.ServeHTTP(w, r)
	})
}

// warnOfProxy says once that a proxy stands in front that the operator should name.
func (s *Server) warnOfProxy(h http.Handler) http.Handler {
	var once sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if caller.Proxies(s.cfg.TrustedProxies).Unnamed(r) {
			once.Do(func() {
				s.log.Warn("a proxy on this machine or a private network passes requests on and --trusted-proxies does not name it: all who come through it share the limits of one address")
			})
		}
		h.ServeHTTP(w, r)
	})
}

// open says why newcomers should go to another node.
func (s *Server) open() error {
	if why := s.room.Full(); why != "" {
		return fmt.Errorf("full: %s", why)
	}
	return nil
}

// newRoom makes the door that closes under load.
func (s *Server) newRoom() *overload.Door {
	marks := overload.Marks{CPU: float64(s.cfg.OverloadCPU) / 100, Lag: s.cfg.OverloadLag, Memory: float64(s.cfg.OverloadMemory) / 100}
	return overload.New(marks, overload.NewSampler().Sample, s.log, s.registry)
}

// ails says what does not work though the node serves.
func (s *Server) ails() []string {
	if s.databaseAway.Load() {
		return []string{"the database is away: chats go on, nothing is stored"}
	}
	return nil
}

func (s *Server) ready() error {
	if s.leaving.Load() {
		return errors.New("draining")
	}
	return nil
}

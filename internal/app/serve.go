package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"passerby/internal/auth"
	"passerby/internal/bus"
	busmemory "passerby/internal/bus/memory"
	"passerby/internal/caller"
	"passerby/internal/cluster"
	"passerby/internal/config"
	"passerby/internal/httpapi"
	"passerby/internal/redisdb"
	"passerby/match"
	"passerby/sfu"
	"passerby/sfu/link"
	"passerby/signaling"
	"passerby/signaling/protocol"
	"passerby/turn"
	"passerby/web"
)

// Server is a running node: everything listens, nothing is served before Run.
type Server struct {
	cfg      config.Config
	log      *slog.Logger
	keys     auth.Keys
	registry *prometheus.Registry

	sfu   *sfu.Server
	turn  *turn.Server   // nil when off
	redis redisdb.Client // nil without --redis
	queue runningQueue
	hub   *signaling.Hub

	address string // of this node's sessions, on the bus
	memory  busmemory.Bus
	bus     bus.Node
	members *cluster.Members // nil without --redis

	public   net.Listener
	admin    net.Listener // nil when off
	secret   string       // of the TURN credentials
	turnHost string
	draining atomic.Bool
}

// Start opens every port and builds the node; logs go to logs. On an error all is closed again.
func Start(cfg config.Config, logs io.Writer) (_ *Server, err error) {
	s := &Server{cfg: cfg, registry: prometheus.NewRegistry()}
	if s.cfg.NodeID == "" {
		s.cfg.NodeID = rand.Text()[:8]
	}
	s.address = newAddress(s.cfg.NodeID)
	s.log = logger(cfg.LogLevel, cfg.LogFormat, logs).With("node", s.cfg.NodeID)
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.keys, err = auth.LoadKeys(cfg.DataDir); err != nil {
		if errors.As(err, new(*fs.PathError)) {
			err = fmt.Errorf("--data-dir %s: %w: name a directory that this user may write", cfg.DataDir, err)
		}
		return nil, err
	}
	if s.secret = cfg.TURNSecret; s.secret == "" {
		s.secret = s.keys.TURN
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err = s.listenHTTP(); err != nil {
		return nil, err
	}
	if err = s.openRedis(); err != nil {
		return nil, err
	}
	events := &sink{}
	if err = s.listenMedia(events); err != nil {
		return nil, err
	}
	if err = s.build(events); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) listenHTTP() (err error) {
	if s.public, err = net.Listen("tcp", s.cfg.HTTP); err != nil {
		return explain("http", s.cfg.HTTP, err)
	}
	if s.cfg.TLSCert != "" {
		cert, err := certificate(s.cfg.TLSCert, s.cfg.TLSKey)
		if err != nil {
			return err
		}
		s.public = tls.NewListener(s.public, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}})
	}
	if s.cfg.Admin == "off" {
		return nil
	}
	s.admin, err = net.Listen("tcp", s.cfg.Admin)
	return explain("admin", s.cfg.Admin, err)
}

func (s *Server) listenMedia(events sfu.Events) (err error) {
	tcp := s.cfg.TCP
	if tcp == "off" {
		tcp = ""
	}
	s.sfu, err = sfu.Listen(sfu.Config{
		UDP: s.cfg.UDP, TCP: tcp, PublicIPs: s.cfg.PublicIP, Events: events, Logger: s.log, Registerer: s.registry, MaxPeers: s.cfg.MaxSessions,
		Link: s.linkConfig(),
	})
	if err != nil {
		setting, addr := "udp", s.cfg.UDP
		if op := (*net.OpError)(nil); errors.Is(err, link.ErrListen) {
			setting, addr = "link", s.cfg.Link
		} else if errors.As(err, &op) && op.Net == "tcp" {
			setting, addr = "tcp", s.cfg.TCP
		}
		return explain(setting, addr, err)
	}
	s.turnHost = turnHost(s.cfg.PublicIP, s.sfu)
	if s.cfg.TURNListen == "off" {
		return nil
	}
	host, err := netip.ParseAddr(s.turnHost)
	if err != nil {
		return fmt.Errorf("turn: %w", err)
	}
	if !host.Is4() {
		host = netip.Addr{} // the relay's own address is IPv4; the TURN server finds one
	}
	s.turn, err = turn.Listen(turn.Config{
		Listen: s.cfg.TURNListen, Realm: "passerby", Secret: s.secret, PublicIP: host,
		AllowPeerAddrs: s.sfu.Addrs(), AllowPeers: s.cfg.TURNAllowPeers, Logger: s.log,
	})
	if err != nil {
		return explain("turn-listen", s.cfg.TURNListen, err)
	}
	return s.registry.Register(turnMetrics{s.turn})
}

func (s *Server) build(events *sink) error {
	tokens, err := auth.NewTokens(s.keys.Token, nil)
	if err != nil {
		return err
	}
	if s.queue, err = s.newQueue(); err != nil {
		return err
	}
	if err := s.signaling().Validate(); err != nil {
		return fmt.Errorf("signaling: %w", err)
	}
	if s.bus, err = s.joinBus(); err != nil {
		return err
	}
	store, err := s.joinCluster()
	if err != nil {
		return err
	}
	s.hub = signaling.New(s.signaling(), signaling.Deps{
		Queue: queue{s.queue}, Media: media{s.sfu}, Bus: s.bus, Tokens: tokenSource{tokens}, Store: store, Allow: s.userLimits(),
		Network: caller.Proxies(s.cfg.TrustedProxies).Network, ICEServers: s.iceServers, Frank: s.keys.Frank, Logger: s.log, Registerer: s.registry,
	})
	events.hub = s.hub
	return nil
}

func (s *Server) signaling() signaling.Config {
	return signaling.Config{Node: s.address, Origins: s.cfg.AllowedOrigins, MaxSessions: s.cfg.MaxSessions, PerNetwork: s.cfg.MaxPerAddress, Grace: orNone(s.cfg.Grace)}
}

func (s *Server) hint(e match.Event) {
	switch e.Kind {
	case match.PairMade:
		s.hub.PairMade(e.Session, pair(e.Pair))
	case match.PairEnded:
		s.hub.PairEnded(e.Session, e.Pair.ID, protocol.EndReason(e.Reason))
	}
}

func (s *Server) iceServers(session string) []protocol.ICEServer {
	return iceServers(s.turnHost, s.turn, s.secret, session)
}

// URL is where a browser on this machine finds the page.
func (s *Server) URL() string {
	scheme := "http"
	if s.cfg.TLSCert != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(s.public.Addr().String())
	if ip, err := netip.ParseAddr(host); err != nil || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Run serves until ctx ends, then drains: no new matches, people told, a bounded wait. It returns when all has ended.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	// The times bound slow requests and slow readers; a WebSocket sheds them, since net/http clears the deadlines of what is hijacked.
	api := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	admin := &http.Server{Handler: httpapi.Admin(s.registry, s.ready), ReadHeaderTimeout: 10 * time.Second}

	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, inner := errgroup.WithContext(inner)
	g.Go(func() error { return s.hub.Run(inner) })
	g.Go(func() error { return s.queue.Run(inner) })
	if s.members != nil {
		g.Go(func() error { return s.members.Run(inner) })
	}
	g.Go(func() error { return serve(api, s.public) })
	if s.admin != nil {
		g.Go(func() error { return serve(admin, s.admin) })
	}
	g.Go(func() error {
		select {
		case <-ctx.Done():
			s.drain(api)
		case <-inner.Done():
		}
		stop()
		return errors.Join(api.Close(), admin.Close())
	})
	s.log.Info("serving", "version", Version, "http", s.public.Addr().String(), "udp", s.sfu.UDPAddr().String())
	err := g.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	s.log.Info("stopped")
	return err
}

func (s *Server) drain(api *http.Server) {
	s.log.Info("draining", "at_most", s.cfg.DrainTimeout)
	s.draining.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.DrainTimeout)
	defer cancel()
	if err := s.hub.Drain(ctx); err != nil {
		s.log.Warn("drain", "err", err)
	}
	if err := api.Shutdown(ctx); err != nil {
		s.log.Warn("drain http", "err", err)
	}
}

func (s *Server) handler() http.Handler {
	tokens, _ := auth.NewTokens(s.keys.Token, nil) // the key was checked by build
	h := httpapi.New(httpapi.Config{
		NewSession: func() (string, time.Time, error) { return tokens.Issue(rand.Text(), rand.Text()) },
		ICEServers: func() []protocol.ICEServer { return s.iceServers(rand.Text()[:8]) },
		Limits:     s.signaling().Limits(),
		// One person needs one session a tab; an address may stand for a school behind NAT.
		Allow:     s.newLimit("sessions", 5, 50),
		Stats:     s.stats,
		Draining:  s.draining.Load,
		WebSocket: s.hub, Web: web.Handler(), AllowedOrigins: s.cfg.AllowedOrigins, Proxies: s.cfg.TrustedProxies, Logger: s.log,
	})
	h = s.warnOfProxy(h)
	if s.cfg.TLSCert == "" {
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

func (s *Server) stats() protocol.StatsAnswer {
	a := protocol.StatsAnswer{Online: s.hub.Stats().Sessions}
	if s.members != nil {
		_, sum := s.members.Total()
		a.Online = sum.Sessions
	}
	if q, err := s.queue.Stats(context.Background()); err == nil {
		a.Waiting = protocol.WaitingStats{Video: q.Waiting[match.Video], Text: q.Waiting[match.Text]}
		a.Matched = 2 * q.Pairs
	}
	return a
}

func (s *Server) ready() error {
	if s.draining.Load() {
		return errors.New("draining")
	}
	return nil
}

func serve(h *http.Server, l net.Listener) error {
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s *Server) close() {
	for _, l := range []net.Listener{s.public, s.admin} {
		if l != nil {
			_ = l.Close()
		}
	}
	if s.turn != nil {
		_ = s.turn.Close()
	}
	if s.sfu != nil {
		_ = s.sfu.Close()
	}
	if s.bus != nil {
		_ = s.bus.Close()
	}
	if s.redis != nil {
		_ = s.redis.Close()
	}
}

func logger(least, format string, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(least)) // checked by Validate
	opts := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

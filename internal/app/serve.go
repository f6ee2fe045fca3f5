package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"passerby/internal/auth"
	"passerby/internal/bus"
	busmemory "passerby/internal/bus/memory"
	"passerby/internal/caller"
	"passerby/internal/cluster"
	"passerby/internal/config"
	"passerby/internal/porter"
	"passerby/internal/proof"
	"passerby/internal/redisdb"
	"passerby/internal/report"
	"passerby/internal/store"
	"passerby/internal/webhook"
	"passerby/match"
	"passerby/sfu"
	"passerby/signaling"
	"passerby/signaling/protocol"
	"passerby/turn"
)

// Server is a running node: everything listens, nothing is served before Run.
type Server struct {
	cfg      config.Config
	log      *slog.Logger
	keys     auth.Keys
	own      auth.StoreKeys
	registry *prometheus.Registry

	sfu          *sfu.Server
	turn         *turn.Server   // nil when off
	redis        redisdb.Client // nil without --redis
	store        store.Store
	databaseAway atomic.Bool
	people       *people
	queue        runningQueue
	hub          *signaling.Hub
	guard        *proof.Guard
	console      http.Handler    // nil when off
	hooks        *webhook.Sender // nil when off

	address string // of this node's sessions, on the bus
	memory  busmemory.Bus
	bus     bus.Node
	members *cluster.Members // nil without --redis

	certs    *certificates // nil without TLS
	public   net.Listener
	porter   *porter.Porter // public, where TURN over TLS comes in too; nil without TLS
	plain    net.Listener   // leads to public; nil when that is not HTTPS of its own
	admin    net.Listener   // nil when off
	patience patience       // of public
	board    board
	words    []string // of the operator's filter
	secret   string   // of the TURN credentials
	hosts    turnHosts
	draining atomic.Bool
}

// Start opens every port and builds the node; logs go to logs. On an error all is closed again.
func Start(cfg config.Config, logs io.Writer) (_ *Server, err error) {
	s := &Server{cfg: cfg, registry: prometheus.NewRegistry(), patience: usualPatience}
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
	if s.own, err = auth.LoadStoreKeys(cfg.DataDir); err != nil {
		return nil, err
	}
	if s.words, err = filterWords(cfg.FilterWords); err != nil {
		return nil, err
	}
	if s.cfg.ACME.Dir == "" {
		s.cfg.ACME.Dir = filepath.Join(cfg.DataDir, "acme")
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
	if err = s.openDatabase(); err != nil {
		return nil, err
	}
	if err = s.openHooks(); err != nil {
		return nil, err
	}
	if s.console, err = s.openConsole(); err != nil {
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

func (s *Server) build(events *sink) error {
	tokens, err := auth.NewTokens(s.keys.Token, nil, s.keys.OldToken())
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
	sessions, err := s.joinCluster()
	if err != nil {
		return err
	}
	s.guard = s.newGuard()
	s.people = s.newPeople(tokens)
	s.hub = signaling.New(s.signaling(), signaling.Deps{
		Queue: queue{blocking{s.queue, s.people.rec}}, Media: media{s.sfu}, Bus: s.bus, Tokens: tokenSource{tokens}, Store: sessions, Allow: s.userLimits(), Suspect: s.guard.Suspect,
		Reports: desk{report.Desk{Keep: s.store, Tags: s.keys, Recording: s.sfu.Recording, Weigh: weigh(s.store)}},
		Network: caller.Proxies(s.cfg.TrustedProxies).Network, Banned: s.people.holds, Talked: s.people.talked, ICEServers: s.iceServers, Frank: s.keys.Frank, Logger: s.log, Registerer: s.registry,
	})
	events.hub = s.hub
	return nil
}

func (s *Server) signaling() signaling.Config {
	return signaling.Config{Node: s.address, Origins: s.cfg.AllowedOrigins, MaxSessions: s.cfg.MaxSessions, PerNetwork: s.cfg.MaxPerAddress, Grace: orNone(s.cfg.Grace), ReportMedia: s.reportMedia(), AllowPrograms: s.cfg.Programs == "allow"}
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
	return iceServers(s.hosts, s.secureTURN(), s.turn, s.secret, session)
}

// Run serves until ctx ends, then drains: no new matches, people told, a bounded wait. It returns when all has ended.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	api, admin := bounded(s.handler(), s.patience, s.log), adminHTTP(s.cfg.Admin, s.registry, s.ready, s.ails, s.consoleAt("admin"))

	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, inner := errgroup.WithContext(inner)
	g.Go(func() error { return s.hub.Run(inner) })
	g.Go(func() error { return s.queue.Run(inner) })
	g.Go(func() error { return s.tendDatabase(inner) })
	g.Go(func() error { return s.people.book.Run(inner) })
	g.Go(func() error { return s.people.rec.Run(inner) })
	if s.hooks != nil {
		g.Go(func() error { return s.hooks.Run(inner) })
	}
	if s.members != nil {
		g.Go(func() error { return s.members.Run(inner) })
	}
	g.Go(func() error { return serve(api, s.public) })
	s.runTLS(inner, g)
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

func (s *Server) close() {
	for _, l := range []net.Listener{s.public, s.plain, s.admin} {
		if l != nil {
			_ = l.Close()
		}
	}
	_ = s.certs.close()
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
	if s.store != nil {
		_ = s.store.Close()
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

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
	"passerby/internal/events"
	"passerby/internal/overload"
	"passerby/internal/popular"
	"passerby/internal/porter"
	"passerby/internal/proof"
	"passerby/internal/redisdb"
	"passerby/internal/report"
	"passerby/internal/store"
	"passerby/internal/textfilter"
	"passerby/internal/trace"
	"passerby/match"
	"passerby/sfu"
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
	room         *overload.Door
	console      http.Handler    // nil when off
	traces       *trace.Sender   // nil when off
	relays       []*events.Relay // none when nobody is told

	neighbours neighbours
	address    string // of this node's sessions, on the bus
	memory     busmemory.Bus
	bus        bus.Node
	members    *cluster.Members // nil without --redis

	certs    *certificates // nil without TLS
	public   net.Listener
	porter   *porter.Porter // public, where TURN over TLS comes in too; nil without TLS
	plain    net.Listener   // leads to public; nil when that is not HTTPS of its own
	admin    net.Listener   // nil when off
	patience patience       // of public
	board    board
	words    []string // of the operator's filter
	site     web.Site
	tags     *popular.Tags
	texts    *textfilter.Filter // nil while texts are encrypted
	secret   string             // of the TURN credentials
	hosts    turnHosts
	leaving  atomic.Bool // not ready
	draining atomic.Bool // takes nobody in
}

// Start opens every port and builds the node; logs go to logs. On an error all is closed again.
func Start(cfg config.Config, logs io.Writer) (_ *Server, err error) {
	s := &Server{cfg: cfg, registry: prometheus.NewRegistry(), patience: usualPatience}
	if s.cfg.NodeID == "" {
		s.cfg.NodeID = rand.Text()[:8]
	}
	s.address = newAddress(s.cfg.NodeID)
	s.neighbours.own = s.address
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
	if s.site, err = s.openBrand(); err != nil {
		return nil, err
	}
	if err = s.openFilter(); err != nil {
		return nil, err
	}
	s.tags = popular.New(popular.Config{People: cfg.PopularTags, Words: s.words})
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
	if err = s.openEvents(); err != nil {
		return nil, err
	}
	if err = s.openTraces(); err != nil {
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
	s.room = s.newRoom()
	s.people = s.newPeople(tokens)
	s.hub = signaling.New(s.signaling(), signaling.Deps{
		Queue: queue{blocking{s.queue, s.people.rec}, s.cfg.Region}, Media: media{s.sfu}, Bus: s.bus, Tokens: tokenSource{tokens}, Store: sessions, Allow: s.userLimits(), Habit: s.habit, Suspected: s.suspected, Wished: s.wished, Room: s.room.Room,
		Reports: desk{report.Desk{Keep: s.store, Tags: s.keys, Recording: s.sfu.Recording, Weigh: weigh(s.store)}},
		Network: caller.Proxies(s.cfg.TrustedProxies).Network, Banned: s.people.holds, Notices: notices{s.store}, Filter: s.judge, Journey: s.tellJourney, TraceID: s.traces.Sampled, Talked: s.people.talked, ICEServers: s.iceServers, Frank: s.keys.Frank, Logger: s.log, Registerer: s.registry,
	})
	events.hub = s.hub
	s.registry.MustRegister(crowd{s})
	return nil
}

func (s *Server) signaling() signaling.Config {
	return signaling.Config{Node: s.address, Region: s.cfg.Region, Origins: s.cfg.AllowedOrigins, MaxSessions: s.cfg.MaxSessions, PerNetwork: s.cfg.MaxPerAddress, Grace: orNone(s.cfg.Grace), Rematch: s.cfg.Rematch, ReportMedia: s.reportMedia(), DrainRate: s.cfg.DrainRate, AllowPrograms: s.cfg.Programs == "allow", ClearText: s.texts != nil}
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
	api, admin := bounded(s.handler(), s.patience, s.log), adminHTTP(s.cfg.Admin, s.registry, s.ready, s.open, s.ails, s.consoleAt("admin"), s.apiAt("admin"))

	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, inner := errgroup.WithContext(inner)
	g.Go(func() error { return s.hub.Run(inner) })
	g.Go(func() error { return s.queue.Run(inner) })
	g.Go(func() error { return s.room.Run(inner) })
	g.Go(func() error { return s.tendDatabase(inner) })
	g.Go(func() error { return s.people.book.Run(inner) })
	g.Go(func() error { return s.followNotices(inner) })
	g.Go(func() error { return s.people.rec.Run(inner) })
	for _, r := range s.relays {
		g.Go(func() error { return r.Run(inner) })
	}
	if s.traces != nil {
		g.Go(func() error { return s.traces.Run(inner) })
	}
	if s.members != nil {
		g.Go(func() error { return s.members.Run(inner) })
		if s.sfu.LinkAddr().IsValid() {
			g.Go(func() error { return s.tendLinks(inner) })
		}
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

// alone is how long the last node of a cluster drains at most.
const alone = 2 * time.Second

func (s *Server) drain(api *http.Server) {
	s.leaving.Store(true)
	within := s.cfg.DrainTimeout
	if s.members != nil {
		if nodes, _ := s.members.Total(); nodes > 1 {
			s.log.Info("not ready any more", "drains_in", s.cfg.DrainDelay)
			time.Sleep(s.cfg.DrainDelay)
		} else {
			within = min(within, alone) // nobody has anywhere to go
		}
	}
	s.log.Info("draining", "at_most", within)
	s.draining.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), within)
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
	for _, r := range s.relays {
		_ = r.Close()
	}
	if s.store != nil {
		_ = s.store.Close()
	}
}

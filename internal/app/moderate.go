package app

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"passerby/internal/caller"
	"passerby/internal/console"
	"passerby/internal/moderation"
	"passerby/internal/staff"
	"passerby/web"
)

const consoleTimeout = 10 * time.Second // of what the console asks of databases and providers at the start

// openConsole makes the moderators' console; nil when it is off.
func (s *Server) openConsole() (http.Handler, error) {
	if s.cfg.Moderate.Serve == "off" {
		return nil, nil
	}
	door, err := s.door()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), consoleTimeout)
	defer cancel()
	switch file, err := door.First(ctx, s.cfg.DataDir); {
	case err != nil:
		s.log.Warn("console: whether there is a moderator is not known", "err", err)
	case file != "":
		s.log.Info("console: the first admin's one-time password is in a file", "file", file)
	}
	desk := &moderation.Desk{Store: s.store, Sealer: door.Sealer, Others: door.Others}
	rate := &rate{count: func() float64 { return counted(s.registry, "passerby_signaling_matches_total") }}
	return console.New(console.Config{
		Door: door, Desk: desk, Store: s.store, Page: web.Console(), Proxies: caller.Proxies(s.cfg.TrustedProxies), Log: s.log,
		Figures: func(context.Context) console.Figures { return s.figures(rate) },
	}), nil
}

// consoleAt is the console for a listener, if it is served there; else nil.
func (s *Server) consoleAt(place string) http.Handler {
	if s.cfg.Moderate.Serve != place {
		return nil
	}
	return s.console
}

// door lets moderators in. Guesses are counted for all nodes together.
func (s *Server) door() (*staff.Door, error) {
	sealer, err := staff.NewSealer(s.own.Staff, nil)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	allow := func(a allower) staff.Allow { return staff.Allow(a) }
	d := &staff.Door{
		Store: s.store, Sealer: sealer, Log: s.log,
		ByNetwork: allow(s.newLimit("console-networks", 1.0/10, 30)),
		ByName:    allow(s.newLimit("console-names", 1.0/60, 8)),
		ByAccount: allow(s.newLimit("console-accounts", 1.0/10, 40)),
	}
	if m := s.cfg.Moderate; m.OIDCIssuer != "" {
		d.OIDC = &staff.OIDC{Issuer: m.OIDCIssuer, ClientID: m.OIDCClientID, Secret: m.OIDCClientSecret, Client: &http.Client{Timeout: consoleTimeout}}
	}
	return d, nil
}

func (s *Server) figures(r *rate) console.Figures {
	now := s.stats()
	f := console.Figures{Online: now.Online, WaitingVideo: now.Waiting.Video, WaitingText: now.Waiting.Text, Matched: now.Matched, MatchesMinute: r.perMinute(), Nodes: 1}
	if s.members != nil {
		f.Nodes, _ = s.members.Total()
	}
	return f
}

// counted is the sum of a counter over its labels.
func counted(g prometheus.Gatherer, name string) (sum float64) {
	families, _ := g.Gather() // what could not be gathered is missing
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// rate is how fast a counter of this node grew in the last minute, or since somebody looked first.
type rate struct {
	count func() float64

	mu    sync.Mutex // guards what follows
	marks []mark     // of the last minute, the oldest first
}

type mark struct {
	at time.Time
	n  float64
}

func (r *rate) perMinute() float64 {
	now := mark{time.Now(), r.count()}
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.marks) > 1 && now.at.Sub(r.marks[1].at) >= time.Minute {
		r.marks = r.marks[1:]
	}
	if len(r.marks) == 0 || now.at.Sub(r.marks[len(r.marks)-1].at) >= time.Second {
		r.marks = append(r.marks, now)
	}
	first := r.marks[0]
	passed := now.at.Sub(first.at)
	if passed < time.Second {
		return 0
	}
	return (now.n - first.n) / passed.Minutes()
}

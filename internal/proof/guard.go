package proof

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"passerby/signaling/protocol"
)

// Mode is the operator's word.
type Mode string

// The modes.
const (
	Auto Mode = "auto" // ask while the site or the range of addresses is under attack, and who behaved like a program
	On   Mode = "on"   // ask everybody
	Off  Mode = "off"  // ask nobody
)

// Config sets a Guard up. Key is required; the zero value of each other field means the default that its comment names.
type Config struct {
	Key  []byte // signs challenges; all nodes have the same
	Mode Mode   // Auto
	// SiteRate is how many requests for a session a minute on this node are an attack (1000). Of one range of addresses, an IPv4 /24 or
	// an IPv6 /48, a tenth of that is.
	SiteRate   float64
	Lifetime   time.Duration         // of a challenge (2 min)
	Suspicion  time.Duration         // how long a suspected network, and a suspected user, is asked (1 h)
	Trust      time.Duration         // how long a user with a person's history is not asked for his network's programs (7 d)
	Shared     Memory                // what all nodes know; nil: this one is alone
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil: no metrics
}

// rangesHeld is how many ranges of addresses are metered at a time, in each of two tables.
const rangesHeld = 50_000

// Guard decides who is asked for a proof, and checks it.
type Guard struct {
	cfg     Config
	puzzles puzzles
	own     *seen
	users   *seen // apart: who makes many of one kind pushes out none of the other
	began   time.Time
	metrics metrics

	mu         sync.Mutex // guards what follows
	site       Meter
	young, old map[netip.Prefix]Meter
	turned     time.Duration
}

// New makes a Guard.
func New(cfg Config) *Guard {
	if cfg.Mode == "" {
		cfg.Mode = Auto
	}
	if cfg.SiteRate == 0 {
		cfg.SiteRate = 1000
	}
	if cfg.Lifetime == 0 {
		cfg.Lifetime = 2 * time.Minute
	}
	if cfg.Suspicion == 0 {
		cfg.Suspicion = time.Hour
	}
	if cfg.Trust == 0 {
		cfg.Trust = 7 * 24 * time.Hour
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Guard{cfg: cfg, puzzles: puzzles{cfg.Key}, own: newSeen(), users: newSeen(), began: time.Now(), young: map[netip.Prefix]Meter{}}
	g.metrics = newMetrics(g)
	return g
}

// Count takes note of a request for a session that came without a valid proof, or that was refused.
func (g *Guard) Count(network netip.Prefix) {
	if g.cfg.Mode != Auto || exempt(network) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Since(g.began)
	was := g.site.Raised()
	g.site = g.site.Add(now, g.cfg.SiteRate)
	if g.site.Raised() && !was {
		g.cfg.Logger.Warn("under attack: newcomers solve a puzzle first", "requests_per_minute", int(g.site.Rate()))
	}
	r := rangeOf(network)
	m := g.metered(r)
	was = m.Raised()
	m = m.Add(now, g.rangeRate())
	if m.Raised() && !was {
		g.metrics.ranges.Inc()
	}
	g.turn(now)
	g.young[r] = m
}

// Ask answers the challenge that must be solved on this network before there is a session, or nil. user is who says to come, which need
// not be proven yet: he gets no session without his key. It is empty for who has none.
func (g *Guard) Ask(ctx context.Context, network netip.Prefix, user string) *protocol.Challenge {
	most, why := g.demand(ctx, network, user)
	if most == 0 {
		return nil
	}
	g.metrics.asked.WithLabelValues(why).Inc()
	return g.puzzles.issue(most, time.Now().Add(g.cfg.Lifetime))
}

// demand is how much work to ask for, and why; 0 is none.
func (g *Guard) demand(ctx context.Context, network netip.Prefix, user string) (most int64, why string) {
	switch {
	case g.cfg.Mode == Off:
		return 0, ""
	case g.cfg.Mode == On:
		return leastWork, "on"
	case exempt(network):
		return 0, ""
	}
	now := time.Since(g.began)
	g.mu.Lock()
	site, area := g.site.At(now, g.cfg.SiteRate), g.metered(rangeOf(network)).At(now, g.rangeRate())
	g.mu.Unlock()
	if area.Raised() {
		most, why = work(area.Rate(), g.rangeRate()), "range"
	}
	if site.Raised() {
		if w := work(site.Rate(), g.cfg.SiteRate); w > most {
			most, why = w, "site"
		}
	}
	if most == 0 && (g.Suspected(ctx, user) || g.known(ctx, networkMark+network.String()) && !g.trusted(ctx, user)) {
		most, why = 4*leastWork, "suspect"
	}
	return most, why
}

// Check says whether a proof is right, in time and shown for the first time.
func (g *Guard) Check(ctx context.Context, p *protocol.Proof) error {
	until, err := g.puzzles.check(p, time.Now())
	if err == nil && !g.remember(ctx, p.Challenge, until) {
		err = ErrUsed
	}
	g.metrics.checked(err)
	return err
}

// remember asks all nodes when it can, else this one.
func (g *Guard) remember(ctx context.Context, name string, until time.Time) bool {
	return g.rememberIn(ctx, g.own, name, until)
}

func (g *Guard) rememberIn(ctx context.Context, own *seen, name string, until time.Time) bool {
	alone, _ := own.Remember(ctx, name, until) // does not fail
	if g.cfg.Shared == nil {
		return alone
	}
	fresh, err := g.cfg.Shared.Remember(ctx, name, until)
	if err != nil {
		g.cfg.Logger.Debug("shared memory of proofs", "error", err)
		return alone
	}
	return fresh
}

func (g *Guard) known(ctx context.Context, name string) bool {
	if own, _ := g.own.Known(ctx, name); own || g.cfg.Shared == nil {
		return own
	}
	known, err := g.cfg.Shared.Known(ctx, name)
	return known && err == nil
}

func (g *Guard) rangeRate() float64 { return g.cfg.SiteRate / 10 }

// metered is the meter of a range. It is called with mu held.
func (g *Guard) metered(r netip.Prefix) Meter {
	if m, ok := g.young[r]; ok {
		return m
	}
	return g.old[r]
}

// turn makes room in the tables. It is called with mu held.
func (g *Guard) turn(now time.Duration) {
	if len(g.young) >= rangesHeld || now-g.turned >= 10*time.Minute {
		g.young, g.old, g.turned = map[netip.Prefix]Meter{}, g.young, now
	}
}

// rangeOf is what one who attacks is likely to have whole: the /24 around an IPv4 address, the /48 around an IPv6 network.
func rangeOf(network netip.Prefix) netip.Prefix {
	bits := 24
	if network.Addr().Is6() {
		bits = 48
	}
	p, _ := network.Addr().Prefix(bits)
	return p
}

// exempt is who calls from the machine itself.
func exempt(network netip.Prefix) bool { return !network.IsValid() || network.Addr().IsLoopback() }

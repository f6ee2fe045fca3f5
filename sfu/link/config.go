package link

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Handler is told of links.
type Handler interface {
	// Up: the link is there. What it carries goes to the Receiver, and its end.
	Up(l *Link) Receiver
}

// Receiver takes what comes over one link.
type Receiver interface {
	// Frame takes a frame. It must not block and must not keep the payload.
	Frame(f Frame)
	// Down: the link is no more. A last Frame may be on its way at the same time.
	Down()
}

// Config of a Server. Name, Secret and Handler are needed.
type Config struct {
	// Listen is the UDP address for all links, "host:port"; "" means ":0".
	Listen string
	// Name of this life of this node, different from that of all others.
	Name string
	// Secret that all nodes share, 32 bytes or more.
	Secret []byte
	// Handler is told of links.
	Handler Handler
	// Logger; nil discards.
	Logger *slog.Logger
	// Registerer takes the metrics (passerby_link_…); nil means none.
	Registerer prometheus.Registerer
	// Beat is the time between two pings; 0 means 1 s.
	Beat time.Duration
	// Silence is how long nothing may be heard before a link counts as dead; 0 means 3 s.
	Silence time.Duration
}

// Limits.
const (
	// MaxFrame is the longest frame in bytes: an Ethernet packet of 1500 without the
	// headers of IPv6, UDP and the seal.
	MaxFrame = 1500 - 40 - 8 - overhead
	// MaxName is the longest name of a node, MaxStreamName that of what a stream is asked for by, in bytes.
	MaxName, MaxStreamName = 128, 128

	minSecret    = 32              // bytes
	maxQueue     = 256 << 10       // bytes that wait to be sent on one link
	maxStrangers = 32              // handshakes with addresses that nobody announced
	shakeTimeout = 5 * time.Second // of a handshake
	flightGap    = 200 * time.Millisecond
	firstPause   = 200 * time.Millisecond // before dialing again; doubles
	lastPause    = 5 * time.Second
	socketBuffer = 4 << 20 // bytes asked of the kernel, each way
)

// Validate returns all that is wrong, joined.
func (c Config) Validate() error {
	var errs []error
	if c.Name == "" || len(c.Name) > MaxName {
		errs = append(errs, fmt.Errorf("link: the name %q is not 1 to %d bytes long", c.Name, MaxName))
	}
	if len(c.Secret) < minSecret {
		errs = append(errs, fmt.Errorf("link: the secret is shorter than %d bytes", minSecret))
	}
	if c.Handler == nil {
		errs = append(errs, errors.New("link: no handler"))
	}
	if c.Beat < 0 || c.Silence < 0 {
		errs = append(errs, errors.New("link: times must not be negative"))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = ":0"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Beat == 0 {
		c.Beat = time.Second
	}
	if c.Silence == 0 {
		c.Silence = 3 * time.Second
	}
	return c
}

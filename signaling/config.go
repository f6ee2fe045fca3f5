package signaling

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"passerby/signaling/protocol"
)

// Config sets the hub up. The zero value of each field means the default that its
// comment names.
type Config struct {
	// Node is this node's id, under which other nodes reach its sessions; "" is fine for one node.
	Node string
	// Region is where this node is, as the queue knows it; "" is near to everybody. Matches are counted by it.
	Region string
	// Origins are allowed besides the server's own host, such as "https://chat.example"; "*" allows all.
	Origins []string
	// MaxSessions is how many sessions this node holds (10000).
	MaxSessions int
	// PerNetwork is how many connections one network may have open, at most half of all (128). Deps.Network names it.
	PerNetwork int
	// MessagesPerSecond is the sustained rate of messages per connection, and again per data channel (30).
	MessagesPerSecond float64
	// Burst is how many messages may come at once (90).
	Burst int
	// OutboxBytes is how much may wait to be written to one connection before it counts as too slow (256 KiB).
	OutboxBytes int
	// Resume is how long a session outlives its connection (30 s).
	Resume time.Duration
	// Grace is how long the queue holds out for a shared tag; clients are told, nothing else (10 s).
	Grace time.Duration
	// Rematch is how long two who just met wait before they meet again; clients are told, nothing else (0: not at all).
	Rematch time.Duration
	// ReportMedia is how much of a video match the media server records for reports; clients are told, nothing else (0: nothing).
	ReportMedia time.Duration
	// AllowPrograms leaves those alone that behave like programs, who are slowed down otherwise.
	AllowPrograms bool
	// ClearText has texts sent in clear, so that Deps.Filter can read them: clients are told, and refuse where they are not asked to.
	ClearText bool
	// Hello is how long a connection may take to send hello (10 s).
	Hello time.Duration
	// Ping is the time between WebSocket pings (20 s).
	Ping time.Duration
	// Silence is how long a connection may be silent before it is closed, give or take a quarter of Ping (45 s).
	Silence time.Duration
	// Heartbeat is the time between two renewals of a session's lease in the queue (5 s).
	Heartbeat time.Duration
	// WriteTimeout is how long one write to a connection may take (10 s).
	WriteTimeout time.Duration
	// CallTimeout is how long one call to queue, media or bus may take (5 s).
	CallTimeout time.Duration
	// Handover is how long a session that moves here waits for the last word of the node that had it (500 ms).
	Handover time.Duration
	// Linger is how long a connection that is closed may take to read what it was told last (1 s).
	Linger time.Duration
	// DrainRate is how many a second are asked to go to another node when this one drains; more when the time would not do (200).
	DrainRate int
	// Parting is how long the media of a session that has gone to another node stays at most (20 s).
	Parting time.Duration
	// DrainGrace is how long running matches are left alone when the server drains (0: ended at once).
	DrainGrace time.Duration
	// RetryAfter is what clients are told when the server is full or draining (5 s).
	RetryAfter time.Duration
}

// Validate answers all that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	for name, v := range map[string]float64{
		"MaxSessions": float64(c.MaxSessions), "PerNetwork": float64(c.PerNetwork), "MessagesPerSecond": c.MessagesPerSecond, "Burst": float64(c.Burst),
		"OutboxBytes": float64(c.OutboxBytes), "Resume": float64(c.Resume), "Grace": float64(c.Grace), "Rematch": float64(c.Rematch), "Hello": float64(c.Hello),
		"Ping": float64(c.Ping), "Silence": float64(c.Silence), "Heartbeat": float64(c.Heartbeat),
		"WriteTimeout": float64(c.WriteTimeout), "CallTimeout": float64(c.CallTimeout), "Handover": float64(c.Handover), "Linger": float64(c.Linger),
		"DrainGrace": float64(c.DrainGrace), "DrainRate": float64(c.DrainRate), "Parting": float64(c.Parting), "RetryAfter": float64(c.RetryAfter),
	} {
		if v < 0 {
			errs = append(errs, fmt.Errorf("%s is negative", name))
		}
	}
	for _, origin := range c.Origins {
		u, err := url.Parse(origin)
		if origin != "*" && (err != nil || u.Scheme == "" || u.Host == "" || u.Path != "") {
			errs = append(errs, fmt.Errorf("origin %q is not like https://chat.example", origin))
		}
	}
	d := c.withDefaults()
	if d.OutboxBytes < 2*protocol.FrameBytes {
		errs = append(errs, fmt.Errorf("OutboxBytes is less than two frames (%d)", 2*protocol.FrameBytes))
	}
	if d.Silence <= d.Ping {
		errs = append(errs, errors.New("Silence is not longer than Ping"))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	orDefault(&c.MaxSessions, 10_000)
	orDefault(&c.PerNetwork, 128)
	orDefault(&c.MessagesPerSecond, 30)
	orDefault(&c.Burst, 90)
	orDefault(&c.OutboxBytes, 256<<10)
	orDefault(&c.Resume, 30*time.Second)
	orDefault(&c.Grace, 10*time.Second)
	orDefault(&c.Hello, 10*time.Second)
	orDefault(&c.Ping, 20*time.Second)
	orDefault(&c.Silence, 45*time.Second)
	orDefault(&c.Heartbeat, 5*time.Second)
	orDefault(&c.WriteTimeout, 10*time.Second)
	orDefault(&c.CallTimeout, 5*time.Second)
	orDefault(&c.Handover, 500*time.Millisecond)
	orDefault(&c.Linger, time.Second)
	orDefault(&c.DrainRate, 200)
	orDefault(&c.Parting, 20*time.Second)
	orDefault(&c.RetryAfter, 5*time.Second)
	return c
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Limits answers what clients are told of the caps.
func (c Config) Limits() protocol.Limits {
	c = c.withDefaults()
	return protocol.Limits{
		FrameBytes: protocol.FrameBytes, TextBytes: protocol.TextBytes,
		Tags: protocol.Tags, TagLength: protocol.TagLength,
		MessagesPerSecond: c.MessagesPerSecond, ResumeMS: c.Resume.Milliseconds(), GraceMS: c.Grace.Milliseconds(), RematchMS: c.Rematch.Milliseconds(),
		ReportMediaMS: c.ReportMedia.Milliseconds(), ClearText: c.ClearText,
	}
}

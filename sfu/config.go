package sfu

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"passerby/sfu/link"
)

// Events tells what happens to peers. Calls for one id come one after the
// other, calls for different ids at once. They must not block: media of that id
// may wait. Every method of Server may be called from within.
type Events interface {
	// Connected: ICE and DTLS are up, for the first time or again.
	Connected(id string)
	// Disconnected: nothing was heard of the peer for Config.Disconnected, or it
	// closed its connection, or was replaced. Connected may follow.
	Disconnected(id string)
	// ChannelOpen: the data channel "passerby" is open; Send works.
	ChannelOpen(id string)
	// ChannelClosed: it closed, or its peer was replaced.
	ChannelClosed(id string)
	// Data: a message came, at most Config.MaxMessage bytes. data is the
	// receiver's to keep.
	Data(id string, data []byte)
}

// Config of a Server. The zero value serves on a free UDP port of all interfaces.
type Config struct {
	// UDP is the address for media, "host:port"; "" means ":0".
	UDP string
	// TCP is the address for ICE-TCP, "host:port"; "" means none.
	TCP string
	// PublicIPs are the addresses told to browsers, in order of preference;
	// none means those of all interfaces, loopback included.
	PublicIPs []netip.Addr
	// Events receives what happens; nil discards it.
	Events Events
	// Logger; nil discards.
	Logger *slog.Logger
	// Registerer takes the metrics (passerby_sfu_…); nil means none.
	Registerer prometheus.Registerer
	// Link to the other nodes of a cluster (RouteRemote); without a Name there is none.
	// Handler, Logger and Registerer are the server's own.
	Link link.Config
	// MaxPeers is how many peers are served at once; 0 means no limit.
	MaxPeers int
	// MaxMessage is the largest data channel message in bytes, both ways; 0 means 16384.
	MaxMessage int
	// ChannelBuffer is how many bytes may wait to be sent on a data channel; 0 means 262144.
	ChannelBuffer int
	// Ring is how many bytes of sent video each downlink keeps to answer NACKs
	// from while it has a route; 0 means 262144 (about 1.4 s at 1.5 Mb/s).
	Ring int
	// UplinkBits and UplinkPackets are what a peer may send per second, in bits and packets of all kinds, with one second's
	// worth at once; the rest is dropped. 0 means 6,000,000 bits and 2,000 packets.
	UplinkBits, UplinkPackets int
	// Tape is how much of what an id is fed is kept in memory, as it came, for Recording, and for a minute after its route;
	// 0 means nothing. With it senders are asked for a key frame each half of this time.
	Tape time.Duration
	// TapeBytes is the most that one recording takes, and TapeTotal all of them; 0 means 4 MiB and 256 MiB.
	TapeBytes, TapeTotal int
	// MaxTCP is how many TCP connections are open at once, and MaxTCPPerAddress how many from one IPv4 address or IPv6 /64;
	// more are closed at once. 0 means 4096 and 64.
	MaxTCP, MaxTCPPerAddress int
	// FirstCheck is how long a TCP connection may be without a connectivity check under a known ufrag; 0 means 5 s.
	FirstCheck time.Duration
	// Disconnected is how long a silent peer counts as connected; 0 means 7 s:
	// browsers check an idle connection every 4 to 6 s.
	Disconnected time.Duration
	// Failed is how long a silent peer can come back without ICE restart; 0 means 15 s.
	Failed time.Duration
}

// Hard limits on what a browser may send.
const (
	MaxOffer     = 64 << 10 // bytes of an offer
	MaxCandidate = 1 << 10  // bytes of a candidate
	maxSSRCs     = 64       // distinct sources in the life of a peer
	maxChannels  = 16       // data channels opened in the life of a peer
)

// Validate returns all that is wrong, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("sfu: "+format, args...)) }
	for name, addr := range map[string]string{"UDP": c.UDP, "TCP": c.TCP} {
		if addr == "" {
			continue
		}
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			bad("%s address %q: %w", name, addr, err)
		} else if host != "" {
			if _, err := netip.ParseAddr(host); err != nil {
				bad("%s address %q: the host must be an IP address: %w", name, addr, err)
			}
		}
	}
	for _, ip := range c.PublicIPs {
		if !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() {
			bad("public address %s cannot be reached by a browser", ip)
		}
	}
	for name, n := range map[string]int{
		"MaxPeers": c.MaxPeers, "MaxMessage": c.MaxMessage, "ChannelBuffer": c.ChannelBuffer, "Ring": c.Ring,
		"UplinkBits": c.UplinkBits, "UplinkPackets": c.UplinkPackets,
		"TapeBytes": c.TapeBytes, "TapeTotal": c.TapeTotal, "MaxTCP": c.MaxTCP, "MaxTCPPerAddress": c.MaxTCPPerAddress,
	} {
		if n < 0 {
			bad("%s is negative", name)
		}
	}
	if c.MaxMessage > 64<<10 {
		bad("MaxMessage is over 65536 bytes")
	}
	if c.Ring > 0 && c.Ring < 16<<10 {
		bad("Ring is under 16384 bytes")
	}
	if c.Tape < 0 || c.Tape > 5*time.Minute {
		bad("Tape is not between 0 and 5 minutes")
	}
	if c.Disconnected < 0 || c.Failed < 0 || c.FirstCheck < 0 {
		bad("Disconnected, Failed and FirstCheck must not be negative")
	}
	if d := c.withDefaults(); d.Failed < d.Disconnected {
		bad("Failed (%s) is shorter than Disconnected (%s)", d.Failed, d.Disconnected)
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.UDP == "" {
		c.UDP = ":0"
	}
	if c.Events == nil {
		c.Events = noEvents{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = 16 << 10
	}
	if c.ChannelBuffer == 0 {
		c.ChannelBuffer = 256 << 10
	}
	if c.Ring == 0 {
		c.Ring = 256 << 10
	}
	if c.UplinkBits == 0 {
		c.UplinkBits = 6_000_000
	}
	if c.UplinkPackets == 0 {
		c.UplinkPackets = 2000
	}
	if c.TapeBytes == 0 {
		c.TapeBytes = 4 << 20
	}
	if c.TapeTotal == 0 {
		c.TapeTotal = 256 << 20
	}
	if c.MaxTCP == 0 {
		c.MaxTCP = 4096
	}
	if c.MaxTCPPerAddress == 0 {
		c.MaxTCPPerAddress = 64
	}
	if c.FirstCheck == 0 {
		c.FirstCheck = 5 * time.Second
	}
	if c.Disconnected == 0 {
		c.Disconnected = 7 * time.Second
	}
	if c.Failed == 0 {
		c.Failed = max(15*time.Second, c.Disconnected)
	}
	return c
}

type noEvents struct{}

func (noEvents) Connected(string)     {}
func (noEvents) Disconnected(string)  {}
func (noEvents) ChannelOpen(string)   {}
func (noEvents) ChannelClosed(string) {}
func (noEvents) Data(string, []byte)  {}

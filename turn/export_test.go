package turn

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"time"
)

// Allowed asks the policy of a configuration about a peer.
func Allowed(c Config, peer netip.AddrPort) (bool, string) {
	return newPolicy(c.withDefaults()).allow(peer)
}

// FrameLength is the framing guard's rule.
var FrameLength = frameLength

// MaxFrame is the longest message on a stream.
const MaxFrame = maxFrame

// Certificate serves a pair of files as a TLS listener does.
func Certificate(certFile, keyFile string) func() (*tls.Certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: slog.New(slog.DiscardHandler)}
	return c.current
}

// The parsers and the writer of the data plane.
var (
	STUNType    = stunType
	ParseSend   = parseSend
	ChannelData = channelData
	PutData     = putData
)

// ListenAt is Listen with a clock of lifetimes and nonces.
var ListenAt = listen

// Budget is what one address is answered before it has proven itself.
func Budget() func(to netip.Addr, now time.Time) bool { return new(budget).spend }

// Home is what allocations are counted by.
var Home = home

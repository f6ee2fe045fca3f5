package turn

import "net/netip"

// Allowed asks the policy of a configuration about a peer.
func Allowed(c Config, peer netip.AddrPort) (bool, string) {
	return newPolicy(c.withDefaults()).allow(peer)
}

// FrameLength is the framing guard's rule.
var FrameLength = frameLength

// MaxFrame is the longest message on a stream.
const MaxFrame = maxFrame

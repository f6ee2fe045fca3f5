// Package sfu forwards audio, video and data channel messages between
// browsers, each of which has one PeerConnection to it.
//
// A peer is negotiated once, before it has a partner (Offer). Whom it sees and
// hears is a Route, changed at any time without negotiating again:
//
//	            Offer/answer           Route(to, from, key id)
//	browser A ─────────────→ peer A ┐        │
//	                                │ uplinks│of A
//	                                ↓        ↓
//	                      gate → rewriter → ring → downlinks of B → browser B
//
// The downlink owns its SSRC, sequence numbers, timestamps and picture ids,
// so that the receiver sees one unbroken stream across any number of switches.
// A browser whose offer has more sections has more places, each with a route of
// its own (RouteSlot): that is all that a call of many needs.
// After a switch it stays closed until the first packet of a key frame whose
// SFrame header bears the route's key id; the sender is asked for key frames
// until then, and until Shown says that one was decoded. Payloads beyond the
// clear bytes (docs/security.md) are opaque.
//
// The server is ICE-lite on one UDP and one TCP port; package internal/udp carries
// the datagrams. pion does ICE, DTLS and the data channel; media goes past it
// (docs/decisions/0012-srtp-beside-pion.md). A peer with another DTLS certificate under the same id (a reloaded
// page) replaces the former one, and routes to and from the id stay.
//
// What a receiver's network takes is estimated from its feedback (package internal/congestion), and told to whoever
// feeds it, so that a slow receiver slows the sender; sound comes before pictures.
//
// # Safe for concurrent use?
//
// All methods of Server are. Packets are decrypted and forwarded on the goroutine
// that read them; no lock is shared between calls: a route is an immutable
// value behind an atomic pointer, a downlink has a lock of its own. Events are
// delivered one at a time per id.
//
// # Who closes?
//
// The caller closes the Server and removes each id that it offered or routed.
// Close waits until every goroutine of the package has ended.
//
// # What happens when full?
//
// Packets that find no room (socket, receiver not connected), and those over
// Config.UplinkBits and UplinkPackets, are dropped, as a network would. TCP
// connections beyond Config.MaxTCP are closed. Offers beyond Config.MaxPeers fail
// with ErrFull. A data channel whose receiver does not read takes
// Config.ChannelBuffer bytes, then Send fails with ErrSlow. A retransmission ring
// writes over its oldest packets.
package sfu

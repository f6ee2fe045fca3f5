// Package link joins the nodes of a cluster, each with each, by one encrypted
// datagram link per pair over one UDP port per node.
//
//	node a ── DTLS 1.2 handshake (ECDHE and a secret of both names) ──▶ node b     a < b: a dials
//	node a ◀═══════════ frames under keys that it exported ═══════════▶ node b
//
// A datagram is a DTLS record (first byte 20 to 25) or sealed frames' one:
//
//	 0      1                8
//	| 0x80 | counter, 7 bytes | AES-256-GCM of one frame | tag, 16 bytes |
//
// The first eight bytes are authenticated; the nonce is the exported salt XOR
// the counter, which counts from 1 each way and is accepted once. DTLS records
// themselves would cost 13 bytes more and several allocations a packet.
//
// A frame carries a packet of a stream, or a word about one (Frame). Streams
// are numbered by the receiving node, which asks for them. Frames may be lost,
// doubled never, reordered by the network.
//
// A link is up when both ends have proven that they know the secret, and until
// one of them closes it or nothing was heard for Config.Silence; each end sends
// a ping every Config.Beat. The end with the smaller name dials anew, with
// growing pauses.
//
// # Safe for concurrent use?
//
// Server and Link are. Frames come in on the one goroutine that reads the
// socket; what they lead to happens there.
//
// # Who closes?
//
// Whoever called Listen. Close waits for every goroutine of the package.
//
// # What happens when full?
//
// Send drops what does not fit into a queue of 256 KiB per link, and the kernel
// what does not fit into the socket; both are counted. Send never blocks.
package link

// Package congestion estimates how much a browser can be sent, from its transport-wide feedback
// (draft-holmer-rmcat-transport-wide-cc-extensions-01), in the manner of Google Congestion Control
// (draft-ietf-rmcat-gcc-02): a growing delay or many losses lower the limit, quiet raises it, probes find out how far.
//
//	Sent(size) ─▶ number, history ┐
//	                               ├─▶ groups ─▶ trend ─▶ limit ◀─ loss
//	Feedback ─▶ Parse ─▶ Report ──┘      └─▶ throughput ──┘  ◀─ probe
//
// It is hopeful: there is no limit until congestion was seen, and none again when it is over. So a sender begins with what
// his own way gives, and no receiver starts low.
//
// Nothing here starts a goroutine, reads a clock, takes a lock or does I/O. No type is safe for concurrent use. Nothing
// allocates after New. Rates are in bits per second of the whole datagram, IP and UDP headers included.
package congestion

// Package impair is a bad network in user space: a proxy that stands between clients and a server and
// delays, jitters, loses, reorders and doubles what passes. It needs no privilege and no kernel support.
//
//	client ──UDP──▶ Addr ──▶ shaper ──▶ line (waits) ──▶ one socket per client ──▶ Target
//	client ◀──UDP── Addr ◀── line (waits) ◀── shaper ◀── one socket per client ◀── Target
//
// Each direction has a Profile. What happens to a packet is decided by a seeded generator, one per flow
// and direction, so the same seed and the same packets give the same fate. UDP carries all impairments;
// TCP (for the WebSocket beside the media) is delayed only, since the kernel would mend the rest.
//
// Safe for concurrent use. The caller closes a proxy; Close waits for its goroutines and drops what is
// still on the way. When a line is full (Config.Queue packets), new packets are dropped and counted.
package impair

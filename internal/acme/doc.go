// Package acme gets the certificates of a server from a CA, Let's Encrypt unless told otherwise, and keeps them fresh (RFC 8555).
//
//	Run ── order ──▶ CA ── who holds the name? ──▶ port 443: the listener's TLS, by tls-alpn-01 (RFC 8737)
//	 │                                             port 80: HTTP, by http-01
//	 └─ certificate ─▶ directory ─▶ Certificate, in each handshake
//
// Only Run asks the CA: at its start, again with growing pauses when that failed, and before a certificate runs out. A handshake takes what
// there is, or fails at once, so strangers cannot use up the CA's limits.
//
// A Source is safe for concurrent use. It ends with Run; nothing fills up.
package acme

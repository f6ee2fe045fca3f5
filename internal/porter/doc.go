// Package porter lets HTTPS and TURN over TLS share one port, since many networks let nothing out but port 443.
//
//	TLS handshake ─▶ ALPN h2, http/1.1 ────────────────▶ HTTP
//	              ─▶ ALPN stun.turn (RFC 7443) ────────▶ TURN
//	              ─▶ none ─▶ first bytes: STUN header ─▶ TURN     browsers' TURN clients name no protocol
//	                                      else ────────▶ HTTP
//
// A Porter is safe for concurrent use. Until a client has said enough it has a goroutine and a deadline; there are so many of them at most,
// and so many from one address, and who comes beyond is closed. Run ends after Close, when all of them are gone.
package porter

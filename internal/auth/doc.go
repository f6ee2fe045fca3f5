// Package auth issues and checks the session tokens of the protocol passerby.v1, and holds the server's long-lived keys.
//
//	POST /v1/session → Issue → JWT {sub: user, sid: session, exp} → hello {token} → Verify
//
// A token is a JWT (RFC 7519) signed with HMAC-SHA-256. Tokens is safe for concurrent use and has nothing to close.
package auth

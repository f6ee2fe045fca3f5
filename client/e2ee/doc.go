// Package e2ee is the end-to-end encryption of a match as a client does it (docs/security.md): keys, sealed texts and
// signals, sealed frames. Values in, values out: no network, no clock.
//
//	own private × partner's public ─ECDH→ Z ─HKDF-SHA-256(salt = match)→ one key per purpose and direction
//
//	text    base64url( 0x01 | commitment (32) | iv (12) | AES-256-GCM(JSON) )
//	frame   | clear bytes | config, KID, CTR | ciphertext, tag |              SFrame, RFC 9605
//
// Keys may be used by several goroutines at once, but for a Sender and a Receiver of frames, which belong to one.
package e2ee

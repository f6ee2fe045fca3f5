// Package testenv is the Go side of the tests in real browsers: a stranger who speaks the protocol, meets
// a person in a browser and writes down what the media server forwards to it.
//
//	browser ══ encrypted RTP ══▶ SFU ══▶ Stranger: packets → frames → Sealed (KID, counter, ciphertext)
//	                                               own key pair → Keys → Open → plain VP8, Opus
//
// Its key schedule and frame format are written from docs/security.md and share no code with the SDK or the
// server, so a fault on one side does not hide on the other.
//
// It also starts what tests need beside them: Redis, RabbitMQ, a CA.
//
// A Stranger is used by one goroutine, which closes it. Frames that nobody reads are dropped when its
// channel is full.
package testenv

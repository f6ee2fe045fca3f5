// Package turn is a closed TURN server (RFC 8656): it relays UDP for people
// whose network lets them reach nothing else, and only to the peers that it is
// told of.
//
//	client ══ UDP ══▶ plane: shards, batches ──▶ relay socket ══▶ peer
//	   │                │ requests   ▲ tables │ relay of another client: straight to him
//	   │                ▼            │        │ policy, per address and port, both ways
//	   └ TCP, TLS, DTLS ▶ pion/turn ─┴──▶ relay socket ══▶ peer
//	      framing guard    credentials, quota per user, lifetimes
//
// On Linux the plane moves the packets of UDP clients and pion/turn answers
// requests; elsewhere, and for stream clients, pion/turn does both.
//
// Credentials follow the TURN REST convention: the username is
// "expiry:name", the password base64(HMAC-SHA1(secret, username)); pion
// compares the message integrity that they give in constant time. When
// credentials run out no new allocation is made with them, while one that
// lives may be refreshed until Config.MaxAge, so that a long call goes on.
//
// Clients may come over IPv4 and IPv6; relays are IPv4, and IPv6 for those who
// ask (RFC 6156) once Config has an address for them.
//
// Safe for concurrent use? Yes. Who closes? Whoever called Listen calls
// Close, which waits until every connection and relay socket is closed. What
// happens when full? Over a user's or an address's quota an Allocate gets 486;
// over MaxAllocations, or without a free relay port, 508; over MaxTCP a connection is closed at once;
// packets that find no room are dropped and counted.
package turn

// Package turn is a small, closed TURN server (RFC 8656) on pion/turn: it
// relays UDP for people whose network lets them reach nothing else, and only
// to the peers that it is told of.
//
//	client ══ UDP or TCP, one port ══▶ pion/turn ──▶ relay socket ──▶ peer
//	   │  framing guard (TCP)             │  policy, per address and port
//	   │  time-limited credentials        │  both ways
//	   └─ quota per user                  └─ AllowPeers, AllowPeerAddrs, AllowPeer
//
// Credentials follow the TURN REST convention: the username is
// "expiry:name", the password base64(HMAC-SHA1(secret, username)); pion
// compares the message integrity that they give in constant time. When
// credentials run out no new allocation is made with them, while one that
// lives may be refreshed until Config.MaxAge, so that a long call goes on.
//
// Relays are IPv4, as pion/turn v4 makes them; clients may come over IPv6.
//
// Safe for concurrent use? Yes. Who closes? Whoever called Listen calls
// Close, which waits until every connection and relay socket is closed. What
// happens when full? Over a user's quota an Allocate gets 486; without a free
// relay port 508; over MaxTCP a connection is closed at once.
package turn

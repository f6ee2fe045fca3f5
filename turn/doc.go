// Package turn is a closed TURN server (RFC 8656): it relays UDP, and TCP, for people
// whose network lets them reach nothing else, and only to the peers that it is
// told of.
//
//	client ══ UDP ═════▶ shard: requests, permissions, channels ══▶ relay socket ══▶ peer
//	   │                   ▲    │ policy, per address and port, both ways
//	   └ TCP, TLS, DTLS ───┘    └──▶ another client of this server: straight to him
//	      framing guard
//
// A shard owns its clients and all that they hold, and answers their requests
// itself; an allocation has no goroutine, timer or buffer of its own. On Linux
// each shard is one thread that reads and writes in batches; elsewhere, and
// with Config.Plain, packets go one by one.
//
// Credentials follow the TURN REST convention: the username is
// "expiry:name", the password base64(HMAC-SHA1(secret, username)). When
// credentials run out no new allocation is made with them, while one that
// lives may be refreshed until Config.MaxAge, so that a long call goes on.
// Nonces are stateless, bound to the client's address, and good for an hour.
// Requests are signed with SHA-1, or with SHA-256 (RFC 8489) by who knows it.
//
// With Config.TCPRelay it relays TCP, too (RFC 6062): a client's second
// connection becomes a tunnel to the peer's. A tunnel has a goroutine for each
// direction; for two plain connections on Linux the kernel moves the bytes.
//
// With Config.Mobility a client may take its allocation to another address,
// transport and shard (RFC 8016); a broken connection does not end it then.
//
// Clients may come over IPv4 and IPv6; relays are IPv4, and IPv6 for those who
// ask, alone or besides (RFC 8656), once Config has an address for them.
//
// Safe for concurrent use? Yes. Who closes? Whoever called Listen calls
// Close, which waits until every connection and relay socket is closed. What
// happens when full? Over a user's or an address's quota an Allocate gets 486;
// over MaxAllocations, or without a free relay port, 508; over MaxTCP a connection is closed at once;
// packets that find no room are dropped and counted.
package turn

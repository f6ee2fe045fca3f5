// Package udp carries the packets of all peers over the sockets of one UDP port.
//
//	socket ─ recvmmsg ─▶ reader ─┬─ binding request: by the ufrag in USERNAME ──▶ Conn ─▶ ICE agent
//	                             └─ DTLS, RTP: by the path of the sender's address ┘         │
//	socket ◀─ sendmmsg ─ writer ◀─ queue ◀─ 3 × until the path is proven ◀─ WriteTo ◀────────┘
//
// A Session is one peer's share of a Mux, and the ice.UDPMux that pion is given. A path is an address of a session. It comes
// into being when pion answers a check from there, which it does only for one under the session's own password; so a check is
// never kept from its session by what somebody else said from the same address. Of two sessions with one address, other
// packets go to the one whose check was answered last; to the one that has proven it,
// if that was checked within 30 s.
//
// Whoever holds a session can send a check from a forged address. Until a path is proven, at most three times as many bytes
// are sent there as came from there (as QUIC does, RFC 9000 §8.1). A path is proven when the DTLS handshake ended and all of
// it had gone to this one address, since the client has used what only that address has seen; or later, when it answers a
// check of ours, whose transaction id only that address has seen. A path that is not proven in time is forgotten.
//
// Safe for concurrent use? All but Close, which is called once. Who closes? Who made the Mux; it ends a Session with End.
// What happens when full? Packets that find no room are dropped and counted; a session's oldest unproven path makes room.
package udp

package turn_test

import (
	"fmt"
	"net/netip"
	"time"

	"passerby/turn"
)

// A TURN server beside a media server: it relays to that and to nothing else.
func Example() {
	media := netip.MustParseAddrPort("127.0.0.1:7000")
	server, err := turn.Listen(turn.Config{
		Listen:         "127.0.0.1:0",
		Secret:         "keep this to yourself",
		AllowPeerAddrs: []netip.AddrPort{media},
	})
	if err != nil {
		panic(err)
	}
	defer server.Close()

	// What a browser is given as an entry of iceServers:
	username, _ := turn.Credentials("keep this to yourself", "session-17", time.Hour, time.Unix(1893452400, 0))
	fmt.Println("username", username)
	fmt.Println("one port:", server.UDPAddr().String() == server.TCPAddr().String())
	// Output:
	// username 1893456000:session-17
	// one port: true
}
